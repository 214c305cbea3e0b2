"""Running the jobs of the days that have come: one day after another, one job after another, each once."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

from billing_calendar.calendar_years import COUNTRIES
from billing_calendar.working_days import zone_of
from domain.clock import clock
from models.database import execute, fetch_row, fetch_value
from services.schedule.day_jobs import DAY_JOBS, DayJob, JobOutcome
from settings.dunning import dunning_terms

AGAIN_AFTER_SECONDS = 60
"""Real seconds after which a job that failed or was held is tried again."""

LONGEST_DOWNTIME = 62
"""Days that are caught up at most; older ones are left out."""

_log = logging.getLogger("novaconnect.schedule")

_LAST_DAY = "SELECT max(day) FROM job_run WHERE calendar = $1"
_FIRST_OPEN = """
SELECT min(day) FROM (SELECT day, count(*) FILTER (WHERE state IN ('DONE', 'HELD')) AS ended FROM job_run
  WHERE calendar = $1 AND day > $2 AND job = ANY($3::text[]) GROUP BY day) AS d WHERE ended < $4
"""

_BEGIN = """
INSERT INTO job_run AS r (job, calendar, day, state, attempts, started_at, tried_at)
VALUES ($1, $2, $3, 'RUNNING', 1, $4, clock_timestamp())
ON CONFLICT (job, calendar, day) DO UPDATE SET state = 'RUNNING', attempts = r.attempts + 1, started_at = $4,
  finished_at = NULL, tried_at = clock_timestamp()
WHERE r.state = 'RUNNING' OR (r.state IN ('HELD', 'FAILED') AND r.tried_at < clock_timestamp() - make_interval(secs => $5))
RETURNING id
"""

_END = "UPDATE job_run SET state = $2, outcome = $3, finished_at = $4 WHERE id = $1"
_STATE = "SELECT state FROM job_run WHERE job = $1 AND calendar = $2 AND day = $3"


def day_that_has_come(calendar: str, now: datetime) -> date:
    """The last day of which the jobs are due: today from the hour of the settings on, in the calendar's own zone."""
    local = now.astimezone(zone_of(calendar))
    return local.date() if local.time() >= dunning_terms().daily_jobs_at else local.date() - timedelta(days=1)


def next_run(calendar: str, now: datetime) -> datetime:
    """When the jobs of the next day begin."""
    zone = zone_of(calendar)
    day = day_that_has_come(calendar, now) + timedelta(days=1)
    return datetime.combine(day, dunning_terms().daily_jobs_at, zone)


async def run_due_days() -> int:
    """Run what is due of all calendars; returns how many jobs ran. Only for the leader; doing it again does nothing."""
    now = clock.now()
    return sum([await _run_calendar(calendar, day_that_has_come(calendar, now)) for calendar in COUNTRIES])


async def _run_calendar(calendar: str, until: date) -> int:
    ran = 0
    day = await _first_day(calendar, until)
    while day <= until:
        count, complete = await _run_day(calendar, day)
        ran += count
        if not complete:
            # The next day's jobs build on this one's.
            break
        day += timedelta(days=1)
    return ran


async def _first_day(calendar: str, until: date) -> date:
    """The oldest day of which something is left to do. A new installation begins today."""
    oldest = until - timedelta(days=LONGEST_DOWNTIME)
    names = [job.name for job in DAY_JOBS]
    unfinished: date | None = await fetch_value(_FIRST_OPEN, calendar, oldest, names, len(names))
    if unfinished is not None:
        return unfinished
    last: date | None = await fetch_value(_LAST_DAY, calendar)
    # The last day once more, because what was held may go on.
    return until if last is None else max(oldest, min(last, until))


async def _run_day(calendar: str, day: date) -> tuple[int, bool]:
    ran = 0
    for job in DAY_JOBS:
        state = await fetch_value(_STATE, job.name, calendar, day)
        if state == "DONE":
            continue
        began = await fetch_row(_BEGIN, job.name, calendar, day, clock.now(), AGAIN_AFTER_SECONDS)
        if began is None:
            if state == "HELD":
                continue
            return ran, False
        ran += 1
        if not await _run_job(job, calendar, day, began["id"]):
            return ran, False
    return ran, True


async def _run_job(job: DayJob, calendar: str, day: date, run_id: int) -> bool:
    try:
        outcome = await job.run(calendar, day)
    except (
        Exception
    ) as error:  # whatever it is, the other calendar's jobs go on; a database that is away fails here again
        _log.exception("job %s of %s %s failed: %s", job.name, calendar, day, type(error).__name__)
        outcome = JobOutcome(f"It failed ({type(error).__name__}) and is tried again.")
        await execute(_END, run_id, "FAILED", outcome.text, clock.now())
        return False
    await execute(_END, run_id, "HELD" if outcome.held else "DONE", outcome.text, clock.now())
    return True
