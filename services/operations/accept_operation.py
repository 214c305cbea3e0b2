"""Accepting a change of many SIMs in one transaction; it is executed afterwards, by workers."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import asyncpg
import orjson

from access import Principal
from domain.changes import IN_DATABASE, Change, MoveSims, Rename, RenameEach
from domain.clock import clock
from domain.decisions import Ruling
from domain.errors import IdempotencyConflict, InvalidValue
from domain.operations import INTERACTIVE_MAX, RiskCode
from domain.outcomes import OutcomeCode
from domain.sim_filter import Selection
from eventstream import OperationChanged
from models.database import execute, fetch_row, fetch_value
from models.identity import UserRole
from services.audit.record import record
from services.operations.carry_out import carry_out
from services.operations.judge_selection import JudgedSims, judge_selection
from services.operations.ownership import change_ownership, hold_ownership
from services.unit_of_work import UnitOfWork, unit_of_work

DRAIN = "drain_account"
"""The actor that empties an operator account's queue."""

_INSERT_OPERATION = """
INSERT INTO operation (company_id, kind, state, started_by_id, idempotency_key, request_digest, accepted_risks, created_at,
                       finished_at, total, queued, refused, succeeded, parameters)
VALUES ($1, $2, CASE WHEN $9::int > 0 THEN 'QUEUED' ELSE 'DONE' END, $3, $4, $5, $6, $7,
        CASE WHEN $9::int > 0 THEN NULL ELSE $7::timestamptz END, $8, $9, $10, $11, $12::jsonb)
RETURNING id
"""

# Bulk items of a company line up behind its last one, or at the place the account has come to.
_NEXT_BULK_TURN = """
INSERT INTO queue_turn AS q (account_id, company_id, last_turn)
SELECT a.id, $2, a.served_turn + $3 FROM operator_account a WHERE a.id = $1
ON CONFLICT (account_id, company_id) DO UPDATE SET last_turn = greatest(
  q.last_turn, (SELECT served_turn FROM operator_account WHERE id = $1)) + $3
RETURNING last_turn - $3
"""

# Interactive items are few and soon gone: their places follow from those that are queued now. In the bulk numbering they
# would stand where their company's bulk ends, and having served them would push all others behind it.
_NEXT_INTERACTIVE_TURN = "SELECT next_interactive_turn($1, $2)"

_INSERT_ITEMS = """
INSERT INTO operation_item (operation_id, sim_id, company_id, profile_id, account_id, kind, state, priority, turn, accept_seq,
                            outcome_code, outcome_message, finished_at, argument)
SELECT $1, t.sim_id, $2, $3, $4, $5, $6, $7, $8::bigint + t.place, $9, $10, $11, $12, t.argument
FROM unnest($13::bigint[], $14::text[]) WITH ORDINALITY AS t (sim_id, argument, place)
"""


_SYSTEM = Principal(0, 0, "NovaConnect", UserRole.ADMIN, None)


@dataclass(frozen=True, slots=True)
class _Request:
    """What was asked, in the form by which a repeat is recognised."""

    principal: Principal
    change: Change
    selection: Selection
    key: str
    risks: frozenset[RiskCode]

    @property
    def user_id(self) -> int | None:
        return None if self.principal is _SYSTEM else self.principal.user_id

    @property
    def digest(self) -> str:
        selection = {
            "ids": sorted(set(self.selection.ids)) if self.selection.ids is not None else None,
            "filter": asdict(self.selection.filter) if self.selection.filter is not None else None,
        }
        body = orjson.dumps(
            [self.change.kind.value, selection, sorted(risk.value for risk in self.risks), *self._parameters],
            option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS,
        )
        return hashlib.sha256(body).hexdigest()

    @property
    def _parameters(self) -> list[object]:
        if isinstance(self.change, RenameEach):
            return [sorted(self.change.names.items())]
        return [self.change.parameters] if self.change.parameters else []


async def accept_operation(
    principal: Principal,
    change: Change,
    selection: Selection,
    *,
    idempotency_key: str,
    accept_risks: frozenset[RiskCode],
) -> int:
    """Accept a change and return the operation's id; the same key with the same request returns the same operation.

    Items that can be refused at once are; the rest is queued, or, where the change ends in our own database, done at once.
    Raises `Forbidden`, the errors of `judge_selection` and of `carry_out`, `InvalidValue` for a bad key, and
    `IdempotencyConflict`. Nothing is stored unless all is.
    """
    principal.require_write()
    if not 1 <= len(idempotency_key) <= 200 or not idempotency_key.isprintable():
        raise InvalidValue("An idempotency key has 1 to 200 printable characters.", path=("idempotencyKey",))
    request = _Request(principal, change, selection, idempotency_key, accept_risks)
    if (known := await _known(request)) is not None:
        return known
    for last in (False, False, True):
        try:
            async with unit_of_work() as uow:
                return await _accept(uow, request)
        except asyncpg.DeadlockDetectedError:
            # A change in our database and the results of another operation met on the same SIMs.
            if last:
                raise
        except asyncpg.UniqueViolationError:
            # The same key was accepted by another request while this one was being judged, or a group was made.
            if (known := await _known(request)) is not None:
                return known
            if last:
                raise
    raise AssertionError("unreachable")


