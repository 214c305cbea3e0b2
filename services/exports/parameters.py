"""What a report is asked for, as it is stored until somebody writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from access import Principal
from domain.reports import ReportKind, Span
from domain.sim_filter import LockFilter, Selection, SimFilter
from models.identity import UserRole
from services.reports.scope import WHOLE_FLEET, Scope, scope_of

_TUPLES = ("profiles", "ids", "company_ids")


@dataclass(frozen=True, slots=True)
class ReportParameters:
    """Which report of which SIMs. `group_ids` are those of the token it was asked with, if it was restricted to some."""

    report: ReportKind
    selection: Selection = WHOLE_FLEET
    zone: str = "UTC"
    group_ids: tuple[int, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        found = self.selection.filter
        return {
            "zone": self.zone,
            "group_ids": None if self.group_ids is None else list(self.group_ids),
            "ids": None if self.selection.ids is None else list(self.selection.ids),
            "filter": None
            if found is None
            else {name: value for name, value in asdict(found).items() if value is not None},
        }

    @classmethod
    def from_json(cls, report: str, stored: Mapping[str, Any]) -> ReportParameters:
        """As it was stored."""
        return cls(
            ReportKind(report),
            Selection(_tuple(stored["ids"]), None if stored["filter"] is None else _filter(stored["filter"])),
            stored["zone"],
            _tuple(stored["group_ids"]),
        )

    def span(self, first: date, last: date) -> Span:
        """The days, in the zone that was asked for where the report knows zones; raises `InvalidValue`."""
        span = Span(first, last, "UTC" if self.report is ReportKind.DAILY else self.zone)
        span.check()
        return span

    async def scope(self, company_id: int, user_id: int) -> Scope:
        """Whose records it may show: one company's, whoever asked for it. Raises the errors of a bad filter."""
        reader = Principal(user_id, 0, "", UserRole.VIEWER, (company_id,), group_ids=self.group_ids)
        return await scope_of(reader, self.selection)


def _tuple(values: list[int] | None) -> tuple[int, ...] | None:
    return None if values is None else tuple(values)


def _filter(stored: Mapping[str, Any]) -> SimFilter:
    values: dict[str, Any] = {name: tuple(value) if name in _TUPLES else value for name, value in stored.items()}
    if "lock" in values:
        values["lock"] = LockFilter(values["lock"])
    return SimFilter(**values)
