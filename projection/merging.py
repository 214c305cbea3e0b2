"""What it takes to find out whether fields of one name can be merged: the one rule of validation that is not linear."""

from __future__ import annotations

from collections import defaultdict

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

_LEAF_SHARE = 10
"""Comparing two fields without a selection of their own takes a tenth, or less, of comparing two with one."""


class TooMuchMerging(Exception):
    """The comparisons are over the limit."""


class Merging:
    """Counts comparisons in one document, and stops at the limit."""

    def __init__(self, document: DocumentNode, limit: int) -> None:
        self._limit = limit
        self._steps = 0
        self._work = 0
        self._sizes: dict[str, int] = {}
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._waiting = [
            each.selection_set
            for each in document.definitions
            if isinstance(each, OperationDefinitionNode | FragmentDefinitionNode)
        ]

    def check(self) -> None:
        """Raise `TooMuchMerging` when validation would compare too much."""
        while self._waiting:
            fields: defaultdict[str, list[FieldNode]] = defaultdict(list)
            own = self._waiting.pop()
            self._collect(own, fields, set(), own=True)
            for same in fields.values():
                if len(same) > 1:
                    self._count(same)

    def _collect(
        self, node: SelectionSetNode, fields: dict[str, list[FieldNode]], seen: set[str], *, own: bool
    ) -> None:
        for selection in node.selections:
            self._step()
            if isinstance(selection, FieldNode):
                fields[(selection.alias or selection.name).value].append(selection)
                if own and selection.selection_set:
                    self._waiting.append(selection.selection_set)
            elif isinstance(selection, InlineFragmentNode):
                self._collect(selection.selection_set, fields, seen, own=own)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                fragment = self._fragments.get(selection.name.value)
                if fragment is not None:
                    self._collect(fragment.selection_set, fields, seen, own=False)

    def _count(self, same: list[FieldNode]) -> None:
        pairs = len(same) * (len(same) - 1) // 2
        below = max(self._size(each.selection_set) if each.selection_set else 0 for each in same)
        self._work += pairs * (1 + below) if below else pairs // _LEAF_SHARE
        if self._work > self._limit:
            raise TooMuchMerging

    def _size(self, node: SelectionSetNode) -> int:
        """Fields beneath, those of fragments as often as they are spread."""
        size = 0
        for selection in node.selections:
            self._step()
            if isinstance(selection, FragmentSpreadNode):
                size += self._fragment_size(selection.name.value)
                continue
            size += isinstance(selection, FieldNode)
            below = getattr(selection, "selection_set", None)
            size += self._size(below) if below else 0
        return size

    def _fragment_size(self, name: str) -> int:
        if name not in self._sizes:
            self._sizes[name] = 0  # one that leads back to itself is refused by validation
            fragment = self._fragments.get(name)
            self._sizes[name] = self._size(fragment.selection_set) if fragment else 0
        return self._sizes[name]

    def _step(self) -> None:
        self._steps += 1
        if self._steps > 4 * self._limit:
            raise TooMuchMerging
