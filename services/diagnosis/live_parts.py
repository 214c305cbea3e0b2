"""The parts of a live reading as they are stored and shown: a value, how old it is, and whether it could be read now."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from novaconnect_sdk import Availability, LivePart, LiveReading, Reading

Values = dict[str, Any]
"""The fields of one part; times are aware datetimes."""

MOMENTS = frozenset({"started_at", "ended_at", "since", "reached_at", "ends_at"})


@dataclass(frozen=True, slots=True)
class PartView:
    """One part. `value` is the last that is known, of `as_of`; with UNAVAILABLE it is an older one, or None."""

    availability: Availability
    value: Values | None = None
    as_of: datetime | None = None
    message: str | None = None


Parts = dict[LivePart, PartView]


def parts_of(live: LiveReading) -> Parts:
    """The parts of a driver's answer."""
    return {part: _view(getattr(live, part.value.lower())) for part in LivePart}


def with_older_values(parts: Parts, older: Parts) -> Parts:
    """The parts, where those that are not told now show what was read before, with its own time."""
    return {
        part: replace(view, value=older[part].value, as_of=older[part].as_of)
        if view.availability is not Availability.OK and part in older and older[part].as_of is not None
        else view
        for part, view in parts.items()
    }


def all_unavailable(message: str) -> Parts:
    """Nothing could be read, and why."""
    return {part: PartView(Availability.UNAVAILABLE, message=message) for part in LivePart}


def still_unsupported(parts: Parts, older: Parts) -> Parts:
    """What the operator never tells is not unavailable because it does not answer now."""
    return {
        part: older[part] if part in older and older[part].availability is Availability.UNSUPPORTED else view
        for part, view in parts.items()
    }


def dump_parts(parts: Parts) -> str:
    """Parts as JSON."""
    return orjson.dumps(
        {part.value: {**asdict(view), "availability": view.availability.value} for part, view in parts.items()}
    ).decode()


def load_parts(text: str | None) -> Parts:
    """Parts of what `dump_parts` wrote; none of None."""
    if text is None:
        return {}
    return {
        LivePart(name): PartView(
            Availability(view["availability"]), _loaded(view["value"]), _moment(view["as_of"]), view["message"]
        )
        for name, view in orjson.loads(text).items()
    }


def stored_parts(row: asyncpg.Record) -> Parts:
    """What the SIM's own columns say: the last that the inventory, an operation or a reading brought."""
    observed = {
        "blocked": row["observed_blocked"],
        "status": row["observed_status"],
        "native_status": row["native_status"],
    }
    session = {
        "active": bool(row["session_active"]),
        "started_at": row["session_started_at"] if row["session_active"] else None,
        "ended_at": row["session_ended_at"],
    }
    registration = {
        "since": row["registered_at"],
        "network": row["registration_network"],
        "country": row["registration_country"],
        "plmn": row["registration_plmn"],
    }
    msu = {"count": row["msu_count"], "blocked": row["msu_locked"]}
    known = {
        LivePart.OBSERVED: (observed, row["observed_at"]),
        LivePart.SESSION: (session, row["session_as_of"]),
        LivePart.REGISTRATION: (registration, row["registration_as_of"]),
        LivePart.MSU: (msu, row["msu_as_of"] or (row["observed_at"] if row["msu_count"] is not None else None)),
        LivePart.LIMIT: (_limit(row), row["limit_as_of"]),
        LivePart.PACKAGE: (_package(row), row["package_as_of"]),
    }
    return {
        part: PartView(Availability.UNAVAILABLE, values if as_of else None, as_of)
        for part, (values, as_of) in known.items()
    }


def newest(one: Parts, other: Parts) -> Parts:
    """Of each part the one that is known as of later; `one` where both are equally old."""
    found = dict(one)
    for part, view in other.items():
        mine = found.get(part)
        if mine is None or (view.as_of is not None and (mine.as_of is None or mine.as_of < view.as_of)):
            found[part] = view
    return found


def _limit(row: asyncpg.Record) -> Values:
    return {
        "megabytes": row["limit_mb"],
        "period": "MONTH",
        "used_bytes": row["limit_used_bytes"],
        "reached_at": row["limit_reached_at"],
    }


def _package(row: asyncpg.Record) -> Values:
    return {
        "plan": row["package_plan"],
        "size_mb": row["package_mb"],
        "remaining_bytes": row["package_remaining_bytes"],
        "auto_reconnect": row["auto_reconnect"],
        "roaming": row["roaming"],
        "ends_at": row["package_ends_at"],
    }


def _view(reading: Reading[Any]) -> PartView:
    value = None if reading.value is None else asdict(reading.value)
    if value is not None:
        value.pop("as_of", None)
    return PartView(reading.availability, value, reading.as_of, reading.message)


def _loaded(value: Values | None) -> Values | None:
    if value is None:
        return None
    return {name: _moment(field) if name in MOMENTS else field for name, field in value.items()}


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
