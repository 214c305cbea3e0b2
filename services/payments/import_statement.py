"""Importing a bank statement: what is new is stored and matched, what is known changes nothing, what is bad is listed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

import asyncpg
import orjson

from access import Principal
from billing_calendar.deadlines import credit_date
from billing_calendar.working_days import local_date
from domain.billing.legal_entities import EURO, currency_of
from domain.clock import clock
from domain.errors import FutureDate, InvalidStatement, NotFound
from domain.payments.read_statement import read_statement
from domain.payments.statement import BadLine, LineProblem, Statement, StatementLine, UnreadableStatement
from models.database import execute, fetch, fetch_row
from services.audit.record import record
from services.billing.legal_entities import LegalEntityRow, ensure_legal_entities
from services.payments.known_documents import Matched, Paid, match_payments
from services.unit_of_work import unit_of_work

_KNOWN_FILE = """
SELECT id, covers_until, bad_lines, new_payments + known_payments AS payments, format, encoding, imported_at FROM bank_statement
WHERE legal_entity_id = $1 AND sha256 = $2
"""

_STATEMENT = """
INSERT INTO bank_statement (legal_entity_id, sha256, file_name, format, encoding, covers_until, imported_by_id, imported_at,
                            new_payments, known_payments, bad_lines)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb) RETURNING id
"""

_KNOWN = "SELECT bank_ref FROM payment WHERE legal_entity_id = $1 AND bank_ref = ANY($2::text[])"

_PAYMENTS = """
INSERT INTO payment (legal_entity_id, statement_id, bank_ref, line, paid_on, amount, currency, payer, payer_tax_number, purpose,
                     company_id, for_invoices, to_deposit, queue_reason, credit_on, imported_at, assigned_at)
SELECT $1, $2, bank_ref, line, paid_on, amount, currency, payer, tax, purpose, company_id,
  coalesce(string_to_array(nullif(invoices, ''), ',')::bigint[], '{}'), to_deposit, reason, credit_on, $3,
  CASE WHEN reason IS NULL THEN $3::timestamptz END
