"""Doing one item: judge it as the SIM stands now, look once more where needed, call the operator, say what became of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing_calendar.working_days import end_of_working_days
from domain.changes import UNLOCK, Change, SetRoaming, SetViolationLock
from domain.clock import clock
from domain.decisions import LOCK_OF, RESET_WINDOW, Ruling, Verdict, is_live, judge, still_locked, weigh
from domain.locks import BIT, LockKind
from domain.operations import ACTION_OF, BLOCKING, UNBLOCKING, ItemState, OperationKind, RiskCode
from domain.outcomes import OutcomeCode
from drivers.process_lease import LeaseLost
from drivers.registry import DriverRegistry
from novaconnect_sdk import (
    Accepted,
    AnswerLost,
    Availability,
    BadCredentials,
    Capability,
    Done,
    Driver,
    DriverError,
    ErrorCode,
    Forbidden,
    LivePart,
    LiveReading,
    LiveState,
    NotSent,
    Refused,
    SimUnknown,
    Throttled,
    TryLater,
    Unknown,
    WriteResult,
)
from services.execution.item_results import ClaimedItem, ItemResult
from services.execution.send_change import send_change

MAX_ATTEMPTS = 5
"""How often a call that certainly changed nothing is repeated before the item fails."""

SETTLE_AFTER = timedelta(seconds=5)
"""How long after a lost answer the SIM is read to learn what happened; an operator needs a moment to finish."""

ROAMING_WORKING_DAYS = 3
"""How long a change of the roaming plan takes at most (guide, "Настройка тарифного плана")."""

METHOD_TIMEOUT = 90.0
"""Seconds after which a driver's whole method counts as lost, budget waits included; each call has its own, shorter one."""

STILL_BLOCKED = "The package was reconnected, but the operator still blocks the SIM: unlock it."

_UNREADABLE = "The ICCID, IMSI or number stored with this SIM is not in its form: ask technical support to correct it."

_log = logging.getLogger("novaconnect.execute")

_REASONS = {
    OperationKind.LOCK: "Locked by the customer.",
    OperationKind.SET_FINANCIAL_LOCK: "The company is locked for non-payment.",
}

_REFUSAL_CODES: dict[ErrorCode, OutcomeCode] = {
    ErrorCode.SIM_UNKNOWN: OutcomeCode.SIM_UNKNOWN_TO_OPERATOR,
    ErrorCode.CREDENTIALS: OutcomeCode.OPERATOR_CREDENTIALS,
    ErrorCode.FORBIDDEN: OutcomeCode.OPERATOR_CREDENTIALS,
    ErrorCode.UNSUPPORTED: OutcomeCode.UNSUPPORTED,
}


@dataclass(frozen=True, slots=True)
class ExecutedItem:
    """The result, and whether the operator answered at all (None: it was not asked), which the circuit breaker counts."""

    result: ItemResult
    answered: bool | None


async def execute_item(item: ClaimedItem, registry: DriverRegistry) -> ExecutedItem:
    """Execute a claimed item. Never raises for what a driver does; the worker lives."""
    driver = registry.driver(item.profile_code)
    now = clock.now()
    traits = registry.traits(item.profile_code)
    verdict = judge(item.kind, item.situation(now, now - RESET_WINDOW, traits), traits)
    verdict = weigh(verdict, item.accepted_risks)
    if verdict.ruling is Ruling.SETTLED:
        return ExecutedItem(_settled(item, verdict), None)
    if verdict.ruling is Ruling.REFUSED or driver is None:
        return ExecutedItem(
            _ended(item, ItemState.REFUSED, verdict.code or OutcomeCode.UNSUPPORTED, verdict.message), None
        )
    if item.readable_ref is None:
        return ExecutedItem(_ended(item, ItemState.REFUSED, OutcomeCode.SIM_UNKNOWN_TO_OPERATOR, _UNREADABLE), None)
    if _needs_fresh_look(item, registry):
        looked = await _look(item, driver)
        if isinstance(looked, ExecutedItem):
            return looked
        executed = await _call(item, driver, registry)
        _keep_session(executed.result, looked)
        return executed
    return await _call(item, driver, registry)


