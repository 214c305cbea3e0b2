"""Dunning by hand: what today would do, or doing it now."""

from __future__ import annotations

from access import Principal
from billing_calendar.calendar_years import COUNTRIES
from billing_calendar.working_days import RUSSIA, local_date
from domain.clock import clock
from services.audit.record import record
from services.dunning.run_dunning import DunningDay, lock_due, preview_day, remind_due, unlock_due
from services.payments.credit_payments import credit_due


async def run_by_staff(principal: Principal, *, dry: bool, accept_share: bool) -> list[DunningDay]:
    """Today's dunning of both calendars: credit, unlock, remind, lock. Doing it again does nothing. Raises `Forbidden`.

    `accept_share` locks also when they are more than a set share of all companies; the other guards always hold.
    """
    principal.require_staff()
    days = []
    for calendar in COUNTRIES:
        today = local_date(calendar, clock.now())
        if dry:
            days.append(await preview_day(calendar, today))
            continue
        await credit_due(today, russian=calendar == RUSSIA)
        done = [*await unlock_due(calendar, today), *await remind_due(calendar, today)]
        locked, guards = await lock_due(calendar, today, accept_share=accept_share)
        held = (await preview_day(calendar, today)).held_locks if guards else ()
        days.append(DunningDay(calendar, today, (*done, *locked), held, tuple(guards)))
    if not dry:
        actions = sum(len(day.actions) for day in days)
        detail = {"actions": actions, "accept_share": accept_share}
        await record(principal, "dunning.run", "dunning", company_id=None, detail=detail)
    return days
