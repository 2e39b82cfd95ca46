"""Seam D: ``AWS::Batch::*`` in CloudFormation, for MiniStack 1.5.33.

Adds to ``ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS``, which has no Batch
resource, so that a stack with one is refused.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import batch
from ministack.services.cloudformation import provisioners

from local.batch_definitions import register_definition

Properties = dict[str, Any]
Provisioned = tuple[str, dict[str, str]]

# Maps whose keys are the user's own words, not members of the API.
_FREE_MAPS = ("Parameters", "Tags", "Options")


def api_case(value: Any) -> Any:
    """Return CloudFormation properties with the member names of the API: ``jobName``."""
    if isinstance(value, dict):
        return {
            name[:1].lower() + name[1:]: member if name in _FREE_MAPS else api_case(member)
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [api_case(member) for member in value]
    return value


def _provisioned(response: Any, arn_name: str, attribute: str) -> Provisioned:
    status, _, body = response
    answer = json.loads(body)
    if status != 200:
        raise ValueError(answer.get("message", body))
    arn = answer[arn_name]
    return arn, {attribute: arn, "Arn": arn}


def _name(properties: Properties, key: str, stack: str, logical_id: str) -> Properties:
    request: Properties = api_case(properties)
    request.setdefault(key, provisioners._physical_name(stack, logical_id))
    return request


def _create_environment(logical_id: str, properties: Properties, stack: str) -> Provisioned:
    request = _name(properties, "computeEnvironmentName", stack, logical_id)
    request.pop("serviceRole", None)  # MiniStack validates it against roles of another stack
    response = batch._create_compute_environment(request)
    return _provisioned(response, "computeEnvironmentArn", "ComputeEnvironmentArn")


def _create_queue(logical_id: str, properties: Properties, stack: str) -> Provisioned:
    request = _name(properties, "jobQueueName", stack, logical_id)
    return _provisioned(batch._create_job_queue(request), "jobQueueArn", "JobQueueArn")


def _create_definition(logical_id: str, properties: Properties, stack: str) -> Provisioned:
    request = _name(properties, "jobDefinitionName", stack, logical_id)
    for section, member in (("retryStrategy", "attempts"), ("timeout", "attemptDurationSeconds")):
        if member in request.get(section, {}):  # CloudFormation hands numbers on as text
            request[section][member] = int(request[section][member])
    return _provisioned(register_definition(request), "jobDefinitionArn", "JobDefinitionArn")


def _delete_definition(arn: str, _properties: Properties) -> None:
    name, _, revision = arn.rsplit("/", 1)[-1].partition(":")
    for definition in batch._job_definitions.get(name) or []:
        if str(definition["revision"]) == revision:
            definition["status"] = "INACTIVE"


def _handlers(create: Any, store: Any) -> dict[str, Any]:
    """Return the handlers of a resource that an update replaces under its own name."""

    def delete(arn: str, _properties: Properties) -> None:
        store.pop(arn.rsplit("/", 1)[-1], None)

    def update(
        arn: str,
        old_properties: Properties,
        new_properties: Properties,
        stack: str,
        logical_id: str,
    ) -> Provisioned:
        delete(arn, old_properties)
        created: Provisioned = create(logical_id, new_properties, stack)
        return created

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}


def _update_definition(
    arn: str, old_properties: Properties, new_properties: Properties, stack: str, logical_id: str
) -> Provisioned:
    """Register the next revision; running jobs keep theirs."""
    _delete_definition(arn, old_properties)
    return _create_definition(logical_id, new_properties, stack)


def install() -> None:
    """Let CloudFormation create Batch resources."""
    provisioners._RESOURCE_HANDLERS.update(
        {
            "AWS::Batch::ComputeEnvironment": _handlers(_create_environment, batch._compute_envs),
            "AWS::Batch::JobQueue": _handlers(_create_queue, batch._job_queues),
            "AWS::Batch::JobDefinition": {
                "create": _create_definition,
                "update": _update_definition,
                "update_with_logical_id": True,
                "delete": _delete_definition,
            },
        }
    )
