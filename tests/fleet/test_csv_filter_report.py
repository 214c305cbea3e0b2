"""The report on a pasted table: each row gets exactly one answer."""

from __future__ import annotations

import pytest

from domain.csv_filter import CsvTooManyRows
from services.fleet.csv_filter_report import CsvRowStatus, csv_filter_report
from services.paging import PageRequest
from tests.worlds import TwoCompanies, add_sim

FOUND, NOT_FOUND, AMBIGUOUS = CsvRowStatus.FOUND, CsvRowStatus.NOT_FOUND, CsvRowStatus.AMBIGUOUS
DIFFERENT, BAD = CsvRowStatus.DIFFERENT_SIMS, CsvRowStatus.BAD_ROW


async def test_each_row_gets_its_answer(world: TwoCompanies) -> None:
    truck, crane, taxi = world.sims["truck"], world.sims["crane"], world.others["taxi"]
    twin = await add_sim(world.company, world.profiles["TD"], 70, external_msisdn=crane.msisdn)
    wrong_digit = truck.iccid[:-1] + str((int(truck.iccid[-1]) + 1) % 10)
    rows = [
        (f"{truck.iccid}", FOUND, truck.id),
        (f"{truck.external_msisdn} {truck.iccid}", FOUND, truck.id),
        (f"{truck.msisdn}", FOUND, truck.id),
        (f"{crane.msisdn}", AMBIGUOUS, None),
        (f"{crane.iccid},{crane.msisdn}", FOUND, crane.id),
        (f"{twin.iccid};{crane.msisdn}", FOUND, twin.id),
        (f"{truck.iccid};{crane.msisdn}", DIFFERENT, None),
        (f"{truck.iccid};7700000", DIFFERENT, None),
        (f"{wrong_digit}", NOT_FOUND, None),
        ("7700000", NOT_FOUND, None),
        (f"{taxi.iccid}", NOT_FOUND, None),
        ("nonsense", BAD, None),
    ]
    report = await csv_filter_report(world.owner.principal, "\n".join(text for text, _, _ in rows))
    assert [(entry.status, entry.sim_id) for entry in report.rows] == [(status, sim) for _, status, sim in rows]
    assert report.counts == {FOUND: 5, AMBIGUOUS: 1, DIFFERENT: 2, NOT_FOUND: 3, BAD: 1}
    assert report.bad_check_digits == 1
    assert report.rows[-1].row.problem


async def test_a_report_is_read_in_pages_and_by_status(world: TwoCompanies) -> None:
    report = await csv_filter_report(world.owner.principal, "\n\n".join(["7700000", "x1y2z", "7700001", "7700002"]))
    first = report.page({NOT_FOUND}, PageRequest(first=2))
    assert [entry.row.number for entry in first.rows] == ["7700000", "7700001"]
    assert first.has_next
    rest = report.page({NOT_FOUND}, PageRequest(first=2, after=first.cursor(1)))
    assert [entry.row.number for entry in rest.rows] == ["7700002"]
    assert not rest.has_next


async def test_a_hundred_thousand_rows_are_answered_and_more_refused(world: TwoCompanies) -> None:
    table = "\n".join(f"{7_700_000 + number}" for number in range(100_000))
    report = await csv_filter_report(world.owner.principal, table)
    assert report.counts == {NOT_FOUND: 100_000}
    with pytest.raises(CsvTooManyRows):
        await csv_filter_report(world.owner.principal, table + "\n1234567")
