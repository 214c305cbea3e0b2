"""A selection set as Python functions over the schema's own resolvers: nothing is looked up twice, nothing is walked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import orjson
from graphql import (
    GraphQLAbstractType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    Undefined,
    default_field_resolver,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.values import VariableValues
from strawberry.execution import optimized_is_awaitable

from projection.declaration import FastFields
from projection.direct_call import Call, Convert, direct_call, strawberry_field
from projection.field_arguments import Arguments, compile_arguments
from projection.field_info import FieldInfo, RequestValues
from projection.plan import UNPROVEN, Plan, Projected, compile_plan
from projection.row_code import BesideUse, is_guarded
from projection.selection import Asked, Selections, Unsupported

MAX_FIELDS = 2_000
"""Fields with resolvers in one operation; larger ones are left to graphql-core."""

Finish: TypeAlias = Callable[[Any, "Run"], Any]
"""From what a resolver gave to what stands in the response."""


class Run:
    """One execution: the values of the request, and what is still awaited."""

    __slots__ = ("arguments", "infos", "is_unproven", "make_info", "pending", "proof", "rendered", "variables")

    def __init__(
        self, fields: int, variables: VariableValues, make_info: Callable[[int], FieldInfo], proof: object = None
    ) -> None:
        """`proof` is what every projection must have seen; None when that does not matter."""
        self.proof = proof
        self.is_unproven = False
        """Whether a projection had no row that would bring what it saw."""
        self.variables = variables
        self.make_info = make_info
        self.pending: list[tuple[dict[str, Any], str, Any, Finish]] = []
        self.rendered: dict[tuple[object, int], tuple[Any, orjson.Fragment]] = {}
        self.infos: list[FieldInfo | None] = [None] * fields
        self.arguments: list[dict[str, Any] | None] = [None] * fields

    def info(self, place: int) -> FieldInfo:
        """What the resolver of a field is told."""
        found = self.infos[place]
        if found is None:
            found = self.infos[place] = self.make_info(place)
        return found

    def taken(self, projected: Projected) -> Any:
        """The value, if it was read under what was presumed."""
        if projected.proof is UNPROVEN:
            self.is_unproven = True
        elif self.proof is not None and projected.proof != self.proof:
            raise Unsupported("what was presumed is not so")
        for at, out, values in projected.later:
            answer = projected.besides[at]
            answer.settle(out, answer.make(*values), self)
        return projected.value


def settle(out: dict[str, Any], key: str, value: Any, finish: Finish, run: Run) -> None:
    """Put a value into the response, now or when it has come."""
    if isinstance(value, Projected):
        out[key] = run.taken(value)
    elif optimized_is_awaitable(value):
        run.pending.append((out, key, value, finish))
    elif isinstance(value, Exception):
        raise value
    else:
        out[key] = finish(value, run)


class Closures:
    """Compiles the selection sets of one operation.

    `fields` are those about which something is told, with their projections; `called` those whose resolvers are called.
    """

    def __init__(self, selections: Selections, fast: FastFields) -> None:
        self._selections = selections
        self._fast = fast
        self.fields: list[tuple[Asked, Plan | None]] = []
        self.called: list[Asked] = []

    def object(self, parent: GraphQLObjectType, asked: list[Asked]) -> Finish:
        """A function from an object to a dict of what is asked of it."""
        names: dict[str, Any] = {"settle": settle}
        now: list[str] = []
        later: list[str] = []
        for index, field in enumerate(asked):
            key = repr(field.key)
            if field.definition is None:
                now.append(f"{key}: {parent.name!r}")
                continue
            names[f"finish{index}"] = self.finish(field, field.definition.type)
            attribute = _plain_attribute(field.definition)
            if attribute is not None:
                now.append(f"{key}: finish{index}(source.{attribute}, run)")
                continue
            now.append(f"{key}: None")
            names[f"resolve{index}"] = self._resolver(field, field.definition)
            later.append(f"    settle(out, {key}, resolve{index}(source, run), finish{index}, run)")
        lines = ["def complete(source, run):", f"    out = {{{', '.join(now)}}}", *later, "    return out"]
        return _compiled("\n".join(lines), names)

    def finish(self, asked: Asked, output: GraphQLOutputType) -> Finish:
        """A function that completes what the field's resolver gave."""
        if is_non_null_type(output):
            return self._nullable(asked, output.of_type, required=True)
        return self._nullable(asked, output, required=False)

    def _nullable(self, asked: Asked, output: Any, *, required: bool) -> Finish:
        if is_leaf_type(output):
            return _leaf(output, required=required)
        if is_list_type(output):
            return _list(self.finish(asked, output.of_type), required=required)
        if is_object_type(output):
            return _present(self._typed(asked, output), required=required)
        return _present(self._abstract(asked, output), required=required)

    def _typed(self, asked: Asked, output: GraphQLObjectType) -> Finish:
        complete = self.object(output, self._selections.below(asked, output))
        is_type_of: Any = output.is_type_of
        if is_type_of is None:
            return complete
        place = self._place(asked)

        def typed(value: Any, run: Run) -> Any:
            if is_type_of(value, run.info(place)) is not True:
                raise Unsupported("an object of another type")
            return complete(value, run)

        return typed

    def _abstract(self, asked: Asked, output: GraphQLAbstractType) -> Finish:
        resolve_type: Any = output.resolve_type
        if resolve_type is None:
            raise Unsupported("an abstract type that cannot be told")
        place = self._place(asked)
        possible = {
            type_.name: self._typed(asked, type_) for type_ in self._selections.schema.get_possible_types(output)
        }

        def abstract(value: Any, run: Run) -> Any:
            name = resolve_type(value, run.info(place), output)
            if not isinstance(name, str) or name not in possible:
                raise Unsupported("an object of another type")
            return possible[name](value, run)

        return abstract

    def _resolver(self, asked: Asked, definition: GraphQLField) -> Callable[[Any, Run], Any]:
        self.called.append(asked)
        place = self._place(asked, compile_plan(self._fast, self._selections, asked, self._rendering, self._settling))
        arguments = compile_arguments(definition, asked.nodes[0])
        found = direct_call(definition, self._selections.schema._strawberry_schema)  # type: ignore[attr-defined]
        if found is not None:
            return _direct(*found, arguments, place)
        resolve: Any = definition.resolve or default_field_resolver
        if arguments is None:
            return lambda source, run: resolve(source, run.info(place))
        return _with_arguments(resolve, arguments, place)

    def make_info(self, values: RequestValues) -> Callable[[int], FieldInfo]:
        """How `Run` makes what resolvers are told."""
        selections, fields = self._selections, self.fields
        return lambda place: FieldInfo(*fields[place], selections, values)

    def _place(self, asked: Asked, plan: Plan | None = None) -> int:
        if len(self.fields) >= MAX_FIELDS:
            raise Unsupported("too many fields")
        self.fields.append((asked, plan))
        return len(self.fields) - 1

    def _settling(self, use: BesideUse) -> Callable[[dict[str, Any], Any, Run], None]:
        """How a field beside a projection gets into the response: as ever, only later."""
        asked = use.asked
        assert asked.definition is not None
        key, finish = asked.key, self.finish(asked, asked.definition.type)
        resolve = self._resolver(asked, asked.definition)
        if use.source.is_shared:
            finish = _once(finish)
        return lambda out, source, run: settle(out, key, resolve(source, run), finish, run)

    def _rendering(self, asked: Asked) -> Callable[[Any], Any]:
        """How values of a catalogue look under a field: alike for every request, so no resolver may ask who asks."""
        assert asked.definition is not None
        apart = Closures(self._selections, FastFields())
        finish = apart.finish(asked, asked.definition.type)
        for below in apart.called:
            if is_guarded(below) or _depends_on_request(below):
                raise Unsupported(f"{below.parent.name}.{below.name}")
        make_info = apart.make_info((None, None, {}, None))

        def render(value: Any) -> Any:
            run = Run(len(apart.fields), VariableValues({}, {}), make_info)
            rendered = finish(value, run)
            if run.pending:
                raise Unsupported("a catalogue entry that must be awaited")
            return rendered

        return render


