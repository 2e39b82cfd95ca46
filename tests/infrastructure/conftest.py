"""One synthesis for AWS and one for the one-machine cloud, shared by all tests."""

from pathlib import Path
from typing import Any

import pytest

from app import build_app
from tests.infrastructure.templates import FLAGS, Assembly


def synthesize(folder: Path, **context: Any) -> Assembly:
    """Synthesize as the CDK CLI does."""
    build_app({**FLAGS, **context}, outdir=str(folder)).synth()
    return Assembly(folder)


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """What is deployed to AWS by a person who gives an address and a budget."""
    return synthesize(
        tmp_path_factory.mktemp("aws"), alarm_email="lab@example.org", monthly_budget_usd="50"
    )


@pytest.fixture(scope="session")
def one_machine(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """What is deployed to the one-machine cloud."""
    return synthesize(
        tmp_path_factory.mktemp("one_machine"), one_machine="true", endpoint_port="4999"
    )
