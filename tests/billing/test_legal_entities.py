"""Legal entities as staff set them up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.billing.entity_details import (
    fits_bank,
    is_kazakh_account,
    is_kazakh_business_number,
    is_russian_tax_number,
)
from models.database import fetch_row, fetch_value
from services.billing.freeze_period import freeze_period
from services.billing.issue_invoices import issue_drafts, quantum_of
from services.billing.legal_entities import legal_entities
from tests.billing.banks import Banks
from tests.billing.world import add_customer, add_session, add_used_sim, first_of, on_the_first, set_time
from tests.graphql.conftest import Ask
from tests.payments.world import add_invoice
from tests.worlds import TwoCompanies, add_company

LIST = """{ legalEntities { legalEntity { code name invoicePrefix isSample } creditPrefix details { taxNumber account bank }
  roundingQuanta { currency effectiveOn quantum } } }"""
SET = """mutation ($input: SetLegalEntityInput!) { setLegalEntity(input: $input) {
  settings { legalEntity { name invoicePrefix isSample } creditPrefix details { account accountEur } }
  userErrors { code path message } } }"""
ROUND = """mutation ($input: SetRoundingQuantumInput!) { setRoundingQuantum(input: $input) {
  settings { roundingQuanta { currency effectiveOn quantum } } userErrors { code path message } } }"""

# The Bank of Russia's own tax number and address; the rest is made up.
RUSSIAN = {
    "taxNumber": "7702235133",
    "taxReasonCode": "770201001",
    "address": "Москва, ул. Неглинная, 12",
    "bank": "Банк",
    "bankCode": "044525225",
    "correspondentAccount": "30101810400000000225",
    "signatory": "Иванова И. И.",
}


def account_of(bank_code: str) -> str:
    """An account whose key, its ninth digit, fits the bank."""
    return next(account for key in range(10) if fits_bank(account := f"40702810{key}00000012345", bank_code))


async def change(read: Ask, login: Any, **given: Any) -> tuple[Any, list[tuple[str, list[str]]]]:
    """Settings and errors of `setLegalEntity`."""
    payload = (await read(login, SET, input=given))["setLegalEntity"]
    return payload["settings"], [(error["code"], error["path"]) for error in payload["userErrors"]]


async def test_a_sample_becomes_a_real_entity(world: TwoCompanies, read: Ask) -> None:
    shown = (await read(world.staff, LIST))["legalEntities"]
    assert [entry["legalEntity"]["code"] for entry in shown] == ["RU", "KZ"]
    assert shown[0]["roundingQuanta"] == [{"currency": "RUB", "effectiveOn": "2023-12-01", "quantum": "1.0000"}]
    details = {**RUSSIAN, "account": account_of(RUSSIAN["bankCode"])}

    settings, errors = await change(
        read, world.staff, code="RU", name="ООО «Связь»", invoicePrefix="SVZ", details=details, isSample=False
    )

    assert errors == []
    assert settings["legalEntity"] == {"name": "ООО «Связь»", "invoicePrefix": "SVZ", "isSample": False}
    stored = (await legal_entities())["RU"]
    assert (stored.details["account"], stored.credit_prefix) == (details["account"], "NCRC")
    assert await change(read, world.staff, code="RU", name="ООО «Связь»", isSample=False) == (settings, [])
    assert await fetch_value("SELECT count(*) FROM audit_entry WHERE action = 'legal_entity.changed'") == 1


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"code": "DE"}, "NOT_FOUND", ["input", "code"]),
        ({"code": "RU", "name": " "}, "INVALID_VALUE", ["input", "name"]),
        ({"code": "RU", "name": "a\nb"}, "INVALID_VALUE", ["input", "name"]),
        ({"code": "RU", "invoicePrefix": "НЦР"}, "INVALID_VALUE", ["input", "invoicePrefix"]),
        ({"code": "RU", "invoicePrefix": "NCK"}, "NAME_TAKEN", ["input", "invoicePrefix"]),
        ({"code": "RU", "creditPrefix": "NCR"}, "NAME_TAKEN", ["input", "invoicePrefix"]),
        ({"code": "RU", "details": {"taxNumber": "7702235134"}}, "INVALID_VALUE", ["input", "details", "taxNumber"]),
        ({"code": "RU", "details": {"account": "1"}}, "INVALID_VALUE", ["input", "details", "account"]),
        ({"code": "RU", "details": {"paymentCode": "859"}}, "INVALID_VALUE", ["input", "details", "paymentCode"]),
        (
            {"code": "RU", "isSample": False, "details": {**RUSSIAN, "account": ""}},
            "INVALID_VALUE",
            ["input", "details", "account"],
        ),
        (
            {"code": "RU", "isSample": False, "details": {**RUSSIAN, "account": "40702810" + "9" * 12}},
            "INVALID_VALUE",
            ["input", "details", "account"],
        ),
        ({"code": "KZ", "details": {"account": "KZ" + "0" * 18}}, "INVALID_VALUE", ["input", "details", "account"]),
        ({"code": "KZ", "details": {"bankCode": "044525225"}}, "INVALID_VALUE", ["input", "details", "bankCode"]),
    ],
)
async def test_what_is_wrong_is_refused_and_changes_nothing(
    world: TwoCompanies, read: Ask, given: dict[str, Any], code: str, path: list[str]
) -> None:
    before = await read(world.staff, LIST)

    assert await change(read, world.staff, **given) == (None, [(code, path)])

    assert await read(world.staff, LIST) == before


async def test_a_prefix_never_gives_two_documents_one_number(world: TwoCompanies, read: Ask) -> None:
    await add_invoice(await add_company("Тайга", "RU"), "100.00")
    assert (await change(read, world.staff, code="RU", invoicePrefix="AAA"))[1] == []

    # NCR is free by now, but an invoice of Russia has its number; Russia itself counts on and may take it again.
    taken = [("NAME_TAKEN", ["input", "invoicePrefix"])]
    assert (await change(read, world.staff, code="KZ", invoicePrefix="NCR"))[1] == taken
    assert (await change(read, world.staff, code="RU", creditPrefix="NCR"))[1] == [
        ("NAME_TAKEN", ["input", "creditPrefix"])
    ]
    assert (await change(read, world.staff, code="RU", invoicePrefix="NCR"))[1] == []


async def test_a_run_that_is_under_way_numbers_by_what_staff_changed(
    world: TwoCompanies, read: Ask, banks: Banks
) -> None:
    set_time(on_the_first("2024-02"))
    banks.every_day(date(2024, 1, 20), date(2024, 2, 1), "97.1234", "486.55")
    sim = await add_used_sim(await add_customer("Тайга"), world.profiles["TC"], 77)
    await add_session(sim, on_the_first("2024-01"), "1.5055")
    await freeze_period(first_of("2024-01"))
    as_the_run_began = (await legal_entities())["RU"]

    assert (await change(read, world.staff, code="RU", name="ООО «Связь»", invoicePrefix="SVZ"))[1] == []
    assert await issue_drafts(as_the_run_began, first_of("2024-01")) == 1

    row = await fetch_row("SELECT number, snapshot::text AS snapshot FROM invoice WHERE state = 'ISSUED'")
    assert row is not None and row["number"] == "SVZ-0001" and "ООО «Связь»" in row["snapshot"]


async def test_a_quantum_holds_from_a_day_after_what_was_issued(world: TwoCompanies, read: Ask) -> None:
    await add_invoice(await add_company("Тайга", "RU"), "100.00", issued="2024-02-01")
    entity = (await legal_entities())["RU"]
    wanted = {"code": "RU", "currency": "RUB", "effectiveOn": "2024-03-01", "quantum": "0.5"}
    for _ in range(2):
        payload = (await read(world.staff, ROUND, input=wanted))["setRoundingQuantum"]
        assert payload["userErrors"] == []
        assert [each["effectiveOn"] for each in payload["settings"]["roundingQuanta"]] == ["2023-12-01", "2024-03-01"]
    assert await quantum_of(entity.id, "RUB", date(2024, 2, 29)) == Decimal(1)
    assert await quantum_of(entity.id, "RUB", date(2024, 3, 1)) == Decimal("0.5")
    assert await fetch_value("SELECT count(*) FROM audit_entry WHERE action = 'rounding_quantum.set'") == 1

    bad: list[tuple[dict[str, Any], str, str]] = [
        ({"effectiveOn": "2024-02-01"}, "INVALID_VALUE", "effectiveOn"),
        ({"quantum": "0.03"}, "INVALID_VALUE", "quantum"),
        ({"currency": "USD"}, "INVALID_VALUE", "currency"),
        ({"code": "DE"}, "NOT_FOUND", "code"),
    ]
    for changes, code, field in bad:
        (error,) = (await read(world.staff, ROUND, input=wanted | changes))["setRoundingQuantum"]["userErrors"]
        assert (error["code"], error["path"]) == (code, ["input", field])


async def test_only_staff_sets_them_up(world: TwoCompanies, read: Ask, ask: Ask) -> None:
    assert (await ask(world.owner, LIST))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await change(read, world.owner, code="RU", name="x"))[1] == [("FORBIDDEN", [])]
    wanted = {"code": "RU", "currency": "RUB", "effectiveOn": "2024-03-01", "quantum": "1"}
    (error,) = (await read(world.owner, ROUND, input=wanted))["setRoundingQuantum"]["userErrors"]
    assert error["code"] == "FORBIDDEN"


def test_check_digits() -> None:
    assert is_russian_tax_number("7702235133") and is_russian_tax_number("7707083893")
    assert not is_russian_tax_number("7707083892") and not is_russian_tax_number("770708389")
    assert is_kazakh_account("KZ86125KZT5004100100") and not is_kazakh_account("KZ87125KZT5004100100")
    assert is_kazakh_business_number("941240000193") and not is_kazakh_business_number("941240000194")
    assert fits_bank(account_of("044525225"), "044525225")
    assert not fits_bank(account_of("044525225")[:-1] + "6", "044525225")
