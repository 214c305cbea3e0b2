"""What the executor knows of an item when it takes it, and what it says of it when it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billing_calendar.working_days import local_date
from domain.changes import Change, SetLimit, SetRoaming
from domain.decisions import LIVE_FOR, Situation, Traits, is_live
from domain.locks import BIT, LockKind
from domain.operations import ItemState, OperationKind, RiskCode
from domain.outcomes import OutcomeCode
from novaconnect_sdk import (
    Iccid,
    Imsi,
    LimitReading,
    Msisdn,
    MsuReading,
    ObservedState,
    PackageReading,
    SessionReading,
    SimRef,
)
from services.operations.judge_selection import BYTES_PER_MB, is_unfit, month_start


@dataclass(frozen=True, slots=True)
class SimFacts:
    """What the rules of limits, packages and MSU ask of a SIM, as it is stored; `country` is the company's."""

    msu_count: int | None
    msu_before: int | None
    msu_changed_at: datetime | None
    limit_used_bytes: int | None
    limit_as_of: datetime | None
    roaming: bool | None
    package_remaining_bytes: int | None
    package_ends_at: datetime | None
    roaming_change_until: datetime | None
    country: str

    def msu_rising(self, now: datetime) -> bool:
        """Whether the count rose lately."""
        rose = self.msu_count is not None and self.msu_before is not None and self.msu_count > self.msu_before
        return rose and self.msu_changed_at is not None and self.msu_changed_at > now - LIVE_FOR

    def over_limit(self, change: Change, now: datetime) -> bool:
        """Whether the limit asked for is below what is used this month."""
        if not isinstance(change, SetLimit) or change.megabytes is None or self.limit_used_bytes is None:
            return False
        fresh = self.limit_as_of is not None and self.limit_as_of >= month_start(now)
        return fresh and self.limit_used_bytes > change.megabytes * BYTES_PER_MB

    def package_left(self, now: datetime) -> bool:
        """Whether the package holds data still."""
        over = self.package_ends_at is not None and self.package_ends_at <= now
        return bool(self.package_remaining_bytes) and not over


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """An item that this process has set to CALLING, with its SIM as it stands now."""

    id: int
    attempt: int
    tries: int
    operation_id: int
    company_id: int
    sim_id: int
    change: Change
    profile_code: str
    readable_ref: SimRef | None
    lock_mask: int
    observed_blocked: bool | None
    session_active: bool | None
    session_ended_at: datetime | None
    session_as_of: datetime | None
    reset_accepted_at: datetime | None
    facts: SimFacts
    lock_pending: bool
    accepted_risks: frozenset[RiskCode]
    started_at: datetime
    started_by: str
    started_by_id: int | None

    # `attempt` is the fence and only grows; `tries` are those since a user last asked. `readable_ref` is None where what is
    # stored of the SIM's numbers is not in their form.

    @property
    def kind(self) -> OperationKind:
        """What is done."""
        return self.change.kind

    @property
    def ref(self) -> SimRef:
        """The SIM as drivers know it; only of an item whose `readable_ref` is there."""
        assert self.readable_ref is not None
        return self.readable_ref

    @property
    def key(self) -> str:
        """The idempotency key towards the operator: the item, whatever the attempt."""
        return f"novaconnect-item-{self.id}"

    def situation(self, now: datetime, reset_since: datetime, traits: Traits) -> Situation:
        """The SIM as decisions see it. Items of one SIM run in order, so that the only lock or unlock that can be pending
        is one that awaits its confirmation, or whose answer was lost and since which the SIM has not been observed."""
        facts, change = self.facts, self.change
        until = facts.roaming_change_until
        return Situation(
            lock_mask=self.lock_mask,
            observed_blocked=self.observed_blocked,
            live=is_live(self.session_active, self.session_ended_at, self.session_as_of, now),
            resetting=self.reset_accepted_at is not None and self.reset_accepted_at > reset_since,
            change_pending=self.lock_pending,
            msu_rising=facts.msu_rising(now),
            over_limit=facts.over_limit(change, now),
            package_left=not self.lock_mask & BIT[LockKind.PACKAGE] and facts.package_left(now),
            reopens_on=local_date(facts.country, until) if until is not None and until > now else None,
            stands=isinstance(change, SetRoaming) and facts.roaming is change.enabled,
            unfit_size=is_unfit(change, traits, roaming=bool(facts.roaming)),
        )


@dataclass(slots=True)
class ItemResult:
    """Where an item goes, why, and what became known of its SIM on the way. Times are business time.

    `fence` is the attempt that must still stand for the result to count. `adds` and `lifts` are lock reasons, `reason` the
    words with the one added. `done` is a change that now stands at the operator, `begun` a change of the roaming plan that
    may be under way until `deadline_at`.
    """

    item_id: int
    fence: int
    sim_id: int
    state: ItemState
    code: OutcomeCode
    message: str
    native_code: str | None = None
    handle: str | None = None
    accepted_at: datetime | None = None
    not_before: datetime | None = None
    check_at: datetime | None = None
    deadline_at: datetime | None = None
    adds: LockKind | None = None
    lifts: LockKind | None = None
    reason: str = ""
    done: Change | None = None
    begun: SetRoaming | None = None
    set_by: str = ""
    set_by_user_id: int | None = None
    observed: ObservedState | None = None
    msu: MsuReading | None = None
    package: PackageReading | None = None
    limit: LimitReading | None = None
    session: SessionReading | None = None
    session_as_of: datetime | None = None
    reset_accepted_at: datetime | None = None


def sim_ref(iccid: str, imsi: str | None, msisdn: str | None, operator_ref: str | None) -> SimRef:
    """The SIM as drivers know it, from what is stored."""
    return SimRef(Iccid(iccid), Imsi(imsi) if imsi else None, Msisdn(msisdn) if msisdn else None, operator_ref)
