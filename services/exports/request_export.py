"""Asking for a report as a file: queued as a row, written by a worker."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg
import orjson

from access import Principal
from domain.clock import clock
from domain.errors import IdempotencyConflict, InvalidValue, NotFound, TooManyExports
from domain.exports import KEPT, OPEN_AT_MOST
from domain.reports import ReportFormat
from eventstream import ExportChanged
from models.database import execute, fetch_row, fetch_value
from models.where import Where
from services.audit.record import record
from services.exports.export_rows import ExportRow, get_export
from services.exports.layout import report_name
from services.exports.parameters import ReportParameters
from services.unit_of_work import UnitOfWork, unit_of_work

RUN_EXPORTS = "run_exports"
"""The actor that writes what is queued."""

_OPEN = "SELECT count(*) FROM report_export WHERE company_id = $1 AND state IN ('QUEUED', 'RUNNING')"

_INSERT = """
INSERT INTO report_export (company_id, user_id, saved_report_id, report, format, parameters, language, created_at, expires_at,
                           file_name, idempotency_key, request_digest)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11, $12) RETURNING id
"""

_KNOWN = "SELECT id, request_digest, deleted_at FROM report_export WHERE user_id = $1 AND idempotency_key = $2"


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A report of days as a file. `name` begins the name of the file; None is the report's own name."""

    parameters: ReportParameters
    format: ReportFormat
    first: date
    last: date
    name: str | None = None
    saved_report_id: int | None = None

    def stored(self) -> dict[str, Any]:
        """The parameters with the days."""
        return self.parameters.to_json() | {"first": self.first.isoformat(), "last": self.last.isoformat()}

    def digest(self, company_id: int) -> str:
        """By what a repeat is recognised."""
        body = [company_id, self.parameters.report, self.format, self.name, self.stored()]
        return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def request_export(
    principal: Principal, request: ExportRequest, *, company_id: int | None, idempotency_key: str
) -> ExportRow:
    """Queue an export; the same key with the same request gives the same one.

    Raises `Forbidden`, `InvalidValue`, `NotFound` for a company the principal cannot see, `IdempotencyConflict`,
    `TooManyExports`, and the errors of a bad filter; then nothing is queued.
    """
    principal.require_write()
    if not 1 <= len(idempotency_key) <= 200 or not idempotency_key.isprintable():
        raise InvalidValue("An idempotency key has 1 to 200 printable characters.", path=("idempotencyKey",))
    owner = await company_for(principal, company_id)
    request.parameters.span(request.first, request.last)
    if (known := await _known(principal, request, owner, idempotency_key)) is not None:
        return known
    await _try_out(request.parameters, owner, principal.user_id)
    try:
        async with unit_of_work() as uow:
            export_id = await queue_export(uow, request, owner, principal.user_id, idempotency_key)
            await record(
                principal,
                "export.requested",
                f"export:{export_id}",
                company_id=owner,
                detail={"report": request.parameters.report.value, "format": request.format.value},
            )
    except asyncpg.UniqueViolationError:
        known = await _known(principal, request, owner, idempotency_key)
        assert known is not None
        return known
    made = await get_export(principal, export_id)
    assert made is not None
    return made


async def queue_export(uow: UnitOfWork, request: ExportRequest, company_id: int, user_id: int, key: str) -> int:
    """Write the row and wake a worker after the commit; raises `TooManyExports`."""
    await execute("SELECT pg_advisory_xact_lock(hashtext('report_export'), $1::int)", company_id % 2**31)
    if await fetch_value(_OPEN, company_id) >= OPEN_AT_MOST:
        raise TooManyExports(
            f"{OPEN_AT_MOST} reports of your company wait already: wait until one is ready, or delete one."
        )
    language = await fetch_value("SELECT language FROM user_account WHERE id = $1", user_id) or "ru"
    now = clock.now()
    export_id: int = await fetch_value(
        _INSERT,
        company_id,
        user_id,
        request.saved_report_id,
        request.parameters.report.value,
        request.format.value,
        orjson.dumps(request.stored()).decode(),
        language,
        now,
        now + KEPT,
        file_name(request, language),
        key,
        request.digest(company_id),
    )
    uow.enqueue(RUN_EXPORTS)
    uow.publish(ExportChanged(company_id, export_id))
    return export_id


def file_name(request: ExportRequest, language: str) -> str:
    """The name under which the file is saved: `Отчёт по сессиям 2026-03-01 – 2026-03-31.xlsx`."""
    name = request.name or report_name(request.parameters.report, language)
    safe = "".join(char if char.isalnum() or char in " .,_-()№&+" else "_" for char in name).strip(" .") or "report"
    days = str(request.first) if request.first == request.last else f"{request.first} – {request.last}"
    return f"{safe[:100]} {days}.{request.format.value.lower()}"


async def company_for(principal: Principal, company_id: int | None) -> int:
    """The company that a file is to belong to: the one named, or the principal's only one."""
    if company_id is None:
        if principal.company_ids is None or len(principal.company_ids) != 1:
            raise InvalidValue("Say for which company: you see several.", path=("companyId",))
        return principal.company_ids[0]
    exists = await fetch_value("SELECT EXISTS (SELECT FROM company WHERE id = $1)", company_id)
    if not principal.sees(company_id) or not exists:
        raise NotFound("There is no such company.", path=("companyId",))
    return company_id


async def _try_out(parameters: ReportParameters, company_id: int, user_id: int) -> None:
    """A filter that cannot be understood is refused now, not when the report is written."""
    await (await parameters.scope(company_id, user_id)).sims_sql(Where())


async def _known(principal: Principal, request: ExportRequest, company_id: int, key: str) -> ExportRow | None:
    row = await fetch_row(_KNOWN, principal.user_id, key)
    if row is None:
        return None
    if row["request_digest"] != request.digest(company_id):
        raise IdempotencyConflict(
            "This idempotency key was used with another request: use a new key for a new request.",
            path=("idempotencyKey",),
        )
    known = await get_export(principal, row["id"])
    if known is None:
        raise IdempotencyConflict(
            "The report of this idempotency key was deleted: use a new key for a new one.", path=("idempotencyKey",)
        )
    return known
