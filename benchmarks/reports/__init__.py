"""Reports over 20 sessions a SIM: pages at both ends, overviews of a month, and an export of a million rows."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from benchmarks.api_process import api_process
from benchmarks.report import Report
from benchmarks.reports.data import DAYS
from benchmarks.reports.kept import kept_world
from benchmarks.world import BenchmarkWorld
from domain.reports import LONGEST, ReportKind
from models.database import fetch_row, fetch_value
from models.tenancy import as_system
from schema.ids import global_id
from services.reports.record_lists import ReportColumn, record_order
from supervisor.embedded_valkey import EmbeddedValkey

KEPT = Path("var/bench-reports")
EXPORTED = 1_000_000
PAGE, THOUSANDTH = 150, 1000

_ROWS = {
    "sessionReport": "startedAt endedAt msisdn iccid name bytes cost currency country operator",
    "dailyReport": "day msisdn iccid name sessions bytes cost currency",
}
_PAGE = """query ($from: Date!, $to: Date!, $after: String, $selection: ReportSelection%s) {
  %s(from: $from, to: $to, first: 150, after: $after, selection: $selection%s) {
    nodes { %s } pageInfo { endCursor hasNextPage } } }"""
_TOTALS = """query ($from: Date!, $to: Date!, $selection: ReportSelection) {
  sessionReport(from: $from, to: $to, first: 0, selection: $selection) { totals { sessions bytes costs { amount } } } }"""
_OVERVIEW = """query ($from: Date!, $to: Date!, $by: UsageKey!, $selection: ReportSelection) {
  usageOverview(from: $from, to: $to, groupBy: $by, selection: $selection) {
  total { sessions bytes } parts { key usage { sessions bytes costs { amount currency } } } } }"""
_TOP = """query ($from: Date!, $to: Date!, $by: TopBy!) {
  topSims(from: $from, to: $to, by: $by, limit: 20) { iccid name usage { bytes sessions costs { amount } } } }"""
_KEYS = ("DAY", "COUNTRY", "OPERATOR", "PROFILE", "PLAN", "GROUP")


async def main(sims: int, report: Report) -> None:
    """Run and report. The data are kept under `KEPT`: the next run with as many SIMs begins at once."""
    with tempfile.TemporaryDirectory(prefix="nr-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        valkey = EmbeddedValkey(Path(folder) / "valkey")
        valkey.start()
        try:
            async with kept_world(KEPT, sims, valkey.url, report) as (world, settings, newest):
                company = world.owner.company_ids[0] if world.owner.company_ids else 0
                with as_system():
                    cursors = await _cursors(company)
                async with api_process(settings) as (port, _):
                    headers = {"Authorization": f"Bearer {world.owner_token}"}
                    address = f"http://127.0.0.1:{port}"
                    async with httpx.AsyncClient(
                        base_url=address, headers=headers, timeout=60, trust_env=False
                    ) as client:
                        await _pages(client, world, cursors, newest, report)
                        await _overviews(client, world, newest, report)
                await _exports(world, company, newest, Path(folder), report)
        finally:
            valkey.stop()


async def _cursors(company: int) -> dict[tuple[str, ReportColumn], str]:
    """Where the thousandth page begins in each list."""
    found = {}
    for name, kind, column in (
        ("sessionReport", ReportKind.SESSIONS, ReportColumn.TIME),
        ("sessionReport", ReportKind.SESSIONS, ReportColumn.BYTES),
        ("dailyReport", ReportKind.DAILY, ReportColumn.TIME),
    ):
        order = record_order(kind, column)
        table = "usage_daily" if kind is ReportKind.DAILY else "data_session"
        row = await fetch_row(
            f"SELECT {order.listing.selected} FROM {table} d WHERE d.company_id = $1 {order.order_by()} OFFSET $2 LIMIT 1",
            company,
            PAGE * (THOUSANDTH - 1) - 1,
        )
        if row is not None:
            found[name, column] = order.listing.cursor(row["order_value"], row["order_id"])
    return found


async def _pages(
    client: httpx.AsyncClient,
    world: BenchmarkWorld,
    cursors: dict[tuple[str, ReportColumn], str],
    newest: date,
    report: Report,
) -> None:
    span = {"from": str(newest - timedelta(days=DAYS - 1)), "to": str(newest)}
    of_group, one = await _selections(world)
    for name, column in (
        ("sessionReport", ReportColumn.TIME),
        ("sessionReport", ReportColumn.BYTES),
        ("dailyReport", ReportColumn.TIME),
    ):
        by_bytes = ", orderBy: {field: BYTES, direction: DESC}" if column is ReportColumn.BYTES else ""
        document = _PAGE % ("", name, by_bytes, _ROWS[name])
        title = f"{name} by {column.value.lower()}"
        await _tell(report, f"{title}, page 1", client, document, span)
        if cursor := cursors.get((name, column)):
            await _tell(report, f"{title}, page {THOUSANDTH}", client, document, span | {"after": cursor})
    document = _PAGE % ("", "sessionReport", "", _ROWS["sessionReport"])
    await _tell(report, "sessionReport of a group, page 1", client, document, span | {"selection": of_group})
    await _tell(report, "sessionReport of one SIM", client, document, span | {"selection": one})
    await _tell(report, "totals of the fleet", client, _TOTALS, span)
    month = span | {"from": str(newest.replace(day=1))}
    await _tell(report, "totals of a group, this month", client, _TOTALS, month | {"selection": of_group}, rounds=9)
    await _tell(report, "totals of a group, a year", client, _TOTALS, span | {"selection": of_group}, rounds=5)


async def _selections(world: BenchmarkWorld) -> tuple[dict[str, Any], dict[str, Any]]:
    """A group of the company, and one of its SIMs."""
    companies = list(world.owner.company_ids or ())
    with as_system():
        group = await fetch_value("SELECT min(id) FROM sim_group WHERE company_id = ANY($1)", companies)
        sim = await fetch_value("SELECT min(id) FROM sim WHERE company_id = ANY($1)", companies)
    return {"filter": {"groupId": _id("SimGroup", group)}}, {"ids": [_id("Sim", sim)]}


async def _overviews(client: httpx.AsyncClient, world: BenchmarkWorld, newest: date, report: Report) -> None:
    last = newest.replace(day=1) - timedelta(days=1)
    spans = {
        "a month": {"from": str(last.replace(day=1)), "to": str(last)},
        "the 3rd to the 17th": {"from": str(last.replace(day=3)), "to": str(last.replace(day=17))},
        "400 days": {"from": str(newest - timedelta(days=LONGEST - 1)), "to": str(newest)},
    }
    of_group, _ = await _selections(world)
    for name, span in spans.items():
        rounds = 3 if name == "400 days" else 9
        for by in _KEYS:
            await _tell(report, f"usageOverview of {name} by {by}", client, _OVERVIEW, span | {"by": by}, rounds)
        for rank in ("BYTES", "SESSIONS", "COST"):
            await _tell(report, f"topSims of {name} by {rank}", client, _TOP, span | {"by": rank}, rounds)
    for by in _KEYS:
        asked = spans["400 days"] | {"by": by, "selection": of_group}
        await _tell(report, f"usageOverview of a group, 400 days, by {by}", client, _OVERVIEW, asked, 3)


async def _exports(world: BenchmarkWorld, company: int, newest: date, folder: Path, report: Report) -> None:
    with as_system():
        days = await fetch_value(
            "SELECT min(day) FROM (SELECT day, sum(sum(sessions)) OVER (ORDER BY day DESC) AS upto FROM usage_by_network"
            " WHERE company_id = $1 GROUP BY day) x WHERE upto <= $2",
            company,
            EXPORTED + 6_000,
        )
    first: date = days or newest
    for name in ("XLSX", "CSV"):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.reports.export_process"),
            *(world.database_url, str(company), str(first), str(newest), name, str(folder / "files")),
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
        report.line(f"export to {name}: {said.decode().strip()}")


async def _tell(
    report: Report, title: str, client: httpx.AsyncClient, document: str, variables: dict[str, Any], rounds: int = 41
) -> None:
    seconds = await _measured(partial(_asked, client, document, variables), rounds)
    report.line(
        f"{title}: {statistics.median(seconds) * 1000:.1f} ms, 95 of 100 under"
        f" {sorted(seconds)[int(len(seconds) * 0.95)] * 1000:.1f} ms"
    )


async def _measured(ask: Callable[[], Awaitable[None]], rounds: int) -> list[float]:
    for _ in range(min(5, rounds - 1)):
        await ask()
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        await ask()
        seconds.append(time.perf_counter() - began)
    return seconds


async def _asked(client: httpx.AsyncClient, document: str, variables: dict[str, Any]) -> None:
    answer = (await client.post("/graphql", json={"query": document, "variables": variables})).json()
    if "errors" in answer:
        raise RuntimeError(str(answer["errors"]))


def _id(kind: str, row_id: int) -> str:
    return str(global_id(kind, row_id))
