"""The nightly synchronisation of a profile: inventory and statuses, then usage records, one process at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from domain.clock import clock
from domain.sync_window import SyncWindow, window_at
from drivers.process_lease import LeaseLost
from models.database import DATABASE_AWAY, execute, fetch, fetch_row
from novaconnect_sdk import Driver, DriverError, Inventory, UsageRecords
from services.execution.hints import send_hints
from services.inventory.sync_runs import SyncPhase, SyncRun, claim_nightly, finish
from services.inventory.synchronise_inventory import read_inventory
from services.inventory.synchronise_records import read_fleet_records, read_records_by_sim
from services.process.runtime import Runtime

SYNCHRONISE = "synchronise_profile"
"""The actor that begins or takes up the night's run of a profile."""

_RETRY_SECONDS = (0.5, 2.0, 10.0, 30.0)

_log = logging.getLogger("novaconnect.sync")

# Nothing this night yet, or a run whose process died, or one that failed five minutes ago.
_DUE = """
SELECT p.id FROM profile p
WHERE p.enabled AND p.account_id IS NOT NULL AND NOT EXISTS (
  SELECT FROM sync_run r LEFT JOIN lease_holder h ON h.id = r.holder_id
  WHERE r.profile_id = p.id AND r.window_on = $1 AND CASE
    WHEN r.finished_at IS NULL THEN h.ended_at IS NULL AND h.id IS NOT NULL
    ELSE r.error IS NULL OR r.finished_at > $2::timestamptz - interval '5 minutes' END)
"""


async def wake_synchronisation() -> int:
    """Send a hint for each profile whose nightly run is to be done; returns how many. Doubled hints do no harm."""
    now = clock.now()
    window = window_at(now)
    if window is None:
        return 0
    rows = await fetch(_DUE, window.on, now)
    if rows:
        await asyncio.to_thread(send_hints, [(SYNCHRONISE, (row["id"],)) for row in rows])
    return len(rows)


def start_synchronisation(profile_id: int, runtime: Runtime) -> None:
    """Begin in the background, if this process is not at it: a run takes hours, and an actor holds a thread."""
    if profile_id in runtime.synchronising or runtime.stopping.is_set():
        return
    task = asyncio.create_task(synchronise_profile(profile_id, runtime), name=f"synchronise-{profile_id}")
    runtime.synchronising[profile_id] = task
    task.add_done_callback(lambda _: runtime.synchronising.pop(profile_id, None))


async def synchronise_profile(profile_id: int, runtime: Runtime) -> bool:
    """Do what is left of the night's run of a profile; False when it is not open, done, or another process's.

    A process that is stopped leaves the run open: another takes it up where it stands.
    """
    window = window_at(clock.now())
    row = await fetch_row("SELECT code FROM profile WHERE id = $1", profile_id)
    driver = runtime.registry.driver(row["code"]) if row else None
    if window is None or row is None or driver is None or not isinstance(driver, Inventory):
        return False
    holder_id = runtime.lease.require()
    run = await claim_nightly(profile_id, window.on, holder_id)
    if run is None:
        return False
    try:
        with runtime.lease.work_of(holder_id):
            error = await _work(row["code"], driver, run, window)
    except asyncio.CancelledError:
        await asyncio.shield(_let_go(run, holder_id))
        raise
    except DriverError as failure:
        error = failure.message
    except LeaseLost:
        _log.warning("the synchronisation of profile %s is to be taken up again", profile_id)
        await _surely(lambda: _let_go(run, holder_id))
        return True
    except Exception as failure:  # a driver is foreign code; tried again like any other failure
        _log.exception("the synchronisation of profile %s failed: %s", profile_id, type(failure).__name__)
        error = "The synchronisation broke on our side; it is tried again."
    await _surely(lambda: finish(run, error))
    return True


async def _surely(write: Callable[[], Awaitable[None]]) -> None:
    """PostgreSQL may be away for a moment; a run that stayed in the hands of a living process would never be taken up."""
    for pause in (*_RETRY_SECONDS, None):
        try:
            await write()
            return
        except DATABASE_AWAY as error:
            _log.error("the end of a synchronisation is not written: %s", type(error).__name__)
            if pause is not None:
                await asyncio.sleep(pause)


async def _work(code: str, driver: Driver, run: SyncRun, window: SyncWindow) -> str | None:
    """Read; the answer says in a sentence what could not be done in this window."""
    assert isinstance(driver, Inventory)
    if run.phase is SyncPhase.INVENTORY:
        async for _ in read_inventory(code, driver, run):
            pass
    if not isinstance(driver, UsageRecords):
        return None
    if not getattr(driver, "records_by_sim", False):
        await read_fleet_records(code, driver, run)
        return None
    pace = driver.limits.calls_per_second
    left = await read_records_by_sim(code, driver, run, window.closes_at, pace)
    return f"The window closed: the records of {left} SIMs are read next night." if left else None


async def _let_go(run: SyncRun, holder_id: int) -> None:
    statement = "UPDATE sync_run SET holder_id = NULL WHERE id = $1 AND holder_id = $2 AND finished_at IS NULL"
    await execute(statement, run.id, holder_id)