FROM unnest($4::text[], $5::int[], $6::date[], $7::numeric[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint[],
  $13::text[], $14::bool[], $15::text[], $16::date[])
  AS p (bank_ref, line, paid_on, amount, currency, payer, tax, purpose, company_id, invoices, to_deposit, reason, credit_on)
"""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file. `again`: the same file was imported before, and nothing was changed."""

    id: int
    again: bool
    format: str
    encoding: str
    covers_until: date | None
    new_payments: int
    known_payments: int
    matched: int
    queued: int
    bad_lines: tuple[BadLine, ...]
    imported_at: datetime
    company_ids: tuple[int, ...] = ()


async def import_statement(
    principal: Principal | None,
    content: bytes,
    file_name: str,
    *,
    legal_entity: str | None = None,
    covers_until: date | None = None,
) -> ImportResult:
    """Import a file for one of our legal entities (by code; found by the account where the file names it).

    `covers_until` is the last day that the statement speaks of, where it does not say so itself: also one without payments is
    worth importing. For staff, and for the system (None). Raises `Forbidden`, `NotFound`, `FutureDate`, and `InvalidStatement`
    when nothing of the file can be used; nothing is stored then.
    """
    if principal is not None:
        principal.require_staff()
    entities = await ensure_legal_entities()
    try:
        statement = await asyncio.to_thread(read_statement, content, local_date("KZ", clock.now()))
    except UnreadableStatement as error:
        raise InvalidStatement(str(error), path=("input", "content")) from error
    entity = _entity(entities, legal_entity, statement)
    today = local_date(entity.country, clock.now())
    if covers_until is not None and covers_until > today:
        raise FutureDate("A statement speaks of days that have come.", path=("input", "coversUntil"))
    digest = hashlib.sha256(content).hexdigest()
    until = max((day for day in (statement.covers_until, covers_until) if day is not None), default=None)
    async with unit_of_work():
        # Two imports for one entity wait for each other: what is known is known then.
        await fetch("SELECT id FROM legal_entity WHERE id = $1 FOR NO KEY UPDATE", entity.id)
        if (known := await _known_file(entity, digest)) is not None:
            return known
        return await _store(principal, entity, statement, digest, file_name, until)


def _entity(entities: Mapping[str, LegalEntityRow], code: str | None, statement: Statement) -> LegalEntityRow:
    by_account = {
        account: entity
        for entity in entities.values()
        for account in (entity.details.get("account"), entity.details.get("account_eur"))
        if account
    }
    found = by_account.get(statement.account or "")
    if code is None and found is None:
        raise NotFound(
            "The file does not name an account of ours: say whose statement it is.", path=("input", "legalEntity")
        )
    if code is not None and code not in entities:
        raise NotFound("There is no legal entity with this code.", path=("input", "legalEntity"))
    if code is not None and found is not None and found.code != code:
        raise InvalidStatement(
            f"The account in the file belongs to {found.code}: leave the legal entity out or correct it.",
            path=("input", "legalEntity"),
        )
    entity = entities[code] if code is not None else found
    assert entity is not None
    return entity


async def _known_file(entity: LegalEntityRow, digest: str) -> ImportResult | None:
    row = await fetch_row(_KNOWN_FILE, entity.id, digest)
    if row is None:
        return None
    return ImportResult(
        id=row["id"],
        again=True,
        format=row["format"],
        encoding=row["encoding"],
        covers_until=row["covers_until"],
        new_payments=0,
        known_payments=row["payments"],
        matched=0,
        queued=0,
        bad_lines=tuple(
            BadLine(bad["line"], LineProblem(bad["problem"]), bad["message"]) for bad in orjson.loads(row["bad_lines"])
        ),
        imported_at=row["imported_at"],
    )


async def _store(
    principal: Principal | None,
    entity: LegalEntityRow,
    statement: Statement,
    digest: str,
    file_name: str,
    covers_until: date | None,
) -> ImportResult:
    lines = {line.bank_ref: line for line in reversed(statement.lines)}
    known = {row["bank_ref"] for row in await fetch(_KNOWN, entity.id, list(lines))}
    new = sorted((line for ref, line in lines.items() if ref not in known), key=lambda line: line.line)
    currency = _account_currency(entity, statement)
    matches = await match_payments([Paid(line.purpose, line.currency or currency) for line in new])
    now = clock.now()
    row = await _insert(principal, entity, statement, digest, file_name, covers_until, len(new), len(known))
    rows = [_payment(line, currency, matched) for line, matched in zip(new, matches, strict=True)]
    if rows:
        await execute(_PAYMENTS, entity.id, row["id"], now, *(list(column) for column in zip(*rows, strict=True)))
    matched = [each for each in matches if each.match.reason is None]
    await record(
        principal,
        "statement.imported",
        f"statement:{row['id']}",
        company_id=None,
        detail={"new": len(new), "known": len(known), "bad": len(statement.bad), "matched": len(matched)},
    )
    return ImportResult(
        id=row["id"],
        again=False,
        format=statement.format.value,
        encoding=statement.encoding,
        covers_until=covers_until,
        new_payments=len(new),
        known_payments=len(known),
        matched=len(matched),
        queued=len(new) - len(matched),
        bad_lines=tuple(statement.bad),
        imported_at=now,
        company_ids=tuple(sorted({each.match.company_id for each in matched if each.match.company_id is not None})),
    )


async def _insert(
    principal: Principal | None,
    entity: LegalEntityRow,
    statement: Statement,
    digest: str,
    file_name: str,
    covers_until: date | None,
    new: int,
    known: int,
) -> asyncpg.Record:
    """The row of the file itself."""
    row = await fetch_row(
        _STATEMENT,
        entity.id,
        digest,
        file_name[:200],
        statement.format.value,
        statement.encoding,
        covers_until,
        principal.user_id if principal else None,
        clock.now(),
        new,
        known,
        orjson.dumps([asdict(bad) for bad in statement.bad]).decode(),
    )
    assert row is not None
    return row


def _account_currency(entity: LegalEntityRow, statement: Statement) -> str:
    if statement.account and statement.account == entity.details.get("account_eur"):
        return EURO
    return currency_of(entity.country)


def _payment(line: StatementLine, currency: str, matched: Matched) -> Sequence[object]:
    """The columns of `_PAYMENTS`."""
    match = matched.match
    believed = match.reason is None and match.company_id is not None and matched.country is not None
    return (
        line.bank_ref,
        line.line,
        line.paid_on,
        line.amount,
        line.currency or currency,
        line.payer,
        line.payer_tax_number,
        line.purpose,
        match.company_id if believed else None,
        ",".join(map(str, match.invoice_ids)) if believed else "",
        believed and matched.to_deposit,
        match.reason.value if match.reason else None,
        credit_date(matched.country, line.paid_on) if believed and matched.country else None,
    )
