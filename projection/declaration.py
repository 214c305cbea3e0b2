"""A fast list as a declaration: which GraphQL field is which SQL expression, and which comes from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from projection.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Column:
    """A leaf field as an SQL expression whose value goes into JSON as it is, or as `convert` makes it (never of None).

    `never_null` says that the database itself excludes NULL; else a NULL in a non-null field is found and left to
    graphql-core. A `datetime` may stay one, since orjson writes it as the DateTime scalar does; a `Moment` is faster.
    """

    sql: str
    convert: Callable[[Any], object] | None = None
    never_null: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """A leaf field as an SQL expression of type timestamptz, which PostgreSQL writes as the DateTime scalar does.

    To make a `datetime` of each and write that takes Python longer than all the rest of a row.
    """

    sql: str
    never_null: bool = False

    @property
    def text(self) -> str:
        """The SQL of the text: UTC, with six places of a second or none, as `datetime.isoformat` has it."""
        return f"""replace(to_char({self.sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000', '')"""


@dataclass(frozen=True, slots=True)
class Nested:
    """An object field made of expressions of the same row; null where `when`, a condition of that row, does not hold."""

    fields: Fields
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """A list field: rows of another table. `sql` is a query with `{columns}` where the asked expressions go.

    `when` is a condition of the own row under which there can be any rows at all: where it does not hold, nothing is
    looked up. With `single` an object field: the one row that the query gives, or null.
    """

    sql: str
    fields: Fields
    when: str | None = None
    single: bool = False


@dataclass(frozen=True, slots=True)
class Embed:
    """An object field out of a catalogue by the key in `sql`; with `many` a list field, and `sql` an array of keys."""

    sql: str
    catalogue: Catalogue
    many: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """A field that its own resolver answers, after the statement and for all rows together, as data loaders want it.

    `make` makes of the values of `columns` (SQL expressions of the row) the object that the resolver is called on: it need not
    have more than that resolver looks at. For lists with arguments, and for whatever depends on who asks. With `is_shared` the
    resolver gives the very same object for rows that look alike, and it is made into JSON once a request.
    """

    columns: tuple[str, ...]
    make: Callable[..., Any]
    is_shared: bool = False


Source: TypeAlias = Column | Moment | Nested | Rows | Embed | Beside
Fields: TypeAlias = Mapping[str, Source]
"""The declared fields of a GraphQL type by their GraphQL names."""


class Shape(Enum):
    """What a fast field gives."""

    OBJECT = "OBJECT"
    CONNECTION = "CONNECTION"


@dataclass(slots=True)
class FastFields:
    """The fields of a schema whose resolvers can answer with a projection.

    `proof` is an SQL scalar that every projection brings along: a caller who knows what it must be can ask before it is
    certain of something, and throw the answer away when it was not so (see `CompiledQuery.run`).
    """

    proof: str | None = None
    declared: dict[tuple[str, str], tuple[Shape, Fields]] = field(default_factory=dict)

    def connection(self, parent: str, name: str, fields: Fields) -> None:
        """Field `name` of type `parent` is a Relay connection of rows with these fields."""
        self.declared[parent, name] = (Shape.CONNECTION, fields)

    def object(self, parent: str, name: str, fields: Fields) -> None:
        """Field `name` of type `parent` is one such row, or null."""
        self.declared[parent, name] = (Shape.OBJECT, fields)
