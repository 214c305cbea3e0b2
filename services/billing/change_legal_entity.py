"""Legal entities as staff set them up: names, details, prefixes of numbers, and to what amounts are rounded from a day on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import orjson

from access import Principal
from domain.billing.entity_details import (
    CURRENCIES,
    LONGEST,
    require_complete,
    require_details,
    require_prefix,
)
from domain.changes import require_text
from domain.errors import InvalidValue, NameTaken, NotFound
from models.database import execute, fetch, fetch_row, transaction
from services.audit.record import changed, record
from services.billing.legal_entities import LegalEntityRow, ensure_legal_entities, legal_entities

LONGEST_NAME = 160
"""What fits into a payment code."""

QUANTA = tuple(Decimal(text) for text in ("0.01", "0.05", "0.1", "0.5", "1", "5", "10", "50", "100"))

_LOCK = "SELECT last_value FROM invoice_counter WHERE legal_entity_id = $1 ORDER BY kind FOR UPDATE"

_CHANGE = """
UPDATE legal_entity SET name = $2, invoice_prefix = $3, credit_prefix = $4, details = $5::jsonb, is_sample = $6 WHERE id = $1
"""

# Numbers of a sequence only grow, so it may take a prefix of its own up again, but never one of another.
_USED = """
SELECT EXISTS (SELECT FROM invoice WHERE number LIKE $1 || '-%' AND (legal_entity_id <> $2 OR kind <> $3)) AS used
"""

_QUANTA = """
SELECT q.currency, q.effective_on, q.quantum FROM rounding_quantum q WHERE q.legal_entity_id = $1 ORDER BY currency, effective_on
"""

_SET_QUANTUM = """
INSERT INTO rounding_quantum (legal_entity_id, currency, effective_on, quantum) VALUES ($1, $2, $3, $4)
ON CONFLICT (legal_entity_id, currency, effective_on) DO UPDATE SET quantum = excluded.quantum
"""

_LAST_ISSUED = "SELECT max(issued_on) AS day FROM invoice WHERE legal_entity_id = $1 AND currency = $2"


@dataclass(frozen=True, slots=True)
class Quantum:
    """From a day on, amounts in a currency are multiples of it."""

    currency: str
    effective_on: date
    quantum: Decimal


@dataclass(frozen=True, slots=True)
class EntityChange:
    """What to change; None leaves a thing as it is. In `details` an empty text takes a detail away."""

    name: str | None = None
    invoice_prefix: str | None = None
    credit_prefix: str | None = None
    details: Mapping[str, str] | None = None
    is_sample: bool | None = None


async def list_legal_entities(principal: Principal) -> list[LegalEntityRow]:
    """All of them; raises `Forbidden` for anybody but staff."""
    principal.require_staff()
    return list((await ensure_legal_entities()).values())


async def quanta_of(entity_id: int) -> list[Quantum]:
    """To what the entity's amounts are rounded, by currency and day."""
    return [Quantum(*row) for row in await fetch(_QUANTA, entity_id)]


async def change_legal_entity(principal: Principal, code: str, change: EntityChange) -> LegalEntityRow:
    """Change an entity; what was issued keeps what it printed. The same again changes nothing.

    Raises `Forbidden`, `NotFound`, `InvalidValue`, and `NameTaken` for a prefix that would give two documents one number.
    """
    principal.require_staff()
    entity = await _entity(code)
    async with transaction():
        # Nobody takes a number meanwhile.
        await fetch(_LOCK, entity.id)
        entity = await _entity(code)
        wanted = _changed(entity, change)
        await _require_free(wanted)
        if wanted != entity:
            details = orjson.dumps(wanted.details).decode()
            await execute(
                _CHANGE, entity.id, wanted.name, wanted.invoice_prefix, wanted.credit_prefix, details, wanted.is_sample
            )
            before, after = changed(_said(entity), _said(wanted))
            await record(
                principal, "legal_entity.changed", f"legal_entity:{code}", company_id=None, before=before, after=after
            )
    return wanted


