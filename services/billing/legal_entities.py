"""The legal entities that bill: the shipped ones are made when they are missing; their quanta, and who bills whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import asyncpg
import orjson

from domain.billing.legal_entities import entity_of, shipped_entities
from models.database import execute, fetch, transaction

_ADD = """
INSERT INTO legal_entity (code, name, country, invoice_prefix, credit_prefix, details, is_sample)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7) ON CONFLICT DO NOTHING
"""

_ROUNDING = """
INSERT INTO rounding_quantum (legal_entity_id, currency, effective_on, quantum)
SELECT id, $2, $3, $4 FROM legal_entity WHERE code = $1 ON CONFLICT DO NOTHING
"""

_COUNTERS = """
INSERT INTO invoice_counter (legal_entity_id, kind)
SELECT e.id, k.kind FROM legal_entity e, (VALUES ('INVOICE'), ('CREDIT_NOTE')) AS k (kind) ON CONFLICT DO NOTHING
"""

_READ = "SELECT id, code, name, country, invoice_prefix, credit_prefix, details, is_sample FROM legal_entity"


@dataclass(frozen=True, slots=True)
class LegalEntityRow:
    """A legal entity; `details` are the texts of its documents by name."""

    id: int
    code: str
    name: str
    country: str
    invoice_prefix: str
    credit_prefix: str
    details: dict[str, str]
    is_sample: bool


async def ensure_legal_entities() -> dict[str, LegalEntityRow]:
    """All legal entities by code; the shipped samples are added when they are missing, and never overwrite anything."""
    known = await legal_entities()
    if all(entry.code in known for entry in shipped_entities()):
        return known
    async with transaction():
        for entry in shipped_entities():
            await execute(
                _ADD,
                entry.code,
                entry.name,
                entry.country,
                entry.invoice_prefix,
                entry.credit_prefix,
                orjson.dumps(dict(entry.details)).decode(),
                entry.sample,
            )
            for rule in entry.rounding:
                await execute(_ROUNDING, entry.code, rule.currency, rule.effective_on, rule.quantum)
        await execute(_COUNTERS)
    return await legal_entities()


async def legal_entities() -> dict[str, LegalEntityRow]:
    """Those that are stored, by code."""
    rows = [_row(record) for record in await fetch(f"{_READ} ORDER BY id")]
    return {row.code: row for row in rows}


async def entities_by_id(ids: Collection[int]) -> dict[int, LegalEntityRow]:
    """Several by their database ids."""
    return {row.id: row for row in (await legal_entities()).values() if row.id in set(ids)}


async def entities_of_companies(company_ids: Collection[int]) -> dict[int, LegalEntityRow]:
    """Who bills each of the companies; those of a country that nobody bills yet are left out."""
    known = await legal_entities()
    rows = await fetch("SELECT id, country FROM company WHERE id = ANY($1::bigint[])", list(company_ids))
    return {row["id"]: known[code] for row in rows if (code := entity_of(row["country"])) in known}


def _row(record: asyncpg.Record) -> LegalEntityRow:
    return LegalEntityRow(**{**record, "details": orjson.loads(record["details"])})
