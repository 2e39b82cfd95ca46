"""AWS calls made by state machines, for moto 5.2.5.

Replaces moto's ``boto_client_for`` (which calls moto's own server) by cached clients of the
one-machine cloud, and fills in ``StateTaskService._normalise_parameters`` and
``_normalise_response``, which moto left empty: the service integrations write parameters in
PascalCase (``JobName``) where boto wants the service's own case (``jobName``), and the other way
round for results.
"""

from __future__ import annotations

import sys
import threading
from functools import lru_cache
from typing import Any

import boto3
import botocore.session
from botocore import xform_name
from botocore.config import Config
from ministack.core.responses import get_account_id
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_aws_sdk,
)
from moto.stepfunctions.parser.asl.utils import boto_client

# The first word of an error's name in `aws-sdk` tasks, where moto does not know it.
_ERROR_PREFIXES = {"batch": "Batch", "lambda": "Lambda", "s3": "S3", "sns": "Sns"}

_clients: dict[tuple[str, str, str], Any] = {}
_clients_lock = threading.Lock()
_model_session = botocore.session.get_session()


class ClientFactory:
    """Makes the boto clients with which state machines call the cloud they run in.

    Parameters
    ----------
    endpoint_url
        Address of the AWS endpoint.
    """

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url

    def __call__(self, region: str, service: str, state_credentials: Any = None) -> Any:
        """Return a client of a service for the account of the state's credentials."""
        role_arn = getattr(state_credentials, "role_arn", None) or "::::"
        account_id = role_arn.split(":")[4] or get_account_id()
        key = (account_id, region, service)
        with _clients_lock:
            if key not in _clients:
                make_client: Any = boto3.client  # its stub wants the service's name spelled out
                _clients[key] = make_client(
                    service,
                    region_name=region,
                    endpoint_url=self._endpoint_url,
                    aws_access_key_id=account_id,
                    aws_secret_access_key="test",  # noqa: S106 - nothing to guard
                    config=Config(
                        parameter_validation=False,
                        retries={"total_max_attempts": 1},
                        connect_timeout=5,
                        read_timeout=3600,
                        max_pool_connections=50,
                        inject_host_prefix=False,
                        s3={"addressing_style": "path"},
                    ),
                )
            return _clients[key]


@lru_cache(maxsize=256)
def _operation(service: str, snake_case_name: str) -> Any:
    model = _model_session.get_service_model(service)
    return next(
        model.operation_model(name)
        for name in model.operation_names
        if xform_name(name) == snake_case_name
    )


def _operation_of(task: Any, service_name: str | None, action_name: str | None) -> Any:
    return _operation(
        task._get_boto_service_name(service_name), task._get_boto_service_action(action_name)
    )


def _normalise_parameters(
    task: Any,
    parameters: dict[str, Any],
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    shape = _operation_of(task, boto_service_name, service_action_name).input_shape
    if shape is not None:
        task._to_boto_request(parameters, shape)


def _normalise_response(
    task: Any,
    response: Any,
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    shape = _operation_of(task, boto_service_name, service_action_name).output_shape
    if shape is not None:
        task._from_boto_response(response, shape)


def install(endpoint_url: str) -> None:
    """Point moto's service integrations at the cloud and normalise what they send and receive."""
    factory = ClientFactory(endpoint_url)
    original = boto_client.boto_client_for
    boto_client.boto_client_for = factory
    for module in list(sys.modules.values()):  # modules that imported the name before
        if getattr(module, "boto_client_for", None) is original:
            vars(module)["boto_client_for"] = factory
    state_task_service_aws_sdk._SERVICE_ERROR_NAMES.update(_ERROR_PREFIXES)
    state_task_service.StateTaskService._normalise_parameters = _normalise_parameters
    state_task_service.StateTaskService._normalise_response = _normalise_response
