"""Calls made from the schema: every place where an id is taken, and a document that brings an id there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from schema.ids import global_id
from tests.tenancy.seed import Side

ID_SCALARS = {"ID", "Iccid"}
"""Scalars that name one thing of a company."""

CURSORS = {"after", "before"}
"""Arguments that take a place in a list."""

BY_THE_CLOCK = {("Operation", "eta"), ("SimLive", "asOf")}
"""Fields that are another a moment later."""

ROOTS = {"Query", "Mutation", "Subscription"}

ONE_WAY = {"SimSelection", "ReportSelection"}
"""Inputs of which one field is given, though the schema does not say so: `ids` or `filter`."""

SIM, COMPANY, OTHER_COMPANY, PAYMENT = "own Sim", "own Company", "other Company", "waiting Payment"
"""Stand for ids in the examples."""

# Arguments with which a field gets as far as looking an id up, where those that the schema requires are not enough, or where
# it cannot tell what a text is; by the field, or by the place where that differs. The place that is being tested is put in
# afterwards.
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "Query.previewOperation": {"change": {"assignGroups": {"createByName": ["x"]}}, "selection": {"ids": [SIM]}},
    "Query.packageOptions": {"profile": "TD"},
    "Query.coverageDiff": {"from": "TC", "to": "TD"},
    "Query.sessionReport": {"from": "2025-03-01", "to": "2025-03-31"},
    "Query.callsAndMessagesReport": {"from": "2025-03-01", "to": "2025-03-31"},
    "Query.dailyReport": {"from": "2025-03-01", "to": "2025-03-31"},
    "Query.usageOverview": {"from": "2025-03-01", "to": "2025-03-31"},
    "Query.topSims": {"from": "2025-03-01", "to": "2025-03-31"},
    "Mutation.renameSims": {"input": {"csv": "89374141414000000001;x", "idempotencyKey": "key"}},
    "Mutation.contactSupport": {"input": {"text": "Please help, this is a test."}},
    "Mutation.moveSims": {"input": {"companyId": OTHER_COMPANY, "selection": {"ids": [SIM]}}},
    "Mutation.assignPayment": {"input": {"paymentId": PAYMENT}},
    "Mutation.assignAgent": {"input": {"companyId": COMPANY}},
    "Mutation.inviteUser(input.agentId)": {"input": {"role": "AGENT"}},
    "Mutation.assignGroups": {"input": {"createByName": ["x"]}},
    "Mutation.changePackage": {"input": {"sizeMb": 15}},
    "Mutation.setLimit": {"input": {"megabytes": 100}},
}

# What a text or number has to look like, by the name of the argument or input field.
TEXTS: Mapping[str, Any] = {
    "idempotencyKey": "key",
    "plan": "TC_PayPerUse",
    "reason": "because of a test",
    "content": "JVBERi0xLjQKJSVFT0YK",
    "email": "somebody@example.com",
    "csv": "89374141414000000001;x",
    "iccid": "89374141414000000001",
    "currency": "KZT",
    "period": "2025-02-01",
    "language": "ru",
    "timeZone": "Asia/Almaty",
}

# By the scalar.
SCALARS: Mapping[str, Any] = {
    "Int": 1,
    "Float": 1.0,
    "Boolean": True,
    "String": "x",
    "Date": "2025-03-01",
    "DateTime": "2025-03-01T00:00:00Z",
    "Decimal": "1.00",
    "Bytes": "1",
    "Iccid": "89374141414000000001",
    "Msisdn": "41414147777",
    "Plmn": "25001",
    "Upload": None,
}


@dataclass(frozen=True, slots=True)
class Place:
    """An argument, or a field somewhere inside of its input object."""

    parent: str
    field: str
    path: tuple[str, ...]
    scalar: str
    inside: str
    """The input object that has the field; empty for an argument itself."""

    def __str__(self) -> str:
        return f"{self.parent}.{self.field}({'.'.join(self.path)})"


def id_places(schema: GraphQLSchema) -> list[Place]:
    """Every place of the schema that takes an id."""
    return [place for place in _places(schema) if place.scalar in ID_SCALARS]


def cursor_places(schema: GraphQLSchema) -> list[Place]:
    """Every place of the schema that takes a cursor."""
    return [place for place in _places(schema) if place.path[-1] in CURSORS and place.scalar == "String"]


def types_with_ids(schema: GraphQLSchema) -> list[str]:
    """Every object type that has an id."""
    return [
        name
        for name, each in sorted(schema.type_map.items())
        if isinstance(each, GraphQLObjectType)
        and "id" in each.fields
        and get_named_type(each.fields["id"].type).name == "ID"
    ]


def _places(schema: GraphQLSchema) -> Iterator[Place]:
    for name, each in sorted(schema.type_map.items()):
        if isinstance(each, GraphQLObjectType) and not name.startswith("__"):
            for field_name, definition in each.fields.items():
                for argument, its in definition.args.items():
                    for path, scalar, inside in _leaves(its.type, (argument,), ()):
                        yield Place(name, field_name, path, scalar, inside)


def _leaves(type_: Any, path: tuple[str, ...], inside: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    named = get_named_type(type_)
    if not isinstance(named, GraphQLInputObjectType):
        yield path, named.name, inside[-1] if inside else ""
    elif named.name not in inside:
        for name, each in named.fields.items():
            yield from _leaves(each.type, (*path, name), (*inside, named.name))


class Calls:
    """Documents for one asker, whose own SIM stands in the examples."""

    def __init__(self, schema: GraphQLSchema, own: Side, other: Side, ways: Mapping[str, str]) -> None:
        """`ways` lead to an object of a type: a document with `…` where its selection stands."""
        self._schema = schema
        self._own_sim = global_id("Sim", own.rows["sim"])
        self._stands_for = {
            SIM: self._own_sim,
            COMPANY: global_id("Company", own.rows["company"]),
            PAYMENT: global_id("Payment", own.rows["payment_waiting"]),
            OTHER_COMPANY: global_id("Company", other.rows["company"]),
        }
        self._ways = ways

    def call(self, place: Place, value: Any) -> tuple[str, dict[str, Any]]:
        """A document and its variables with a value at a place."""
        return self.document(place.parent, place.field, place.path, value)

    def document(
        self, parent: str, field: str, path: tuple[str, ...] = (), value: Any = None
    ) -> tuple[str, dict[str, Any]]:
        """The field of a type asked with example arguments, and a value somewhere in them."""
        owner: Any = self._schema.type_map[parent]
        definition = owner.fields[field]
        name = f"{parent}.{field}"
        given = self._own(dict(EXAMPLES.get(f"{name}({'.'.join(path)})", EXAMPLES.get(name, {}))))
        variables = {}
        for name, argument in definition.args.items():
            base = given.get(name)
            if path and name == path[0]:
                variables[name] = self._put(argument.type, base, path[1:], value)
            elif base is not None or is_required_argument(argument):
                variables[name] = self._filled(argument.type, base, name)
        heads = ", ".join(f"${name}: {definition.args[name].type}" for name in variables)
        arguments = ", ".join(f"{name}: ${name}" for name in variables)
        asked = f"{field}{f'({arguments})' if arguments else ''} {self.selection(definition.type, 3 if parent == 'Query' else 2)}"
        kind = parent.lower() if parent in ROOTS else "query"
        if parent not in ROOTS:
            asked = self._ways[parent].replace("…", asked)
        return f"{kind} Call{f'({heads})' if heads else ''} {{ {asked} }}", variables

    def selection(self, type_: Any, depth: int) -> str:
        """All of an object that can be asked without arguments, so deep; nothing for a leaf."""
        named: Any = get_named_type(type_)
        if is_leaf_type(named):
            return ""
        parts = ["__typename"]
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            parts += [
                f"{name}{'(first: 2)' if 'first' in each.args else ''} {self.selection(each.type, depth - 1)}"
                for name, each in named.fields.items()
                if (named.name, name) not in BY_THE_CLOCK
                and (depth > 0 or is_leaf_type(get_named_type(each.type)))
                and not any(is_required_argument(argument) for argument in each.args.values())
                and not (name == "edges" and "nodes" in named.fields)
            ]
        if isinstance(named, GraphQLUnionType | GraphQLInterfaceType) and depth > 0:
            seen: dict[str, str] = {}
            parts += [
                f"... on {each.name} {self._leaves_of(each, seen)}" for each in self._schema.get_possible_types(named)
            ]
        return "{ " + " ".join(parts) + " }"

    def _leaves_of(self, type_: GraphQLObjectType, seen: dict[str, str]) -> str:
        """The leaves of an object, without those that another object has under the same name and as another type."""
        parts = [
            name
            for name, each in type_.fields.items()
            if is_leaf_type(get_named_type(each.type))
            and not each.args
            and (type_.name, name) not in BY_THE_CLOCK
            and seen.setdefault(name, str(each.type)) == str(each.type)
        ]
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    def _put(self, type_: Any, base: Any, path: tuple[str, ...], value: Any) -> Any:
        """The value at the end of a path, with what is required on the way."""
        if isinstance(type_, GraphQLNonNull):
            return self._put(type_.of_type, base, path, value)
        if isinstance(type_, GraphQLList):
            return [self._put(type_.of_type, base[0] if isinstance(base, list) and base else None, path, value)]
        if not path:
            return value
        assert isinstance(type_, GraphQLInputObjectType)
        alone = type_.is_one_of or type_.name in ONE_WAY
        filled = {} if alone else self._filled(type_, base, "") or {}
        step = type_.fields[path[0]]
        return {**filled, path[0]: self._put(step.type, filled.get(path[0]), path[1:], value)}

    def _filled(self, type_: Any, base: Any, name: str) -> Any:
        """An example: what is given, and what the schema requires besides."""
        if isinstance(type_, GraphQLNonNull):
            return self._filled(type_.of_type, base, name)
        if isinstance(type_, GraphQLList):
            return base if base is not None else [self._filled(type_.of_type, None, name)]
        if isinstance(type_, GraphQLInputObjectType):
            given = dict(base or {})
            if not given and (type_.is_one_of or type_.name in ONE_WAY):
                first, each = next(iter(type_.fields.items()))
                return {first: self._filled(each.type, None, first)}
            for field_name, each in type_.fields.items():
                if field_name in given or is_required_input_field(each):
                    given[field_name] = self._filled(each.type, given.get(field_name), field_name)
            return given
        if base is not None:
            return base
        if isinstance(type_, GraphQLEnumType):
            return next(iter(type_.values))
        if type_.name == "ID":
            return self._own_sim
        return TEXTS.get(name, SCALARS.get(type_.name, "x"))

    def _own(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._own(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._own(each) for each in value]
        return self._stands_for.get(value, value) if isinstance(value, str) else value


def ways(schema: GraphQLSchema) -> dict[str, str]:
    """A document to an object of each type that can be reached without arguments, `…` where its selection stands."""
    found: dict[str, str] = {}
    waiting = [("Query", "…")]
    while waiting:
        parent, way = waiting.pop(0)
        type_ = schema.type_map[parent]
        assert isinstance(type_, GraphQLObjectType)
        for name, each in type_.fields.items():
            below = get_named_type(each.type)
            required = any(is_required_argument(argument) for argument in each.args.values())
            if (
                required
                or not isinstance(below, GraphQLObjectType)
                or below.name in found
                or not is_composite_type(below)
            ):
                continue
            page = "(first: 2)" if "first" in each.args else ""
            found[below.name] = way.replace("…", f"{name}{page} {{ … }}")
            waiting.append((below.name, found[below.name]))
    return found


def snake(name: str) -> str:
    """A type's name as a table has it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
