"""From a selection of declared fields to the columns that a query selects and the Python that turns a row into a dict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import GraphQLObjectType, get_named_type, is_non_null_type, is_object_type
from strawberry.types.field import StrawberryField

from projection.declaration import Beside, Column, Embed, Fields, Moment, Nested, Rows
from projection.selection import Asked, Selections, Unsupported


class NullFound(Exception):
    """A row has no value where the schema promises one: graphql-core says so."""


def required(value: Any) -> Any:
    """The value, which may not be None."""
    if value is None:
        raise NullFound
    return value


@dataclass(frozen=True, slots=True)
class EmbedUse:
    """A place where a catalogue is embedded: under which name generated code has the renderings, by which column."""

    source: Embed
    asked: Asked
    name: str
    place: int


@dataclass(frozen=True, slots=True)
class BesideUse:
    """A field that is answered beside the statement."""

    source: Beside
    asked: Asked


Later: TypeAlias = list[tuple[int, dict[str, Any], tuple[Any, ...]]]
"""What is still to be answered: which of the fields beside the statement, in which object, and of what it is made."""


def left_for_later(
    later: Later, fields: tuple[tuple[int, tuple[Any, ...]], ...], out: dict[str, Any]
) -> dict[str, Any]:
    """The object, whose fields beside the statement are noted."""
    for at, values in fields:
        later.append((at, out, values))
    return out


class RowCode:
    """Collects columns (each expression once) and the names that generated code uses, for rows of one query."""

    def __init__(self, selections: Selections, names: dict[str, Any], besides: list[BesideUse]) -> None:
        """`names` are those of the generated code, shared with rows within the row, and so are `besides`."""
        self.columns: dict[str, int] = {}
        self.moments: dict[str, int] = {}
        """Where the texts of moments are, by the expressions of the moments themselves."""
        self.embeds: list[EmbedUse] = []
        self._besides = besides
        self._within = 0
        self._selections = selections
        self._names = names
        names["required"] = required
        names["left_for_later"] = left_for_later

    @property
    def selected(self) -> str:
        """The columns as they stand behind SELECT; at least one."""
        return ", ".join(self.columns) or "NULL"

    def record(self, parent: GraphQLObjectType, asked: list[Asked], fields: Fields, row: str) -> str:
        """An expression for the dict of what is asked, of the row in variable `row`; raises `Unsupported`."""
        parts, later = [], []
        for each in asked:
            source = fields.get(each.name)
            if isinstance(source, Beside):
                parts.append(f"{each.key!r}: None")
                later.append(self._beside(each, source, row))
            else:
                parts.append(f"{each.key!r}: {self._value(parent, each, fields, row)}")
        made = "{" + ", ".join(parts) + "}"
        return f"left_for_later(later, ({', '.join(later)},), {made})" if later else made

    def place(self, sql: str) -> int:
        """The position of an expression among the columns."""
        return self.columns.setdefault(sql, len(self.columns))

    def _value(self, parent: GraphQLObjectType, asked: Asked, fields: Fields, row: str) -> str:
        if asked.definition is None:
            return repr(parent.name)
        source = fields.get(asked.name)
        if source is None or asked.definition.args or is_guarded(asked):
            raise Unsupported(f"{parent.name}.{asked.name}")
        match source:
            case Column():
                return self._column(asked, source, row)
            case Moment():
                self.moments[source.sql] = self.place(source.text)
                return self._column(asked, Column(source.text, never_null=source.never_null), row)
            case Nested():
                return self._nested(asked, source, row)
            case Rows():
                return self._rows(asked, source, row)
            case Embed():
                return self._embed(asked, source, row)
        raise Unsupported(f"{parent.name}.{asked.name}")

    def _beside(self, asked: Asked, source: Beside, row: str) -> str:
        values = "".join(f"{row}[{self.place(column)}], " for column in source.columns)
        self._besides.append(BesideUse(source, asked))
        return f"({len(self._besides) - 1}, ({values}))"

    def _column(self, asked: Asked, source: Column, row: str) -> str:
        assert asked.definition is not None
        cell = f"{row}[{self.place(source.sql)}]"
        if is_non_null_type(asked.definition.type) and not source.never_null:
            cell = f"required({cell})"
        elif source.convert is not None and not source.never_null:
            return f"None if {cell} is None else {self._name(source.convert)}({cell})"
        return cell if source.convert is None else f"{self._name(source.convert)}({cell})"

    def _nested(self, asked: Asked, source: Nested, row: str) -> str:
        below = object_type(asked)
        record = self.record(below, self._selections.below(asked, below), source.fields, row)
        return record if source.when is None else f"({record} if {row}[{self.place(source.when)}] else None)"

    def _rows(self, asked: Asked, source: Rows, row: str) -> str:
        inner = RowCode(self._selections, self._names, self._besides)
        below = object_type(asked)
        self._within += 1
        item = f"{row}_{self._within}"
        record = inner.record(below, self._selections.below(asked, below), source.fields, item)
        if inner.embeds:
            raise Unsupported("a catalogue within rows of rows")
        query = source.sql.replace("{columns}", f"ROW({inner.selected})")
        column = f"({query})" if source.single else f"ARRAY({query})"
        if source.when is not None:
            column = f"CASE WHEN {source.when} THEN {column} END"
        cell = f"{row}[{self.place(column)}]"
        if source.single:
            return f"(None if ({item} := {cell}) is None else {record})"
        return f"[{record} for {item} in {cell} or ()]"

    def _embed(self, asked: Asked, source: Embed, row: str) -> str:
        assert asked.definition is not None
        place = self.place(f"({source.sql})::text" if source.many else source.sql)
        use = EmbedUse(source, asked, f"embed{len(self.embeds)}", place)
        self.embeds.append(use)
        cell = f"{row}[{place}]"
        if source.many or is_non_null_type(asked.definition.type):
            return f"{use.name}[{cell}]"
        return f"None if {cell} is None else {use.name}[{cell}]"

    def _name(self, value: Any) -> str:
        for name, held in self._names.items():
            if held is value:
                return name
        name = f"name{len(self._names)}"
        self._names[name] = value
        return name


def object_type(asked: Asked) -> GraphQLObjectType:
    assert asked.definition is not None
    below = get_named_type(asked.definition.type)
    if not is_object_type(below):
        raise Unsupported("a projection of an abstract type")
    return below


def is_guarded(asked: Asked) -> bool:
    """Whether anything besides the resolver has a say in the field, such as a permission: graphql-core asks it."""
    assert asked.definition is not None
    return any(
        isinstance(held, StrawberryField) and bool(held.extensions or held.permission_classes)
        for held in asked.definition.extensions.values()
    )
