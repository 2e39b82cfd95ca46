"""The API's description as it is checked in."""

import json

from infra.paths import REPOSITORY_ROOT
from lambdas.dashboard.resolver import openapi_document


def test_the_document_is_current() -> None:
    stored = (REPOSITORY_ROOT / "dashboard" / "openapi.json").read_text(encoding="utf-8")
    assert json.loads(stored) == json.loads(openapi_document()), (
        "run .venv/bin/python tools/write_openapi.py"
    )


def test_every_route_says_what_it_answers_and_refuses() -> None:
    paths = json.loads(openapi_document())["paths"]
    operations = [operation for path in paths.values() for operation in path.values()]
    assert len(operations) == len({operation["operationId"] for operation in operations})
    for operation in operations:
        assert {"200", "401", "403", "404", "422"} <= set(operation["responses"])
