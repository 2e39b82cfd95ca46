"""Models as DynamoDB items and back, without loss.

A float is written as the shortest decimal that reads back as the same float (``repr``), so that
metrics and money survive the trip exactly.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from codec_lab.model import Model

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_Record = TypeVar("_Record", bound=Model)

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def timestamp(moment: datetime) -> str:
    """Write a time as Step Functions' ``$now()`` does, so that texts sort by time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bool | int | str | Decimal | set) or value is None:
        return value
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no form in DynamoDB")


def attribute_value(value: object) -> "AttributeValueTypeDef":
    """Write one value."""
    typed: AttributeValueTypeDef = _serializer.serialize(_plain(value))
    return typed


def item_of(model: Model, **keys: str) -> "dict[str, AttributeValueTypeDef]":
    """Write a model, without its absent attributes, and the keys it is found by."""
    attributes = {**model.model_dump(), **keys}
    return {name: attribute_value(value) for name, value in attributes.items() if value is not None}


def attributes_of(item: "Mapping[str, AttributeValueTypeDef]") -> dict[str, Any]:
    """Read an item's attributes; numbers come as ``Decimal``."""
    return {name: _deserializer.deserialize(value) for name, value in item.items()}


def model_of(model: type[_Record], item: "Mapping[str, AttributeValueTypeDef]") -> _Record:
    """Read a model from an item, which may have more attributes, and none for what was None."""
    known = {name: value for name, value in item.items() if name in model.model_fields}
    required = {name: None for name, field in model.model_fields.items() if field.is_required()}
    return model.model_validate({**required, **attributes_of(known)})
