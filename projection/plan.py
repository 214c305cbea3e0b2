"""The plan of one fast field: what its query selects, and the function from its rows to the response."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from graphql import GraphQLObjectType

from projection.declaration import FastFields, Fields, Shape
from projection.embedding import Embedding, NotRendered
from projection.row_code import BesideUse, EmbedUse, Later, RowCode, is_guarded, object_type
from projection.selection import Asked, Selections, Unsupported

_PAGE_INFO = {
    "hasNextPage": "page.has_next",
    "hasPreviousPage": "page.has_previous",
    "startCursor": "(page.cursor(0) if page.rows else None)",
    "endCursor": "(page.cursor(len(page.rows) - 1) if page.rows else None)",
}
_ATTEMPTS = 5

Cursors: TypeAlias = Literal["none", "ends", "every"]
"""The rows of which a cursor is asked. A place that nobody asks for need not be read."""


UNPROVEN = object()
"""Equal to no proof."""


@dataclass(frozen=True, slots=True)
class Projected:
    """A value that stands in the response as it is, once what was left for `later` has been answered by the `besides`.

    `proof` is as the statement that read it saw it, `UNPROVEN` without rows.
    """

    value: Any
    proof: Any
    later: Later
    besides: Sequence[Answer]


@dataclass(frozen=True, slots=True)
class Answer:
    """How a field beside the statement is answered: on the object that `make` makes, by `settle(out, source, run)`."""

    make: Callable[..., Any]
    settle: Callable[[dict[str, Any], Any, Any], None]


class PageOfRecords(Protocol):
    """A page whose rows begin with the columns of a plan."""

    @property
    def rows(self) -> Sequence[Any]:
        """Records."""

    @property
    def has_next(self) -> bool:
        """Whether rows follow."""

    @property
    def has_previous(self) -> bool:
        """Whether rows precede."""

    def cursor(self, index: int) -> str:
        """The place of a row."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How a field answers with a projection. `columns` stands first behind SELECT and is the same text every time.

    `positions` says where each expression of `columns` is in a record, `moments` the same of moments that are there as texts
    (see `declaration.Moment`) by the expressions of the moments themselves, `cursors` of which rows the page will be asked for
    its place: none, those at its ends, or every one.
    """

    columns: str
    positions: Mapping[str, int]
    moments: Mapping[str, int]
    wants_total: bool
    cursors: Cursors
    build: Callable[[Any, int | None, list[Any], Later], Any]
    embeddings: tuple[Embedding, ...]
    besides: tuple[Answer, ...]
    proof_place: int | None

    async def page(self, page: PageOfRecords, total: int | None = None) -> Any:
        """What a resolver returns for a connection (`Projected`); `total` may be None unless `wants_total`."""
        return await self._projected(page, page.rows, total)

    async def one(self, record: Any) -> Any:
        """What a resolver returns for a single row (`Projected`); of None, null."""
        if record is None:
            return Projected(None, UNPROVEN, [], ())
        return await self._projected(record, (record,), None)

    def _proof(self, records: Sequence[Any]) -> Any:
        return UNPROVEN if self.proof_place is None or not records else records[0][self.proof_place]

    async def _projected(self, what: Any, records: Sequence[Any], total: int | None) -> Projected:
        if records:
            for embedding in self.embeddings:
                embedding.seen(records[0])
        for _ in range(_ATTEMPTS):
            try:
                later: Later = []
                value = self.build(what, total, [embedding.rendered for embedding in self.embeddings], later)
                return Projected(value, self._proof(records), later, self.besides)
            except NotRendered:
                for embedding in self.embeddings:
                    await embedding.load(records)
        raise NotRendered  # catalogues that change faster than they are read


Render: TypeAlias = Callable[[Asked], Callable[[Any], Any]]
"""Compiles how values of a catalogue look under a field; raises `Unsupported` where that depends on the request."""


Settle: TypeAlias = Callable[[BesideUse], Callable[[dict[str, Any], Any, Any], None]]
"""Compiles how a field beside a statement is answered on an object, into another object of the response."""


def compile_plan(fast: FastFields, selections: Selections, asked: Asked, render: Render, settle: Settle) -> Plan | None:
    """The plan of a field; None when it is not declared, or something is asked that only objects can answer."""
    declared = fast.declared.get((asked.parent.name, asked.name))
    if declared is None:
        return None
    try:
        return _Compiler(selections, render, settle).plan(asked, *declared, fast.proof)
    except Unsupported:
        return None


class _Compiler:
    """One plan in the making."""

    def __init__(self, selections: Selections, render: Render, settle: Settle) -> None:
        self._selections = selections
        self._render = render
        self._settle = settle
        self._names: dict[str, Any] = {}
        self._besides: list[BesideUse] = []
        self._rows = RowCode(selections, self._names, self._besides)
        self._wants_total = False
        self._cursors: Cursors = "none"

    def plan(self, asked: Asked, shape: Shape, fields: Fields, proof: str | None) -> Plan:
        below = object_type(asked)
        fields_asked = self._selections.below(asked, below)
        if shape is Shape.OBJECT:
            result = self._rows.record(below, fields_asked, fields, "page")
        else:
            result = self._connection(below, fields_asked, fields)
        embeddings = tuple(self._embedding(use) for use in self._rows.embeds)
        unpacked = "".join(f"{use.name}, " for use in self._rows.embeds)
        lines = [
            "def build(page, total, embeds, later):",
            f"    {unpacked}= embeds" if unpacked else "",
            f"    return {result}",
        ]
        exec(compile("\n".join(lines), "<projection>", "exec"), self._names)  # noqa: S102 - see `RowCode`
        proof_place = None if proof is None else self._rows.place(proof)
        return Plan(
            self._rows.selected,
            self._rows.columns,
            self._rows.moments,
            self._wants_total,
            self._cursors,
            self._names["build"],
            embeddings,
            tuple(Answer(use.source.make, self._settle(use)) for use in self._besides),
            proof_place,
        )

    def _embedding(self, use: EmbedUse) -> Embedding:
        catalogue = use.source.catalogue
        version = self._rows.place(catalogue.version_sql)
        return Embedding(catalogue, use.place, version, self._render(use.asked), many=use.source.many)

    def _connection(self, parent: GraphQLObjectType, asked: list[Asked], fields: Fields) -> str:
        return self._dict(parent, asked, lambda each: self._connection_field(each, fields))

    def _connection_field(self, asked: Asked, fields: Fields) -> str:
        match asked.name:
            case "totalCount":
                self._wants_total = True
                return "total"
            case "pageInfo":
                below = object_type(asked)
                return self._dict(below, self._selections.below(asked, below), self._page_info)
            case "nodes":
                return f"[{self._node(asked, fields)} for row in page.rows]"
            case "edges":
                below = object_type(asked)
                edge = self._dict(below, self._selections.below(asked, below), lambda each: self._edge(each, fields))
                return f"[{edge} for at, row in enumerate(page.rows)]"
        raise Unsupported(asked.name)

    def _page_info(self, asked: Asked) -> str:
        if asked.name not in _PAGE_INFO:
            raise Unsupported(asked.name)
        if asked.name.endswith("Cursor") and self._cursors == "none":
            self._cursors = "ends"
        return _PAGE_INFO[asked.name]

    def _edge(self, asked: Asked, fields: Fields) -> str:
        if asked.name == "cursor":
            self._cursors = "every"
            return "page.cursor(at)"
        if asked.name == "node":
            return self._node(asked, fields)
        raise Unsupported(asked.name)

    def _node(self, asked: Asked, fields: Fields) -> str:
        below = object_type(asked)
        return self._rows.record(below, self._selections.below(asked, below), fields, "row")

    def _dict(self, parent: GraphQLObjectType, asked: list[Asked], value: Callable[[Asked], str]) -> str:
        parts = []
        for each in asked:
            if each.definition is not None and (each.definition.args or is_guarded(each)):
                raise Unsupported(each.name)
            parts.append(f"{each.key!r}: {repr(parent.name) if each.definition is None else value(each)}")
        return "{" + ", ".join(parts) + "}"
