"""Claude on Amazon Bedrock: its permissions come with the setting, in place of the key's."""

from pathlib import Path

import pytest

from tests.infrastructure.conftest import synthesize
from tests.infrastructure.templates import Assembly

MINDS = ("Design", "FixValidation", "FixExecution", "Analyze")
MODELS = "anthropic.claude-*"
REGION = "eu-central-1"


@pytest.fixture(scope="module")
def bedrock(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    folder: Path = tmp_path_factory.mktemp("bedrock")
    model = "global.anthropic.claude-opus-5-5-v1:0"
    models = dict.fromkeys(("design_model", "fix_model", "analysis_model"), model)
    return synthesize(folder, bedrock_region=REGION, **models)


def of_models(assembly: Assembly, state: str) -> set[tuple[str, str]]:
    return {
        (action, resource)
        for action, resource in assembly.allowed(f"{state}Role")
        if action.startswith(("bedrock:", "secretsmanager:"))
    }


@pytest.mark.parametrize("state", MINDS)
def test_a_mind_invokes_claude_alone_and_reads_no_key(bedrock: Assembly, state: str) -> None:
    account = f"arn:<AWS::Partition>:bedrock:{REGION}:<AWS::AccountId>"
    action = "bedrock:InvokeModelWithResponseStream"
    assert of_models(bedrock, state) == {
        (action, f"arn:<AWS::Partition>:bedrock:*::foundation-model/{MODELS}"),
        (action, f"{account}:inference-profile/*{MODELS}"),
    }
    variables = bedrock.one("AWS::Lambda::Function", f"{state}Function")["Environment"]["Variables"]
    assert variables["CODEC_LAB_BEDROCK_REGION"] == REGION
    assert "CODEC_LAB_ANTHROPIC_SECRET_ARN" not in variables


@pytest.mark.parametrize("state", MINDS)
def test_without_the_setting_nobody_may(aws: Assembly, state: str) -> None:
    assert {action for action, _ in of_models(aws, state)} == {"secretsmanager:GetSecretValue"}
