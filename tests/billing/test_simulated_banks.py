"""The simulator's banks are read by the very code that reads the real ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from domain.billing.bank_rates import LARGEST_JUMP, jump
from domain.billing.invoices import HoldReason
from models import ExchangeRate
from services.billing.exchange_rates import UsableRate, rate_for
from services.billing.terms import billing_terms, use_billing_terms
from settings import BillingSettings
from tests.simulator.running import Simulator, simulator


@pytest.fixture
def simulated() -> Iterator[Simulator]:
    """A small simulator, whose banks the process asks."""
    before = billing_terms()
    with simulator("--sims", "2", "--lively", "0") as running:
        address = str(running.http.base_url).rstrip("/")
        use_billing_terms(BillingSettings(cbr_url=f"{address}/cbr", nbk_url=f"{address}/nbk"))
        yield running
    use_billing_terms(before)


async def test_every_day_has_a_rate_near_that_of_the_day_before(database: str, simulated: Simulator) -> None:
    for currency, low, high in (("RUB", 80, 120), ("KZT", 400, 600)):
        before: Decimal | None = None
        for day in range(1, 11):
            found = await rate_for(currency, date(2024, 3, day))
            assert isinstance(found, UsableRate) and low < found.rate < high
            assert before is None or jump(before, found.rate) < LARGEST_JUMP / 5
            before = found.rate
    mondays = await ExchangeRate.get(currency="RUB", asked_on=date(2024, 3, 4))
    assert mondays.rate_on == date(2024, 3, 2)


async def test_days_to_come_have_no_rate(database: str, simulated: Simulator) -> None:
    assert await rate_for("KZT", date(2099, 1, 20)) is HoldReason.NO_RATE
    assert await rate_for("RUB", date(2099, 1, 20)) is HoldReason.NO_RATE
