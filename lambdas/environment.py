"""What a function is told by its environment variables."""

import os
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from codec_lab.errors import ConfigurationError
from codec_lab.model import refusal

PREFIX = "CODEC_LAB_"


class FunctionEnvironment(BaseModel):
    """The base of each function's settings: field ``table`` reads ``CODEC_LAB_TABLE``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def read(cls) -> Self:
        """Read the settings.

        Raises
        ------
        ConfigurationError
            If a variable is missing or wrong; the message names it.
        """
        given = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in os.environ.items()
            if name.startswith(PREFIX) and value
        }
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            fault = error.errors()[0]
            name = PREFIX + str(fault["loc"][0]).upper()
            raise ConfigurationError(f"Environment variable {name}: {refusal(error)}.") from error
