"""The limits of a document, and the refusal that names the one it broke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, get_introspection_query, parse

from projection.cost import PageSizes
from projection.measure import Measure, Measuring
from projection.merging import Merging, TooMuchMerging


@dataclass(frozen=True, slots=True)
class Limits:
    """At most: fields inside fields, aliases, directives, objects visited, and comparisons of fields of one name."""

    depth: int = 12
    aliases: int = 30
    directives: int = 50
    cost: int = 50_000
    comparisons: int = 5_000
    pages: PageSizes = field(default_factory=PageSizes)


class TooComplex(Exception):
    """A document asks for too much; `limit` names what of, `allowed` is how much there may be."""

    def __init__(self, limit: str, allowed: int) -> None:
        super().__init__(f"The query is too complex: {limit} over {allowed:,}. Ask for less at once.")
        self.limit = limit
        self.allowed = allowed

    def as_graphql(self) -> GraphQLError:
        """The same as the result of an operation says it; where it was raised is forgotten, as that holds the whole tree."""
        self.__traceback__ = self.__cause__ = self.__context__ = None
        return GraphQLError(str(self), original_error=self)


def measured(schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> dict[int, Measure]:
    """The measure of each operation by the `id` of its node; raises `TooComplex` for what no variable can make right."""
    measuring = Measuring(schema, document, limits.pages)
    found: dict[int, Measure] = {}
    try:
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                found[id(node)] = _within(measuring.operation(node), schema, limits)
        Merging(document, limits.comparisons).check()
    except RecursionError as error:
        raise TooComplex("depth", limits.depth) from error
    except TooMuchMerging as error:
        raise TooComplex("comparisons of fields of one name", limits.comparisons) from error
    return found


def check_cost(measure: Measure, variables: Mapping[str, Any], limits: Limits) -> None:
    """Raise `TooComplex` when the operation visits too much under these coerced variables."""
    if measure.cost.value(variables) > limits.cost:
        raise TooComplex("objects to visit (the product of page sizes)", limits.cost)


def _within(measure: Measure, schema: GraphQLSchema, limits: Limits) -> Measure:
    for limit, asked, allowed in (
        ("depth", measure.depth, limits.depth),
        ("aliases", measure.aliases, limits.aliases),
        ("directives", measure.directives, limits.directives),
    ):
        if asked > allowed:
            raise TooComplex(limit, allowed)
    if measure.introspection:
        allowed = _introspection_allowed(schema, limits)
        if measure.introspection > allowed:
            raise TooComplex("objects of introspection", allowed)
    if not measure.cost.terms:
        check_cost(measure, {}, limits)
    return measure


def _introspection_allowed(schema: GraphQLSchema, limits: Limits) -> int:
    """Twice of what the usual tools ask for, which grows with the schema."""
    known: int | None = schema.extensions.get("introspection_allowed")
    if known is None:
        document = parse(get_introspection_query(input_value_deprecation=True, specified_by_url=True))
        operation = next(each for each in document.definitions if isinstance(each, OperationDefinitionNode))
        known = 2 * Measuring(schema, document, limits.pages).operation(operation).introspection
        schema.extensions["introspection_allowed"] = known
    return known
