"""The daily jobs: in order, once, by one leader, caught up after downtime; guards, promises, orders, dunning by hand."""

from __future__ import annotations

import asyncio
import base64
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg

from models import Company, Invoice
from models.database import connection_arguments, execute, fetch, fetch_value
from schema.ids import global_id
from services.dunning.run_dunning import lock_due, remind_due, unlock_due
from services.files.download_links import DownloadLinks, use_download_links
from services.files.file_store import open_file_store, use_file_store
from services.schedule.day_jobs import DAY_JOBS
from services.schedule.leadership import Leadership
from services.schedule.run_days import run_due_days
from settings import Settings
from settings.dunning import DunningTerms, use_dunning_terms
from tests.graphql.conftest import Ask
from tests.payments.world import add_invoice, at, statement
from tests.worlds import TwoCompanies, add_company

RUN = """mutation ($input: DunningRunInput!) { dunningRun(input: $input) {
  days { calendar day guards actions { action number company { name } } heldLocks { number } } userErrors { code } } }"""
PREVIEW = """query ($id: ID!) { dunningPreview(invoice: $id) { stage outstanding currency steps { on action } promisedUntil
  creditedOnIfPaidToday companyLocked simsToLock liveSims } }"""
PROMISE = """mutation ($input: GrantPromiseInput!) { grantPaymentPromise(input: $input) {
  promise { until unlocked } userErrors { code path } } }"""
ORDER = """mutation ($input: UploadPaymentOrderInput!) { uploadPaymentOrder(input: $input) {
  order { fileName contentType bytes url } userErrors { code path } } }"""
JOBS = "{ scheduledJobs { name calendar lastDay lastState lastOutcome attempts nextRunAt } }"


async def debtor(world: TwoCompanies) -> Invoice:
    """Astana Telematics owes an invoice of 1 December 2023: days 6, 8 and 11."""
    return await add_invoice(world.company, "100.00", currency="KZT")


async def actions() -> list[tuple[str, str]]:
    """What was done, and when."""
    rows = await fetch("SELECT action, done_on FROM dunning_action ORDER BY id")
    return [(row["action"], row["done_on"].isoformat()) for row in rows]


async def is_locked(company: Company) -> bool:
    """Whether a financial lock stands."""
    return bool(
        await fetch_value("SELECT count(*) FROM financial_lock WHERE company_id = $1 AND lifted_at IS NULL", company.id)
    )


async def test_days_are_caught_up_one_after_another_and_done_once(world: TwoCompanies) -> None:
    at("2023-12-05")
    invoice = await debtor(world)
    assert await run_due_days() == 2 * len(DAY_JOBS)
    assert await run_due_days() == 0
    at("2023-12-10")
    await statement(world.staff, "x;09.12.2023;1;KZT;x;nobody", entity="KZ")
    await statement(world.staff, "x;09.12.2023;1;RUB;x;nobody", entity="RU")
    at("2023-12-12")
    await run_due_days()
    assert await actions() == [
        ("REMIND_DAY_3", "2023-12-06"),
        ("REMIND_DAY_5", "2023-12-08"),
        ("LOCK", "2023-12-11"),
    ]
    assert await is_locked(world.company)
    days = await fetch("SELECT day FROM job_run WHERE calendar = 'KZ' AND job = 'LOCK' ORDER BY day")
    assert [row["day"].day for row in days] == [5, 6, 7, 8, 9, 10, 11, 12]
    assert await run_due_days() == 0
    operations = await fetch("SELECT kind, started_by_id FROM operation")
    # One SIM of this world is locked for money though its company was not: that is put right first.
    assert [tuple(row) for row in operations] == [("LIFT_FINANCIAL_LOCK", None), ("SET_FINANCIAL_LOCK", None)]
    assert str(invoice.number) in str(
        await fetch_value("SELECT details FROM notification WHERE kind = 'LOCKED' LIMIT 1")
    )