def _needs_fresh_look(item: ClaimedItem, registry: DriverRegistry) -> bool:
    """A lock that may raise MSU and was not accepted as a risk: the device may have come alive since acceptance."""
    traits = registry.traits(item.profile_code)
    return item.kind in BLOCKING and traits.lock_raises_msu and RiskCode.MSU_LOCK not in item.accepted_risks


async def _look(item: ClaimedItem, driver: Driver) -> LiveReading | ExecutedItem:
    """What the operator says of the SIM's session where that is no danger, otherwise how the item ends."""
    if not isinstance(driver, LiveState):
        message = "It cannot be seen whether this SIM is in a live device."
        return ExecutedItem(_ended(item, ItemState.REFUSED, OutcomeCode.MSU_LOCK, message), None)
    try:
        async with asyncio.timeout(METHOD_TIMEOUT):
            live = await driver.read_live(item.ref, frozenset({LivePart.SESSION}))
    except (Throttled, NotSent, AnswerLost, BadCredentials, Forbidden, SimUnknown, TimeoutError) as error:
        return _not_looked(item, error)
    except LeaseLost:
        raise
    except Exception as error:  # a driver is foreign code: whatever it raises, the SIM's liveness is not known
        _log.warning("fresh look failed: %s", type(error).__name__)
        live = LiveReading()
    return _weighed(item, live)


def _not_looked(item: ClaimedItem, error: DriverError | TimeoutError) -> ExecutedItem:
    if isinstance(error, Throttled):
        return ExecutedItem(_later(item, error.after, OutcomeCode.OPERATOR_THROTTLED, error.message), True)
    if isinstance(error, NotSent | AnswerLost | TimeoutError):
        # Nothing was changed by asking, so that asking again does no harm.
        message = "The operator could not be asked whether the SIM is live."
        return ExecutedItem(_later(item, timedelta(seconds=2), OutcomeCode.OPERATOR_UNAVAILABLE, message), False)
    return ExecutedItem(_refused(item, Refused(error.code, error.message, native_code=error.native_code)), True)


def _weighed(item: ClaimedItem, live: LiveReading) -> LiveReading | ExecutedItem:
    session = live.session
    if session.availability is Availability.OK and session.value is not None:
        if not is_live(session.value.active, session.value.ended_at, session.as_of, clock.now()):
            return live
        message = (
            "Just before the call this SIM had a data session, or had one less than 24 hours ago:"
            " take it out of the device, or accept the risk MSU_LOCK."
        )
    else:
        message = (
            "Just before the call the operator could not say whether this SIM is live:"
            " try again later, or accept the risk MSU_LOCK."
        )
    refused = _ended(item, ItemState.REFUSED, OutcomeCode.MSU_LOCK, message)
    _keep_session(refused, live)
    return ExecutedItem(refused, True)


def _keep_session(result: ItemResult, live: LiveReading) -> None:
    if live.session.availability is Availability.OK and live.session.value is not None:
        result.session, result.session_as_of = live.session.value, live.session.as_of


async def _call(item: ClaimedItem, driver: Driver, registry: DriverRegistry) -> ExecutedItem:
    capability = registry.capability(item.profile_code, ACTION_OF[item.kind])
    answer = await _answer(item, lambda: send_change(driver, item.change, item.ref, item.key))
    result = translate(item, answer, capability)
    if item.kind is OperationKind.RECONNECT_PACKAGE and result.state is ItemState.SUCCEEDED:
        await _back_into_service(item, driver, result)
    if _may_have_raised_msu(item, result, registry):
        await _read_msu(item, driver, result)
    return ExecutedItem(result, not isinstance(answer, Unknown) and not _unavailable(answer))


