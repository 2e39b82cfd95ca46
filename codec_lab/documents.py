"""Models as JSON documents in the object store."""

from typing import TypeVar

from pydantic import ValidationError

from codec_lab.errors import ConfigurationError
from codec_lab.model import Model, located_refusal
from codec_lab.ports import ObjectStore

_Document = TypeVar("_Document", bound=Model)


def save(objects: ObjectStore, key: str, document: Model) -> None:
    """Store a model under a key."""
    objects.put(key, document.model_dump_json(indent=2).encode())


def load(objects: ObjectStore, key: str, model: type[_Document]) -> _Document:
    """Read a model.

    Raises
    ------
    ConfigurationError
        If there is none under the key, or it is of another form.
    """
    try:
        return model.model_validate_json(objects.get(key))
    except ValidationError as error:
        raise ConfigurationError(
            f"{key} is no valid {model.__name__}: {located_refusal(error)}."
        ) from error
