"""The hours in which operators' systems are synchronised: 00:00 to 07:00 at UTC+05:00, whatever Almaty's clocks do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

ZONE = timezone(timedelta(hours=5))
LENGTH = timedelta(hours=7)


@dataclass(frozen=True, slots=True)
class SyncWindow:
    """One night: the day (UTC+05:00) that it begins, and when it opens and closes."""

    on: date
    opens_at: datetime
    closes_at: datetime


def window_at(moment: datetime) -> SyncWindow | None:
    """The window that is open at a moment, or None by day."""
    day = moment.astimezone(ZONE).date()
    opens_at = datetime.combine(day, time(), ZONE)
    return SyncWindow(day, opens_at, opens_at + LENGTH) if moment < opens_at + LENGTH else None


def pause_between_calls(calls_left: int, seconds_left: float, calls_per_second: float) -> float:
    """Seconds to wait after a call so that half of the operator's budget stays free for people.

    None is waited where the work would not be done in nine tenths of the time that is left.
    """
    interval = 1 / calls_per_second
    return interval if calls_left * 2 * interval < seconds_left * 0.9 else 0.0
