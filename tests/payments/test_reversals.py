"""Payments that are taken back or put aside: the books, the invoices, the deposits and the locks that follow."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from models import Company, Invoice
from models.database import fetch, fetch_value
from schema.ids import global_id
from services.dunning.run_dunning import lock_due, unlock_due
from services.payments.credit_payments import credit_due
from tests.billing.banks import Banks
from tests.graphql.conftest import Ask
from tests.payments.world import add_invoice, at, contract_of, statement, states
from tests.worlds import TwoCompanies

REVERSE = """mutation ($input: ReversePaymentInput!) { reversePayment(input: $input) {
  payment { queueReason isReturned creditedOn company { name } } userErrors { code path } } }"""
DISMISS = """mutation ($input: DismissPaymentInput!) { dismissPayment(input: $input) {
  payment { dismissedAt dismissalReason } userErrors { code path } } }"""
TAKE_UP = """mutation ($input: TakeUpPaymentInput!) { takeUpPayment(input: $input) {
  payment { dismissedAt } userErrors { code path } } }"""
ASSIGN = """mutation ($input: AssignPaymentInput!) { assignPayment(input: $input) {
  payment { creditedOn } userErrors { code message } } }"""
QUEUE = """query ($dismissed: Boolean!) { unmatchedPayments(dismissed: $dismissed) {
  totalCount nodes { id queueReason dismissalReason } } }"""

WRONG = {"returned": False, "reason": "it was for another company", "idempotencyKey": "k1"}
RETURNED = {"returned": True, "reason": "the bank took it back", "idempotencyKey": "k1"}


async def paid(world: TwoCompanies, amount: str = "100") -> tuple[Invoice, str]:
    """An invoice of 100 KZT of 1 December that was paid on the 8th (day 5), and the payment."""
    at("2023-12-11")
    invoice = await add_invoice(world.company, "100.00", currency="KZT")
    await statement(world.staff, f"a;08.12.2023;{amount};KZT;x;{invoice.number}", entity="KZ", until="2023-12-10")
    await credit_due(date(2023, 12, 11), russian=False)
    return invoice, global_id("Payment", await fetch_value("SELECT max(id) FROM payment"))


async def balances() -> dict[str, Decimal]:
    """What stands in each account."""
    rows = await fetch("SELECT account, sum(amount) AS amount FROM ledger_entry GROUP BY account ORDER BY account")
    return {row["account"]: row["amount"] for row in rows if row["amount"]}


async def is_locked(company: Company) -> bool:
    """Whether a financial lock stands."""
    return bool(
        await fetch_value("SELECT count(*) FROM financial_lock WHERE company_id = $1 AND lifted_at IS NULL", company.id)
    )


async def codes(read: Ask, login: Any, text: str, **given: Any) -> list[str]:
    """The errors of a mutation."""
    (payload,) = (await read(login, text, input=given)).values()
    return [error["code"] for error in payload["userErrors"]]


async def test_a_payment_of_another_company_goes_back_to_the_queue_and_to_its_owner(
    world: TwoCompanies, read: Ask
) -> None:
    invoice, payment = await paid(world, "130")
    other = await add_invoice(world.other_company, "130.00", currency="KZT")
    assert await states(invoice) == [("PAID", Decimal(100))]
    entries = await fetch("SELECT * FROM ledger_entry ORDER BY id")

    for _ in range(2):
        answer = (await read(world.staff, REVERSE, input={"paymentId": payment, **WRONG}))["reversePayment"]
        assert answer["payment"] == {
            "queueReason": "REVERSED",
            "isReturned": False,
            "creditedOn": None,
            "company": None,
        }

    assert await states(invoice) == [("ISSUED", Decimal(0))] and invoice.credited_on is None
    assert await balances() == {}
    assert (await fetch("SELECT * FROM ledger_entry ORDER BY id"))[: len(entries)] == entries
    assert await fetch_value("SELECT count(*) FROM audit_entry WHERE action = 'payment.reversed'") == 1
    queue = (await read(world.staff, QUEUE, dismissed=False))["unmatchedPayments"]
    assert [(node["id"], node["queueReason"]) for node in queue["nodes"]] == [(payment, "REVERSED")]

    assert await codes(read, world.staff, ASSIGN, paymentId=payment, invoiceIds=[global_id("Invoice", other.id)]) == []
    assert await states(other) == [("PAID", Decimal(130))]
    assert await balances() == {"BANK": Decimal(130), "RECEIVABLE": Decimal(-130)}
    # The request of before, come late, takes nothing back a second time.
    assert await codes(read, world.staff, REVERSE, paymentId=payment, **WRONG) == []
    assert await states(other) == [("PAID", Decimal(130))]


async def test_what_the_bank_took_back_is_owed_again_and_another_credit_pays(world: TwoCompanies, read: Ask) -> None:
    invoice, payment = await paid(world)
    await contract_of(world.company, "KZ-1/2023")
    await statement(world.staff, "b;08.12.2023;60;KZT;x;шарт KZ-1/2023", entity="KZ")
    await credit_due(date(2023, 12, 11), russian=False)

    answer = (await read(world.staff, REVERSE, input={"paymentId": payment, **RETURNED}))["reversePayment"]

    assert answer["payment"]["isReturned"] and answer["payment"]["queueReason"] is None
    assert await states(invoice) == [("PART_PAID", Decimal(60))]
    assert await balances() == {"BANK": Decimal(60), "RECEIVABLE": Decimal(-60)}
    assert await credit_due(date(2024, 1, 11), russian=False) == 0, "it is never credited again"
    assert await codes(read, world.staff, REVERSE, paymentId=payment, **RETURNED | {"idempotencyKey": "k2"}) == [
        "NOTHING_TO_DO"
    ]
    shown = "{ invoices { nodes { outstanding state } } payments { nodes { isReturned } } }"
    own = await read(world.owner, shown)
    assert own["invoices"]["nodes"] == [{"outstanding": "40.00", "state": "PART_PAID"}]
    assert sorted(node["isReturned"] for node in own["payments"]["nodes"]) == [False, True]


async def test_a_payment_that_is_not_credited_yet_is_taken_back_too(world: TwoCompanies, read: Ask) -> None:
    at("2023-12-08")
    invoice = await add_invoice(world.company, "100.00", currency="KZT")
    await statement(world.staff, f"a;08.12.2023;100;KZT;x;{invoice.number}", entity="KZ")
    payment = global_id("Payment", await fetch_value("SELECT max(id) FROM payment"))

    assert await codes(read, world.staff, REVERSE, paymentId=payment, **RETURNED) == []

    assert await credit_due(date(2023, 12, 11), russian=False) == 0
    assert await fetch_value("SELECT count(*) FROM ledger_entry") == 0
    at("2023-12-11")
    await statement(world.staff, "z;01.12.2023;1;KZT;x;nobody", entity="KZ", until="2023-12-10")
    done, _ = await lock_due("KZ", date(2023, 12, 11))
    assert [each.action for each in done] == ["LOCK"]


async def test_a_lock_comes_back_with_the_next_run_and_not_before_its_day(world: TwoCompanies, read: Ask) -> None:
    invoice, payment = await paid(world)
    await read(world.staff, REVERSE, input={"paymentId": payment, **RETURNED})
    assert not await is_locked(world.company), "nobody is locked by the reversal itself"
    assert await lock_due("KZ", date(2023, 12, 9)) == ([], []), "day 6 is the 11th"

    done, guards = await lock_due("KZ", date(2023, 12, 11))

    assert ([each.action for each in done], guards) == (["LOCK-REVERSAL-1"], [])
    assert await is_locked(world.company)
    assert await lock_due("KZ", date(2023, 12, 11)) == ([], [])

    # Locked, paid, let go, and taken back again: locked again.
    at("2023-12-12")
    await statement(world.staff, f"b;11.12.2023;100;KZT;x;{invoice.number}", entity="KZ", until="2023-12-11")
    await credit_due(date(2023, 12, 12), russian=False)
    await unlock_due("KZ", date(2023, 12, 12))
    assert not await is_locked(world.company)
    second = global_id("Payment", await fetch_value("SELECT max(id) FROM payment"))
    assert await codes(read, world.staff, REVERSE, paymentId=second, **RETURNED) == []
    done, _ = await lock_due("KZ", date(2023, 12, 12))
    assert [each.action for each in done] == ["LOCK-REVERSAL-2"] and await is_locked(world.company)


async def test_a_deposit_loses_what_a_payment_brought_and_gets_it_again(
    world: TwoCompanies, read: Ask, banks: Banks
) -> None:
    at("2023-12-11")
    await contract_of(world.company, "KZ-PRE/23", payment_system="PREPAID")
    banks.tenges[date(2023, 12, 8)] = "500.00"
    await statement(world.staff, "a;08.12.2023;50000;KZT;x;шарт KZ-PRE/23", entity="KZ")
    await credit_due(date(2023, 12, 11), russian=False)
    payment = global_id("Payment", await fetch_value("SELECT max(id) FROM payment"))

    assert await codes(read, world.staff, REVERSE, paymentId=payment, **WRONG) == []
    assert not await is_locked(world.company), "an empty deposit locks with the day's jobs"
    company_id = global_id("Company", world.company.id)
    assert await codes(read, world.staff, ASSIGN, paymentId=payment, companyId=company_id) == []

    entries = "{ depositEntries { nodes { kind amount balance } } }"
    nodes = (await read(world.owner, entries))["depositEntries"]["nodes"]
    assert [(node["kind"], node["amount"], node["balance"]) for node in nodes] == [
        ("TOP_UP", "100.0000", "100.0000"),
        ("REVERSAL", "-100.0000", "0.0000"),
        ("TOP_UP", "100.0000", "100.0000"),
    ]
    assert await balances() == {"BANK": Decimal(50000), "DEPOSIT": Decimal(-50000)}


async def test_what_is_not_ours_is_put_aside_and_taken_up(world: TwoCompanies, read: Ask) -> None:
    at("2023-12-11")
    await statement(world.staff, "a;08.12.2023;100;KZT;x;gift", entity="KZ")
    payment = global_id("Payment", await fetch_value("SELECT max(id) FROM payment"))

    for _ in range(2):
        answer = (await read(world.staff, DISMISS, input={"paymentId": payment, "reason": "not ours"}))[
            "dismissPayment"
        ]
        assert answer["payment"]["dismissalReason"] == "not ours"

    assert (await read(world.staff, QUEUE, dismissed=False))["unmatchedPayments"]["totalCount"] == 0
    aside = (await read(world.staff, QUEUE, dismissed=True))["unmatchedPayments"]
    assert (aside["totalCount"], aside["nodes"][0]["dismissalReason"]) == (1, "not ours")
    assert await codes(read, world.staff, DISMISS, paymentId=payment, reason="a test") == ["NOTHING_TO_DO"]
    company = global_id("Company", world.company.id)
    assert await codes(read, world.staff, ASSIGN, paymentId=payment, companyId=company) == ["ALREADY_PAID"]
    assert await codes(read, world.staff, REVERSE, paymentId=payment, **WRONG) == ["NOTHING_TO_DO"]
    for _ in range(2):
        assert await codes(read, world.staff, TAKE_UP, paymentId=payment) == []
    assert (await read(world.staff, QUEUE, dismissed=False))["unmatchedPayments"]["totalCount"] == 1
    assert await codes(read, world.staff, ASSIGN, paymentId=payment, companyId=company) == []
    assert await codes(read, world.staff, DISMISS, paymentId=payment, reason="not ours") == ["ALREADY_PAID"]
    rows = await fetch("SELECT action FROM audit_entry WHERE action LIKE 'payment.%' ORDER BY id")
    assert [row["action"] for row in rows] == ["payment.dismissed", "payment.taken_up", "payment.assigned"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": "  "}, "INVALID_VALUE"),
        ({"idempotencyKey": ""}, "INVALID_VALUE"),
        ({"paymentId": "nonsense"}, "INVALID_ID"),
        ({"paymentId": global_id("Payment", 10**9)}, "NOT_FOUND"),
    ],
)
async def test_bad_requests_change_nothing(world: TwoCompanies, read: Ask, changes: dict[str, Any], code: str) -> None:
    invoice, payment = await paid(world)
    given = {"paymentId": payment, **WRONG, **changes}
    assert await codes(read, world.staff, REVERSE, **given) == [code]
    assert await codes(read, world.owner, REVERSE, paymentId=payment, **WRONG) == ["FORBIDDEN"]
    assert await codes(read, world.owner, DISMISS, paymentId=payment, reason="not ours") == ["FORBIDDEN"]
    assert await codes(read, world.owner, TAKE_UP, paymentId=payment) == ["FORBIDDEN"]
    assert await states(invoice) == [("PAID", Decimal(100))]
    assert await fetch_value("SELECT count(*) FROM payment_reversal") == 0


async def test_a_key_is_for_one_reversal(world: TwoCompanies, read: Ask) -> None:
    _, payment = await paid(world)
    assert await codes(read, world.staff, REVERSE, paymentId=payment, **WRONG) == []
    assert await codes(read, world.staff, REVERSE, paymentId=payment, **RETURNED) == ["IDEMPOTENCY_CONFLICT"]