async def _answer(item: ClaimedItem, send: Callable[[], Awaitable[WriteResult]]) -> WriteResult:
    """What the driver answers, whatever it raises."""
    try:
        async with asyncio.timeout(METHOD_TIMEOUT):
            answer: object = await send()
        if isinstance(answer, WriteResult):
            return answer
        _log.error("driver fault in %s: its answer is a %s", item.kind.value, type(answer).__name__)
        return Unknown(ErrorCode.PROTOCOL, "The driver answered with nothing that is an outcome.")
    except TimeoutError:
        return Unknown(ErrorCode.TIMEOUT, "The operator did not answer in time.")
    except DriverError as error:
        return Unknown(error.code, f"The driver failed: {error.message}")
    except LeaseLost:
        raise
    except Exception as error:  # foreign code: the request may have left before it failed
        _log.error("driver fault in %s: %s", item.kind.value, type(error).__name__)
        return Unknown(ErrorCode.PROTOCOL, f"The driver failed ({type(error).__name__}).")


async def _back_into_service(item: ClaimedItem, driver: Driver, result: ItemResult) -> None:
    """The operator stopped the SIM when its package ended; with the new one it serves again unless other locks stand."""
    remaining = item.lock_mask & ~BIT[LockKind.PACKAGE]
    if remaining:
        result.code, result.message = OutcomeCode.STILL_LOCKED, still_locked(remaining)
        return
    if item.observed_blocked is False and not item.lock_mask:
        return
    answer = await _answer(item, lambda: send_change(driver, UNLOCK, item.ref, f"{item.key}-unlock"))
    if isinstance(answer, Done):
        result.observed = answer.observed
    elif not isinstance(answer, Accepted):
        result.code, result.message = OutcomeCode.STILL_LOCKED, STILL_BLOCKED


def _may_have_raised_msu(item: ClaimedItem, result: ItemResult, registry: DriverRegistry) -> bool:
    """A lock in a live device was just done, or an unlock was refused: the two moments at which an MSU lock shows."""
    if not registry.traits(item.profile_code).lock_raises_msu:
        return False
    now = clock.now()
    locked = item.kind in BLOCKING and result.state is ItemState.SUCCEEDED
    live = is_live(item.session_active, item.session_ended_at, item.session_as_of, now)
    return (locked and live) or (item.kind in UNBLOCKING and result.state is ItemState.REFUSED)


async def _read_msu(item: ClaimedItem, driver: Driver, result: ItemResult) -> None:
    """Note the MSU count and lock; not being able to read them changes nothing of the item's outcome."""
    if not isinstance(driver, LiveState):
        return
    try:
        async with asyncio.timeout(METHOD_TIMEOUT):
            live = await driver.read_live(item.ref, frozenset({LivePart.MSU}))
    except LeaseLost:
        raise
    except Exception as error:  # foreign code
        _log.info("MSU not read: %s", type(error).__name__)
        return
    if live.msu.availability is Availability.OK:
        result.msu = live.msu.value
    if result.msu is not None and result.msu.blocked and result.state is ItemState.REFUSED:
        result.code, result.message = OutcomeCode.MSU_LOCKED, still_locked(BIT[LockKind.MSU])


def _unavailable(answer: WriteResult) -> bool:
    return isinstance(answer, TryLater) and answer.code is ErrorCode.UNAVAILABLE


def translate(item: ClaimedItem, answer: WriteResult, capability: Capability) -> ItemResult:
    """What a driver's answer means for the item and for its SIM."""
    match answer:
        case Done():
            result = _settled(item, Verdict(Ruling.SETTLED, OutcomeCode.APPLIED, "The operator applied the change."))
            result.observed = answer.observed
        case Accepted():
            result = _accepted(item, answer)
        case Refused():
            result = _refused(item, answer)
        case TryLater():
            code = (
                OutcomeCode.OPERATOR_THROTTLED
                if answer.code is ErrorCode.THROTTLED
                else OutcomeCode.OPERATOR_UNAVAILABLE
            )
            result = _later(item, answer.after, code, answer.message)
        case Unknown():
            result = _unknown(item, answer, capability)
    return result


