"""The virtual clock: real time plus an offset that only the admin API moves."""

import time
from datetime import UTC, datetime


class VirtualClock:
    """Tells the simulator's time in epoch seconds (UTC)."""

    def __init__(self, offset_seconds: float = 0.0) -> None:
        self.offset_seconds = offset_seconds

    def now(self) -> float:
        """Virtual time in epoch seconds."""
        return time.time() + self.offset_seconds

    def advance(self, seconds: float) -> float:
        """Move virtual time forward by `seconds` (never back) and return the new time."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self.offset_seconds += seconds
        return self.now()


def as_utc(epoch: float) -> datetime:
    """Epoch seconds as an aware UTC datetime."""
    return datetime.fromtimestamp(epoch, UTC)


def iso(epoch: float) -> str:
    """Epoch seconds as ISO 8601 in UTC with milliseconds, for example 2024-04-09T19:17:00.000+00:00."""
    return as_utc(epoch).isoformat(timespec="milliseconds")


def iso_or_none(epoch: float | None) -> str | None:
    """Like `iso`; 0 and None mean "never" and give None."""
    return iso(epoch) if epoch else None


def parsed_instant(text: str) -> float:
    """Read an ISO 8601 instant into epoch seconds; without a zone it is UTC.

    Raises ValueError when the text is not an instant.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def month_start(epoch: float) -> float:
    """Epoch seconds of the first instant of the UTC month that holds `epoch`."""
    moment = as_utc(epoch)
    return datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp()


def next_month_start(epoch: float) -> float:
    """Epoch seconds of the first instant of the next UTC month."""
    moment = as_utc(epoch)
    year, month = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
    return datetime(year, month, 1, tzinfo=UTC).timestamp()


def after_working_days(epoch: float, days: int) -> float:
    """The start of the UTC day that follows `days` whole working days (Monday to Friday) after `epoch`."""
    day = int(epoch // 86400)
    left = days
    while left > 0:
        day += 1
        # Day 0 of the epoch was a Thursday, so Monday is weekday 0 here.
        if (day + 3) % 7 < 5:
            left -= 1
    return float(day * 86400)
