"""The list prices of AWS, from the dated table ``aws_prices.json``."""

from functools import cache
from importlib import resources

from codec_lab.tariff import Tariff


@cache
def tariff() -> Tariff:
    """Read the table."""
    text = resources.files("adapters").joinpath("aws_prices.json").read_text(encoding="utf-8")
    return Tariff.model_validate_json(text)
