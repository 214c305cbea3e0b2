"""Two companies with a row in every table of companies' rows, made from the database's own schema.

Whatever is text carries the company's marker; ids of the other company are all above `FOREIGN`. A table that is added later
is filled by itself, as far as its columns say what they may hold; `VALUES` says it where they do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import asyncpg
import orjson
from argon2 import PasswordHasher
from tortoise import Tortoise
from tortoise.fields.data import CharEnumFieldInstance

from access import Principal
from models.database import connection_arguments
from models.identity import UserRole, every_scope

OWN, FOREIGN, NOWHERE = 1_000, 5_000_000, 7_000_000
"""Where the ids of one company begin, those of the other, and those that no row has."""

LONG_AGO = datetime(2025, 3, 10, 9, 0, tzinfo=UTC)
FAR_AWAY = datetime(2125, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two companies: its marker (in digits too, for columns of digits), its first id, its owner."""

    base: int
    marker: str
    digits: str
    rows: dict[str, int] = field(default_factory=dict)
    """The id of its row in each table that has ids."""

    @property
    def owner(self) -> Principal:
        """The owner of the company, who came in with its only token."""
        name = f"{self.marker} user_account name"
        user, token, company = (self.rows[table] for table in ("user_account", "access_token", "company"))
        return Principal(user, token, name, UserRole.OWNER, (company,))

    def text(self, table: str, column: str, length: int | None) -> str:
        """A text for a column, the marker first."""
        return f"{self.marker} {table} {column}"[:length]


def sides() -> tuple[Side, Side]:
    """One company and the other."""
    return Side(OWN, "qqown", "4141414"), Side(FOREIGN, "zzfgn", "9393939")


REPORT = {"zone": "UTC", "group_ids": None, "ids": None, "filter": None}
"""A report as it is stored: of all SIMs."""

ENDED = ("total", "succeeded", "refused", "failed", "unknown", "cancelled")


@cache
def _hash() -> str:
    """The password of both owners is x."""
    return PasswordHasher(time_cost=1, memory_cost=64).hash("x")


def _number(length: int) -> Any:
    return lambda side: side.digits.ljust(length, "7")


# What a column holds where its type does not say it. A function is asked with the side; a value is taken as it is.
VALUES: dict[tuple[str, str], Any] = {
    ("sim", "iccid"): lambda side: f"8937{side.digits}00000001",
    ("sim", "imsi"): _number(15),
    ("sim", "msisdn"): _number(11),
    ("sim", "external_msisdn"): _number(12),
    ("sim", "registration_country"): "Greenland",
    ("sim", "registration_plmn"): "29001",
    ("sim", "registration_as_of"): LONG_AGO,
    ("sim", "currency"): "EUR",
    ("sim", "lock_mask"): 1,
    ("company", "country"): "KZ",
    ("company", "whatsapp"): _number(11),
    ("company", "state"): "ACTIVE",
    ("company", "payment_system"): "PREPAID",
    ("company", "holds_stock"): False,
    ("user_account", "role"): "OWNER",
    ("user_account", "phone"): _number(11),
    ("user_account", "time_zone"): "Asia/Almaty",
    ("user_account", "agent_id"): None,
    ("user_account", "password_hash"): lambda side: _hash(),
    ("access_token", "expires_at"): FAR_AWAY,
    ("access_token", "group_ids"): None,
    ("access_token", "scopes"): every_scope(),
    ("usage_monthly", "month"): date(2025, 3, 1),
    ("operation", "kind"): "LOCK",
    ("operation", "state"): "RUNNING",
    ("operation", "total"): 1,
    ("operation", "queued"): 1,
    ("operation_item", "state"): "QUEUED",
    ("operation_item", "kind"): "LOCK",
    ("operation_item", "holder_id"): None,
    ("operation_item", "outcome_code"): None,
    ("data_session", "plmn"): "25001",
    ("data_session", "currency"): "EUR",
    ("call_record", "currency"): "EUR",
    ("call_record", "kind"): "VOICE",
    ("call_record", "direction"): "OUT",
    ("call_record", "other_number"): _number(11),
    ("invoice", "period"): date(2025, 2, 1),
    ("invoice", "state"): "ISSUED",
    ("invoice", "issued_at"): LONG_AGO,
    ("invoice", "currency"): "KZT",
    ("invoice", "corrects_id"): None,
    ("invoice", "pdf_key"): None,
    ("invoice", "pdf_sha256"): None,
    ("invoice", "pdf_bytes"): None,
    ("report_export", "file_key"): None,
    ("invoice", "hold_reason"): None,
    ("delivery", "state"): "WRITTEN",
    ("payment", "queue_reason"): None,
    ("payment", "currency"): "KZT",
    ("payment", "returned"): False,
    ("payment", "dismissed_at"): None,
    ("payment", "dismissed_by_id"): None,
    ("payment", "dismissal_reason"): None,
    ("payment", "credited_on"): None,
    ("ledger_entry", "account"): "RECEIVABLE",
    ("ledger_entry", "currency"): "KZT",
    ("payment_order", "file_key"): lambda side: f"orders/{side.rows['company']}/{side.marker}.pdf",
    ("payment_order", "content_type"): "application/pdf",
    ("financial_lock", "cause"): "INVOICES",
    ("financial_lock", "lifted_at"): LONG_AGO,
    ("deposit_entry", "kind"): "TOP_UP",
    ("job_run", "state"): "DONE",
    ("report_export", "report"): "DAILY",
    ("report_export", "format"): "CSV",
    ("report_export", "language"): "ru",
    ("report_export", "state"): "FAILED",
    ("report_export", "parameters"): REPORT | {"first": "2025-03-01", "last": "2025-03-31"},
    ("report_export", "deleted_at"): None,
    ("report_export", "expires_at"): FAR_AWAY,
    ("saved_report", "report"): "DAILY",
    ("saved_report", "format"): "CSV",
    ("saved_report", "parameters"): REPORT | {"period": "LAST_MONTH"},
    ("audit_entry", "detail"): lambda side: {"note": side.marker},
    ("audit_entry", "before"): lambda side: {"name": side.marker},
    ("audit_entry", "after"): lambda side: {"name": side.marker},
    ("notification", "about_type"): None,
    ("notification", "kind"): "OPERATION_FINISHED",
    ("notification", "details"): lambda side: {
        "operation": "LOCK",
        "by": side.marker,
        **dict.fromkeys(ENDED, 1),
    },
}

