"""The object store on Amazon S3."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from adapters.service_errors import code_of, store_errors
from codec_lab.dashboard.evidence_views import SignedUrl
from codec_lab.errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

SIGNATURE = Config(signature_version="s3v4")
"""For clients that sign addresses: the older form, a default of some regions, is refused."""

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


class S3ObjectStore:
    """Keeps the ports ``ObjectStore`` and ``Evidence`` in one bucket.

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

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """Give the size in bytes of every object under a prefix, by key."""
        with store_errors(f"Bucket {self.bucket}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix
            )
            return {
                stored["Key"]: stored["Size"]
                for page in pages
                for stored in page.get("Contents", [])
            }

    def signed_url(self, key: str, file_name: str, lifetime_s: int) -> SignedUrl:
        """Give an address that downloads an object until it expires."""
        url = self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.bucket,
                "Key": key,
                "ResponseContentDisposition": f'attachment; filename="{file_name}"',
                "ResponseContentType": "application/octet-stream",
            },
            ExpiresIn=lifetime_s,
        )
        return SignedUrl(url=url, expires_at=datetime.now(UTC) + timedelta(seconds=lifetime_s))