async def test_due_actions_are_idempotent_also_side_by_side(world: TwoCompanies) -> None:
    at("2023-12-06")
    await debtor(world)
    await asyncio.gather(*(remind_due("KZ", date(2023, 12, 6)) for _ in range(4)))
    at("2023-12-11")
    await statement(world.staff, "x;08.12.2023;1;KZT;x;nobody", entity="KZ")
    await asyncio.gather(*(lock_due("KZ", date(2023, 12, 11)) for _ in range(4)))
    await asyncio.gather(*(unlock_due("KZ", date(2023, 12, 11)) for _ in range(2)))
    assert await actions() == [("REMIND_DAY_3", "2023-12-06"), ("LOCK", "2023-12-11")]
    assert await fetch_value("SELECT count(*) FROM operation") == 1
    kinds = await fetch("SELECT kind, count(*) AS n FROM notification WHERE user_id IS NOT NULL GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in kinds] == [("LOCKED", 3), ("REMINDER_DAY_3", 3)]


async def test_nobody_is_locked_without_yesterdays_statement(world: TwoCompanies, ask: Ask, read: Ask) -> None:
    at("2023-12-11")
    invoice = await debtor(world)
    dry = (await read(world.staff, RUN, input={"dryRun": True}))["dunningRun"]
    (kazakh,) = [day for day in dry["days"] if day["calendar"] == "KZ"]
    assert (kazakh["guards"], kazakh["heldLocks"]) == (["BANK_IMPORT_MISSING"], [{"number": invoice.number}])
    await run_due_days()
    (held,) = [
        job
        for job in (await read(world.staff, JOBS))["scheduledJobs"]
        if (job["name"], job["calendar"]) == ("LOCK", "KZ")
    ]
    assert (held["lastState"], held["lastOutcome"]) == ("HELD", "Nobody was locked: BANK_IMPORT_MISSING.")
    assert held["nextRunAt"] == "2023-12-12T03:00:00Z"
    assert not await is_locked(world.company)

    await statement(world.staff, "x;08.12.2023;1;KZT;x;nobody", entity="KZ")
    await execute("UPDATE job_run SET tried_at = tried_at - interval '2 minutes'")
    assert await run_due_days() == 1, "the held job is tried again"
    assert await is_locked(world.company)


async def test_unconfirmed_years_and_large_shares_hold_locks(world: TwoCompanies, ask: Ask, read: Ask) -> None:
    use_dunning_terms(DunningTerms(never_held_below=0, largest_share=Decimal("0.3")))
    at("2027-02-15")
    await add_invoice(world.company, "5", issued="2027-02-01", currency="KZT")
    await statement(world.staff, "x;12.02.2027;1;KZT;x;nobody", entity="KZ")
    _, guards = await lock_due("KZ", date(2027, 2, 15))
    assert [guard.value for guard in guards] == ["YEAR_NOT_CONFIRMED", "TOO_MANY_COMPANIES"]
    await execute(
        "INSERT INTO calendar_acceptance (country, year, accepted_by_id, accepted_at) VALUES ('KZ', 2027, 1, now())"
    )
    payload = (await read(world.staff, RUN, input={"dryRun": False}))["dunningRun"]
    assert [day["guards"] for day in payload["days"] if day["calendar"] == "KZ"] == [["TOO_MANY_COMPANIES"]]
    assert not await is_locked(world.company)
    accepted = (await read(world.staff, RUN, input={"dryRun": False, "acceptShare": True}))["dunningRun"]
    assert [each["action"] for day in accepted["days"] for each in day["actions"]] == ["LOCK"]
    assert await is_locked(world.company)
    refused = (await read(world.owner, RUN, input={}))["dunningRun"]
    assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN"]


async def test_a_preview_and_a_promise(world: TwoCompanies, ask: Ask, read: Ask) -> None:
    at("2023-12-04")
    invoice = await debtor(world)
    invoice_id = global_id("Invoice", invoice.id)
    shown = (await read(world.owner, PREVIEW, id=invoice_id))["dunningPreview"]
    assert shown["steps"] == [
        {"on": "2023-12-06", "action": "REMIND_DAY_3"},
        {"on": "2023-12-08", "action": "REMIND_DAY_5"},
        {"on": "2023-12-11", "action": "LOCK"},
    ]
    assert (shown["stage"], shown["outstanding"], shown["creditedOnIfPaidToday"]) == ("WAITING", "100.00", "2023-12-05")
    # Of five SIMs with an operator one is locked financially; two of the TC ones may be live.
    assert (shown["simsToLock"], shown["liveSims"], shown["companyLocked"]) == (4, 1, False)
    assert (await read(world.other_owner, PREVIEW, id=invoice_id))["dunningPreview"] is None

    at("2023-12-11")
    await statement(world.staff, "x;08.12.2023;1;KZT;x;nobody", entity="KZ")
    await lock_due("KZ", date(2023, 12, 11))
    assert await is_locked(world.company)
    good = {"invoiceId": invoice_id, "until": "2023-12-13", "reason": "the order was shown"}
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"until": "2023-12-10"}, "INVALID_VALUE"),
        ({"until": "2024-03-01"}, "INVALID_VALUE"),
        ({"reason": " "}, "INVALID_VALUE"),
        ({"invoiceId": global_id("Invoice", 10**9)}, "NOT_FOUND"),
    ]
    for wrong, code in refusals:
        payload = (await read(world.staff, PROMISE, input=good | wrong))["grantPaymentPromise"]
        assert [error["code"] for error in payload["userErrors"]] == [code]
    assert (await read(world.owner, PROMISE, input=good))["grantPaymentPromise"]["userErrors"][0]["code"] == "FORBIDDEN"
    payload = (await read(world.staff, PROMISE, input=good))["grantPaymentPromise"]
    assert payload["promise"] == {"until": "2023-12-13", "unlocked": True}
    assert not await is_locked(world.company)
    audited = await fetch_value("SELECT detail ->> 'reason' FROM audit_entry WHERE action = 'promise.granted'")
    assert audited == "the order was shown"
    assert (await lock_due("KZ", date(2023, 12, 13)))[0] == []
    at("2023-12-14")
    await statement(world.staff, "y;13.12.2023;1;KZT;x;nobody", entity="KZ")
    assert len((await lock_due("KZ", date(2023, 12, 14)))[0]) == 1
    assert await is_locked(world.company)


