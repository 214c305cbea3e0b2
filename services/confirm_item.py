"""Looking again: confirming what an operator accepted, and settling what is unknown, by its handle or by reading the SIM."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

import asyncpg

from domain.clock import clock
from domain.locks import BIT, LockKind
from domain.operations import ItemState, OperationKind
from domain.outcomes import OutcomeCode
from drivers.registry import DriverRegistry
from novaconnect_sdk import Action, Confirmation, Confirms, Driver, DriverError, Inventory, SimRef
from services.execute_item import METHOD_TIMEOUT
from services.item_results import ItemResult, sim_ref

LONGEST_PAUSE = timedelta(minutes=30)
"""Looks at one item come ever rarer, but at least so often, and once at its deadline."""

SETTLE_TRIES = 20
"""Looks at an unknown item before it stays unknown for good."""

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
    if row["superseded"] and not row["handle"]:
        return _end(row, ItemState.UNKNOWN, OutcomeCode.NOT_CONFIRMED, _HIDDEN)
    if not isinstance(driver, Confirms):
        return _not_yet(row)
    answer = Confirmation.NOT_YET
    if row["handle"]:
        answer = await driver.poll(row["handle"])
    if answer is not Confirmation.CONFIRMED:
        answer = await driver.confirm(_ref(row), Action(row["kind"]), row["accepted_at"])
    if answer is Confirmation.CONFIRMED:
        return _end(row, ItemState.SUCCEEDED, OutcomeCode.CONFIRMED, "The network shows that the change happened.")
    return _not_yet(row)


async def _settle(row: asyncpg.Record, driver: Driver) -> ItemResult | None:
    if row["handle"] and isinstance(driver, Confirms):
        if await driver.poll(row["handle"]) is Confirmation.CONFIRMED:
            return _end(row, ItemState.SUCCEEDED, OutcomeCode.CONFIRMED, "The operator confirms the request.")
        return _not_yet(row)
    if row["superseded"]:
        return _stays_unknown(row, _HIDDEN)
    if not isinstance(driver, Inventory) or row["kind"] == OperationKind.CANCEL_LOCATION:
        return _stays_unknown(row, "This operator offers no way to learn whether it happened.")
    record = await driver.read_sim(_ref(row))
    if record.observed.blocked is None:
        return _not_yet(row)
    if record.observed.blocked is (row["kind"] == OperationKind.LOCK):
        result = _end(
            row,
            ItemState.SUCCEEDED,
            OutcomeCode.SETTLED_BY_READING,
            "The answer was lost; reading the SIM shows the change.",
        )
    else:
        result = _end(
            row,
            ItemState.FAILED,
            OutcomeCode.NOT_APPLIED,
            f"{row['outcome_message'] or ''} Reading the SIM shows that it did not happen: retry the failed items.".strip(),
        )
    result.observed = record.observed
    return result


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
        if row["kind"] == OperationKind.LOCK:
            result.lock = True
        elif row["kind"] == OperationKind.UNLOCK and row["lock_mask"] & BIT[LockKind.VOLUNTARY]:
            result.lock = False
        result.set_by, result.set_by_user_id = row["started_by"], row["started_by_id"]
    return result
