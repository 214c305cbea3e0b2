"""Reports saved under a name: run again whenever it is wanted, and every month by themselves."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import asyncpg
import orjson

from access import Principal, limit_to_companies
from domain.clock import clock
from domain.errors import DomainError, InvalidValue, NameTaken, NotFound
from domain.exports import ReportPeriod, days_of
from domain.reports import ReportFormat
from models.database import execute, fetch, fetch_row
from models.where import Where
from services.audit.record import record
from services.exports.export_rows import ExportRow
from services.exports.parameters import ReportParameters
from services.exports.request_export import ExportRequest, company_for, queue_export, request_export
from services.unit_of_work import unit_of_work

MOST = 200
"""The most reports that a company saves."""

MONTHLY_AT = time(6, 0)
"""When on the 1st (UTC) the reports of the month before are written: the night's synchronisation is over by then."""

_log = logging.getLogger("novaconnect.exports")


@dataclass(frozen=True, slots=True)
class SavedReportRow:
    """A saved report. `monthly`: written for the month before on every 1st."""

    id: int
    company_id: int
    user_id: int
    name: str
    parameters: ReportParameters
    format: ReportFormat
    period: ReportPeriod
    monthly: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SavedReportDraft:
    """What a user saves."""

    name: str
    parameters: ReportParameters
    format: ReportFormat
    period: ReportPeriod
    monthly: bool

    def stored(self) -> str:
        """The parameters with the period."""
        return orjson.dumps(self.parameters.to_json() | {"period": self.period.value}).decode()


_COLUMNS = (
    "r.id, r.company_id, r.user_id, r.name, r.report, r.format, r.parameters, r.monthly, r.created_at, r.updated_at"
)

_INSERT = """
INSERT INTO saved_report (company_id, user_id, name, report, format, parameters, monthly, last_month, created_at, updated_at)
SELECT $1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $9
WHERE (SELECT count(*) FROM saved_report WHERE company_id = $1) < $10 RETURNING id
"""

# Switched on in the middle of a month, it begins with the next 1st.
_UPDATE = """
UPDATE saved_report SET name = $2, report = $3, format = $4, parameters = $5::jsonb,
  last_month = CASE WHEN $6 AND NOT monthly THEN $7 ELSE last_month END, monthly = $6, updated_at = $8
WHERE id = $1
"""

_DUE = f"""
SELECT {_COLUMNS} FROM saved_report r JOIN user_account u ON u.id = r.user_id AND u.disabled_at IS NULL
WHERE r.monthly AND (r.last_month IS NULL OR r.last_month < $1) ORDER BY r.id LIMIT 100 FOR UPDATE OF r SKIP LOCKED
"""  # noqa: S608


async def list_saved_reports(principal: Principal) -> list[SavedReportRow]:
    """The visible saved reports, by name."""
    where = _visible(principal)
    rows = await fetch(
        f"SELECT {_COLUMNS} FROM saved_report r WHERE {where.sql} ORDER BY lower(r.name), r.id LIMIT 5000",  # noqa: S608
        *where.arguments,
    )
    return [_row(row) for row in rows]


async def get_saved_report(principal: Principal, saved_id: int) -> SavedReportRow | None:
    """The saved report, or None when there is none that the principal may see."""
    where = _visible(principal)
    where.add(f"r.id = {where.bind(saved_id)}")
    row = await fetch_row(f"SELECT {_COLUMNS} FROM saved_report r WHERE {where.sql}", *where.arguments)  # noqa: S608
    return _row(row) if row else None


async def save_report(
    principal: Principal, draft: SavedReportDraft, *, saved_id: int | None, company_id: int | None
) -> SavedReportRow:
    """Save a report under a name, or change one (`saved_id`).

    Raises `Forbidden`, `InvalidValue`, `NameTaken`, `NotFound`, and the errors of a bad filter.
    """
    principal.require_write()
    principal.require_whole_company()
    name = _name(draft.name)
    old = None if saved_id is None else await _require(principal, saved_id)
    owner = old.company_id if old else await company_for(principal, company_id)
    draft.parameters.span(*days_of(draft.period, clock.now().date()))
    await (await draft.parameters.scope(owner, principal.user_id)).sims_sql(Where())
    try:
        async with unit_of_work():
            found_id = await _put(principal, draft, name, owner, saved_id)
            await record(
                principal,
                "saved_report.changed" if old else "saved_report.created",
                f"saved_report:{found_id}",
                company_id=owner,
                before={"name": old.name, "monthly": old.monthly} if old else None,
                after={"name": name, "monthly": draft.monthly},
            )
    except asyncpg.UniqueViolationError:
        raise NameTaken("Your company has a saved report of this name: choose another.", path=("name",)) from None
    return await _require(principal, found_id)