def _once(finish: Finish) -> Finish:
    """The same for a value that comes again and again: made into JSON when it first comes."""

    def once(value: Any, run: Run) -> Any:
        found = run.rendered.get((once, id(value)))
        if found is None:
            awaited = len(run.pending)
            completed = finish(value, run)
            if len(run.pending) > awaited:
                return completed  # not whole yet
            # The value stays with its rendering, so that no other can take its place in memory.
            found = value, orjson.Fragment(orjson.dumps(completed, option=orjson.OPT_UTC_Z))
            run.rendered[once, id(value)] = found
        return found[1]

    return once


def _with_arguments(resolve: Any, arguments: Arguments, place: int) -> Callable[[Any, Run], Any]:
    def call(source: Any, run: Run) -> Any:
        given = run.arguments[place]
        if given is None:
            given = run.arguments[place] = arguments(run.variables)
        return resolve(source, run.info(place), **given)

    return call


def _direct(
    call: Call, names: dict[str, tuple[str, Convert | None]], arguments: Arguments | None, place: int
) -> Callable[[Any, Run], Any]:
    if arguments is None:
        return lambda source, run: call(source, run.info(place), {})

    def called(source: Any, run: Run) -> Any:
        info = run.info(place)
        given = run.arguments[place]
        if given is None:
            given = run.arguments[place] = {}
            for name, value in arguments(run.variables).items():
                python_name, convert = names[name]
                given[python_name] = value if convert is None else convert(value, info)
        return call(source, info, given)

    return called