REFERENCES = {
    "statement": "bank_statement",
    "user": "user_account",
    "group": "sim_group",
    "account": "operator_account",
    "token": "access_token",
}
"""Tables that columns called NAME_id refer to, where the name is another; NAME_by_id is always a user."""

PLAIN: dict[str, Any] = {
    "float8": 1.0,
    "numeric": Decimal(1),
    "bool": True,
    "date": LONG_AGO.date(),
    "timestamptz": LONG_AGO,
    "bytea": b"x",
    "json": "{}",
    "jsonb": "{}",
}

COLUMNS = """
SELECT c.relname::text AS table, a.attname::text AS name, t.typname::text AS type, a.attnotnull AS required,
       a.atthasdef AS has_default, CASE WHEN t.typname = 'varchar' AND a.atttypmod > 4 THEN a.atttypmod - 4 END AS length
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relrowsecurity
ORDER BY 1, a.attnum
"""

FOREIGN_KEYS = """
SELECT c.relname::text AS table, a.attname::text AS name, r.relname::text AS refers_to
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1] WHERE k.contype = 'f'
"""

# What belongs to nobody and is referred to: the same for both.
COMMON = """
INSERT INTO operator_account (id, key, calls_per_second, max_concurrency) VALUES (1, 'tsim:demo', 10, 4);
INSERT INTO profile (id, code, title, apn, number_prefix, driver, account_id, enabled)
VALUES (1, 'TC', 'TC', 'send.ee', '372', 'tsim', 1, true);
INSERT INTO legal_entity (id, code, name, country, invoice_prefix, credit_prefix, details)
VALUES (1, 'KZ', 'NovaConnect', 'KZ', 'KZ', 'CK', '{}');
INSERT INTO invoice_counter (legal_entity_id, kind, last_value) VALUES (1, 'INVOICE', 10), (1, 'CREDIT_NOTE', 10);
INSERT INTO exchange_rate (id, source, currency, asked_on, rate_on, rate, answer, fetched_at, state)
VALUES (1, 'NBK', 'KZT', '2025-03-01', '2025-03-01', 500, 'x', now(), 'ACCEPTED');
SELECT ensure_record_partitions('2025-03-01', '2025-03-31');
"""
COMMON_ROWS = {"operator_account": 1, "profile": 1, "legal_entity": 1, "exchange_rate": 1}


# A log-in of the same user, beside the token.
_SESSION = """
INSERT INTO access_token (id, user_id, name, prefix, digest, created_at, expires_at, kind, scopes)
SELECT id + 5, user_id, name, prefix, left(digest, 40) || 'x', created_at, expires_at, 'SESSION', scopes
FROM access_token WHERE id = $1 RETURNING id
"""

