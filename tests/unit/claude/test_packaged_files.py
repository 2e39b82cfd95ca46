"""The prompts, tools and prices that are shipped as files."""

from __future__ import annotations

import runpy
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from anthropic.types import Usage

from adapters.claude import answers, respondent
from adapters.claude.pricing import price_of, price_table
from adapters.claude.prompting import system_prompt, tool
from codec_lab.model import Model
from lambdas.minds import MindEnvironment

ROOT = Path(__file__).resolve().parents[3]
TOOLS = {
    "write_candidate": answers.WriteCandidate,
    "edit_parent": answers.EditParent,
    "edit_candidate": answers.EditCandidate,
    "install_package": answers.InstallPackage,
    "adjust_limits": answers.AdjustLimits,
    "modify_framework": answers.ModifyFramework,
    "rollback_framework": answers.RollbackFramework,
    "ask_human": answers.AskHuman,
    "write_analysis": answers.WriteAnalysis,
    **respondent.TOOLS,
}


def objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Give every object schema, the outer first."""
    if schema.get("type") == "array":
        return objects(schema["items"])
    if schema.get("type") != "object":
        return []
    return [schema, *(inner for part in schema["properties"].values() for inner in objects(part))]


@pytest.mark.parametrize(("name", "model"), TOOLS.items())
def test_a_tool_asks_for_what_is_parsed(name: str, model: type[Model]) -> None:
    definition = tool(name)
    assert definition["name"] == name
    assert definition["strict"] is True
    parsed = model.model_json_schema()
    expected = [parsed, *parsed.get("$defs", {}).values()]
    described = objects(dict(definition["input_schema"]))
    assert {frozenset(part["properties"]) for part in described} == {
        frozenset(part["properties"]) for part in expected
    }
    for part in described:
        assert part["required"] == list(part["properties"])
        assert part["additionalProperties"] is False


def test_every_tool_file_is_known() -> None:
    files = resources.files("adapters.claude").joinpath("tools").iterdir()
    assert {file.name for file in files} == {f"{name}.json" for name in TOOLS}


def test_the_toolbox_reference_is_that_of_the_toolbox() -> None:
    script = runpy.run_path(str(ROOT / "tools" / "write_toolbox_reference.py"))
    assert script["REFERENCE"].read_text(encoding="utf-8") == script["reference"](), (
        "run python tools/write_toolbox_reference.py"
    )
    assert system_prompt().endswith(script["reference"]())


def test_the_default_models_have_a_price() -> None:
    environment = MindEnvironment(table="t", bucket="b")
    assert price_of(environment.design_model).output > price_of(environment.fix_model).output


def test_prices_are_dated_and_in_order() -> None:
    table = price_table()
    assert table.as_of.year >= 2026
    assert table.source.startswith("https://")
    for price in table.usd_per_million_tokens.values():
        assert price.cache_read < price.input < price.cache_write < price.output


def test_each_kind_of_token_has_its_price() -> None:
    price = price_of("claude-opus-5-5")
    million = 1_000_000
    usage = Usage(input_tokens=million, output_tokens=0)
    assert price.cost_usd(usage) == 4
    assert price.cost_usd(Usage(input_tokens=0, output_tokens=million)) == 20
    cached = Usage(
        input_tokens=0,
        output_tokens=0,
        cache_creation_input_tokens=million,
        cache_read_input_tokens=million,
    )
    assert price.cost_usd(cached) == Decimal("5.20")
