"""The price of a package over the days of its term."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.billing.invoices import Service
from models import Charge, Company, Invoice, PackageConnection, Profile, Sim
from models.database import execute, fetch
from services.billing.exchange_rates import keep_rates
from services.billing.package_connections import Term, note_packages
from services.billing.rate_usage import count_unpriced_packages, freeze_usage
from services.billing.run_billing import run_billing
from services.billing.terms import billing_terms, use_billing_terms
from services.deposit.charge_usage import charge_usage
from settings import BillingSettings
from tests.billing.banks import Banks
from tests.billing.test_documents import document
from tests.billing.world import add_customer, add_used_sim, first_of, on_the_first, set_time
from tests.worlds import add_profiles

Line = tuple[str, str, int, str]

MEGA = Decimal("3.0000")
"""The price of a roaming package of 15 MB."""

FIRST = datetime(2022, 10, 1, tzinfo=UTC)

terms_of_packages = st.lists(
    st.tuples(
        st.timedeltas(timedelta(0), timedelta(days=550)).map(lambda later: FIRST + later),
        st.one_of(st.none(), st.timedeltas(timedelta(days=-3), timedelta(days=500)), st.just(timedelta(0))),
        st.sampled_from([(15, False), (20, False), (100, False), (15, True)]),
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture
async def profiles(database: str, banks: Banks) -> dict[str, Profile]:
    """The usual profiles, and quiet exchange rates for a year."""
    banks.every_day(date(2023, 12, 1), date(2024, 12, 2), "98", "490")
    return await add_profiles()


@pytest.fixture
async def sim(profiles: dict[str, Profile]) -> Sim:
    """A SIM with packages, of a company that pays in euros."""
    return await add_used_sim(await add_customer("Tbilisi", "GE"), profiles["TD"], 1)


async def connect(sim: Sim, begins: str, days: float | None, size_mb: int = 15, roaming: bool = True) -> None:
    """The operator tells of a package: 3.00 for the roaming one."""
    started = datetime.fromisoformat(begins).replace(tzinfo=UTC)
    ends = None if days is None else started + timedelta(days=days)
    await note_packages([Term(sim.id, started, ends, size_mb, roaming)])


async def bill(month: str, after: str) -> list[Line]:
    """The lines of a month's run: month used, plan, days and amount."""
    set_time(on_the_first(after))
    await keep_rates()
    await run_billing(first_of(month))
    rows = await Charge.filter(period=first_of(month)).order_by("sim_id", "usage_month", "plan")
    assert {row.service for row in rows} <= {Service.PACKAGE}
    return [(f"{row.usage_month:%Y-%m}", row.plan, row.quantity, str(row.amount)) for row in rows]


async def test_each_month_has_the_share_of_its_days(sim: Sim) -> None:
    await connect(sim, "2023-12-20T10:00", 30)

    assert await bill("2023-12", "2024-01") == [("2023-12", "TD_Mega", 12, "1.2000")]
    assert await bill("2024-01", "2024-02") == [("2024-01", "TD_Mega", 18, "1.8000")]
    assert await bill("2024-02", "2024-03") == []
    assert [str(row.eur_total) for row in await Invoice.all().order_by("period")] == ["1.20", "1.80"]


async def test_a_term_longer_than_we_look_back_is_charged_fully(sim: Sim) -> None:
    terms = billing_terms()
    use_billing_terms(BillingSettings(terms.cbr_url, terms.nbk_url, late_months=0))
    await connect(sim, "2023-12-31T23:59", 100)
    months = ["2023-12", "2024-01", "2024-02", "2024-03", "2024-04", "2024-05"]

    lines = [line for month, after in pairwise(months) for line in await bill(month, after)]

    assert [(month, days) for month, _, days, _ in lines] == [
        ("2023-12", 1),
        ("2024-01", 31),
        ("2024-02", 29),
        ("2024-03", 31),
        ("2024-04", 8),
    ]
    assert sum(Decimal(line[3]) for line in lines) == MEGA


async def test_an_end_that_becomes_known_later_divides_the_price_anew(sim: Sim) -> None:
    terms = billing_terms()
    use_billing_terms(BillingSettings(terms.cbr_url, terms.nbk_url, late_months=1, package_days=40))
    await connect(sim, "2023-12-22T00:00", None)
    assert await bill("2023-12", "2024-01") == [("2023-12", "TD_Mega", 10, "0.7500")]
    assert await bill("2024-01", "2024-02") == [("2024-01", "TD_Mega", 30, "2.2500")]
    assert await bill("2024-02", "2024-03") == []
    assert await bill("2024-03", "2024-04") == []

    await connect(sim, "2023-12-22T00:00", 120)

    assert await bill("2024-04", "2024-05") == [
        ("2023-12", "TD_Mega", 0, "-0.5000"),
        ("2024-01", "TD_Mega", 1, "-1.4750"),
        ("2024-02", "TD_Mega", 29, "0.7250"),
        ("2024-03", "TD_Mega", 31, "0.7750"),
        ("2024-04", "TD_Mega", 19, "0.4750"),
    ]
    assert sum([row.amount for row in await Charge.all()], Decimal(0)) == MEGA


