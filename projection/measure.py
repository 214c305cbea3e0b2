"""What a document asks for, found before anything of it is validated or run: one pass, each fragment looked at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionNode,
    SelectionSetNode,
    TypeMetaFieldDef,
    get_named_type,
    is_list_type,
    is_non_null_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter

from projection.cost import Cost, PageSizes, page_of

LIST_SIZE = "list_size"
"""Key of a field's metadata: how many entries its list has at most, or usually where there is no bound."""

_META = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}


@dataclass(slots=True)
class Measure:
    """Of a selection set with everything beneath it. `rows` is what each row of the page costs that it may stand for."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    introspection: int = 0
    cost: Cost = field(default_factory=Cost)
    rows: Cost = field(default_factory=Cost)

    def take_in(self, other: Measure, levels: int = 0) -> None:
        """Add what stands beneath, or beside, with nothing of its cost."""
        self.depth = max(self.depth, other.depth + levels)
        self.aliases += other.aliases
        self.directives += other.directives


class Measuring:
    """Measures one document; recursion follows its nesting, so a `RecursionError` is nesting out of reason."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, sizes: PageSizes) -> None:
        self._schema = schema
        self._sizes = sizes
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._known: dict[str, Measure | None] = {}
        self._introspected = introspected_sizes(schema)

    def operation(self, node: OperationDefinitionNode) -> Measure:
        """The whole operation."""
        root = self._schema.get_root_type(node.operation)
        found = self.selection_set(node.selection_set, root)
        found.directives += len(node.directives or ())
        found.directives += sum(len(each.directives or ()) for each in node.variable_definitions or ())
        # Nothing above says how long a list at the root is.
        found.cost.add(found.rows, self._sizes.unpaged)
        return found

    def selection_set(self, node: SelectionSetNode, parent: GraphQLNamedType | None) -> Measure:
        """A selection set on a type; what the schema does not have costs as one leaf, and is refused later."""
        found = Measure()
        for selection in node.selections:
            self._add(found, selection, parent)
        return found

    def fragment(self, name: str) -> Measure:
        """A fragment; unknown ones and those that lead back to themselves are refused by validation."""
        if name not in self._known:
            self._known[name] = None  # while it is being measured
            node = self._fragments.get(name)
            if node is not None:
                found = self.selection_set(node.selection_set, self._schema.get_type(node.type_condition.name.value))
                found.directives += len(node.directives or ())
                self._known[name] = found
        return self._known[name] or Measure()

    def _add(self, found: Measure, selection: SelectionNode, parent: GraphQLNamedType | None) -> None:
        found.directives += len(selection.directives or ())
        if isinstance(selection, FieldNode):
            self._add_field(found, selection, parent)
            return
        if isinstance(selection, FragmentSpreadNode):
            below = self.fragment(selection.name.value)
        else:
            assert isinstance(selection, InlineFragmentNode)
            condition = selection.type_condition
            below = self.selection_set(
                selection.selection_set, self._schema.get_type(condition.name.value) if condition else parent
            )
        found.take_in(below)
        found.introspection += below.introspection
        found.cost.add(below.cost)
        found.rows.add(below.rows)

    def _add_field(self, found: Measure, node: FieldNode, parent: GraphQLNamedType | None) -> None:
        found.aliases += node.alias is not None
        name = node.name.value
        definition = _META.get(name) or getattr(parent, "fields", {}).get(name)
        if node.selection_set is None or not isinstance(definition, GraphQLField):
            found.depth = max(found.depth, 1)
            if node.selection_set is not None:
                found.take_in(self.selection_set(node.selection_set, None), 1)
            return
        below = self.selection_set(node.selection_set, get_named_type(definition.type))
        if name in _META or (parent is not None and parent.name.startswith("__")):
            self._add_introspection(found, name, below, f"{parent.name if parent else ''}.{name}")
            return
        found.take_in(below, 1)
        found.introspection += below.introspection
        each = Cost(1)
        each.add(below.cost)
        page = page_of(definition, node, self._sizes)
        if page is not None and not _is_list(definition):
            each.add(below.rows, page)
            found.cost.add(each)
            return
        each.add(below.rows, self._sizes.unpaged)
        if not _is_list(definition):
            found.cost.add(each)
        elif (size := page if page is not None else _declared_size(definition)) is not None:
            found.cost.add(each, size)
        else:
            found.rows.add(each)

    def _add_introspection(self, found: Measure, name: str, below: Measure, place: str) -> None:
        """`ofType` only unwraps a type, so it may be written as often as tools write it."""
        itself = 0 if name == "ofType" else 1
        found.take_in(below, itself)
        found.introspection += self._introspected.get(place, 1) * (itself + below.introspection)


def introspected_sizes(schema: GraphQLSchema) -> dict[str, int]:
    """How long the lists of introspection are in this schema: the number of types, and means of the others."""
    known: dict[str, int] | None = schema.extensions.get("introspected_sizes")
    if known is None:
        types = list(schema.type_map.values())
        fields = [list(each.fields.values()) for each in types if hasattr(each, "fields")]
        known = {
            "__Schema.types": len(types),
            "__Schema.directives": len(schema.directives),
            "__Type.fields": _mean(len(each) for each in fields),
            "__Type.inputFields": 1,  # a type has fields of one kind only
            "__Type.enumValues": 1,
            "__Type.interfaces": 1,
            "__Type.possibleTypes": 1,
            "__Field.args": _mean(len(getattr(each, "args", ())) for several in fields for each in several),
        }
        schema.extensions["introspected_sizes"] = known
    return known


def _mean(lengths: Iterable[int]) -> int:
    found = list(lengths)
    return -(-sum(found) // max(1, len(found)))


def _is_list(definition: GraphQLField) -> bool:
    type_ = definition.type
    return is_list_type(type_.of_type if is_non_null_type(type_) else type_)


def _declared_size(definition: GraphQLField) -> int | None:
    declared = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    size: int | None = declared.metadata.get(LIST_SIZE) if declared is not None else None
    return size
