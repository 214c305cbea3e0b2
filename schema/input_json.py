"""An input as the JSON that a client would send for it: so that it can be kept and sent again."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Any

from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case


def as_json(value: Any) -> Any:
    """What was given of an input object, under the names of the schema; empty fields are left out."""
    definition = get_object_definition(type(value))
    if definition is not None:
        given = {field.python_name: getattr(value, field.python_name) for field in definition.fields}
        return {to_camel_case(name): as_json(each) for name, each in given.items() if each is not None}
    if isinstance(value, list):
        return [as_json(each) for each in value]
    if isinstance(value, Enum):
        return value.name
    return value.isoformat() if isinstance(value, date | datetime) else value
