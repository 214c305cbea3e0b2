"""Invoices as companies and staff see them through the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import asyncpg
import pytest

from domain.clock import clock
from models import AuditEntry, Charge, Invoice
from models.database import execute, fetch_value, transaction
from schema.ids import global_id
from services.billing.exchange_rates import keep_rates
from services.billing.issue_documents import issue_documents
from services.billing.open_invoices import debts_of, open_invoices
from services.billing.run_billing import run_billing
from services.payments.ledger import book_receipt, book_settlement
from tests.billing.banks import Banks
from tests.billing.world import LONG_AGO, add_session, first_of, on_the_first, set_time
from tests.graphql.conftest import Ask
from tests.worlds import TwoCompanies

COLUMNS = """query ($state: [InvoiceState!], $first: Int = 50, $after: String, $from: Date, $search: String) {
  invoices(state: $state, first: $first, after: $after, fromPeriod: $from, search: $search) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id kind period issuedOn creditedOn amountEur rate rateOn rateSource localAmount currency number state
            outstanding holdReason company { name legalEntity { code isSample } } deadlines { day3 day5 day6 } } } }"""

ONE = """query ($id: ID!) { invoice(id: $id) {
  number legalEntity { name } document { fileName url sha256 sizeBytes expiresAt }
  planSummary { plan service usageMonth sims quantity amountEur }
  lines(first: 1) { totalCount pageInfo { hasNextPage } nodes { iccid service quantity amountEur } }
  creditNote { id number amountEur localAmount reason corrects { number } } } }"""

CREDIT = """mutation ($input: IssueCreditNoteInput!) { issueCreditNote(input: $input) {
  creditNote { number kind state amountEur localAmount } userErrors { code path } } }"""


@dataclass
class Billed:
    """The usual world with two months billed."""

    world: TwoCompanies
    documents: Path


@pytest.fixture
async def billed(world: TwoCompanies, banks: Banks, documents: Path) -> Billed:
    """November and December 2023 of both companies."""
    banks.every_day(date(2023, 11, 25), date(2024, 1, 2), "97.5", "500")
    await execute("UPDATE company SET created_at = $1", LONG_AGO)
    for number in (11, 12):
        for sim in (world.sims["truck"], world.sims["combine"], world.others["taxi"]):
            await add_session(sim, datetime(2023, number, 5, tzinfo=UTC), f"{number}.2222")
    for month, after in (("2023-11", "2023-12"), ("2023-12", "2024-01")):
        set_time(on_the_first(after))
        await keep_rates()
        await run_billing(first_of(month))
    assert await issue_documents() == 4
    return Billed(world, documents)


async def test_the_columns_of_the_guide(billed: Billed, read: Ask) -> None:
    found = (await read(billed.world.viewer, COLUMNS))["invoices"]

    assert found["totalCount"] == 2
    newest = found["nodes"][0]
    del newest["id"]
    assert newest == {
        "kind": "INVOICE",
        "period": "2023-12-01",
        "issuedOn": "2024-01-01",
        "creditedOn": None,
        "amountEur": "24.44",
        "rate": "500",
        "rateOn": "2024-01-01",
        "rateSource": "NBK",
        "localAmount": "12220.00",
        "currency": "KZT",
        "number": "NCK-0003",
        "state": "ISSUED",
        "outstanding": "12220.00",
        "holdReason": None,
        "company": {"name": "Astana Telematics", "legalEntity": {"code": "KZ", "isSample": True}},
        "deadlines": {"day3": "2024-01-05", "day5": "2024-01-09", "day6": "2024-01-10"},
    }


async def test_filters_pages_and_another_companys_invoices(billed: Billed, ask: Ask, read: Ask) -> None:
    world = billed.world
    first = (await read(world.owner, COLUMNS, first=1))["invoices"]
    second = (await read(world.owner, COLUMNS, first=1, after=first["pageInfo"]["endCursor"]))["invoices"]
    assert [page["nodes"][0]["period"] for page in (first, second)] == ["2023-12-01", "2023-11-01"]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    assert (await read(world.owner, COLUMNS, **{"from": "2023-12-15"}))["invoices"]["totalCount"] == 1
    assert (await read(world.owner, COLUMNS, search="nck-0001"))["invoices"]["totalCount"] == 1
    assert (await read(world.owner, COLUMNS, search="%"))["invoices"]["totalCount"] == 0
    assert (await read(world.owner, COLUMNS, state=["PAID"]))["invoices"]["totalCount"] == 0
    assert (await read(world.staff, COLUMNS))["invoices"]["totalCount"] == 4

    mine = first["nodes"][0]["id"]
    foreign = await ask(world.other_owner, ONE, id=mine)
    unknown = await ask(world.other_owner, ONE, id=global_id("Invoice", 9999))
    assert foreign == unknown == {"data": {"invoice": None}, "errors": []}
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await read(world.other_owner, node, id=mine))["node"] is None
    assert (await read(world.owner, node, id=mine))["node"] == {"id": mine}


async def test_lines_summary_and_the_document(billed: Billed, read: Ask) -> None:
    world = billed.world
    row = await Invoice.filter(company_id=world.company.id).order_by("period").first()
    found = (await read(world.owner, ONE, id=global_id("Invoice", row.id)))["invoice"]

    assert found["planSummary"] == [
        {
            "plan": "TC_PayPerUse",
            "service": "DATA",
            "usageMonth": "2023-11-01",
            "sims": 2,
            "quantity": "2000000",
            "amountEur": "22.4444",
        }
    ]
    assert found["lines"] == {
        "totalCount": 2,
        "pageInfo": {"hasNextPage": True},
        "nodes": [
            {"iccid": world.sims["truck"].iccid, "service": "DATA", "quantity": "1000000", "amountEur": "11.2222"}
        ],
    }
    document = found["document"]
    assert document["fileName"] == "NCK-0001.pdf" and document["sha256"] == row.pdf_sha256
    assert document["url"].startswith(f"http://api.example/downloads/invoices/{world.company.id}/NCK-0001-")
    assert (billed.documents / "exports" / str(row.pdf_key)).stat().st_size == document["sizeBytes"] == row.pdf_bytes
    expires = datetime.fromisoformat(document["expiresAt"])
    assert timedelta(minutes=59) < expires - clock.now() <= timedelta(hours=1)


async def test_everything_of_an_invoice_is_read_in_a_fixed_number_of_statements(billed: Billed, ask: Ask) -> None:
    from tests.graphql.conftest import queries_of

    document = """query ($first: Int) { invoices(first: $first) { nodes { number company { name legalEntity { code } }
      legalEntity { name } lines { totalCount nodes { iccid } } planSummary { plan } creditNote { id } } } }"""
    one = await queries_of(lambda: ask(billed.world.staff, document, first=1))
    four = await queries_of(lambda: ask(billed.world.staff, document, first=4))

    assert len(one) == len(four)


async def test_an_invoice_is_never_changed_and_keeps_its_document(billed: Billed) -> None:
    for change in (
        "UPDATE invoice SET eur_total = 1",
        "UPDATE invoice SET number = 'NCR-9999'",
        "UPDATE invoice SET day6_on = '2024-01-05'",
        "UPDATE invoice SET state = 'DRAFT'",
        "UPDATE invoice SET pdf_sha256 = 'other'",
        "UPDATE invoice SET announced_at = now()",
        "DELETE FROM invoice",
        "UPDATE charge SET amount = 0",
        "DELETE FROM charge",
        "INSERT INTO charge (company_id, invoice_id, sim_id, period, usage_month, service, plan, quantity, amount)"
        " SELECT company_id, invoice_id, sim_id, period, usage_month, service, plan, 1, 1 FROM charge LIMIT 1",
    ):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await execute(change)
    assert (
        await execute("UPDATE invoice SET state = 'PAID', paid_amount = local_amount, credited_on = '2024-01-05'")
    ).endswith("4")


async def test_a_credit_note_takes_an_invoice_back_exactly_once(billed: Billed, ask: Ask, read: Ask) -> None:
    world = billed.world
    invoice = await Invoice.filter(company_id=world.company.id).order_by("period").first()
    asked = {"invoiceId": global_id("Invoice", invoice.id), "reason": "Wrong tariff"}

    answer = (await read(world.staff, CREDIT, input=asked))["issueCreditNote"]
    again = (await read(world.staff, CREDIT, input=asked))["issueCreditNote"]
    other = (await read(world.staff, CREDIT, input=asked | {"reason": "Another"}))["issueCreditNote"]
    refused = (await read(world.owner, CREDIT, input=asked))["issueCreditNote"]
    unknown = (await read(world.staff, CREDIT, input=asked | {"invoiceId": global_id("Invoice", 999)}))[
        "issueCreditNote"
    ]
    empty = (await read(world.staff, CREDIT, input=asked | {"reason": " "}))["issueCreditNote"]

    assert (
        answer
        == again
        == {
            "creditNote": {
                "number": "NCKC-0001",
                "kind": "CREDIT_NOTE",
                "state": "CREDITED",
                "amountEur": "-22.44",
                "localAmount": "-11220.00",
            },
            "userErrors": [],
        }
    )
    assert [each["userErrors"] for each in (other, refused, unknown, empty)] == [
        [{"code": "NOTHING_TO_DO", "path": ["input", "invoiceId"]}],
        [{"code": "FORBIDDEN", "path": []}],
        [{"code": "NOT_FOUND", "path": ["input", "invoiceId"]}],
        [{"code": "INVALID_VALUE", "path": ["input", "reason"]}],
    ]
    both = await Invoice.filter(company_id=world.company.id, period=date(2023, 11, 1))
    assert len(both) == 2 and sum(row.eur_total for row in both) == sum(row.local_amount or 1 for row in both) == 0
    assert sum(row.amount for row in await Charge.filter(invoice_id__in=[row.id for row in both])) == 0
    assert await issue_documents() == 1
    assert await AuditEntry.filter(action="invoice.credited").count() == 1
    found = (await read(world.owner, ONE, id=asked["invoiceId"]))["invoice"]["creditNote"]
    assert found["corrects"] == {"number": "NCK-0001"} and found["reason"] == "Wrong tariff"


@pytest.mark.parametrize(("bill_again", "january"), [(False, []), (True, [Decimal("22.44")])])
async def test_usage_of_a_credited_invoice_is_billed_anew_only_if_asked(
    billed: Billed, read: Ask, banks: Banks, bill_again: bool, january: list[Decimal]
) -> None:
    world = billed.world
    invoice = await Invoice.filter(company_id=world.company.id).order_by("period").first()
    asked = {"invoiceId": global_id("Invoice", invoice.id), "reason": "Wrong", "billAgain": bill_again}
    await read(world.staff, CREDIT, input=asked)
    banks.every_day(date(2024, 2, 1), date(2024, 2, 1), "97.5", "500")
    set_time(on_the_first("2024-02"))

    await run_billing(first_of("2024-01"))

    rows = await Invoice.filter(company_id=world.company.id, period=date(2024, 1, 1))
    assert [row.eur_total for row in rows] == january


async def test_what_is_owed(billed: Billed, read: Ask) -> None:
    world = billed.world
    home = "{ fleetSummary { unpaidInvoices } }"
    await execute(
        "UPDATE invoice SET state = 'PART_PAID', paid_amount = 220 WHERE company_id = $1 AND period = '2023-12-01'",
        world.company.id,
    )

    assert [row.outstanding for row in await open_invoices(world.company.id)] == [
        Decimal("11220.00"),
        Decimal("12000.00"),
    ]
    assert (await debts_of([world.company.id]))[world.company.id] == {"KZT": Decimal("23220.00")}
    assert (await read(world.owner, home))["fleetSummary"]["unpaidInvoices"] == 2
    assert (await read(world.staff, home))["fleetSummary"]["unpaidInvoices"] == 4


async def test_a_preview_is_what_the_run_then_bills(world: TwoCompanies, banks: Banks, read: Ask, ask: Ask) -> None:
    banks.every_day(date(2023, 12, 1), date(2023, 12, 1), "97.5", "500")
    await execute("UPDATE company SET created_at = $1", LONG_AGO)
    await add_session(world.sims["truck"], datetime(2023, 11, 5, tzinfo=UTC), "11.2222")
    set_time(on_the_first("2023-12"))
    document = """{ previewBilling(period: "2023-11-01") { totalCount nodes { company { name } amountEur rate localAmount
      currency skipped frozen holdReason unpricedPackages deadlines { day6 } lines { plan service late sims amountEur } } } }"""

    found = (await read(world.staff, document))["previewBilling"]

    assert await Invoice.all().count() == await Charge.all().count() == 0
    assert found["totalCount"] == 2 and [node["skipped"] for node in found["nodes"]] == [False, True]
    first = found["nodes"][0]
    await run_billing(first_of("2023-11"))
    invoice = await Invoice.get()
    assert (first["amountEur"], first["localAmount"]) == (str(invoice.eur_total), str(invoice.local_amount))
    assert first["deadlines"]["day6"] == invoice.day6_on.isoformat()
    assert first["lines"] == [
        {"plan": "TC_PayPerUse", "service": "DATA", "late": False, "sims": 1, "amountEur": "11.2222"}
    ]
    for login in (world.owner, world.viewer):
        assert (await ask(login, document))["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_staff_ask_for_runs_decide_rates_and_accept_years(world: TwoCompanies, read: Ask, ask: Ask) -> None:
    set_time(datetime(2026, 11, 20, 9, tzinfo=UTC))
    run = """mutation ($period: Date!) { runBilling(input: {period: $period}) {
      run { period state } userErrors { code path } } }"""
    accept = """mutation ($country: String!, $year: Int!) { acceptCalendarYear(input: {country: $country, year: $year}) {
      calendarYear { confirmed accepted allowsLocks } userErrors { code path } } }"""

    assert (await read(world.staff, run, period="2026-10-01"))["runBilling"] == {
        "run": {"period": "2026-10-01", "state": "RUNNING"},
        "userErrors": [],
    }
    assert (await read(world.staff, run, period="2026-11-01"))["runBilling"]["userErrors"] == [
        {"code": "INVALID_VALUE", "path": ["input", "period"]}
    ]
    assert (await read(world.owner, run, period="2026-10-01"))["runBilling"]["userErrors"][0]["code"] == "FORBIDDEN"
    years = (await read(world.staff, "{ calendarYears { country year allowsLocks problem } }"))["calendarYears"]
    assert [(row["country"], row["year"], row["allowsLocks"]) for row in years] == [
        ("RU", 2026, True),
        ("KZ", 2026, True),
        ("RU", 2027, False),
        ("KZ", 2027, False),
    ]
    for _ in range(2):
        answer = (await read(world.staff, accept, country="KZ", year=2027))["acceptCalendarYear"]
        assert answer["calendarYear"] == {"confirmed": False, "accepted": True, "allowsLocks": True}
    assert await AuditEntry.filter(action="calendar_year.accepted").count() == 1
    assert (await read(world.staff, accept, country="KZ", year=2025))["acceptCalendarYear"]["userErrors"] == [
        {"code": "NOTHING_TO_DO", "path": ["input", "year"]}
    ]
    assert (await read(world.staff, accept, country="DE", year=2027))["acceptCalendarYear"]["userErrors"] == [
        {"code": "INVALID_VALUE", "path": ["input", "country"]}
    ]
    assert (await ask(world.owner, "{ calendarYears { year } }"))["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_anybody_asks_for_working_days_and_deadlines(world: TwoCompanies, read: Ask, ask: Ask) -> None:
    days = """query ($country: String!, $from: Date!, $to: Date!) {
      workingDays(country: $country, from: $from, to: $to) { calendar count confirmed days } }"""
    found = (await read(world.viewer, days, country="GE", **{"from": "2025-01-04", "to": "2025-01-08"}))["workingDays"]
    assert found == {
        "calendar": "KZ",
        "count": 3,
        "confirmed": True,
        "days": ["2025-01-05", "2025-01-06", "2025-01-08"],
    }
    year = (await read(world.viewer, days, country="RU", **{"from": "2024-01-01", "to": "2024-12-31"}))["workingDays"]
    assert year["count"] == 248
    next_year = (await read(world.viewer, days, country="RU", **{"from": "2026-12-30", "to": "2027-01-15"}))[
        "workingDays"
    ]
    assert next_year["confirmed"] is False
    deadlines = '{ invoiceDeadlines(country: "RU", issuedOn: "2023-12-01") { day3 day5 day6 } }'
    assert (await read(world.viewer, deadlines))["invoiceDeadlines"] == {
        "day3": "2023-12-06",
        "day5": "2023-12-08",
        "day6": "2023-12-11",
    }
    for wrong in (
        {"country": "Russia", "from": "2025-01-01", "to": "2025-01-02"},
        {"country": "RU", "from": "2025-01-02", "to": "2025-01-01"},
        {"country": "RU", "from": "2020-01-01", "to": "2025-01-01"},
        {"country": "RU", "from": "0001-01-01", "to": "0001-01-02"},
    ):
        assert (await ask(world.viewer, days, **wrong))["errors"][0]["extensions"]["code"] == "INVALID_VALUE"


async def test_what_was_paid_of_a_credited_invoice_is_the_companys_credit_again(billed: Billed, read: Ask) -> None:
    company = billed.world.company
    invoice = await Invoice.filter(company_id=company.id).order_by("period").first()
    await execute(
        "WITH s AS (INSERT INTO bank_statement (legal_entity_id, sha256, file_name, format, encoding, imported_at, new_payments,"
        " known_payments) VALUES ($1, 'x', 'x', 'CSV', 'utf-8', now(), 1, 0) RETURNING id)"
        " INSERT INTO payment (id, legal_entity_id, statement_id, bank_ref, line, paid_on, amount, currency, payer,"
        " payer_tax_number, purpose, company_id, credit_on, credited_on, imported_at)"
        " SELECT 7, $1, s.id, 'r', 1, '2024-01-03', 5000, 'KZT', '', '', '', $2, '2024-01-04', '2024-01-04', now() FROM s",
        invoice.legal_entity_id,
        company.id,
    )
    async with transaction():
        await book_receipt(company.id, 7, "KZT", Decimal(5000), date(2024, 1, 4), "CREDIT")
        await book_settlement(company.id, 7, "KZT", Decimal(5000), date(2024, 1, 4), invoice.id)
        await execute("UPDATE invoice SET state = 'PART_PAID', paid_amount = 5000 WHERE id = $1", invoice.id)
    credit = "SELECT -sum(amount) FROM ledger_entry WHERE account = 'CREDIT'"
    assert await fetch_value(credit) == 0

    asked = {"invoiceId": global_id("Invoice", invoice.id), "reason": "Wrong tariff"}
    assert (await read(billed.world.staff, CREDIT, input=asked))["issueCreditNote"]["userErrors"] == []

    assert await fetch_value(credit) == Decimal(5000)
    await invoice.refresh_from_db()
    assert (invoice.state, invoice.paid_amount) == ("CREDITED", 0)
