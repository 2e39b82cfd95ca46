"""The faults of an AWS service, told apart by type."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from codec_lab.errors import StoreUnavailableError

_BUSY = frozenset(
    {
        "InternalError",
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)


def code_of(error: ClientError) -> str:
    """Give the service's name of an error."""
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def store_errors(what: str) -> Iterator[None]:
    """Raise a busy or absent service as ``StoreUnavailableError``; other errors pass through.

    Parameters
    ----------
    what : str
        The service and resource, for the message.
    """
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code_of(error) in _BUSY or status >= 500:
            raise StoreUnavailableError(f"{what} is busy: {error}") from error
        raise
    except (NoConnectionError, HTTPClientError) as error:
        raise StoreUnavailableError(f"{what} cannot be reached: {error}") from error
