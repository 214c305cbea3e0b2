"""The daily jobs as staff sees them: when each ran last, what it came to, when it runs next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from access import Principal
from billing_calendar.calendar_years import COUNTRIES
from domain.clock import clock
from models.database import fetch
from services.schedule.day_jobs import DAY_JOBS
from services.schedule.run_days import next_run

_LAST = """
SELECT DISTINCT ON (job, calendar) job, calendar, day, state, outcome, attempts, started_at, finished_at FROM job_run
ORDER BY job, calendar, day DESC
"""


@dataclass(frozen=True, slots=True)
class ScheduledJobRow:
    """A job of a calendar; everything of the last run is None before the first one."""

    name: str
    calendar: str
    description: str
    next_run_at: datetime
    day: date | None = None
    state: str | None = None
    outcome: str | None = None
    attempts: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


async def list_jobs(principal: Principal) -> list[ScheduledJobRow]:
    """Every job for every calendar, in the order in which they run. Raises `Forbidden` for anybody but staff."""
    principal.require_staff()
    last = {(row["job"], row["calendar"]): row for row in await fetch(_LAST)}
    now = clock.now()
    rows = []
    for calendar in COUNTRIES:
        for job in DAY_JOBS:
            run = last.get((job.name, calendar))
            rest = () if run is None else tuple(run)[2:]
            rows.append(ScheduledJobRow(job.name, calendar, job.description, next_run(calendar, now), *rest))
    return rows