async def accept_as_system(
    uow: UnitOfWork, change: Change, sim_ids: Sequence[int], *, key: str, accept_risks: frozenset[RiskCode]
) -> int:
    """Accept a change that follows from what is paid, inside the caller's transaction; nobody started it.

    The caller sees to it that it is asked for once: `key` only says what for.
    """
    return await _accept(uow, _Request(_SYSTEM, change, Selection(ids=tuple(sim_ids)), key, accept_risks))


async def _known(request: _Request) -> int | None:
    row = await fetch_row(
        "SELECT id, request_digest FROM operation WHERE started_by_id = $1 AND idempotency_key = $2",
        request.principal.user_id,
        request.key,
    )
    if row is None:
        return None
    if row["request_digest"] != request.digest:
        raise IdempotencyConflict(
            "This idempotency key was used with another request: use a new key for a new request.",
            path=("idempotencyKey",),
        )
    operation_id: int = row["id"]
    return operation_id


async def _accept(uow: UnitOfWork, request: _Request) -> int:
    change = request.change
    # An operation is its company's: its items must still be so when they are stored.
    await (change_ownership() if isinstance(change, MoveSims) else hold_ownership())
    judged = await judge_selection(request.principal, change, request.selection, request.risks)
    company_id = judged[0].company_id
    total = sum(len(group.sim_ids) for group in judged)
    refused = sum(len(group.sim_ids) for group in judged if group.verdict.ruling is Ruling.REFUSED)
    at_once = change.kind in IN_DATABASE
    now = clock.now()
    operation_id: int = await fetch_value(
        _INSERT_OPERATION,
        company_id,
        change.kind.value,
        request.user_id,
        request.key,
        request.digest,
        sorted(risk.value for risk in request.risks),
        now,
        total,
        0 if at_once else total - refused,
        refused,
        total - refused if at_once else 0,
        orjson.dumps(change.parameters).decode(),
    )
    await _insert_items(operation_id, company_id, change, judged, total)
    await _audit(request, company_id, operation_id, total)
    if at_once:
        await carry_out(uow, change, operation_id, company_id)
    else:
        _wake(uow, judged)
    uow.publish(OperationChanged(company_id, operation_id))
    return operation_id


def _wake(uow: UnitOfWork, judged: list[JudgedSims]) -> None:
    for account_id in {group.account_id for group in judged if group.verdict.ruling is not Ruling.REFUSED}:
        if account_id is not None:
            uow.enqueue(DRAIN, account_id)


async def _insert_items(
    operation_id: int, company_id: int, change: Change, judged: list[JudgedSims], total: int
) -> None:
    sequence = await fetch_value("SELECT nextval('acceptance_order')")
    priority = 0 if total <= INTERACTIVE_MAX else 1
    turns: dict[int | None, int] = defaultdict(int)
    if change.kind not in IN_DATABASE:
        for account_id, count in _queued_by_account(judged).items():
            turns[account_id] = (
                await fetch_value(_NEXT_INTERACTIVE_TURN, account_id, company_id)
                if priority == 0
                else await fetch_value(_NEXT_BULK_TURN, account_id, company_id, count)
            )
    for group in judged:
        state, code, message = _first_state(change, group)
        await execute(
            _INSERT_ITEMS,
            operation_id,
            company_id,
            group.profile_id,
            group.account_id,
            change.kind.value,
            state,
            priority,
            turns[group.account_id] if state == "QUEUED" else 0,
            sequence,
            code,
            message,
            None if state == "QUEUED" else clock.now(),
            group.sim_ids,
            _arguments(change, group.sim_ids),
        )
        if state == "QUEUED":
            turns[group.account_id] += len(group.sim_ids)


def _first_state(change: Change, group: JudgedSims) -> tuple[str, str | None, str | None]:
    """State, outcome code and message with which items begin."""
    verdict = group.verdict
    if verdict.ruling is Ruling.REFUSED:
        return "REFUSED", verdict.code.value if verdict.code else None, verdict.message
    if change.kind in IN_DATABASE:
        return "SUCCEEDED", OutcomeCode.APPLIED.value, "Done."
    return "QUEUED", None, None


def _arguments(change: Change, sim_ids: list[int]) -> list[str] | None:
    if isinstance(change, Rename):
        return [change.name.strip()] * len(sim_ids)
    return [change.names[sim_id] for sim_id in sim_ids] if isinstance(change, RenameEach) else None


def _queued_by_account(judged: list[JudgedSims]) -> dict[int | None, int]:
    counts: dict[int | None, int] = defaultdict(int)
    for group in judged:
        if group.verdict.ruling is not Ruling.REFUSED:
            counts[group.account_id] += len(group.sim_ids)
    return counts


async def _audit(request: _Request, company_id: int, operation_id: int, total: int) -> None:
    await record(
        request.principal if request.user_id is not None else None,
        f"operation.accepted.{request.change.kind.value.lower()}",
        f"operation:{operation_id}",
        company_id=company_id,
        detail={"total": total, "risks": sorted(risk.value for risk in request.risks), **request.change.parameters},
    )
