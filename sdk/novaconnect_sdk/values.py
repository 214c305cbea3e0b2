"""Values that travel between the host and a driver: identities of SIMs and what an operator says about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Generic, Self, TypeVar


class _Digits(str):
    """A string of decimal digits of a known length; leading zeros matter, so it is never a number."""

    __slots__ = ()
    _shape: ClassVar[re.Pattern[str]]
    _expects: ClassVar[str]

    def __new__(cls, value: str) -> Self:
        if not cls._shape.fullmatch(value):
            raise ValueError(f"{cls.__name__}: expected {cls._expects}")
        return super().__new__(cls, value)


class Iccid(_Digits):
    """The serial number of a SIM: 18 to 22 digits beginning with 89 (ITU-T E.118). The check digit is not enforced."""

    __slots__ = ()
    _shape = re.compile(r"89[0-9]{16,20}", re.ASCII)
    _expects = "18 to 22 digits beginning with 89"


class Imsi(_Digits):
    """The subscriber identity on the network: 6 to 15 digits, MCC first (ITU-T E.212)."""

    __slots__ = ()
    _shape = re.compile(r"[0-9]{6,15}", re.ASCII)
    _expects = "6 to 15 digits"


class Msisdn(_Digits):
    """A telephone number in international form without the plus sign: 5 to 15 digits (ITU-T E.164)."""

    __slots__ = ()
    _shape = re.compile(r"[0-9]{5,15}", re.ASCII)
    _expects = "5 to 15 digits without a plus sign"


class Imei(_Digits):
    """The serial number of a device: 14 to 16 digits (3GPP TS 23.003)."""

    __slots__ = ()
    _shape = re.compile(r"[0-9]{14,16}", re.ASCII)
    _expects = "14 to 16 digits"


class Plmn(_Digits):
    """A mobile network: MCC (3 digits) followed by MNC (2 or 3 digits), a string (ITU-T E.212)."""

    __slots__ = ()
    _shape = re.compile(r"[0-9]{5,6}", re.ASCII)
    _expects = "5 or 6 digits"

    @property
    def mcc(self) -> str:
        """The mobile country code: the first three digits."""
        return self[:3]

    @property
    def mnc(self) -> str:
        """The mobile network code: the two or three digits after the country code."""
        return self[3:]


@dataclass(frozen=True, slots=True)
class SimRef:
    """How a SIM is named to an operator: every key that is known, because operators key differently.

    `operator_ref` is the operator's own key, as the driver's inventory reported it; the host stores it and hands it
    back.
    """

    iccid: Iccid
    imsi: Imsi | None = None
    msisdn: Msisdn | None = None
    operator_ref: str | None = None


class SimStatus(StrEnum):
    """What the operator's own status means for service; `UNKNOWN` when the native word is not understood."""

    INVENTORY = "INVENTORY"
    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"
    RETIRED = "RETIRED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class ObservedState:
    """The operator's word on one SIM at one moment. `blocked` is None when the operator did not say."""

    as_of: datetime
    blocked: bool | None = None
    status: SimStatus = SimStatus.UNKNOWN
    native_status: str | None = None


@dataclass(frozen=True, slots=True)
class SimRecord:
    """One SIM of the operator's inventory. Money is `Decimal`; None means the operator did not say."""

    ref: SimRef
    observed: ObservedState
    external_msisdn: str | None = None
    balance: Decimal | None = None
    currency: str | None = None
    msu_count: int | None = None
    msu_blocked: bool | None = None
    package: PackageReading | None = None


@dataclass(frozen=True, slots=True)
class SimPage:
    """One page of the inventory. `next_cursor` is opaque to the host; `complete` says that the whole set asked for
    has now been seen without a gap. A page that is not complete never makes the host forget a SIM."""

    items: tuple[SimRecord, ...]
    next_cursor: str | None
    complete: bool
    total: int | None = None