async def set_rounding_quantum(
    principal: Principal, code: str, currency: str, effective_on: date, quantum: Decimal
) -> LegalEntityRow:
    """Round amounts in a currency to a quantum from a day on, which lies after all that was issued in it.

    Raises `Forbidden`, `NotFound`, `InvalidValue`.
    """
    principal.require_staff()
    entity = await _entity(code)
    if currency not in CURRENCIES:
        raise InvalidValue(f"A currency is one of {', '.join(CURRENCIES)}.", path=("input", "currency"))
    if quantum not in QUANTA:
        known = ", ".join(f"{each:f}" for each in QUANTA)
        raise InvalidValue(f"A quantum is one of {known}.", path=("input", "quantum"))
    async with transaction():
        await fetch(_LOCK, entity.id)
        if Quantum(currency, effective_on, quantum) not in await quanta_of(entity.id):
            await _require_later(entity.id, currency, effective_on)
            await execute(_SET_QUANTUM, entity.id, currency, effective_on, quantum)
            after = {"currency": currency, "effective_on": effective_on, "quantum": quantum}
            await record(principal, "rounding_quantum.set", f"legal_entity:{code}", company_id=None, after=after)
    return entity


async def _require_later(entity_id: int, currency: str, effective_on: date) -> None:
    row = await fetch_row(_LAST_ISSUED, entity_id, currency)
    if row is not None and row["day"] is not None and effective_on <= row["day"]:
        raise InvalidValue(
            f"Documents in {currency} were issued on {row['day'].isoformat()} already: take a later day.",
            path=("input", "effectiveOn"),
        )


async def _entity(code: str) -> LegalEntityRow:
    await ensure_legal_entities()
    found = (await legal_entities()).get(code)
    if found is None:
        raise NotFound("There is no such legal entity: take its code from legalEntities.", path=("input", "code"))
    return found


def _changed(entity: LegalEntityRow, change: EntityChange) -> LegalEntityRow:
    given = {name: text.strip() for name, text in (change.details or {}).items()}
    for name, longest in LONGEST.items():
        if given.get(name):
            given[name] = require_text(given[name], "A detail", 1, longest, "input", "details", name)
    require_details(entity.country, {name: text for name, text in given.items() if text}, "input", "details")
    details = {name: text for name, text in {**entity.details, **given}.items() if text}
    name = entity.name if change.name is None else require_text(change.name, "A name", 1, LONGEST_NAME, "input", "name")
    wanted = replace(
        entity,
        name=name,
        invoice_prefix=require_prefix(change.invoice_prefix or entity.invoice_prefix, "input", "invoicePrefix"),
        credit_prefix=require_prefix(change.credit_prefix or entity.credit_prefix, "input", "creditPrefix"),
        details=details,
        is_sample=entity.is_sample if change.is_sample is None else change.is_sample,
    )
    if not wanted.is_sample:
        require_complete(entity.country, details, "input", "details")
    return wanted


async def _require_free(wanted: LegalEntityRow) -> None:
    others = [row for row in (await legal_entities()).values() if row.id != wanted.id]
    taken = {prefix for row in others for prefix in (row.invoice_prefix, row.credit_prefix)}
    for kind, prefix, other, field in (
        ("INVOICE", wanted.invoice_prefix, wanted.credit_prefix, "invoicePrefix"),
        ("CREDIT_NOTE", wanted.credit_prefix, wanted.invoice_prefix, "creditPrefix"),
    ):
        row = await fetch_row(_USED, prefix, wanted.id, kind)
        if prefix in taken or prefix == other or (row is not None and row["used"]):
            raise NameTaken(
                f"Documents of another sequence begin with {prefix}: two could get one number. Take another prefix.",
                path=("input", field),
            )


def _said(entity: LegalEntityRow) -> dict[str, object]:
    return {
        "name": entity.name,
        "invoice_prefix": entity.invoice_prefix,
        "credit_prefix": entity.credit_prefix,
        "is_sample": entity.is_sample,
        "details": entity.details,
    }
