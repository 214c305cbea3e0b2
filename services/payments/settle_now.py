"""What follows from money at once, without waiting for the next day's jobs: credit that is due, locks that may go."""

from __future__ import annotations

from collections.abc import Sequence

from billing_calendar.calendar_years import COUNTRIES
from billing_calendar.working_days import RUSSIA, local_date
from domain.clock import clock
from services.deposit.charge_usage import watch_deposits
from services.dunning.run_dunning import unlock_due
from services.payments.credit_payments import credit_due


async def settle_now(company_ids: Sequence[int]) -> None:
    """Credit payments of these companies whose day has come, and unlock who has paid."""
    for calendar in COUNTRIES if company_ids else ():
        today = local_date(calendar, clock.now())
        await credit_due(today, russian=calendar == RUSSIA, only=company_ids)
        await unlock_due(calendar, today, company_ids)
        await watch_deposits(calendar, company_ids)