async def delete_saved_report(principal: Principal, saved_id: int) -> None:
    """Forget a saved report; files that it made stay. Raises `Forbidden` and `NotFound`."""
    principal.require_write()
    principal.require_whole_company()
    old = await _require(principal, saved_id)
    async with unit_of_work():
        await execute("DELETE FROM saved_report WHERE id = $1", saved_id)
        await record(
            principal,
            "saved_report.deleted",
            f"saved_report:{saved_id}",
            company_id=old.company_id,
            before={"name": old.name},
        )


async def run_saved_report(principal: Principal, saved_id: int, *, idempotency_key: str) -> ExportRow:
    """Write a saved report for its days as of now. Raises as `request_export`, and `NotFound`."""
    principal.require_write()
    saved = await _require(principal, saved_id)
    today = clock.now().date()
    return await request_export(
        principal,
        _request(saved, *days_of(saved.period, today)),
        company_id=saved.company_id,
        idempotency_key=idempotency_key,
    )


async def queue_monthly_reports() -> int:
    """From the 1st at `MONTHLY_AT` on, queue every monthly report for the month before, once; returns how many.

    What cannot be queued (a filter that no longer makes sense, a full queue) is tried again by the next round.
    """
    now = clock.now()
    month = now.date().replace(day=1)
    if now < datetime.combine(month, MONTHLY_AT, UTC):
        return 0
    last = month - timedelta(days=1)
    queued = 0
    async with unit_of_work() as uow:
        for record_ in await fetch(_DUE, month):
            saved = _row(record_)
            try:
                request = _request(saved, last.replace(day=1), last)
                await queue_export(uow, request, saved.company_id, saved.user_id, f"monthly:{saved.id}:{month}")
            except DomainError as refusal:
                _log.warning("monthly report %s waits: %s", saved.id, refusal.code)
                continue
            await execute("UPDATE saved_report SET last_month = $2 WHERE id = $1", saved.id, month)
            queued += 1
    return queued


async def _put(principal: Principal, draft: SavedReportDraft, name: str, owner: int, saved_id: int | None) -> int:
    now = clock.now()
    month = now.date().replace(day=1)
    kind, file_format = draft.parameters.report.value, draft.format.value
    if saved_id is not None:
        await execute(_UPDATE, saved_id, name, kind, file_format, draft.stored(), draft.monthly, month, now)
        return saved_id
    row = await fetch_row(
        _INSERT, owner, principal.user_id, name, kind, file_format, draft.stored(), draft.monthly, month, now, MOST
    )
    if row is None:
        raise InvalidValue(f"Your company has {MOST} saved reports already: delete one first.", path=("name",))
    found: int = row["id"]
    return found


def _request(saved: SavedReportRow, first: date, last: date) -> ExportRequest:
    return ExportRequest(saved.parameters, saved.format, first, last, saved.name, saved.id)


async def _require(principal: Principal, saved_id: int) -> SavedReportRow:
    row = await get_saved_report(principal, saved_id)
    if row is None:
        raise NotFound("There is no such saved report.", path=("id",))
    return row


def _visible(principal: Principal) -> Where:
    where = Where()
    limit_to_companies(principal, where, "r")
    if principal.group_ids is not None:
        where.add("FALSE")  # a saved report speaks of what its user chose, not of the token's groups
    return where


def _name(text: str) -> str:
    plain = " ".join(text.split())
    if not 1 <= len(plain) <= 60 or not plain.isprintable():
        raise InvalidValue("A name has 1 to 60 printable characters.", path=("name",))
    return plain


def _row(row: asyncpg.Record) -> SavedReportRow:
    stored = orjson.loads(row["parameters"])
    return SavedReportRow(
        row["id"],
        row["company_id"],
        row["user_id"],
        row["name"],
        ReportParameters.from_json(row["report"], stored),
        ReportFormat(row["format"]),
        ReportPeriod(stored["period"]),
        row["monthly"],
        row["created_at"],
        row["updated_at"],
    )