class Availability(StrEnum):
    """Whether a reading is there: `OK`, the operator cannot say (`UNSUPPORTED`), or could not be asked now
    (`UNAVAILABLE`)."""

    OK = "OK"
    UNSUPPORTED = "UNSUPPORTED"
    UNAVAILABLE = "UNAVAILABLE"


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """One value read live, with its own time and availability. `value` is None unless `availability` is OK, and may
    be None even then when the operator answered "no data": a missing MSU count is not 0."""

    availability: Availability
    value: T | None = None
    as_of: datetime | None = None
    message: str | None = None

    @classmethod
    def ok(cls, value: T | None, as_of: datetime) -> Reading[T]:
        """The operator answered."""
        return cls(Availability.OK, value, as_of)

    @classmethod
    def unsupported(cls) -> Reading[T]:
        """The operator has no such information."""
        return cls(Availability.UNSUPPORTED)

    @classmethod
    def unavailable(cls, message: str) -> Reading[T]:
        """The operator could not be asked, or did not answer, and why."""
        return cls(Availability.UNAVAILABLE, None, None, message)


@dataclass(frozen=True, slots=True)
class SessionReading:
    """The current or the last data session. `active` with `started_at`; otherwise `ended_at` of the last one.
    All None and not active: the operator answered that it knows of no session."""

    active: bool
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RegistrationReading:
    """The latest registration in a network: since when, which network, which country."""

    since: datetime | None
    network: str | None = None
    country: str | None = None
    plmn: Plmn | None = None


@dataclass(frozen=True, slots=True)
class MsuReading:
    """Signalling units counted by the operator and whether it blocked the SIM for them, irrevocably."""

    count: int | None
    blocked: bool


@dataclass(frozen=True, slots=True)
class LimitReading:
    """The traffic limit in force. `megabytes` None: no limit. `period` is MONTH for a calendar month."""

    megabytes: int | None
    period: str = "MONTH"
    used_bytes: int | None = None
    reached_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PackageReading:
    """The data package in force: plan name as the operator spells it, size and what remains, in bytes.

    `exhausted` is True when the package is over and none follows by itself, so that the operator has stopped the SIM, and
    False while one runs. `started_at` is when the running package began: by it each package is billed once.
    """

    plan: str | None
    size_mb: int | None = None
    remaining_bytes: int | None = None
    auto_reconnect: bool | None = None
    roaming: bool | None = None
    ends_at: datetime | None = None
    exhausted: bool | None = None
    started_at: datetime | None = None


class LivePart(StrEnum):
    """A part of the live reading; asking for fewer saves calls to the operator."""

    SESSION = "SESSION"
    REGISTRATION = "REGISTRATION"
    OBSERVED = "OBSERVED"
    MSU = "MSU"
    LIMIT = "LIMIT"
    PACKAGE = "PACKAGE"


ALL_LIVE_PARTS = frozenset(LivePart)
"""Everything an operator can say about one SIM."""


@dataclass(frozen=True, slots=True)
class LiveReading:
    """Everything fresh about one SIM; each part stands or fails alone. A part that was not asked for is unsupported."""

    session: Reading[SessionReading] = field(default_factory=Reading.unsupported)
    registration: Reading[RegistrationReading] = field(default_factory=Reading.unsupported)
    observed: Reading[ObservedState] = field(default_factory=Reading.unsupported)
    msu: Reading[MsuReading] = field(default_factory=Reading.unsupported)
    limit: Reading[LimitReading] = field(default_factory=Reading.unsupported)
    package: Reading[PackageReading] = field(default_factory=Reading.unsupported)


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One data session of the operator's records. `key` identifies it for ever, so that a late or corrected record
    replaces the earlier one; `ended_at` None means open. `sim_key` is the `operator_ref` or the ICCID of the SIM."""

    key: str
    sim_key: str
    started_at: datetime
    ended_at: datetime | None
    total_bytes: int
    operator: str | None = None
    country: str | None = None
    plmn: Plmn | None = None
    cost: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class CallOrMessageRecord:
    """One call or text message of the operator's records. `direction` is IN or OUT, `kind` VOICE or SMS.

    `operator` is the mobile operator in whose network it was, None where the records do not tell.
    """

    key: str
    sim_key: str
    at: datetime
    direction: str
    kind: str
    other_number: str | None
    duration_seconds: int | None = None
    cost: Decimal | None = None
    currency: str | None = None
    operator: str | None = None


@dataclass(frozen=True, slots=True)
class RecordPage(Generic[T]):
    """One page of usage records; `next_cursor` is opaque, None at the end."""

    items: tuple[T, ...]
    next_cursor: str | None


Settings = Mapping[str, object]
"""A driver's settings as `plugins.toml` gives them, with secrets already resolved."""