def _leaf(output: GraphQLLeafType, *, required: bool) -> Finish:
    coerce = output.coerce_output_value

    def leaf(value: Any, run: Run) -> Any:
        if value is None or value is Undefined:
            if required:
                raise Unsupported("null in a field that has none")
            return None
        if isinstance(value, Exception):
            raise value
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise Unsupported("a value that the scalar does not give")
        return coerced

    if output.name not in ("String", "ID"):
        return leaf
    # A text is its own value, and most fields are texts.
    return lambda value, run: value if value.__class__ is str else leaf(value, run)


def _list(item: Finish, *, required: bool) -> Finish:
    def many(value: Any, run: Run) -> Any:
        if isinstance(value, list | tuple):
            return [item(each, run) for each in value]
        if value is None and not required:
            return None
        raise Unsupported("something else than a list")

    return many


def _present(complete: Finish, *, required: bool) -> Finish:
    def present(value: Any, run: Run) -> Any:
        if value is None or value is Undefined:
            if required:
                raise Unsupported("null in a field that has none")
            return None
        if isinstance(value, Exception):
            raise value
        return complete(value, run)

    return present


def _depends_on_request(asked: Asked) -> bool:
    """Whether the field may look different from one request to the next."""
    assert asked.definition is not None
    field = strawberry_field(asked.definition)
    resolver = field.base_resolver if field else None
    return bool(asked.definition.args) or resolver is None or resolver.info_parameter is not None


def _plain_attribute(definition: GraphQLField) -> str | None:
    """The attribute that the field simply shows; None when something is called for it."""
    field = strawberry_field(definition)
    if field is None or not field.is_basic_field or field.default_resolver is not getattr or definition.args:
        return None
    return field.python_name


def _compiled(code: str, names: dict[str, Any]) -> Any:
    """The function `complete` of generated code: made of the schema's names and quoted keys, of no client's text."""
    exec(compile(code, "<selection set>", "exec"), names)  # noqa: S102
    return names["complete"]
