"""Accepting a change of many SIMs in one transaction; it is executed afterwards, by workers."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import asdict, dataclass

import asyncpg
import orjson

from access import Principal
from domain.clock import clock
from domain.decisions import Ruling
from domain.errors import IdempotencyConflict, InvalidValue
from domain.operations import INTERACTIVE_MAX, OperationKind, RiskCode
from domain.sim_filter import Selection
from eventstream import OperationChanged
from models.database import execute, fetch_row, fetch_value
from services.judge_selection import JudgedSims, judge_selection
from services.unit_of_work import UnitOfWork, unit_of_work

DRAIN = "drain_account"
"""The actor that empties an operator account's queue."""

_INSERT_OPERATION = """
INSERT INTO operation (company_id, kind, state, started_by_id, idempotency_key, request_digest, accepted_risks, created_at,
                       finished_at, total, queued, refused)
VALUES ($1, $2, CASE WHEN $9::int > 0 THEN 'QUEUED' ELSE 'DONE' END, $3, $4, $5, $6, $7,
        CASE WHEN $9::int > 0 THEN NULL ELSE $7::timestamptz END, $8, $9, $10)
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
_NEXT_INTERACTIVE_TURN = """
SELECT greatest(0, max(turn) FILTER (WHERE company_id = $2), min(turn) - 1) FROM operation_item
WHERE account_id = $1 AND state = 'QUEUED' AND priority = 0
"""

_INSERT_ITEMS = """
INSERT INTO operation_item (operation_id, sim_id, company_id, profile_id, account_id, kind, state, priority, turn, accept_seq,
                            outcome_code, outcome_message, finished_at)
SELECT $1, t.sim_id, $2, $3, $4, $5, $6, $7, $8::bigint + t.place, $9, $10, $11, $12
FROM unnest($13::bigint[]) WITH ORDINALITY AS t (sim_id, place)
"""


@dataclass(frozen=True, slots=True)
class _Request:
    """What was asked, in the form by which a repeat is recognised."""

    principal: Principal
    kind: OperationKind
    selection: Selection
    key: str
    risks: frozenset[RiskCode]

    @property
    def digest(self) -> str:
        selection = {
            "ids": sorted(set(self.selection.ids)) if self.selection.ids is not None else None,
            "filter": asdict(self.selection.filter) if self.selection.filter is not None else None,
        }
        body = orjson.dumps(
            [self.kind.value, selection, sorted(risk.value for risk in self.risks)], option=orjson.OPT_SORT_KEYS
        )
        return hashlib.sha256(body).hexdigest()


async def accept_operation(
    principal: Principal,
    kind: OperationKind,
    selection: Selection,
    *,
    idempotency_key: str,
    accept_risks: frozenset[RiskCode],
) -> int:
    """Accept a change and return the operation's id; the same key with the same request returns the same operation.

    Items that can be refused at once are; the rest is queued. Raises `Forbidden`, the errors of `judge_selection`,
    `InvalidValue` for a bad key, and `IdempotencyConflict`. Nothing is stored unless all is.
    """
    principal.require_write()
    if not 1 <= len(idempotency_key) <= 200 or not idempotency_key.isprintable():
        raise InvalidValue("An idempotency key has 1 to 200 printable characters.", path=("idempotencyKey",))
    request = _Request(principal, kind, selection, idempotency_key, accept_risks)
    if (known := await _known(request)) is not None:
        return known
    try:
        async with unit_of_work() as uow:
            return await _accept(uow, request)
    except asyncpg.UniqueViolationError:
        # The same key was accepted by another request while this one was being judged.
        if (known := await _known(request)) is not None:
            return known
        raise


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
    judged = await judge_selection(request.principal, request.kind, request.selection, request.risks)
    company_id = judged[0].company_id
    total = sum(len(group.sim_ids) for group in judged)
    refused = sum(len(group.sim_ids) for group in judged if group.verdict.ruling is Ruling.REFUSED)
    now = clock.now()
    operation_id: int = await fetch_value(
        _INSERT_OPERATION,
        company_id,
        request.kind.value,
        request.principal.user_id,
        request.key,
        request.digest,
        sorted(risk.value for risk in request.risks),
        now,
        total,
        total - refused,
        refused,
    )
    await _insert_items(operation_id, company_id, request.kind, judged, total)
    await _audit(request, company_id, operation_id, total)
    for account_id in {group.account_id for group in judged if group.verdict.ruling is not Ruling.REFUSED}:
        if account_id is not None:
            uow.enqueue(DRAIN, account_id)
    uow.publish(OperationChanged(company_id, operation_id))
    return operation_id


async def _insert_items(
    operation_id: int, company_id: int, kind: OperationKind, judged: list[JudgedSims], total: int
) -> None:
    sequence = await fetch_value("SELECT nextval('acceptance_order')")
    priority = 0 if total <= INTERACTIVE_MAX else 1
    now = clock.now()
    turns: dict[int | None, int] = defaultdict(int)
    for account_id, count in _queued_by_account(judged).items():
        turns[account_id] = (
            await fetch_value(_NEXT_INTERACTIVE_TURN, account_id, company_id)
            if priority == 0
            else await fetch_value(_NEXT_BULK_TURN, account_id, company_id, count)
        )
    for group in judged:
        is_refused = group.verdict.ruling is Ruling.REFUSED
        await execute(
            _INSERT_ITEMS,
            operation_id,
            company_id,
            group.profile_id,
            group.account_id,
            kind.value,
            "REFUSED" if is_refused else "QUEUED",
            priority,
            0 if is_refused else turns[group.account_id],
            sequence,
            group.verdict.code.value if is_refused and group.verdict.code else None,
            group.verdict.message if is_refused else None,
            now if is_refused else None,
            group.sim_ids,
        )
        if not is_refused:
            turns[group.account_id] += len(group.sim_ids)


def _queued_by_account(judged: list[JudgedSims]) -> dict[int | None, int]:
    counts: dict[int | None, int] = defaultdict(int)
    for group in judged:
        if group.verdict.ruling is not Ruling.REFUSED:
            counts[group.account_id] += len(group.sim_ids)
    return counts


async def _audit(request: _Request, company_id: int, operation_id: int, total: int) -> None:
    await execute(
        "INSERT INTO audit_entry (at, company_id, user_id, token_id, action, subject, detail)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb)",
        clock.now(),
        company_id,
        request.principal.user_id,
        request.principal.token_id,
        f"operation.accepted.{request.kind.value.lower()}",
        f"operation:{operation_id}",
        orjson.dumps({"total": total, "risks": sorted(risk.value for risk in request.risks)}).decode(),
    )
