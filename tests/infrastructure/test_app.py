"""The app as the CDK CLI runs it: settings, their faults, and the checks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk import aws_s3 as s3

from app import build_app
from infra.paths import REPOSITORY_ROOT
from infra.settings import InfraSettings, InfraSettingsError
from tests.infrastructure.templates import FLAGS


def settings(**context: object) -> InfraSettings:
    return InfraSettings.of(App(context=context).node)


def test_data_is_kept_unless_it_is_said_otherwise() -> None:
    assert settings().removal_policy is RemovalPolicy.RETAIN
    assert settings(keep_data="false").removal_policy is RemovalPolicy.DESTROY
    assert settings(one_machine="true").removal_policy is RemovalPolicy.DESTROY
    assert settings(one_machine="true", keep_data="true").keep_data is True


def test_the_contexts_words_become_values() -> None:
    given = settings(schedule_minutes="0", monthly_budget_usd="12.5", max_vcpus="64")
    assert (given.schedule_minutes, given.monthly_budget_usd, given.max_vcpus) == (0, 12.5, 64)


def test_the_cdks_own_context_is_left_alone() -> None:
    assert settings(**{"@aws-cdk/core:checkSecretUsage": True, "aws:cdk:x": 1}) == settings()


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ({"schedule_minutes": "often"}, "Context value schedule_minutes='often' cannot be used: "),
        ({"max_vcpus": "1"}, "Context value max_vcpus='1' cannot be used: "),
        ({"alarm_email": "nobody"}, "Context value alarm_email='nobody' cannot be used: "),
        ({"bedrock_region": "Frankfurt"}, "Context value bedrock_region='Frankfurt' cannot be"),
        (
            {"bedrock_region": "eu-west-1"},
            "The context values do not fit together: on",
        ),
        ({"local": "true"}, "There is no context value 'local'; there are: one_machine, "),
    ],
)
def test_a_wrong_context_value_is_one_sentence(context: dict[str, str], sentence: str) -> None:
    with pytest.raises(InfraSettingsError) as fault:
        settings(**context)
    assert str(fault.value).startswith(sentence)
    assert "\n" not in str(fault.value)


def test_a_person_sees_the_sentence_and_no_traceback(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, REPOSITORY_ROOT / "app.py"],
        env={
            **os.environ,
            "CDK_OUTDIR": str(tmp_path),
            "CDK_CONTEXT_JSON": json.dumps({"schedule_minutes": "often"}),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1
    assert "codec-lab: Context value schedule_minutes='often' cannot be used" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_the_checks_are_on(tmp_path: Path) -> None:
    """What both synthesized assemblies passed, an open bucket does not."""
    app = build_app({**FLAGS, "one_machine": "true"}, outdir=str(tmp_path))
    s3.Bucket(Stack(app, "Careless"), "Bucket")
    with pytest.raises(RuntimeError, match=r"[Vv]alidation"):
        app.synth()
    report = (tmp_path / "validation-report.json").read_text()
    assert "AwsSolutions-S10" in report


def test_no_schedule_without_minutes() -> None:
    app = build_app({**FLAGS, "one_machine": "true", "schedule_minutes": "0"})
    pipeline = app.node.find_child("CodecLab-Pipeline")
    assert pipeline.node.try_find_child("Schedule") is None
    assert pipeline.node.try_find_child("Campaign") is not None
