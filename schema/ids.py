"""Global ids: opaque to clients, a type and a database id to us."""

from __future__ import annotations

import base64
import binascii
import re

import strawberry

from domain.errors import InvalidId

_SHAPE = re.compile(r"([A-Z][A-Za-z]{1,30}):([1-9][0-9]{0,18})", re.ASCII)
_MAX_BIGINT = 2**63 - 1


def global_id(type_name: str, database_id: int) -> strawberry.ID:
    """The id of a row as clients see it."""
    return strawberry.ID(base64.b64encode(f"{type_name}:{database_id}".encode()).decode())


def parse_id(text: str, *path: str) -> tuple[str, int]:
    """The type and database id in a global id; raises `InvalidId` for anything this API does not give out."""
    try:
        plain = base64.b64decode(text.encode("ascii"), validate=True).decode("ascii")
    except (ValueError, binascii.Error):
        plain = ""
    match = _SHAPE.fullmatch(plain)
    if match is None or int(match[2]) > _MAX_BIGINT or global_id(match[1], int(match[2])) != text:
        raise InvalidId("This is not an id of this API: use ids as it gives them.", path=path)
    return match[1], int(match[2])


def database_id(text: str, type_name: str, *path: str) -> int:
    """The database id in a global id of one type; raises `InvalidId` for another type too."""
    found, row_id = parse_id(text, *path)
    if found != type_name:
        raise InvalidId(f"This is not the id of a {type_name}.", path=path)
    return row_id


def database_ids(texts: list[strawberry.ID], type_name: str, *path: str) -> tuple[int, ...]:
    """Several; the path of an `InvalidId` ends with the position."""
    return tuple(database_id(text, type_name, *path, str(position)) for position, text in enumerate(texts))
