"""Batch job definitions as registered, for MiniStack 1.5.33.

Replaces the definition handlers in ``ministack.services.batch._DISPATCH``: MiniStack drops a
definition's parameters, retries and time-out, cannot deregister one, and lists inactive ones with
the others.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import batch

Record = dict[str, Any]

_DROPPED_MEMBERS = ("parameters", "retryStrategy", "timeout", "platformCapabilities")


def find_definition(reference: str) -> Record | None:
    """Return the active job definition a name, ``name:revision`` or ARN refers to."""
    name, _, revision = reference.rsplit("/", 1)[-1].partition(":")
    revisions = [
        definition
        for definition in batch._job_definitions.get(name) or []
        if definition["status"] == "ACTIVE" and revision in ("", str(definition["revision"]))
    ]
    return revisions[-1] if revisions else None


def register_definition(request: Record) -> Any:
    """Register a job definition and keep the members MiniStack drops."""
    response = batch._register_job_definition(request)
    if response[0] == 200:
        definition = batch._job_definitions[request["jobDefinitionName"]][-1]
        for member in _DROPPED_MEMBERS:
            if member in request:
                definition[member] = request[member]
    return response


def deregister_definition(request: Record) -> Any:
    """Make a job definition inactive."""
    definition = find_definition(request.get("jobDefinition", ""))
    if definition:
        definition["status"] = "INACTIVE"
    return batch._json(200, {})


def describe_definitions(request: Record) -> Any:
    """List job definitions, those of one status when asked."""
    response = batch._describe_job_definitions(request)
    wanted = request.get("status")
    found = json.loads(response[2])["jobDefinitions"]
    return batch._json(
        200, {"jobDefinitions": [one for one in found if wanted in (None, one["status"])]}
    )


def install() -> None:
    """Put these handlers in the place of MiniStack's."""
    batch._DISPATCH.update(
        {
            "/v1/registerjobdefinition": register_definition,
            "/v1/deregisterjobdefinition": deregister_definition,
            "/v1/describejobdefinitions": describe_definitions,
        }
    )
