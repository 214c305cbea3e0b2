"""Composition root of the worker: dramatiq imports this module, finds the broker and the actors, and runs them."""

from __future__ import annotations

import asyncio

import dramatiq
import uvloop
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AsyncIO

from jobs.worker_process import WorkerProcess
from services.process.log_setup import set_up_logging
from settings import load
from supervisor.readiness import announce_ready

asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())  # dramatiq makes its loop by the policy

settings = load()
set_up_logging(settings, "worker")

# Retries, time limits and results are not dramatiq's business here: PostgreSQL knows what is to be done, and the
# reconcile loop says it again. `AsyncIO` comes first because the process is opened on its event loop.
broker = RedisBroker(
    url=settings.broker_url,
    middleware=[AsyncIO(), WorkerProcess(settings, announce_ready)],
    maintenance_chance=100_000,
    heartbeat_timeout=60_000,
)
dramatiq.set_broker(broker)

from jobs import actors  # noqa: E402, F401 - an actor registers itself with the broker that is set when it is imported
