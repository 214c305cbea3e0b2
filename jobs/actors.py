"""The actors. A message is only a hint: what is to be done stands in PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import date

import dramatiq

from jobs.worker_process import runtime
from services.billing.billing_runs import start_documents, start_rates, start_run
from services.billing.exchange_rates import KEEP_RATES
from services.billing.issue_documents import DRAW
from services.billing.run_billing import RUN
from services.execution.drain_account import drain_account
from services.execution.hints import QUEUE, send_hints
from services.exports.request_export import RUN_EXPORTS
from services.exports.run_exports import start_exports
from services.inventory.daily_sync import SYNCHRONISE, start_synchronisation
from services.operations.accept_operation import DRAIN


@dramatiq.actor(queue_name=QUEUE, actor_name=DRAIN)
async def drain(account_id: int) -> None:
    """Work on an operator account's queue for a time slice; if more is left, hand the thread back and come again."""
    if await drain_account(account_id, runtime()):
        await asyncio.to_thread(send_hints, [(DRAIN, (account_id,))])


@dramatiq.actor(queue_name=QUEUE, actor_name=SYNCHRONISE)
async def synchronise(profile_id: int) -> None:
    """Begin or take up the night's run of a profile; it goes on after the message is done."""
    start_synchronisation(profile_id, runtime())


@dramatiq.actor(queue_name=QUEUE, actor_name=RUN)
async def run_billing(month: int) -> None:
    """Begin or take up the billing of a month (YYYYMM); it goes on after the message is done."""
    start_run(date(month // 100, month % 100, 1))


@dramatiq.actor(queue_name=QUEUE, actor_name=DRAW)
async def issue_documents() -> None:
    """Draw and announce what was issued and has no document yet."""
    start_documents()


@dramatiq.actor(queue_name=QUEUE, actor_name=RUN_EXPORTS)
async def run_exports() -> None:
    """Begin to write reports that wait; they go on after the message is done."""
    await start_exports(runtime())


@dramatiq.actor(queue_name=QUEUE, actor_name=KEEP_RATES)
async def keep_rates() -> None:
    """Ask the central banks for the day's rates."""
    start_rates()
