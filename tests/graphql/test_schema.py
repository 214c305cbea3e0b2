"""The schema as it is published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
)

import resolvers.schema
from domain.errors import RefusalCode
from resolvers.auth_schema import build_auth_schema
from schema.enums import ErrorCode

COMMITTED = Path("schema/schema.graphql")


def parts(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Everything that can have a description, by name."""
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        yield name, kind.description
        yield from parts_of(name, kind)


def parts_of(name: str, kind: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    """Fields with their arguments, input fields, enum values."""
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        for field_name, field in kind.fields.items():
            yield f"{name}.{field_name}", field.description
            for argument_name, argument in field.args.items():
                yield f"{name}.{field_name}({argument_name}:)", argument.description
    elif isinstance(kind, GraphQLInputObjectType):
        for field_name, input_field in kind.fields.items():
            yield f"{name}.{field_name}", input_field.description
    elif isinstance(kind, GraphQLEnumType):
        for value_name, value in kind.values.items():
            yield f"{name}.{value_name}", value.description


def test_the_committed_sdl_is_that_of_the_code() -> None:
    written = resolvers.schema.build_schema().as_str()
    assert COMMITTED.read_text(encoding="utf-8").rstrip("\n") == written.rstrip("\n"), (
        "run `manage.py sdl > schema/schema.graphql`; a breaking change needs a line in CHANGELOG.md"
    )


def test_everything_has_a_description() -> None:
    published = build_schema(COMMITTED.read_text(encoding="utf-8"))
    assert [name for name, description in parts(published) if not (description or "").strip()] == []


def test_every_refusal_has_its_code() -> None:
    assert {code.value for code in RefusalCode} <= {code.value for code in ErrorCode}


def test_the_schema_of_the_log_in_is_as_committed_and_all_described() -> None:
    schema = build_auth_schema()
    assert Path("schema/auth.graphql").read_text(encoding="utf-8").rstrip() == schema.as_str().rstrip()
    assert [name for name, description in parts(schema._schema) if not description] == []
