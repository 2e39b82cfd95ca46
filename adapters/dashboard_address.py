"""Where the dashboard is, as its stack wrote it down."""

from typing import Any

from botocore.exceptions import ClientError

from adapters.service_errors import code_of, store_errors

PARAMETER = "/codec-lab/dashboard-url"
"""By a name of its own: the functions are deployed before the dashboard."""


def read_dashboard_url(ssm: Any) -> str | None:
    """Read the dashboard's address; None while it is not deployed.

    Parameters
    ----------
    ssm : SSMClient
        How to reach the parameters.
    """
    try:
        with store_errors(f"Parameter {PARAMETER}"):
            return str(ssm.get_parameter(Name=PARAMETER)["Parameter"]["Value"])
    except ClientError as error:
        if code_of(error) == "ParameterNotFound":
            return None
        raise
