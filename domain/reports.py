"""The reports there are, and the days that they speak of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo, available_timezones

from domain.errors import InvalidValue

LONGEST = 400
"""The most days of one report."""

COST = Decimal("0.0001")
"""To what a cost is rounded where it is shown (the guide's "Отчеты")."""


class ReportKind(StrEnum):
    """The guide's three reports."""

    SESSIONS = "SESSIONS"
    DAILY = "DAILY"
    CALLS_AND_MESSAGES = "CALLS_AND_MESSAGES"


class ReportFormat(StrEnum):
    """What a report is written as."""

    XLSX = "XLSX"
    CSV = "CSV"


class UsageKey(StrEnum):
    """What an overview of usage is broken down by."""

    DAY = "DAY"
    COUNTRY = "COUNTRY"
    OPERATOR = "OPERATOR"
    PROFILE = "PROFILE"
    PLAN = "PLAN"
    GROUP = "GROUP"


class TopBy(StrEnum):
    """What makes a SIM one of the first."""

    BYTES = "BYTES"
    SESSIONS = "SESSIONS"
    COST = "COST"


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` to `last`, both included, as they are counted in a time zone (an IANA name)."""

    first: date
    last: date
    zone: str = "UTC"

    def check(self) -> None:
        """Raise `InvalidValue` for days that are turned round, too many, or of a zone that there is not."""
        if not 0 <= (self.last - self.first).days < LONGEST:
            raise InvalidValue(f"Give at most {LONGEST} days, the earlier one as `from`.", path=("to",))
        if not 2000 <= self.first.year <= self.last.year <= 2200:
            raise InvalidValue("Give days between the years 2000 and 2200.", path=("from",))
        if self.zone != "UTC" and self.zone not in available_timezones():
            raise InvalidValue("There is no such time zone: give a name like Asia/Almaty.", path=("timeZone",))

    @property
    def begin(self) -> datetime:
        """The moment at which the first day begins."""
        return self._midnight(self.first)

    @property
    def end(self) -> datetime:
        """The moment at which the last day is over; not part of the span."""
        return self._midnight(self.last + timedelta(days=1))

    @property
    def is_utc(self) -> bool:
        """Whether the days are those of the daily sums."""
        return self.zone == "UTC"

    def _midnight(self, day: date) -> datetime:
        zone = UTC if self.is_utc else ZoneInfo(self.zone)
        return datetime.combine(day, time(), zone).astimezone(UTC)


def whole_months(first: date, last: date) -> tuple[date, date] | None:
    """The first days of the first and the last month that lie whole within [first, last]; None when none does."""
    begin = first if first.day == 1 else _next_month(first)
    after_last = last + timedelta(days=1)
    end = after_last.replace(day=1)
    if begin >= end:
        return None
    return begin, (end - timedelta(days=1)).replace(day=1)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def month_after(month: date) -> date:
    """The first day of the month that follows."""
    return _next_month(month)


def rounded_cost(amount: Decimal) -> Decimal:
    """A cost as it is shown: four places, halves up."""
    return amount.quantize(COST, rounding=ROUND_HALF_UP)
