"""From the gate's words to the SDK's values. Times on the wire name no zone: it comes from the settings."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from drivers.tsim.answers import Row
from novaconnect_sdk import (
    AnswerUnreadable,
    CallOrMessageRecord,
    Iccid,
    LimitReading,
    Msisdn,
    MsuReading,
    ObservedState,
    Plmn,
    SessionReading,
    SessionRecord,
    SimRecord,
    SimRef,
    SimStatus,
)

_TRUE = frozenset({"true", "t", "1", "yes", "y"})
_FALSE = frozenset({"false", "f", "0", "no", "n"})
_BYTES_PER_MB = 1_000_000
_NO_TIME = "0000-00-00"
"""How a database of the gate's kind writes a time that there is not."""


def flag(text: str) -> bool | None:
    """A truth value of the wire; None when it says nothing that is understood."""
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def instant(text: str, zone: ZoneInfo) -> datetime | None:
    """An aware UTC time; None when the element is empty. Raises `AnswerUnreadable` for anything that is no time."""
    if not text or text.startswith(_NO_TIME):
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise AnswerUnreadable("The operator's answer holds a time that cannot be read.") from None


def days_of(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """The first and the last day on the wire that hold every instant from `start` to before `end`."""
    last = max(start, end - timedelta(microseconds=1))
    return start.astimezone(zone).date(), last.astimezone(zone).date()


def money(text: str) -> Decimal | None:
    """An amount; None when the operator did not say."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def whole(text: str) -> int | None:
    """A whole number that is not negative; None when there is none."""
    return int(text) if text.isascii() and text.isdigit() else None


def observed(row: Row, as_of: datetime) -> ObservedState:
    """What a card says of its block."""
    blocked = flag(row.get("blocked", ""))
    if blocked is None:
        return ObservedState(as_of)
    status = SimStatus.BLOCKED if blocked else SimStatus.ACTIVE
    return ObservedState(as_of, blocked, status, "blocked" if blocked else "unblocked")


def sim_record(row: Row, as_of: datetime) -> SimRecord | None:
    """A card of the inventory; None when it names no usable ICCID or number."""
    try:
        number = Msisdn(row.get("onum", ""))
        ref = SimRef(Iccid(row.get("iccid", "")), None, number, str(number))
    except ValueError:
        return None
    return SimRecord(
        ref=ref,
        observed=observed(row, as_of),
        external_msisdn=row.get("enum") or None,
        balance=money(row.get("balance", "")),
        currency=row.get("curr") or None,
    )


def msu(row: Row) -> MsuReading:
    """The signalling counter; a missing count is "no data", never 0."""
    return MsuReading(whole(row.get("count", "")), flag(row.get("blocked", "")) is True)


def limit(row: Row, zone: ZoneInfo) -> LimitReading:
    """The monthly limit; empty or negative megabytes mean none."""
    used = money(row.get("used_mb", ""))
    reached = row.get("reached_at", "")
    return LimitReading(
        megabytes=whole(row.get("mb", "")),
        used_bytes=int(used * _BYTES_PER_MB) if used is not None else None,
        reached_at=instant(reached, zone),
    )


def session_record(row: Row, zone: ZoneInfo) -> SessionRecord | None:
    """A data record; None when it lacks what identifies it."""
    started = instant(row.get("calldate", ""), zone)
    if not row.get("sessionid") or not row.get("onum") or started is None:
        return None
    total = whole(row.get("usage_b", ""))
    if total is None:
        total = (whole(row.get("inb", "")) or 0) + (whole(row.get("outb", "")) or 0)
    return SessionRecord(
        key=row["sessionid"],
        sim_key=row["onum"],
        started_at=started,
        ended_at=instant(row.get("end_session", ""), zone),
        total_bytes=total,
        operator=row.get("operator") or None,
        country=row.get("country") or None,
        plmn=plmn(row.get("opercode", "")),
        cost=money(row.get("cost", "")),
        currency=row.get("curr") or None,
    )


def call_record(kind: str, row: Row, zone: ZoneInfo) -> CallOrMessageRecord | None:
    """A voice or SMS record (`kind` is the element: call or sms); None when it lacks what identifies it."""
    at = instant(row.get("calldate", ""), zone)
    if not row.get("onum") or at is None:
        return None
    incoming = row.get("cdir", "").upper().startswith("I")
    return CallOrMessageRecord(
        key=row.get("uniqueid") or _derived_key(kind, row),
        sim_key=row["onum"],
        at=at,
        direction="IN" if incoming else "OUT",
        kind="VOICE" if kind == "call" else "SMS",
        other_number=row.get("anum" if incoming else "bnum") or None,
        duration_seconds=whole(row.get("billsec", "") or row.get("duration", "")) if kind == "call" else None,
        cost=money(row.get("ccost", "") or row.get("cost", "")),
        currency=row.get("curr") or None,
        operator=row.get("operator") or None,
    )


def plmn(text: str) -> Plmn | None:
    """A network code; None when it is none."""
    try:
        return Plmn(text)
    except ValueError:
        return None


def current_session(row: Row, zone: ZoneInfo) -> SessionReading | None:
    """The session that is open now, from `checkdatasession`; None when it says that none is. Raises `AnswerUnreadable` when
    it says neither: that a device is not live is never concluded from silence."""
    active = flag(row.get("active", ""))
    if active is None:
        raise AnswerUnreadable("The operator's answer does not say whether a data session is open.")
    if not active:
        return None
    return SessionReading(active=True, started_at=instant(row.get("started", ""), zone))


def _derived_key(kind: str, row: Row) -> str:
    words = "|".join(row.get(name, "") for name in ("onum", "calldate", "anum", "bnum", "cdir"))
    return hashlib.sha256(f"{kind}|{words}".encode()).hexdigest()[:32]