async def test_what_an_earlier_version_billed_whole_is_corrected(sim: Sim) -> None:
    await bill("2023-12", "2024-01")
    company_id: int = sim.company_id  # type: ignore[attr-defined]
    await execute("UPDATE usage_freeze SET period = '2023-11-01' WHERE company_id = $1", company_id)
    await execute(
        "INSERT INTO charge (company_id, sim_id, period, usage_month, service, plan, quantity, amount, iccid)"
        " VALUES ($1, $2, '2023-11-01', '2023-11-01', 'PACKAGE', 'TD_Mega', 1, 3, '1')",
        company_id,
        sim.id,
    )
    await connect(sim, "2023-11-16T00:00", 30)

    assert await bill("2023-12", "2024-01") == [
        ("2023-11", "TD_Mega", 14, "-1.5000"),
        ("2023-12", "TD_Mega", 15, "1.5000"),
    ]


async def test_days_before_the_first_run_were_billed_by_somebody_else(sim: Sim) -> None:
    await connect(sim, "2023-11-16T00:00", 60)

    assert await bill("2023-12", "2024-01") == [("2023-12", "TD_Mega", 31, "1.5500")]
    assert await bill("2024-01", "2024-02") == [("2024-01", "TD_Mega", 14, "0.7000")]


async def test_a_deposit_pays_for_the_days_of_each_month(sim: Sim) -> None:
    await Company.all().update(payment_system="PREPAID")
    await connect(sim, "2023-12-20T10:00", 30)
    taken = []
    for day in (date(2023, 12, 21), date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 25)):
        await charge_usage("KZ", day)
        rows = await fetch("SELECT amount FROM deposit_entry ORDER BY id")
        taken.append([str(row["amount"]) for row in rows])

    assert taken == [["-1.2000"], ["-1.2000"], ["-1.2000", "-1.8000"], ["-1.2000", "-1.8000"]]


async def test_a_size_without_a_price_counts_in_every_month_of_its_term(sim: Sim) -> None:
    await connect(sim, "2023-12-20T10:00", 30, size_mb=17)
    company_id: int = sim.company_id  # type: ignore[attr-defined]

    counts = [
        await count_unpriced_packages([company_id], first_of(month))
        for month in ("2023-11", "2023-12", "2024-01", "2024-02")
    ]

    assert counts == [{}, {company_id: 1}, {company_id: 1}, {}]


@pytest.mark.parametrize(("language", "printed"), [("ru", "14 дн."), ("kk", "14 күн"), ("en", "14 days")])
def test_documents_say_the_days(language: str, printed: str) -> None:
    assert document(language=language).quantity(Service.PACKAGE, 14).replace("\N{NO-BREAK SPACE}", " ") == printed


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(packages=terms_of_packages)
async def test_all_months_together_are_exactly_the_price(
    sim: Sim, packages: list[tuple[datetime, timedelta | None, tuple[int, bool]]]
) -> None:
    company_id: int = sim.company_id  # type: ignore[attr-defined]
    await execute("DELETE FROM charge")
    await execute("DELETE FROM package_connection")
    await execute("INSERT INTO usage_freeze VALUES ($1, '2022-01-01', now()) ON CONFLICT DO NOTHING", company_id)
    prices = {
        (15, False): Decimal("1.20"),
        (20, False): Decimal("1.60"),
        (100, False): Decimal("8.00"),
        (15, True): MEGA,
    }
    for begins, length, (size, roaming) in packages:
        ends = None if length is None else begins + length
        await note_packages([Term(sim.id, begins, ends, size, roaming)])
    # One that lasts from the first to the last month, so that all months are compared.
    await note_packages([Term(sim.id, datetime(2022, 9, 1, tzinfo=UTC), datetime(2025, 12, 31, tzinfo=UTC), 15, True)])

    await freeze_usage([company_id], date(2025, 12, 1))

    sizes = await PackageConnection.all()
    expected = sum((prices[row.size_mb, row.roaming] for row in sizes), Decimal(0))
    charges = await Charge.all()
    assert sum((row.amount for row in charges), Decimal(0)) == expected
    assert all(row.amount > 0 and row.quantity > 0 for row in charges)
    lengths = [(row.ends_at or row.connected_at + timedelta(days=30)) - row.connected_at for row in sizes]
    assert sum(row.quantity for row in charges) == sum(max(1, -(-length // timedelta(days=1))) for length in lengths)
