"""Statements from the mutation to the books: good lines in, bad ones listed, what is not clear to the queue."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from models.database import fetch, fetch_value
from schema.ids import global_id
from services.payments.credit_payments import credit_due
from tests.graphql.conftest import Ask
from tests.payments.world import add_invoice, at, contract_of, statement, states, upload
from tests.worlds import TwoCompanies, add_company

QUEUE = "{ unmatchedPayments { totalCount nodes { id bankRef queueReason company { name } } } }"
ASSIGN = """mutation ($input: AssignPaymentInput!) { assignPayment(input: $input) {
  payment { creditOn creditedOn queueReason company { name } invoices { number } } userErrors { code path } } }"""
PAYMENTS = "{ payments { totalCount nodes { id bankRef amount company { name } } } }"


def lines(*rows: str) -> bytes:
    """A statement as a bank writes it."""
    return "\n".join(["id;date;amount;currency;payer;purpose", *rows]).encode()


async def ledger() -> list[tuple[str, Decimal]]:
    """Sums by account."""
    rows = await fetch("SELECT account, sum(amount) AS sum FROM ledger_entry GROUP BY 1 ORDER BY 1")
    return [(row["account"], row["sum"]) for row in rows]


async def test_good_lines_are_imported_and_bad_ones_listed(world: TwoCompanies, ask: Ask, read: Ask) -> None:
    at("2023-12-11")
    taiga = await add_company("Тайга", "RU")
    invoice = await add_invoice(taiga, "4645.00")
    content = lines(
        f"1;08.12.2023;4645.00;RUB;Тайга;Счёт {invoice.number}",
        "2;08.12.2023;4.645;RUB;x;три знака",
        "3;08.12.2023;-5;RUB;x;минус",
        "4;01.01.2024;5;RUB;x;завтра",
        "5;08.12.2023;5;RUB;x;подарок",
        f"6;08.12.2023;5;EUR;x;{invoice.number}",
        "7;08.12.2023;5",
    )
    answer = await upload(ask, world.staff, content, legalEntity="RU", fileName="december.csv")
    assert answer["userErrors"] == []
    report = answer["statement"]
    assert (report["newPayments"], report["matched"], report["queued"]) == (3, 1, 2)
    assert [(bad["line"], bad["problem"]) for bad in report["badLines"]] == [
        (3, "TOO_MANY_DECIMALS"),
        (4, "NEGATIVE_AMOUNT"),
        (5, "FUTURE_DATE"),
        (8, "BROKEN_LINE"),
    ]
    assert await states(invoice) == [("PAID", Decimal("4645.00"))]
    assert invoice.credited_on == date(2023, 12, 11)
    assert await ledger() == [("BANK", Decimal(4645)), ("CREDIT", Decimal(0)), ("RECEIVABLE", Decimal(-4645))]

    again = (await upload(ask, world.staff, content, legalEntity="RU"))["statement"]
    assert (again["again"], again["newPayments"], again["knownPayments"]) == (True, 0, 3)
    assert again["badLines"] == report["badLines"]
    overlapping = lines("5;08.12.2023;5;RUB;x;подарок", f"8;08.12.2023;7;RUB;x;{invoice.number}")
    other = (await upload(ask, world.staff, overlapping, legalEntity="RU"))["statement"]
    assert (other["newPayments"], other["knownPayments"], other["queued"]) == (1, 1, 1)
    assert await fetch_value("SELECT count(*) FROM payment") == 4
    assert len(await ledger()) == 3 and await fetch_value("SELECT count(*) FROM ledger_entry") == 4
    queue = (await read(world.staff, QUEUE))["unmatchedPayments"]
    assert [(node["bankRef"], node["queueReason"]) for node in queue["nodes"]] == [
        ("5", "NOTHING_FOUND"),
        ("6", "OTHER_CURRENCY"),
        ("8", "PAID_INVOICE"),
    ]


@pytest.mark.parametrize(
    ("content", "more", "code", "path"),
    [
        (b"", {"legalEntity": "RU"}, "INVALID_STATEMENT", ["input", "content"]),
        (lines("1;08.12.2023;5;RUB;x;y").decode().encode("utf-16"), {"legalEntity": "RU"}, "INVALID_STATEMENT", None),
        (lines("1;08.12.2023;5;RUB;x;y"), {}, "NOT_FOUND", ["input", "legalEntity"]),
        (lines("1;08.12.2023;5;RUB;x;y"), {"legalEntity": "XX"}, "NOT_FOUND", ["input", "legalEntity"]),
        (
            lines("1;08.12.2023;5;RUB;x;y"),
            {"legalEntity": "RU", "coversUntil": "2024-01-01"},
            "FUTURE_DATE",
            ["input", "coversUntil"],
        ),
        (
            "1CClientBankExchange\nРасчСчет=40702810900000000001".encode("windows-1251"),
            {"legalEntity": "KZ"},
            "INVALID_STATEMENT",
            ["input", "legalEntity"],
        ),
    ],
)
async def test_a_file_that_cannot_be_used_stores_nothing(
    world: TwoCompanies, ask: Ask, content: bytes, more: dict[str, Any], code: str, path: list[str] | None
) -> None:
    at("2023-12-11")
    answer = await upload(ask, world.staff, content, **more)
    assert answer["statement"] is None
    assert [error["code"] for error in answer["userErrors"]] == [code]
    assert path is None or answer["userErrors"][0]["path"] == path
    assert await fetch_value("SELECT count(*) FROM bank_statement") == 0


async def test_only_staff_handles_payments(world: TwoCompanies, ask: Ask) -> None:
    answer = await upload(ask, world.owner, lines("1;08.12.2023;5;RUB;x;y"), legalEntity="RU")
    assert [error["code"] for error in answer["userErrors"]] == ["FORBIDDEN"]
    assert (await ask(world.owner, QUEUE))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    refused = await ask(world.owner, ASSIGN, input={"paymentId": global_id("Payment", 1)})
    assert [error["code"] for error in refused["data"]["assignPayment"]["userErrors"]] == ["FORBIDDEN"]
    assert (await ask(world.owner, "{ scheduledJobs { name } }"))["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_person_decides(world: TwoCompanies, ask: Ask, read: Ask) -> None:
    at("2023-12-11")
    first = await add_invoice(world.company, "100.00", currency="KZT")
    second = await add_invoice(world.company, "50.00", issued="2024-01-01", currency="KZT")
    foreign = await add_invoice(world.other_company, "100.00", currency="KZT")
    await statement(world.staff, "a;08.12.2023;120;KZT;x;gift", "b;08.12.2023;5;EUR;x;gift", entity="KZ")
    ids = [node["id"] for node in (await read(world.staff, QUEUE))["unmatchedPayments"]["nodes"]]
    invoice_ids = [global_id("Invoice", each.id) for each in (first, second, foreign)]

    async def assign(payment: str, **to: Any) -> dict[str, Any]:
        found: dict[str, Any] = (await read(world.staff, ASSIGN, input={"paymentId": payment, **to}))["assignPayment"]
        return found

    refusals: list[tuple[dict[str, Any], str]] = [
        ({}, "INVALID_VALUE"),
        ({"invoiceIds": invoice_ids}, "INVALID_VALUE"),
        ({"invoiceIds": [global_id("Invoice", 10**9)]}, "NOT_FOUND"),
        ({"companyId": global_id("Company", 10**9)}, "NOT_FOUND"),
        ({"invoiceIds": ["nonsense"]}, "INVALID_ID"),
    ]
    for wrong, code in refusals:
        assert [error["code"] for error in (await assign(ids[0], **wrong))["userErrors"]] == [code]
    other = await assign(ids[1], invoiceIds=invoice_ids[:1])
    assert [error["code"] for error in other["userErrors"]] == ["OTHER_CURRENCY"]

    answer = await assign(ids[0], invoiceIds=invoice_ids[1:2])
    assert answer["payment"]["creditedOn"] == "2023-12-11"
    # The second is paid first because it was named; what is left goes to the oldest.
    assert await states(first, second) == [("PART_PAID", Decimal(70)), ("PAID", Decimal(50))]
    twice = await assign(ids[0], invoiceIds=invoice_ids[:1])
    assert [error["code"] for error in twice["userErrors"]] == ["ALREADY_PAID"]
    own = (await read(world.owner, PAYMENTS))["payments"]
    assert (own["totalCount"], own["nodes"][0]["bankRef"]) == (1, "a")
    assert (await read(world.other_owner, PAYMENTS))["payments"]["totalCount"] == 0


async def test_what_is_left_over_pays_the_next_invoice(world: TwoCompanies) -> None:
    at("2023-12-11")
    taiga = await add_company("Тайга", "RU")
    await contract_of(taiga, "Д-77/23")
    first = await add_invoice(taiga, "100.00")
    await statement(world.staff, "1;08.12.2023;130;RUB;x;договор Д–77/23")
    assert await credit_due(date(2023, 12, 10), russian=True) == 0, "not before its working day"
    assert await credit_due(date(2023, 12, 11), russian=True) == 1
    assert await credit_due(date(2023, 12, 11), russian=True) == 0
    second = await add_invoice(taiga, "20.00", issued="2024-01-01")
    await credit_due(date(2024, 1, 1), russian=True)
    assert await states(first, second) == [("PAID", Decimal(100)), ("PAID", Decimal(20))]
    assert second.credited_on == date(2024, 1, 1)
    assert await fetch_value("SELECT sum(amount) FROM ledger_entry WHERE account = 'CREDIT'") == Decimal(-10)
    assert await fetch_value("SELECT sum(amount) FROM ledger_entry") == 0


async def test_the_order_of_lines_does_not_change_the_end(world: TwoCompanies) -> None:
    ends = []
    for round_, turned in enumerate((False, True)):
        at("2023-12-11")
        company = await add_company(f"Тайга {round_}", "RU")
        await contract_of(company, f"Д-77{round_}/23")
        invoices = [await add_invoice(company, "100.00", issued=f"2023-{month}-01") for month in (10, 11, 12)]
        rows = [
            f"{round_}a;08.12.2023;150;RUB;x;{invoices[2].number}",
            f"{round_}b;07.12.2023;60;RUB;x;договор Д-77{round_}/23",
            f"{round_}c;08.12.2023;70;RUB;x;{invoices[0].number} {invoices[1].number}",
        ]
        await statement(world.staff, *(reversed(rows) if turned else rows))
        await credit_due(date(2023, 12, 11), russian=True)
        ends.append(await states(*invoices))
    assert ends[0] == ends[1] == [("PAID", Decimal(100)), ("PART_PAID", Decimal(80)), ("PAID", Decimal(100))]


async def test_what_is_booked_stays_booked(world: TwoCompanies) -> None:
    at("2023-12-11")
    taiga = await add_company("Тайга", "RU")
    invoice = await add_invoice(taiga, "100.00")
    await statement(world.staff, f"1;08.12.2023;100;RUB;x;{invoice.number}")
    await credit_due(date(2023, 12, 11), russian=True)
    for change in ("UPDATE ledger_entry SET amount = 1", "DELETE FROM ledger_entry"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await fetch(change)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await fetch(
            "INSERT INTO ledger_entry (booking_id, account, company_id, currency, amount, booked_on, booked_at)"
            " VALUES (999, 'BANK', $1, 'RUB', 5, now(), now())",
            taiga.id,
        )
