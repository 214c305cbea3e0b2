"""What the executor knows of an item when it takes it, and what it says of it when it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.decisions import Situation, is_live
from domain.operations import ItemState, OperationKind, RiskCode
from domain.outcomes import OutcomeCode
from novaconnect_sdk import Iccid, Imsi, Msisdn, MsuReading, ObservedState, SessionReading, SimRef


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """An item that this process has set to CALLING, with its SIM as it stands now."""

    id: int
    attempt: int
    tries: int
    operation_id: int
    company_id: int
    sim_id: int
    kind: OperationKind
    profile_code: str
    ref: SimRef
    lock_mask: int
    observed_blocked: bool | None
    session_active: bool | None
    session_ended_at: datetime | None
    session_as_of: datetime | None
    reset_accepted_at: datetime | None
    lock_unknown: bool
    accepted_risks: frozenset[RiskCode]
    started_at: datetime
    started_by: str
    started_by_id: int | None

    # `attempt` is the fence and only grows; `tries` are those since a user last asked.

    @property
    def key(self) -> str:
        """The idempotency key towards the operator: the item, whatever the attempt."""
        return f"novaconnect-item-{self.id}"

    def situation(self, now: datetime, reset_since: datetime) -> Situation:
        """The SIM as decisions see it. Items of one SIM run in order, so that the only change that can be pending is one
        whose answer was lost (`lock_unknown`) and which the SIM has not been observed since."""
        return Situation(
            lock_mask=self.lock_mask,
            observed_blocked=self.observed_blocked,
            live=is_live(self.session_active, self.session_ended_at, self.session_as_of, now),
            resetting=self.reset_accepted_at is not None and self.reset_accepted_at > reset_since,
            change_pending=self.lock_unknown,
        )


@dataclass(slots=True)
class ItemResult:
    """Where an item goes, why, and what became known of its SIM on the way. Times are business time.

    `fence` is the attempt that must still stand for the result to count. `lock` True adds the voluntary lock, False removes
    it, None leaves it.
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
    lock: bool | None = None
    set_by: str = ""
    set_by_user_id: int | None = None
    observed: ObservedState | None = None
    msu: MsuReading | None = None
    session: SessionReading | None = None
    session_as_of: datetime | None = None
    reset_accepted_at: datetime | None = None


def sim_ref(iccid: str, imsi: str | None, msisdn: str | None, operator_ref: str | None) -> SimRef:
    """The SIM as drivers know it, from what is stored."""
    return SimRef(Iccid(iccid), Imsi(imsi) if imsi else None, Msisdn(msisdn) if msisdn else None, operator_ref)
