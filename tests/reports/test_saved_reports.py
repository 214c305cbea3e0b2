"""Reports under a name: saved, changed, run again, and written by themselves every month."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.clock import clock
from domain.errors import Forbidden, InvalidValue, NameTaken, NotFound
from domain.exports import ReportPeriod, days_of
from domain.reports import ReportFormat, ReportKind
from domain.sim_filter import Selection, SimFilter
from models.database import execute, fetch, fetch_value
from services.exports.export_rows import list_exports
from services.exports.parameters import ReportParameters
from services.exports.saved_reports import (
    SavedReportDraft,
    delete_saved_report,
    get_saved_report,
    list_saved_reports,
    queue_monthly_reports,
    run_saved_report,
    save_report,
)
from services.paging import PageRequest
from tests.reports.conftest import Writing
from tests.reports.records import bring_records, sessions_of
from tests.worlds import TwoCompanies

OF_GROUP = SavedReportDraft(
    "Уборочная, по дням",
    ReportParameters(ReportKind.DAILY, Selection(filter=SimFilter(group_id=1, empty_name_only=False))),
    ReportFormat.CSV,
    ReportPeriod.LAST_MONTH,
    monthly=False,
)


def shift_to(moment: datetime) -> None:
    clock.shift_to(moment - (clock.now() - clock.offset))


def first_of_next_month(hours: int) -> datetime:
    month = (clock.now().replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime(month.year, month.month, 1, tzinfo=UTC) + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (ReportPeriod.TODAY, ("2024-03-01", "2024-03-01")),
        (ReportPeriod.YESTERDAY, ("2024-02-29", "2024-02-29")),
        (ReportPeriod.LAST_7_DAYS, ("2024-02-24", "2024-03-01")),
        (ReportPeriod.LAST_30_DAYS, ("2024-02-01", "2024-03-01")),
        (ReportPeriod.THIS_MONTH, ("2024-03-01", "2024-03-01")),
        (ReportPeriod.LAST_MONTH, ("2024-02-01", "2024-02-29")),
    ],
)
def test_a_period_is_days_as_of_today(period: ReportPeriod, expected: tuple[str, str]) -> None:
    assert tuple(map(str, days_of(period, date(2024, 3, 1)))) == expected


async def test_it_is_saved_found_changed_and_forgotten(world: TwoCompanies, writing: Writing) -> None:
    saved = await save_report(world.manager.principal, OF_GROUP, saved_id=None, company_id=None)
    assert (saved.name, saved.parameters, saved.period) == (OF_GROUP.name, OF_GROUP.parameters, OF_GROUP.period)
    assert await list_saved_reports(world.viewer.principal) == [saved]
    assert await list_saved_reports(world.other_owner.principal) == []

    changed = await save_report(
        world.owner.principal, replace(OF_GROUP, name="Harvest", monthly=True), saved_id=saved.id, company_id=None
    )
    assert (changed.id, changed.name, changed.monthly) == (saved.id, "Harvest", True)
    with pytest.raises(NameTaken):
        await save_report(world.owner.principal, replace(OF_GROUP, name="HARVEST"), saved_id=None, company_id=None)
    await save_report(world.other_owner.principal, replace(OF_GROUP, name="Harvest"), saved_id=None, company_id=None)
    for name in ("", "x" * 61, "a\x00b"):
        with pytest.raises(InvalidValue):
            await save_report(world.owner.principal, replace(OF_GROUP, name=name), saved_id=None, company_id=None)
    for work in (
        save_report(world.viewer.principal, OF_GROUP, saved_id=None, company_id=None),
        delete_saved_report(world.viewer.principal, saved.id),
        run_saved_report(world.viewer.principal, saved.id, idempotency_key="k"),
    ):
        with pytest.raises(Forbidden):
            await work
    for work in (
        save_report(world.other_owner.principal, OF_GROUP, saved_id=saved.id, company_id=None),
        delete_saved_report(world.other_owner.principal, saved.id),
        run_saved_report(world.other_owner.principal, saved.id, idempotency_key="k"),
    ):
        with pytest.raises(NotFound):
            await work

    await delete_saved_report(world.owner.principal, saved.id)
    assert await get_saved_report(world.owner.principal, saved.id) is None


async def test_it_is_run_again_with_the_days_as_of_now(world: TwoCompanies, writing: Writing) -> None:
    """Given a saved report of a group, when it is run, then the file has that group's days of the month before."""
    held = await bring_records(world, 31)
    draft = replace(
        OF_GROUP, parameters=ReportParameters(ReportKind.DAILY, Selection(filter=SimFilter(group_id=world.group.id)))
    )
    saved = await save_report(world.owner.principal, draft, saved_id=None, company_id=None)

    export = await writing.ready(await run_saved_report(world.manager.principal, saved.id, idempotency_key="now"))

    first, last = days_of(ReportPeriod.LAST_MONTH, clock.now().date())
    members = [world.sims["combine"].id, world.sims["truck"].id]
    expected = sessions_of(held, [world.company.id], first, last, "UTC", members)
    lines = list(csv.reader(io.StringIO((await writing.content(export)).decode("utf-8-sig"))))[1:]
    assert sum(int(line[4]) for line in lines) == len(expected) > 0
    assert sum(int(line[5]) for line in lines) == sum(one.total_bytes for one, _ in expected)
    assert export.file_name == f"Уборочная, по дням {first} – {last}.csv"
    assert export.saved_report_id == saved.id


async def test_every_month_it_is_written_once_and_mailed(world: TwoCompanies, writing: Writing) -> None:
    """Given a monthly report, when the 1st comes, then the month before is written once, and its user gets a link."""
    await save_report(world.owner.principal, replace(OF_GROUP, monthly=True), saved_id=None, company_id=None)
    await save_report(
        world.manager.principal, replace(OF_GROUP, name="Left", monthly=True), saved_id=None, company_id=None
    )
    await save_report(world.owner.principal, replace(OF_GROUP, name="Not monthly"), saved_id=None, company_id=None)
    await execute("UPDATE user_account SET disabled_at = now() WHERE id = $1", world.manager.user.id)
    month = clock.now().date().replace(day=1)
    assert await queue_monthly_reports() == 0
    shift_to(first_of_next_month(5))
    assert await queue_monthly_reports() == 0

    shift_to(clock.now() + timedelta(hours=2))
    assert [await queue_monthly_reports() for _ in range(3)] == [1, 0, 0]
    await writing.write_all()

    [export] = (await list_exports(world.owner.principal, PageRequest())).rows
    last = clock.now().date().replace(day=1) - timedelta(days=1)
    assert export.file_name == f"Уборочная, по дням {month} – {last}.csv"
    assert export.state == "READY"
    [mail] = await fetch("SELECT recipient, body FROM delivery")
    assert mail["recipient"] == world.owner.user.email
    assert f"/downloads/exports/{world.company.id}/" in mail["body"]

    shift_to(first_of_next_month(24 * 9))  # the scheduler was away for the 1st
    assert await queue_monthly_reports() == 1
    assert await fetch_value("SELECT count(*) FROM report_export") == 2
