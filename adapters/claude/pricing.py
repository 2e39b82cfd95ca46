"""What an answer costs, by the dated table ``prices.json``."""

import re
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Annotated

from anthropic.types import Usage
from pydantic import Field

from codec_lab.errors import ConfigurationError
from codec_lab.model import Model

TABLE = "adapters/claude/prices.json"
ADDED_TOKENS = 1000
"""What the service adds to a request with tools, at the most."""

_BEDROCK_MODEL = re.compile(
    r"(?:(?P<scope>[a-z-]+)\.)?anthropic\.(?P<model>claude-[a-z0-9-]+?)(?:-\d{8})?(?:-v\d+(?::\d+)?)?"
)
_WORLDWIDE = "global"

_Usd = Annotated[Decimal, Field(gt=0)]


class Price(Model):
    """US dollars per million tokens; a cache entry is written for five minutes."""

    input: _Usd
    cache_write: _Usd
    cache_read: _Usd
    output: _Usd

    def cost_usd(self, usage: Usage) -> Decimal:
        """Price what an answer used."""
        return (
            usage.input_tokens * self.input
            + (usage.cache_creation_input_tokens or 0) * self.cache_write
            + (usage.cache_read_input_tokens or 0) * self.cache_read
            + usage.output_tokens * self.output
        ) / 1_000_000

    def worst_usd(self, sent_bytes: int, max_output_tokens: int) -> Decimal:
        """Price the most that a call can cost: every byte sent a token that is newly cached."""
        most = max(self.input, self.cache_write)
        return ((sent_bytes + ADDED_TOKENS) * most + max_output_tokens * self.output) / 1_000_000

    def times(self, factor: Decimal) -> "Price":
        """Give a multiple of it."""
        return Price(**{name: usd * factor for name, usd in self})


class PriceTable(Model):
    """The prices of one day.

    Attributes
    ----------
    bedrock_regional_factor : Decimal
        What Amazon Bedrock charges where the answer must come from one region or continent, as a
        multiple; answers from anywhere (``global.``) cost what they cost at Anthropic's.
    """

    as_of: date
    source: str
    bedrock_regional_factor: Annotated[Decimal, Field(ge=1)]
    usd_per_million_tokens: dict[str, Price]


@cache
def price_table() -> PriceTable:
    """Read the table."""
    text = resources.files("adapters.claude").joinpath("prices.json").read_text(encoding="utf-8")
    return PriceTable.model_validate_json(text)


def price_of(model: str) -> Price:
    """Find a model's price.

    Parameters
    ----------
    model : str
        As Anthropic names it, or Amazon Bedrock: ``eu.anthropic.claude-opus-5-5-v1:0``.

    Raises
    ------
    ConfigurationError
        If the table does not have it: an unknown cost is not shown as none.
    """
    table = price_table()
    on_bedrock = _BEDROCK_MODEL.fullmatch(model)
    try:
        if on_bedrock is None:
            return table.usd_per_million_tokens[model]
        price = table.usd_per_million_tokens[on_bedrock["model"]]
    except KeyError:
        raise ConfigurationError(
            f"{TABLE} (of {table.as_of}) has no price for the model {model}; "
            f"add it from {table.source}, or set another model."
        ) from None
    return (
        price if on_bedrock["scope"] == _WORLDWIDE else price.times(table.bedrock_regional_factor)
    )
