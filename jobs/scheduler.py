"""The scheduler: what happens by the clock. Safe to run several times at once; every step may be repeated."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable

from drivers.registry import LoadedRegistry
from eventstream import close_publisher, open_publisher
from models.database import DATABASE_AWAY, close_database, open_database
from models.tenancy import process_acts_as_system
from services.billing.billing_runs import wake_runs
from services.billing.calendar_acceptance import warn_of_calendars
from services.billing.legal_entities import ensure_legal_entities
from services.billing.terms import use_billing_terms
from services.execution.hints import open_hints
from services.execution.recover_items import recover_items
from services.execution.wake_accounts import wake_accounts
from services.exports.remove_exports import clean_exports
from services.exports.run_exports import wake_exports
from services.exports.saved_reports import queue_monthly_reports
from services.files.download_links import open_download_links, use_download_links
from services.files.file_store import open_file_store, use_file_store
from services.inventory.daily_sync import wake_synchronisation
from services.inventory.record_partitions import keep_partitions_ahead
from services.notifications.deliver import Deliverer, channels_of
from services.notifications.tell_finished import tell_finished_operations
from services.process.clock_follower import start_clock_follower
from services.process.log_setup import set_up_logging
from services.process.metrics import measure_queue_when_due, serve_metrics
from services.process.runtime import load_drivers
from services.process.tracing import start_tracing
from services.schedule.keep_days import keep_days
from services.schedule.leadership import Leadership
from settings import Settings, load
from settings.dunning import use_dunning_terms

PERIOD = 1.0
"""Seconds between two rounds: how long a lost hint or a dead worker's items wait at most."""

_log = logging.getLogger("novaconnect.scheduler")


async def run(announce_ready: Callable[[], None]) -> None:
    """Run until SIGTERM or SIGINT."""
    settings = load()
    set_up_logging(settings, "scheduler")
    serve_metrics(settings)
    tracing = start_tracing(settings, "scheduler")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    drivers = await _open(settings)
    follower = await start_clock_follower(settings)
    warn_of_calendars()
    await ensure_legal_entities()
    deliverer = Deliverer(channels_of(settings), settings.support_email)
    # Beside the rounds: a mail server may be slow, and those who wait for a dead worker's items must not.
    delivering = asyncio.create_task(deliverer.keep_delivering(PERIOD), name="deliver")
    leadership = Leadership(settings.require_database())
    days = asyncio.create_task(keep_days(leadership), name="days")
    announce_ready()
    while not stop.is_set():
        await _round()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PERIOD)
    for task in (delivering, days):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await leadership.close()
    await deliverer.close()
    if follower is not None:
        follower.cancel()
    await drivers.registry.close()
    await close_publisher()
    await close_database()
    if tracing is not None:
        await asyncio.to_thread(tracing.shutdown)


async def _open(settings: Settings) -> LoadedRegistry:
    """What the steps of a round work with; the drivers only to say what they can do, since financial locks are accepted here."""
    use_billing_terms(settings.billing)
    use_dunning_terms(settings.dunning)
    use_file_store(open_file_store(settings))
    use_download_links(open_download_links(settings))
    process_acts_as_system()
    await open_database(settings.require_database(), pool_size=4)
    open_publisher(settings.require_redis())
    open_hints(settings.broker_url)
    return await load_drivers(settings)


async def _round() -> None:
    """Take over from the dead, wake whoever has work, tell of what has ended."""
    for step in _STEPS:
        await _do(step)


async def _do(step: Callable[[], Awaitable[object]]) -> None:
    """One step; what goes wrong in it holds up no other, and it is tried again in the next round."""
    try:
        await step()
    except DATABASE_AWAY as error:
        _log.error("%s failed: %s", step.__name__, type(error).__name__)
    except Exception as error:
        _log.exception("%s failed: %s", step.__name__, type(error).__name__)


async def _take_over() -> None:
    if lost := await recover_items():
        _log.warning("%s calls of a stopped worker are now unknown", lost)


_STEPS: tuple[Callable[[], Awaitable[object]], ...] = (
    _take_over,
    wake_accounts,
    measure_queue_when_due,
    keep_partitions_ahead,
    wake_synchronisation,
    wake_runs,
    tell_finished_operations,
    wake_exports,
    queue_monthly_reports,
    clean_exports,
)
