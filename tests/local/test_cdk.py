"""What the CDK CLI's wrapper says when something is missing; deploys are in the lab's own test."""

from __future__ import annotations

import sys

import pytest

from local import cdk
from local.cdk import CdkCli
from local.errors import CdkError


def test_without_node(aws, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CdkError, match=r"^Node\.js is not installed; install version 20"):
        CdkCli(aws.cloud).destroy()


def test_without_the_cli(aws, monkeypatch, tmp_path):
    monkeypatch.setattr(cdk, "CLI", tmp_path / "cdk")
    with pytest.raises(CdkError, match=r"^The CDK CLI is not installed; run: npm ci"):
        CdkCli(aws.cloud).destroy()


def test_an_app_that_fails_shows_its_last_words(aws, tmp_path):
    (tmp_path / "cdk.json").write_text(f'{{"app": "{sys.executable} broken.py"}}')
    (tmp_path / "broken.py").write_text("raise SystemExit('the app has no stacks today')")
    command = CdkCli(aws.cloud, app_dir=tmp_path)
    with pytest.raises(CdkError, match="the app has no stacks today") as error:
        command.destroy(context={"a": "b"})
    assert str(error.value).startswith("cdk destroy ended with exit code 1; ")
    assert "--context=a=b" in command.log_path.read_text()


def test_outputs_of_a_missing_stack(aws):
    assert CdkCli(aws.cloud).outputs("nope") == {}
