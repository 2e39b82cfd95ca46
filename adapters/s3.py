"""The object store on Amazon S3."""

import os
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from adapters.service_errors import code_of, store_errors
from codec_lab.errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


class S3ObjectStore:
    """Keeps the port ``ObjectStore`` in one bucket.

    Parameters
    ----------
    bucket : str
        The bucket.
    client : S3Client
        How to reach it.
    """

    def __init__(self, bucket: str, client: "S3Client") -> None:
        self.bucket = bucket
        self._client = client

    @classmethod
    def from_environment(cls) -> "S3ObjectStore":
        """Use the bucket that ``CODEC_LAB_BUCKET`` names.

        Raises
        ------
        ConfigurationError
            If the variable is not set.
        """
        bucket = os.environ.get("CODEC_LAB_BUCKET")
        if not bucket:
            raise ConfigurationError("CODEC_LAB_BUCKET is not set; it names the lab's S3 bucket.")
        return cls(bucket, boto3.client("s3"))

    def put(self, key: str, data: bytes) -> None:
        """Store bytes; an object of the same key is replaced."""
        with store_errors(f"Bucket {self.bucket}"):
            self._client.put_object(Bucket=self.bucket, Key=key, Body=data)

    def get(self, key: str) -> bytes:
        """Give the bytes of a key.

        Raises
        ------
        ConfigurationError
            If there is no such object.
        """
        try:
            with store_errors(f"Bucket {self.bucket}"):
                return self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if code_of(error) in _ABSENT:
                raise ConfigurationError(f"Bucket {self.bucket} has no object {key}.") from error
            raise

    def exists(self, key: str) -> bool:
        """Tell whether there is such an object."""
        try:
            with store_errors(f"Bucket {self.bucket}"):
                self._client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if code_of(error) in _ABSENT:
                return False
            raise
        return True
