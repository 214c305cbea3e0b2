"""What use costs, what is frozen, and what comes late."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from domain.errors import InvalidValue
from models import BillingRun, Charge, Invoice, Profile, Sim
from models.database import execute, fetch_value
from services.billing.exchange_rates import keep_rates
from services.billing.run_billing import BillingOutcome, run_billing
from services.billing.terms import billing_terms, use_billing_terms
from settings import BillingSettings, Rating
from tests.billing.banks import Banks
from tests.billing.world import (
    add_call,
    add_customer,
    add_session,
    add_used_sim,
    first_of,
    on_the_first,
    set_time,
)
from tests.worlds import add_profiles


@pytest.fixture
async def profiles(database: str, banks: Banks) -> dict[str, Profile]:
    """The usual profiles, and quiet exchange rates for half a year."""
    banks.every_day(date(2023, 12, 1), date(2024, 6, 2), "98", "490")
    return await add_profiles()


async def lines(**wanted: object) -> list[tuple[str, str, str, int, str]]:
    """Month used, plan, service, quantity and amount of each line, in order."""
    return [
        (f"{row.usage_month:%Y-%m}", row.plan, row.service.value, row.quantity, str(row.amount))
        for row in await Charge.filter(**wanted).order_by("period", "sim_id", "usage_month", "service")
    ]


async def bill(month: str, after: str) -> BillingOutcome:
    """Bill a month on the first of the next."""
    set_time(on_the_first(after))
    await keep_rates()
    return await run_billing(first_of(month))


async def georgian(profiles: dict[str, Profile], profile: str = "TC", serial: int = 1) -> Sim:
    """A SIM of a company that pays in euros."""
    return await add_used_sim(await add_customer(f"Tbilisi {serial}", "GE"), profiles[profile], serial)


async def test_the_operators_cost_is_rounded_per_record_and_summed(profiles: dict[str, Profile]) -> None:
    sim = await georgian(profiles)
    for day, cost in ((1, "0.00005"), (2, "0.00005"), (31, "1.23456")):
        await add_session(sim, datetime(2024, 1, day, 12, tzinfo=UTC), cost)
    await add_call(sim, datetime(2024, 1, 5, tzinfo=UTC), "VOICE", "0.51234", 65)
    await add_call(sim, datetime(2024, 1, 6, tzinfo=UTC), "SMS", "0.04")
    await add_call(sim, datetime(2024, 1, 7, tzinfo=UTC), "SMS", None)

    assert await bill("2024-01", "2024-02") == BillingOutcome(1, 1, 0)

    assert await lines() == [
        ("2024-01", "TC_PayPerUse", "DATA", 3_000_000, "1.2348"),
        ("2024-01", "TC_PayPerUse", "SMS", 1, "0.0400"),
        ("2024-01", "TC_PayPerUse", "VOICE", 65, "0.5123"),
    ]
    invoice = await Invoice.get()
    assert (invoice.eur_total, invoice.local_amount, invoice.currency) == (Decimal("1.79"), Decimal("1.79"), "EUR")


@pytest.mark.parametrize(
    ("country", "cost", "currency", "amount"),
    [
        ("Kazakhstan", None, None, "0.0600"),
        ("Казахстан", None, None, "0.0600"),
        ("Estonia", None, None, "0.0200"),
        ("Atlantis", None, None, "0.2500"),
        (None, None, None, "0.2500"),
        ("Kazakhstan", "9", "USD", "0.0600"),
        ("Kazakhstan", "0.7", "EUR", "0.7000"),
    ],
)
async def test_without_a_cost_in_euros_the_price_list_says_what_a_megabyte_costs(
    profiles: dict[str, Profile], country: str | None, cost: str | None, currency: str | None, amount: str
) -> None:
    sim = await georgian(profiles)
    await add_session(sim, datetime(2024, 1, 3, tzinfo=UTC), cost, currency=currency, country=country)

    await bill("2024-01", "2024-02")

    assert [line[-1] for line in await lines()] == [amount]


async def test_the_setting_can_prefer_the_price_list(profiles: dict[str, Profile]) -> None:
    terms = billing_terms()
    use_billing_terms(BillingSettings(terms.cbr_url, terms.nbk_url, rating=Rating.PRICE_LIST))
    sim = await georgian(profiles)
    await add_session(sim, datetime(2024, 1, 3, tzinfo=UTC), "0.7", country="Kazakhstan")

    await bill("2024-01", "2024-02")

    assert [line[-1] for line in await lines()] == ["0.0600"]


async def test_what_comes_late_and_what_is_corrected_goes_onto_the_next_invoice(profiles: dict[str, Profile]) -> None:
    sim = await georgian(profiles)
    await add_session(sim, datetime(2024, 1, 3, tzinfo=UTC), "2", key="a")
    await add_session(sim, datetime(2024, 1, 4, tzinfo=UTC), "3", key="b")
    await bill("2024-01", "2024-02")

    await add_session(sim, datetime(2024, 1, 4, tzinfo=UTC), "2.5", key="b")
    await add_session(sim, datetime(2024, 1, 31, 23, tzinfo=UTC), "0.75", key="late")
    await add_session(sim, datetime(2024, 2, 3, tzinfo=UTC), "10", key="c")
    await bill("2024-02", "2024-03")
    await bill("2024-03", "2024-04")

    assert await lines() == [
        ("2024-01", "TC_PayPerUse", "DATA", 2_000_000, "5.0000"),
        ("2024-01", "TC_PayPerUse", "DATA", 1_000_000, "0.2500"),
        ("2024-02", "TC_PayPerUse", "DATA", 1_000_000, "10.0000"),
    ]
    assert [row.eur_total for row in await Invoice.all().order_by("period")] == [Decimal("5.00"), Decimal("10.25")]


async def test_months_before_the_first_run_were_billed_elsewhere(profiles: dict[str, Profile]) -> None:
    sim = await georgian(profiles)
    await add_session(sim, datetime(2023, 12, 3, tzinfo=UTC), "50")
    await add_session(sim, datetime(2024, 1, 3, tzinfo=UTC), "2")

    await bill("2024-01", "2024-02")

    assert [line[-1] for line in await lines()] == ["2.0000"]


async def test_what_comes_to_nothing_waits_until_it_is_something(profiles: dict[str, Profile]) -> None:
    sim = await georgian(profiles)
    await add_session(sim, datetime(2024, 1, 3, tzinfo=UTC), "0.0049")
    assert await bill("2024-01", "2024-02") == BillingOutcome(1, 0, 0)
    await add_session(sim, datetime(2024, 2, 3, tzinfo=UTC), "0.0001")

    assert await bill("2024-02", "2024-03") == BillingOutcome(1, 1, 0)

    invoice = await Invoice.get()
    assert (invoice.eur_total, invoice.period) == (Decimal("0.01"), date(2024, 2, 1))
    assert await Charge.filter(invoice_id=invoice.id).count() == 2


async def test_nothing_used_is_no_invoice_unless_the_setting_says_so(profiles: dict[str, Profile]) -> None:
    await georgian(profiles)
    assert await bill("2024-01", "2024-02") == BillingOutcome(1, 0, 0)
    terms = billing_terms()
    use_billing_terms(BillingSettings(terms.cbr_url, terms.nbk_url, zero_invoices=True))

    assert await bill("2024-02", "2024-03") == BillingOutcome(1, 1, 0)

    assert (await Invoice.get()).local_amount == 0


async def test_companies_with_a_deposit_and_the_stock_are_not_billed(profiles: dict[str, Profile]) -> None:
    prepaid, stock = await georgian(profiles, serial=1), await georgian(profiles, serial=2)
    for sim in (prepaid, stock):
        await add_session(sim, datetime(2024, 1, 3, tzinfo=UTC), "5")
    await execute("UPDATE company SET payment_system = 'PREPAID' WHERE id = $1", prepaid.company_id)  # type: ignore[attr-defined]
    await execute("UPDATE company SET holds_stock = true WHERE id = $1", stock.company_id)  # type: ignore[attr-defined]

    assert await bill("2024-01", "2024-02") == BillingOutcome(0, 0, 0)


async def test_a_month_that_is_not_over_is_refused(profiles: dict[str, Profile]) -> None:
    set_time(datetime(2024, 1, 31, 23, 59, tzinfo=UTC))

    for period in (first_of("2024-01"), first_of("2024-05"), date(2023, 12, 2)):
        with pytest.raises(InvalidValue):
            await run_billing(period)
    assert await BillingRun.all().count() == 0


async def test_without_a_rate_drafts_wait_and_those_in_other_currencies_do_not(
    profiles: dict[str, Profile], banks: Banks
) -> None:
    countries = ("RU", "GE", "KZ", "RU")
    for serial, country in enumerate(countries, start=1):
        sim = await add_used_sim(await add_customer(f"C{serial}", country), profiles["TC"], serial)
        await add_session(sim, datetime(2024, 1, 3, tzinfo=UTC), "5")
    banks.answers["/scripts/XML_daily.asp"] = (503, b"")

    assert await bill("2024-01", "2024-02") == BillingOutcome(4, 2, 2)
    held = await Invoice.filter(state="DRAFT")
    assert {row.hold_reason for row in held} == {"NO_RATE"} and {row.number for row in held} == {None}
    assert (await BillingRun.get()).state == "WAITING"

    del banks.answers["/scripts/XML_daily.asp"]
    set_time(datetime(2024, 2, 2, 9, tzinfo=UTC))
    assert await run_billing(first_of("2024-01")) == BillingOutcome(4, 4, 0)

    issued = await Invoice.filter(currency="RUB").order_by("company_id")
    assert [(row.number, row.issued_on) for row in issued] == [
        ("NCR-0001", date(2024, 2, 2)),
        ("NCR-0002", date(2024, 2, 2)),
    ]
    assert {row.hold_reason for row in issued} == {None} and (await BillingRun.get()).state == "DONE"
    assert await fetch_value("SELECT count(*) FROM invoice WHERE issued_on = '2024-02-01'") == 2
