"""The four invoices that the guide shows, to the kopeck."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from models import Invoice
from services.billing.exchange_rates import keep_rates
from services.billing.run_billing import BillingOutcome, run_billing
from tests.billing.banks import Banks
from tests.billing.world import add_customer, add_session, add_used_sim, first_of, on_the_first, set_time
from tests.worlds import add_profiles

# Month used, issued on, EUR, rate, rubles, day of the lock: as the guide's table has them.
GUIDE = [
    ("2023-08", "2023-09-01", "56.81", "104.9407", "5961.68", "2023-09-11"),
    ("2023-09", "2023-10-01", "78.17", "103.1631", "8064.26", "2023-10-09"),
    ("2023-10", "2023-11-01", "53.02", "97.9345", "5192.49", "2023-11-10"),
    ("2023-11", "2023-12-01", "47.94", "96.8827", "4645", "2023-12-11"),
]


async def test_the_guides_four_invoices_come_out_exactly(database: str, banks: Banks) -> None:
    profiles = await add_profiles()
    company = await add_customer("Taiga Monitoring", "RU")
    sims = [await add_used_sim(company, profiles["TC"], serial) for serial in (1, 2)]
    for month, issued_on, eur, rate, _, _ in GUIDE:
        year, number = (int(part) for part in month.split("-"))
        half = Decimal(eur) / 2
        await add_session(sims[0], datetime(year, number, 1, tzinfo=UTC), str(half + Decimal("0.0049")))
        await add_session(sims[1], datetime(year, number, 28, 23, 59, tzinfo=UTC), str(half - Decimal("0.0001")))
        banks.rubles[date.fromisoformat(issued_on)] = rate
    # Between October and November the rate moved by more than 5 %, though never in a day.
    banks.rubles[date(2023, 10, 14)] = "102.0446"

    for month, issued_on, *_ in GUIDE:
        if month == "2023-10":
            set_time(datetime(2023, 10, 14, 9, tzinfo=UTC))
            await keep_rates()
        set_time(on_the_first(issued_on[:7]))
        assert await run_billing(first_of(month)) == BillingOutcome(1, 1, 0)

    invoices = await Invoice.all().order_by("period")
    found = [
        (
            f"{each.period:%Y-%m}",
            each.issued_on.isoformat(),
            str(each.eur_total),
            format(each.rate.normalize(), "f"),
            each.local_amount,
            each.day6_on.isoformat(),
        )
        for each in invoices
    ]
    assert found == [(*row[:4], Decimal(row[4]), row[5]) for row in GUIDE]
    assert [each.number for each in invoices] == ["NCR-0001", "NCR-0002", "NCR-0003", "NCR-0004"]
    assert [(each.quantum, each.currency, each.rate_source) for each in invoices] == [
        (Decimal(quantum), "RUB", "CBR") for quantum in ("0.01", "0.01", "0.01", "1")
    ]