async def test_a_payment_order_is_kept_with_its_invoice(
    world: TwoCompanies, ask: Ask, read: Ask, tmp_path: Path
) -> None:
    invoice = await debtor(world)
    use_file_store(open_file_store(Settings(var_dir=tmp_path)))
    use_download_links(DownloadLinks("https://api.example.com", "s" * 32))

    async def upload(login: Any, content: bytes, name: str = "order.pdf") -> dict[str, Any]:
        given = {"invoiceId": global_id("Invoice", invoice.id), "content": base64.b64encode(content).decode()}
        found: dict[str, Any] = (await read(login, ORDER, input=given | {"fileName": name}))["uploadPaymentOrder"]
        return found

    try:
        pdf, jpg = b"%PDF-1.7\n1 0 obj\n%%EOF\n", b"\xff\xd8\xff\xe0" + bytes(100) + b"\xff\xd9"
        order = (await upload(world.owner, pdf))["order"]
        assert (order["contentType"], order["bytes"]) == ("application/pdf", len(pdf))
        assert order["url"].startswith("https://api.example.com/downloads/orders/")
        assert (await upload(world.manager, jpg, "scan.pdf"))["order"]["contentType"] == "image/jpeg"
        assert (await upload(world.owner, pdf))["order"]["bytes"] == len(pdf)
        for content in (b"", b"MZ\x90", b"%PDF-1.7 cut off", pdf[:9] + bytes(5 * 2**20) + pdf[-7:], b"<html>"):
            assert (await upload(world.owner, content))["userErrors"][0]["code"] == "INVALID_FILE"
        assert (await upload(world.viewer, pdf))["userErrors"][0]["code"] == "FORBIDDEN"
        assert (await upload(world.other_owner, pdf))["userErrors"][0]["code"] == "NOT_FOUND"
        document = "query ($id: ID!) { paymentOrders(invoice: $id) { fileName contentType } }"
        listed = (await read(world.staff, document, id=global_id("Invoice", invoice.id)))["paymentOrders"]
        assert [each["fileName"] for each in listed] == ["order.pdf", "scan.pdf"]
        assert (await read(world.other_owner, document, id=global_id("Invoice", invoice.id)))["paymentOrders"] == []
    finally:
        use_file_store(None)
        use_download_links(None)


async def test_one_scheduler_leads_and_another_takes_over(database: str) -> None:
    first, second = Leadership(database), Leadership(database)
    try:
        assert [await first.is_leader(), await second.is_leader(), await first.is_leader()] == [True, False, True]
        await first.close()
        assert [await second.is_leader(), await first.is_leader()] == [True, False]
        # A leader whose connection is cut knows it at its next question.
        owner = await asyncpg.connect(**connection_arguments(database))
        await owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'novaconnect scheduler'"
        )
        await owner.close()
        assert [await first.is_leader(), await second.is_leader(), await first.is_leader()] == [True, False, True]
    finally:
        await first.close()
        await second.close()


async def test_a_job_that_fails_holds_the_following_and_is_tried_again(
    world: TwoCompanies, tmp_path: Path, database: str
) -> None:
    at("2023-12-11")
    await add_company("Тайга", "RU")
    (tmp_path / "RU").mkdir()
    (tmp_path / "RU" / "good.csv").write_text("id;date;amount;purpose\n1;08.12.2023;5;x\n", encoding="utf-8")
    (tmp_path / "RU" / "bad.csv").write_text("nothing", encoding="utf-8")
    use_dunning_terms(DunningTerms(bank_folder=str(tmp_path)))
    owner = await asyncpg.connect(**connection_arguments(database))
    await owner.execute("ALTER TABLE payment RENAME TO payment_away")
    try:
        await run_due_days()
    finally:
        await owner.execute("ALTER TABLE payment_away RENAME TO payment")
        await owner.close()
    failed = await fetch("SELECT job, state FROM job_run WHERE calendar = 'RU'")
    assert [tuple(row) for row in failed] == [("BANK_IMPORT", "FAILED")]
    assert await run_due_days() == 0, "not again at once"
    await execute("UPDATE job_run SET tried_at = tried_at - interval '2 minutes'")
    await run_due_days()
    rows = {row["job"]: row for row in await fetch("SELECT * FROM job_run WHERE calendar = 'RU'")}
    assert list(rows) == [job.name for job in DAY_JOBS]
    assert rows["BANK_IMPORT"]["outcome"] == "1 statements imported, 1 files could not be used."
    assert rows["BANK_IMPORT"]["attempts"] == 2
    assert await fetch_value("SELECT count(*) FROM payment") == 1
