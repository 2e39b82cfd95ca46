"""Seam E: CloudFormation properties that MiniStack 1.5.33 drops without a word.

Wraps handlers in ``ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS``:

- ``AWS::S3::Bucket`` loses its ``Tags``; the custom resource behind ``autoDeleteObjects`` then
  refuses to empty the bucket and the stack cannot be deleted.
- ``AWS::ApiGatewayV2::Api`` stores ``CorsConfiguration`` under names its own server does not read.
- ``AWS::StepFunctions::StateMachine`` accepts a definition no interpreter can parse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import s3, stepfunctions
from ministack.services.cloudformation import provisioners

from local.cloudformation_batch import api_case
from local.step_functions_parser import PROGRAMS

Handler = Callable[..., Any]


def _wrap(resource_type: str, action: str, wrapper: Callable[[Handler], Handler]) -> None:
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    handlers[action] = wrapper(handlers[action])


def _tag_bucket(bucket: str, properties: dict[str, Any]) -> None:
    if tags := properties.get("Tags"):
        s3._bucket_tags[bucket] = {tag["Key"]: tag["Value"] for tag in tags}


def _tagged_create(create: Handler) -> Handler:
    def handle(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        bucket, attributes = create(logical_id, properties, stack)
        _tag_bucket(bucket, properties)
        return bucket, attributes

    return handle


def _tagged_update(update: Handler) -> Handler:
    def handle(bucket: str, old: dict[str, Any], new: dict[str, Any], stack: str) -> Any:
        result = update(bucket, old, new, stack)
        _tag_bucket(result[0], new)
        return result

    return handle


def _with_cors(properties: dict[str, Any]) -> dict[str, Any]:
    cors = properties.get("CorsConfiguration")
    return {**properties, "CorsConfiguration": api_case(cors)} if cors else properties


def _cors_create(create: Handler) -> Handler:
    return lambda logical_id, properties, stack: create(logical_id, _with_cors(properties), stack)


def _cors_update(update: Handler) -> Handler:
    def handle(api: str, old: dict[str, Any], new: dict[str, Any], *rest: Any) -> Any:
        return update(api, _with_cors(old), _with_cors(new), *rest)

    return handle


def _parsed(provision: Handler) -> Handler:
    """Refuse a definition that does not parse, as CloudFormation does on AWS."""

    def handle(*arguments: Any) -> Any:
        arn, attributes = provision(*arguments)
        definition = stepfunctions._state_machines[arn]["definition"]
        try:
            PROGRAMS.give_back(definition, PROGRAMS.take(definition))
        except Exception as error:
            message = f"Invalid State Machine Definition: {str(error)[:500]}"
            raise ValueError(message) from error
        return arn, attributes

    return handle


def install() -> None:
    """Wrap the handlers."""
    _wrap("AWS::S3::Bucket", "create", _tagged_create)
    _wrap("AWS::S3::Bucket", "update", _tagged_update)
    _wrap("AWS::ApiGatewayV2::Api", "create", _cors_create)
    _wrap("AWS::ApiGatewayV2::Api", "update", _cors_update)
    _wrap("AWS::StepFunctions::StateMachine", "create", _parsed)
    _wrap("AWS::StepFunctions::StateMachine", "update", _parsed)