def _settled(item: ClaimedItem, verdict: Verdict) -> ItemResult:
    assert verdict.code is not None
    result = _ended(item, ItemState.SUCCEEDED, verdict.code, verdict.message)
    apply_success(result, item.change, item.lock_mask)
    return result


def apply_success(result: ItemResult, change: Change, lock_mask: int) -> None:
    """What the success of a change means for the SIM: lock reasons, and what now stands at the operator."""
    result.done = change
    lock = LOCK_OF.get(change.kind)
    if change.kind in BLOCKING:
        result.adds = lock
        result.reason = change.reason if isinstance(change, SetViolationLock) else _REASONS[change.kind]
    elif lock is not None and lock_mask & BIT[lock]:
        result.lifts = lock


def _accepted(item: ClaimedItem, answer: Accepted) -> ItemResult:
    now = clock.now()
    result = _ended(
        item,
        ItemState.AWAITING_CONFIRMATION,
        OutcomeCode.ACCEPTED_BY_OPERATOR,
        "The operator accepted the request; it is confirmed when the network shows it.",
    )
    result.handle, result.accepted_at, result.observed = answer.handle, now, answer.observed
    result.check_at, result.deadline_at = now + answer.poll_after, now + answer.deadline
    if item.kind is OperationKind.CANCEL_LOCATION:
        result.reset_accepted_at = now
    _begin_roaming_change(item, result, now)
    return result


def _begin_roaming_change(item: ClaimedItem, result: ItemResult, since: datetime) -> None:
    """The operator takes its working days, as the company's calendar counts them; until then packages stay as they are."""
    if isinstance(item.change, SetRoaming):
        result.begun = item.change
        result.deadline_at = end_of_working_days(item.facts.country, since, ROAMING_WORKING_DAYS)


def _refused(item: ClaimedItem, answer: Refused) -> ItemResult:
    code = _REFUSAL_CODES.get(answer.code, OutcomeCode.REFUSED_BY_OPERATOR)
    ours = code is OutcomeCode.OPERATOR_CREDENTIALS or not answer.permanent
    result = _ended(item, ItemState.FAILED if ours else ItemState.REFUSED, code, answer.message)
    result.native_code, result.observed = answer.native_code, answer.observed
    return result


def _later(item: ClaimedItem, after: timedelta, code: OutcomeCode, message: str) -> ItemResult:
    if item.tries >= MAX_ATTEMPTS and code is not OutcomeCode.OPERATOR_THROTTLED:
        return _ended(
            item, ItemState.FAILED, code, f"{message} Retry the failed items when the operator answers again."
        )
    result = _ended(item, ItemState.QUEUED, code, f"{message} It will be tried again.")
    result.not_before = clock.now() + after * (2 ** min(item.tries - 1, 4))
    return result


def _unknown(item: ClaimedItem, answer: Unknown, capability: Capability) -> ItemResult:
    code = OutcomeCode.ANSWER_UNREADABLE if answer.code is ErrorCode.PROTOCOL else OutcomeCode.ANSWER_LOST
    result = _ended(item, ItemState.UNKNOWN, code, f"{answer.message} Whether the change happened is not known yet.")
    result.handle = answer.handle
    # Never looked at again where no look could tell; the window is how long it holds back items of its kind.
    provable = item.kind is not OperationKind.CANCEL_LOCATION or answer.handle is not None
    result.check_at = clock.now() + SETTLE_AFTER if provable else None
    result.deadline_at = item.started_at + (capability.maximum or timedelta(hours=1))
    if item.kind is OperationKind.CANCEL_LOCATION:
        result.reset_accepted_at = item.started_at
    _begin_roaming_change(item, result, item.started_at)
    return result


def _ended(item: ClaimedItem, state: ItemState, code: OutcomeCode, message: str) -> ItemResult:
    return ItemResult(
        item_id=item.id,
        fence=item.attempt,
        sim_id=item.sim_id,
        state=state,
        code=code,
        message=message,
        set_by=item.started_by,
        set_by_user_id=item.started_by_id,
    )
