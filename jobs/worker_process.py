"""What a worker process opens before its first message and closes after its last."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

import dramatiq
from dramatiq.asyncio import get_event_loop_thread
from opentelemetry.sdk.trace import TracerProvider

from eventstream import close_publisher, open_publisher
from models.database import close_database, open_database
from models.tenancy import process_acts_as_system
from services.billing.legal_entities import ensure_legal_entities
from services.billing.terms import use_billing_terms
from services.execution.hints import open_hints
from services.execution.recover_items import recover_items
from services.files.download_links import open_download_links, use_download_links
from services.files.file_store import open_file_store, use_file_store
from services.process.clock_follower import start_clock_follower
from services.process.metrics import serve_metrics
from services.process.runtime import Runtime, open_runtime
from services.process.tracing import start_tracing
from settings import Settings
from settings.dunning import use_dunning_terms

_log = logging.getLogger("novaconnect.worker")
_runtime: Runtime | None = None


def runtime() -> Runtime:
    """The process's runtime; actors run only between boot and shutdown."""
    if _runtime is None:
        raise RuntimeError("the worker process is not open")
    return _runtime


class WorkerProcess(dramatiq.Middleware):
    """Opens and closes the process on dramatiq's event-loop thread; stands after `AsyncIO` in the middleware list.

    It opens before the worker's threads start, so that no message is taken by a process that cannot work.
    """

    def __init__(self, settings: Settings, announce_ready: Callable[[], None]) -> None:
        self._settings = settings
        self._announce_ready = announce_ready
        self._follower: asyncio.Task[None] | None = None
        self._tracing: TracerProvider | None = None

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Open; a worker that cannot is ended, and its supervisor starts it again."""
        try:
            self._run(self._open())
        except Exception as error:
            _log.error("the worker cannot start: %s: %s", type(error).__name__, error)
            raise SystemExit(1) from error

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Now messages are taken."""
        self._announce_ready()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Take no more items, let the calls under way end, then close."""
        self._run(self._close())

    def _run(self, coroutine: object) -> None:
        thread = get_event_loop_thread()
        assert thread is not None
        thread.run_coroutine(coroutine)  # type: ignore[arg-type]

    async def _open(self) -> None:
        global _runtime
        settings = self._settings
        use_billing_terms(settings.billing)
        use_dunning_terms(settings.dunning)
        serve_metrics(settings)
        self._tracing = start_tracing(settings, "worker")
        use_file_store(open_file_store(settings))
        use_download_links(open_download_links(settings))
        process_acts_as_system()
        await open_database(settings.require_database(), pool_size=settings.database_pool_size)
        open_publisher(settings.require_redis())
        open_hints(settings.broker_url)
        self._follower = await start_clock_follower(settings)
        _runtime = await open_runtime(settings, "worker")
        await recover_items()
        await ensure_legal_entities()

    async def _close(self) -> None:
        if _runtime is not None:
            _runtime.stopping.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(7):
                    while _runtime.draining:
                        await asyncio.sleep(0.05)
            await _runtime.close()
        if self._follower is not None:
            self._follower.cancel()
        await close_publisher()
        await close_database()
        if self._tracing is not None:
            await asyncio.to_thread(self._tracing.shutdown)
