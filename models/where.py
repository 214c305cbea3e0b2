"""Conditions of a set query with their bind parameters, so that no value ever becomes part of a text."""

from __future__ import annotations


class Where:
    """Conditions joined by AND. `bind` gives a placeholder for a value; `sql` and `arguments` go to the query together."""

    def __init__(self, *arguments: object) -> None:
        """`arguments` already take the first places ($1, $2…)."""
        self.arguments: list[object] = list(arguments)
        self._clauses: list[str] = []

    def bind(self, value: object) -> str:
        """The placeholder under which `value` is sent."""
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def add(self, clause: str) -> None:
        """One more condition; its values come from `bind`."""
        self._clauses.append(f"({clause})")

    @property
    def sql(self) -> str:
        """All conditions, or TRUE."""
        return " AND ".join(self._clauses) or "TRUE"
