"""What an answer costs, by the dated table ``prices.json``."""

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


class PriceTable(Model):
    """The prices of one day."""

    as_of: date
    source: str
    usd_per_million_tokens: dict[str, Price]


@cache
def price_table() -> PriceTable:
    """Read the table."""
    text = resources.files("adapters.claude").joinpath("prices.json").read_text(encoding="utf-8")
    return PriceTable.model_validate_json(text)


def price_of(model: str) -> Price:
    """Find a model's price.

    Raises
    ------
    ConfigurationError
        If the table does not have it: an unknown cost is not shown as none.
    """
    table = price_table()
    try:
        return table.usd_per_million_tokens[model]
    except KeyError:
        raise ConfigurationError(
            f"{TABLE} (of {table.as_of}) has no price for the model {model}; "
            f"add it from {table.source}, or set another model."
        ) from None