# A payment that waits for a person, beside the one that is known.
_WAITING = """
INSERT INTO payment (id, legal_entity_id, statement_id, bank_ref, line, paid_on, amount, currency, payer, payer_tax_number,
                     purpose, company_id, queue_reason, imported_at)
SELECT id + 5, legal_entity_id, statement_id, bank_ref || 'x', line, paid_on, amount, currency, payer, payer_tax_number,
       purpose, company_id, 'PAID_INVOICE', imported_at
FROM payment WHERE id = $1 RETURNING id
"""


async def seed(url: str) -> tuple[Side, Side]:
    """Fill an empty database, as its owner."""
    owner = await asyncpg.connect(**connection_arguments(url))
    try:
        await owner.execute(COMMON)
        # Triggers keep what grows in its own time from being made all at once: lines of an invoice that is issued already.
        await owner.execute("SET session_replication_role = replica")
        columns = await owner.fetch(COLUMNS)
        keys = {(row["table"], row["name"]): row["refers_to"] for row in await owner.fetch(FOREIGN_KEYS)}
        tables = _in_order(columns, keys)
        both = sides()
        for side in both:
            for place, table in enumerate(tables):
                mine = [column for column in columns if column["table"] == table]
                await _insert(owner, side, table, mine, keys, side.base + 10 * (place + 1))
            side.rows["session"] = await owner.fetchval(_SESSION, side.rows["access_token"])
            side.rows["payment_waiting"] = await owner.fetchval(_WAITING, side.rows["payment"])
        await owner.execute("ANALYZE")
        return both
    finally:
        await owner.close()


async def _insert(
    owner: asyncpg.Connection, side: Side, table: str, columns: list[Any], keys: dict[tuple[str, str], str], row_id: int
) -> None:
    values = {column["name"]: _value(side, column, keys) for column in columns}
    if "id" in values:
        values["id"] = side.rows[table] = row_id
    names = ", ".join(f'"{name}"' for name in values)
    places = ", ".join(f"${at + 1}" for at in range(len(values)))
    try:
        await owner.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", *values.values())
    except (asyncpg.PostgresError, asyncpg.DataError) as error:
        raise AssertionError(
            f"No row can be made for the table {table}: {error}. Say in VALUES of tests/tenancy/seed.py what its columns hold."
        ) from error


def _value(side: Side, column: Any, keys: dict[tuple[str, str], str]) -> Any:
    table, name = column["table"], column["name"]
    if (table, name) in VALUES:
        given = VALUES[table, name]
        given = given(side) if callable(given) else given
        return orjson.dumps(given).decode() if column["type"] == "jsonb" else given
    if (refers_to := _refers_to(table, name, keys)) is not None:
        known = {**COMMON_ROWS, **side.rows}
        if refers_to in known:
            return known[refers_to]
        return side.base if column["required"] else None  # of nothing that is a row here
    if column["type"] in ("varchar", "text"):
        choices = _enums().get((table, name))
        return choices[0] if choices else side.text(table, name, column["length"])
    if column["type"] == "timestamptz" and not column["required"]:
        return None
    if column["type"].startswith("_"):
        return []
    if column["type"].startswith("int"):
        return 1 if side.base == OWN else 2
    return PLAIN[column["type"]]


def _refers_to(table: str, name: str, keys: dict[tuple[str, str], str]) -> str | None:
    if (table, name) in keys:
        return keys[table, name]
    if not name.endswith("_id"):
        return None
    short = name.removesuffix("_id")
    return "user_account" if short.endswith("_by") else REFERENCES.get(short, short)


def _in_order(columns: Iterable[Any], keys: dict[tuple[str, str], str]) -> list[str]:
    """The tables, each behind those that it refers to."""
    needs: dict[str, set[str]] = {}
    for column in columns:
        refers_to = _refers_to(column["table"], column["name"], keys)
        needs.setdefault(column["table"], set()).update({refers_to} if refers_to else ())
    done: list[str] = []
    while left := [table for table in needs if table not in done]:
        ready = [table for table in left if not (needs[table] & set(left)) - {table}]
        done += ready or left[:1]  # in a circle somebody begins
    return done


@cache
def _enums() -> dict[tuple[str, str], list[str]]:
    """The values of enum columns, as the models know them."""
    assert Tortoise.apps is not None
    return {
        (model._meta.db_table, column.source_field or name): [str(each.value) for each in column.enum_type]
        for model in Tortoise.apps["models"].values()
        for name, column in model._meta.fields_map.items()
        if isinstance(column, CharEnumFieldInstance)
    }
