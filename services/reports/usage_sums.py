"""Sums of usage over any days, out of those that are kept: whole months by the month, the rest by the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from domain.reports import Span, month_after, rounded_cost, whole_months
from models.where import Where
from services.reports.scope import Scope


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount, rounded to four places, and its currency (ISO 4217); None where the records name none."""

    amount: Decimal
    currency: str | None


@dataclass(frozen=True, slots=True)
class Usage:
    """Sessions that began in a span, their bytes, and their costs by currency."""

    sessions: int = 0
    bytes: int = 0
    costs: tuple[Cost, ...] = ()

    def __add__(self, other: Usage) -> Usage:
        amounts: dict[str | None, Decimal] = {}
        for cost in (*self.costs, *other.costs):
            amounts[cost.currency] = amounts.get(cost.currency, Decimal(0)) + cost.amount
        costs = tuple(Cost(amounts[currency], currency) for currency in sorted(amounts, key=lambda name: name or ""))
        return Usage(self.sessions + other.sessions, self.bytes + other.bytes, costs)

    def rounded(self) -> Usage:
        """The same with costs as they are shown: only sums are rounded, never what is summed."""
        return Usage(
            self.sessions, self.bytes, tuple(Cost(rounded_cost(each.amount), each.currency) for each in self.costs)
        )


def usage_of(sessions: int, size: int, cost: Decimal, currency: str) -> Usage:
    """The usage of one row of sums; a cost of nothing in no currency is one that nobody told."""
    told = currency != "" or cost != 0
    return Usage(sessions, size, (Cost(cost, currency or None),) if told else ())


async def sums_by_sim(scope: Scope, span: Span, where: Where) -> str:
    """SQL of a table `(sim_id, company_id, currency, sessions, bytes, cost)`, several rows a SIM; the days are UTC days."""
    columns = "u.sim_id, u.company_id, u.currency, u.sessions, u.bytes, u.cost"
    limits = Where(*where.arguments)
    await scope.limit(limits, "u")
    where.arguments[:] = limits.arguments
    parts = [
        f"SELECT {columns} FROM {table} u WHERE {limits.sql} AND u.{day}"  # noqa: S608
        f" BETWEEN {where.bind(first)} AND {where.bind(last)}"
        for table, day, first, last in pieces(span)
    ]
    return " UNION ALL ".join(parts)


def pieces(span: Span) -> Sequence[tuple[str, str, object, object]]:
    """Tables of sums with their column of days and the days that each is asked for; together they are the span."""
    months = whole_months(span.first, span.last)
    if months is None:
        return [("usage_daily", "day", span.first, span.last)]
    begin, last_month = months
    after = month_after(last_month)
    found: list[tuple[str, str, object, object]] = [("usage_monthly", "month", begin, last_month)]
    if span.first < begin:
        found.append(("usage_daily", "day", span.first, begin - timedelta(days=1)))
    if after <= span.last:
        found.append(("usage_daily", "day", after, span.last))
    return found
