"""From the Control Center's words to the SDK's values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from drivers.jasper.settings import JasperSettings
from drivers.jasper.soap import text_of
from novaconnect_sdk import (
    AnswerUnreadable,
    Iccid,
    Imsi,
    Msisdn,
    ObservedState,
    PackageReading,
    Plmn,
    RegistrationReading,
    SessionReading,
    SessionRecord,
    SimRecord,
    SimRef,
    SimStatus,
)

_STATUSES = {
    "INVENTORY": SimStatus.INVENTORY,
    "TEST_READY": SimStatus.INVENTORY,
    "ACTIVATION_READY": SimStatus.INVENTORY,
    "ACTIVATED": SimStatus.ACTIVE,
    "DEACTIVATED": SimStatus.BLOCKED,
    "RETIRED": SimStatus.RETIRED,
    "PURGED": SimStatus.RETIRED,
    "REPLACED": SimStatus.RETIRED,
}

_STILL_OPEN = timedelta(minutes=1)


def instant(text: object) -> datetime | None:
    """An aware UTC time, None for nothing; without a zone the operator means UTC. Raises `AnswerUnreadable`."""
    if text is None or text == "":
        return None
    try:
        moment = datetime.fromisoformat(str(text))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise AnswerUnreadable("The operator's answer holds a time that cannot be read.") from None


def number(text: str) -> Decimal | None:
    """A decimal number; None when there is none."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def observed(status: str, as_of: datetime, lock_status: str) -> ObservedState:
    """A SIM status; SOAP may write it with the ending _NAME. Whether a retired SIM is blocked is not a question."""
    native = status.strip().upper().removesuffix("_NAME")
    meaning = _STATUSES.get(native, SimStatus.UNKNOWN)
    blocked = native == lock_status if meaning not in (SimStatus.RETIRED, SimStatus.UNKNOWN) else None
    if blocked and meaning is not SimStatus.BLOCKED:
        meaning = SimStatus.BLOCKED
    return ObservedState(as_of, blocked, meaning, native or None)


def sim_record(terminal: etree._Element, as_of: datetime, settings: JasperSettings) -> SimRecord | None:
    """A terminal of GetTerminalDetails; None when it has no usable ICCID."""
    try:
        iccid = Iccid(text_of(terminal, "iccid"))
    except ValueError:
        return None
    ref = SimRef(iccid, imsi(text_of(terminal, "imsi")), msisdn(terminal.get("msisdn", "")), str(iccid))
    state = observed(text_of(terminal, "status"), as_of, settings.lock_status)
    return SimRecord(ref, state, package=package(terminal, settings))


def imsi(text: str) -> Imsi | None:
    """An IMSI; None when it is none."""
    try:
        return Imsi(text)
    except ValueError:
        return None


def msisdn(text: str) -> Msisdn | None:
    """A telephone number; None when it is none."""
    try:
        return Msisdn(text.removeprefix("+"))
    except ValueError:
        return None


def package(terminal: etree._Element, settings: JasperSettings) -> PackageReading:
    """Rate plan, size, rest and end of the current term. A plan without a term is one whose last package is over."""
    plan = text_of(terminal, "ratePlan") or None
    included = number(text_of(terminal, "rating/totalPrimaryIncludedData"))
    left = number(text_of(terminal, "rating/primaryDataRemaining"))
    policy = text_of(terminal, "rating/renewalPolicy")
    ends_at = instant(text_of(terminal, "rating/termEndDate"))
    status = _STATUSES.get(text_of(terminal, "status").strip().upper().removesuffix("_NAME"), SimStatus.UNKNOWN)
    exhausted = _exhausted(plan, status, running=ends_at is not None)
    if exhausted:
        left = Decimal(0)
    return PackageReading(
        plan=plan,
        size_mb=int(included) if included is not None else None,
        remaining_bytes=int(left * settings.bytes_per_mb) if left is not None else None,
        auto_reconnect=policy != "Deactivate" if policy else None,
        roaming=plan == settings.plans.roaming if plan else None,
        ends_at=ends_at,
        exhausted=exhausted,
        started_at=instant(text_of(terminal, "rating/termStartDate")) if ends_at is not None else None,
    )


def _exhausted(plan: str | None, status: SimStatus, *, running: bool) -> bool | None:
    """A SIM that was never activated has had no package yet, so that none is over."""
    if plan is None or status in (SimStatus.INVENTORY, SimStatus.UNKNOWN, SimStatus.RETIRED):
        return None
    return not running


def registration(info: etree._Element) -> RegistrationReading:
    """The latest registration; without an event date there never was one.

    `gtAddr` names the network's node: where it has the shape of a network code it is taken as one, a longer global title
    is not.
    """
    address = text_of(info, "gtAddr")
    try:
        plmn = Plmn(address) if address else None
    except ValueError:
        plmn = None
    return RegistrationReading(instant(text_of(info, "eventDate")), text_of(info, "carrierName") or None, plmn=plmn)


def session(content: Mapping[str, Any]) -> SessionReading:
    """The current or last session: open while it has no end; without a beginning there never was one."""
    started = instant(content.get("dateSessionStarted"))
    ended = instant(content.get("dateSessionEnded"))
    active = started is not None and ended is None
    return SessionReading(active, started, ended)


def session_record(detail: etree._Element, iccid: str, settings: JasperSettings, now: datetime) -> SessionRecord | None:
    """One data usage detail. The operator names no session: SIM and beginning identify it.

    It names no open end either, only a duration so far: a session that reaches up to `now` counts as open.
    """
    started = instant(text_of(detail, "sessionStartTime"))
    if started is None:
        return None
    volume = number(text_of(detail, "dataVolume")) or Decimal(0)
    lasted = number(text_of(detail, "duration"))
    ended = started + timedelta(seconds=int(lasted)) if lasted is not None else None
    words = f"{iccid}|{started.isoformat()}|{text_of(detail, 'zone')}"
    return SessionRecord(
        key=hashlib.sha256(words.encode()).hexdigest()[:32],
        sim_key=iccid,
        started_at=started,
        ended_at=ended if ended is not None and ended < now - _STILL_OPEN else None,
        total_bytes=int(volume * settings.bytes_per_kb),
        country=text_of(detail, "countryCode") or None,
    )
