"""Looking again: confirming what an operator accepted, and settling what is unknown, by its handle or by reading the SIM."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

import asyncpg
import orjson

from domain.changes import Change, SetLimit, SetRoaming, change_of
from domain.clock import clock
from domain.decisions import still_locked
from domain.locks import BIT, LockKind
from domain.operations import ACTION_OF, BLOCKING, UNBLOCKING, ItemState, OperationKind
from domain.outcomes import OutcomeCode
from drivers.registry import DriverRegistry
from novaconnect_sdk import (
    Confirmation,
    Confirms,
    Driver,
    DriverError,
    Inventory,
    LivePart,
    LiveReading,
    LiveState,
    ObservedState,
    SimRef,
    SimStatus,
)
from services.execution.execute_item import METHOD_TIMEOUT, STILL_BLOCKED, apply_success
from services.execution.item_results import ItemResult, sim_ref

LONGEST_PAUSE = timedelta(minutes=30)
"""Looks at one item come ever rarer, but at least so often, and once at its deadline."""

SETTLE_TRIES = 20
"""Looks at an unknown item before it stays unknown for good."""

_PROOF = {
    OperationKind.SET_LIMIT: frozenset({LivePart.LIMIT}),
    OperationKind.SET_ROAMING: frozenset({LivePart.PACKAGE}),
    OperationKind.RECONNECT_PACKAGE: frozenset({LivePart.PACKAGE, LivePart.OBSERVED}),
}
"""What is read to settle the kinds that are no locks; the others leave no trace that could be read."""

# What a SIM shows may be the work of the later lock or unlock: it proves nothing about the earlier one.
_HIDDEN = "A later change of this SIM hides whether this one happened."

_log = logging.getLogger("novaconnect.confirm")


async def confirm_item(row: asyncpg.Record, registry: DriverRegistry) -> ItemResult | None:
    """Look at an item of `claim_due_checks`; None means: look again a little later."""
    driver = registry.driver(row["profile_code"])
    if driver is None:
        return None
    try:
        async with asyncio.timeout(METHOD_TIMEOUT):
            if row["state"] == ItemState.AWAITING_CONFIRMATION:
                return await _confirm(row, driver)
            return await _settle(row, driver)
    except (DriverError, TimeoutError) as error:
        _log.info("look failed: %s", type(error).__name__)
        return _not_yet(row)
    except Exception as error:  # foreign code
        _log.error("driver fault while looking: %s", type(error).__name__)
        return _not_yet(row)


async def _confirm(row: asyncpg.Record, driver: Driver) -> ItemResult | None:
    if row["superseded"]:
        return _end(row, ItemState.UNKNOWN, OutcomeCode.NOT_CONFIRMED, _HIDDEN)
    if not isinstance(driver, Confirms):
        return _not_yet(row)
    answer = Confirmation.NOT_YET
    if row["handle"]:
        answer = await driver.poll(row["handle"])
    if answer is not Confirmation.CONFIRMED:
        answer = await driver.confirm(_ref(row), ACTION_OF[OperationKind(row["kind"])], row["accepted_at"])
    if answer is not Confirmation.CONFIRMED:
        return _not_yet(row)
    result = _confirmed(row, "The network shows that the change happened.")
    if row["kind"] in _PROOF:
        _keep(row, result, await _read(row, driver))
    return result


def _confirmed(row: asyncpg.Record, message: str) -> ItemResult:
    """A confirmed lock or unlock was seen at the operator: left out, it would look like drift."""
    result = _end(row, ItemState.SUCCEEDED, OutcomeCode.CONFIRMED, message)
    if row["kind"] in BLOCKING | UNBLOCKING:
        blocked = row["kind"] in BLOCKING
        result.observed = ObservedState(clock.now(), blocked, SimStatus.BLOCKED if blocked else SimStatus.ACTIVE)
    return result


async def _settle(row: asyncpg.Record, driver: Driver) -> ItemResult | None:
    if row["superseded"]:
        return _stays_unknown(row, _HIDDEN)
    if row["handle"] and isinstance(driver, Confirms):
        if await driver.poll(row["handle"]) is Confirmation.CONFIRMED:
            return _confirmed(row, "The operator confirms the request.")
        return _not_yet(row)
    if row["kind"] in BLOCKING | UNBLOCKING and isinstance(driver, Inventory):
        observed = (await driver.read_sim(_ref(row))).observed
        result = _settled(row, None if observed.blocked is None else observed.blocked is (row["kind"] in BLOCKING))
        if result is not None:
            result.observed = observed
        return result
    if row["kind"] in _PROOF and isinstance(driver, LiveState):
        return await _settle_by_live_state(row, driver)
    return _stays_unknown(row, "This operator offers no way to learn whether it happened.")


async def _settle_by_live_state(row: asyncpg.Record, driver: Driver) -> ItemResult | None:
    live = await _read(row, driver)
    change = _change(row)
    proof: bool | None = None
    if isinstance(change, SetLimit) and live.limit.value is not None:
        proof = live.limit.value.megabytes == change.megabytes
    elif live.package.value is not None:
        # The new package or plan proves the change; the old one proves nothing: it may be on its way.
        if isinstance(change, SetRoaming):
            proof = live.package.value.roaming is change.enabled or None
        elif row["lock_mask"] & BIT[LockKind.PACKAGE]:
            proof = live.package.value.exhausted is False or None
    result = _settled(row, proof)
    if result is not None:
        _keep(row, result, live)
    return result


async def _read(row: asyncpg.Record, driver: Driver) -> LiveReading:
    """What shows the change; empty where the driver has no live state."""
    parts = _PROOF[OperationKind(row["kind"])]
    return await driver.read_live(_ref(row), parts) if isinstance(driver, LiveState) else LiveReading()


def _keep(row: asyncpg.Record, result: ItemResult, live: LiveReading) -> None:
    """Note what was read. A package that was reconnected while nobody was there to unblock the SIM leaves it blocked."""
    result.limit, result.package, result.observed = live.limit.value, live.package.value, live.observed.value
    if row["kind"] != OperationKind.RECONNECT_PACKAGE or result.state is not ItemState.SUCCEEDED:
        return
    remaining = row["lock_mask"] & ~BIT[LockKind.PACKAGE]
    if remaining or (result.observed is not None and result.observed.blocked):
        result.code = OutcomeCode.STILL_LOCKED
        result.message = still_locked(remaining) if remaining else STILL_BLOCKED


def _settled(row: asyncpg.Record, proof: bool | None) -> ItemResult | None:
    """How an unknown item ends by what was read: it happened, it did not, or that cannot be told yet."""
    if proof is None:
        return _not_yet(row)
    if proof:
        message = "The answer was lost; reading the SIM shows the change."
        return _end(row, ItemState.SUCCEEDED, OutcomeCode.SETTLED_BY_READING, message)
    message = f"{row['outcome_message'] or ''} Reading the SIM shows that it did not happen: retry the failed items."
    return _end(row, ItemState.FAILED, OutcomeCode.NOT_APPLIED, message.strip())


def _not_yet(row: asyncpg.Record) -> ItemResult | None:
    """Beyond the deadline of an accepted change, or after many looks at an unknown one, it stays visibly unknown."""
    if row["state"] == ItemState.UNKNOWN:
        return (
            _stays_unknown(row, "It could not be learned whether the change happened.")
            if row["checks"] > SETTLE_TRIES
            else None
        )
    if row["deadline_at"] is not None and clock.now() >= row["deadline_at"]:
        return _end(
            row,
            ItemState.UNKNOWN,
            OutcomeCode.NOT_CONFIRMED,
            "The operator accepted the request, but nothing shows that it happened before its deadline.",
        )
    return None


def next_look(row: asyncpg.Record, now: datetime) -> datetime:
    """When to look again: twice as long each time, at most `LONGEST_PAUSE`, and not later than the deadline."""
    base = timedelta(minutes=2) if row["state"] == ItemState.AWAITING_CONFIRMATION else timedelta(seconds=10)
    due = now + min(base * 2 ** min(row["checks"] - 1, 8), LONGEST_PAUSE)
    deadline = row["deadline_at"]
    return min(due, deadline) if deadline is not None and deadline > now else due


def _stays_unknown(row: asyncpg.Record, message: str) -> ItemResult:
    return _end(row, ItemState.UNKNOWN, OutcomeCode(row["outcome_code"]), message)


def _ref(row: asyncpg.Record) -> SimRef:
    return sim_ref(row["iccid"], row["imsi"], row["msisdn"], row["operator_ref"])


def _end(row: asyncpg.Record, state: ItemState, code: OutcomeCode, message: str) -> ItemResult:
    result = ItemResult(row["id"], row["attempt"], row["sim_id"], state, code, message)
    if state is ItemState.SUCCEEDED:
        apply_success(result, _change(row), row["lock_mask"])
        result.set_by, result.set_by_user_id = row["started_by"], row["started_by_id"]
    return result


def _change(row: asyncpg.Record) -> Change:
    return change_of(OperationKind(row["kind"]), orjson.loads(row["parameters"]))
