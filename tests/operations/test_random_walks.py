"""Random walks over everything that can happen to items, against PostgreSQL: what must hold holds after every step.

The operator is a driver plugin in memory, so that a walk of forty steps takes a fraction of a second.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from domain.changes import Change
from domain.clock import clock
from domain.errors import NothingToDo
from domain.operations import OperationKind, RiskCode
from domain.sim_filter import Selection
from models import Profile, UserRole
from models.database import execute, fetch
from services.execution.claim_items import claim_due_checks, claim_items
from services.execution.confirm_item import confirm_item
from services.execution.drain_account import drain_account
from services.execution.execute_item import execute_item
from services.execution.item_results import ClaimedItem, ItemResult
from services.execution.recover_items import recover_items
from services.execution.write_results import write_results
from services.operations.accept_operation import accept_operation
from services.operations.cancel_operation import cancel_operation
from services.operations.retry_failed_items import retry_failed_items
from services.process.runtime import Runtime, open_runtime
from settings import Settings
from tests.operations.engine import LOCK, RESET, UNLOCK
from tests.operations.scripted_driver import OPERATOR, Fate
from tests.worlds import Login, add_company, add_login, add_sim

PLUGINS = """
[plugins.scripted]
module = "tests.operations.scripted_driver"

[profiles.SC]
title = "Scripted"
driver = "scripted"
"""

SIMS = 4
T = TypeVar("T")
fates = st.lists(st.sampled_from(Fate), max_size=6)
picks = st.integers(0, 50)

WRONG = {
    "counters are not a recount": """
        SELECT o.id FROM operation o JOIN operation_item i ON i.operation_id = o.id GROUP BY o.id
        HAVING (o.total, o.queued, o.calling, o.waiting, o.succeeded, o.failed, o.refused, o.unknown, o.cancelled) <>
          (count(*), count(*) FILTER (WHERE i.state = 'QUEUED'), count(*) FILTER (WHERE i.state = 'CALLING'),
           count(*) FILTER (WHERE i.state = 'AWAITING_CONFIRMATION'), count(*) FILTER (WHERE i.state = 'SUCCEEDED'),
           count(*) FILTER (WHERE i.state = 'FAILED'), count(*) FILTER (WHERE i.state = 'REFUSED'),
           count(*) FILTER (WHERE i.state = 'UNKNOWN'), count(*) FILTER (WHERE i.state = 'CANCELLED'))""",
    "the state is not that of the counters": """
        SELECT id FROM operation WHERE (queued + calling + waiting = 0) <> (state IN ('DONE', 'CANCELLED'))
          OR (finished_at IS NOT NULL) <> (state IN ('DONE', 'CANCELLED')) OR (state = 'CANCELLED') <>
             (queued + calling + waiting = 0 AND cancelled > 0)""",
    "the mask is not the set of reasons": """
        SELECT s.id FROM sim s LEFT JOIN sim_lock_reason r ON r.sim_id = s.id GROUP BY s.id
        HAVING s.lock_mask <> coalesce(sum(CASE r.kind WHEN 'VOLUNTARY' THEN 1 WHEN 'MSU' THEN 8 END), 0)""",
    "two changes of a SIM in flight": """
        SELECT sim_id FROM operation_item WHERE state = 'CALLING' GROUP BY sim_id HAVING count(*) > 1""",
    "a lock overtook a lock": """
        SELECT i.id FROM operation_item i JOIN operation_item o ON o.sim_id = i.sim_id AND o.accept_seq < i.accept_seq
        WHERE i.state = 'CALLING' AND o.state = 'QUEUED' AND o.kind IN ('LOCK', 'UNLOCK')""",
    "an item that is ended is looked at or held": """
        SELECT id FROM operation_item WHERE state IN ('SUCCEEDED', 'FAILED', 'REFUSED', 'CANCELLED')
          AND (check_at IS NOT NULL OR holder_id IS NOT NULL OR not_before IS NOT NULL OR finished_at IS NULL
               OR outcome_code IS NULL OR outcome_message IS NULL)""",
    "a call that nobody holds": "SELECT id FROM operation_item WHERE (state = 'CALLING') <> (holder_id IS NOT NULL)",
    "two resets of a SIM under way": """
        SELECT sim_id FROM operation_item WHERE kind = 'CANCEL_LOCATION' AND state IN ('CALLING', 'AWAITING_CONFIRMATION')
        GROUP BY sim_id HAVING count(*) > 1""",
}

# SIMs whose last lock or unlock that was sent has succeeded by the operator's word, and of which nothing is in flight.
LAST_SENT = """
SELECT s.iccid, i.kind, s.lock_mask & 1 = 1 AS locked, s.observed_blocked
FROM sim s CROSS JOIN LATERAL (
  SELECT * FROM operation_item o WHERE o.sim_id = s.id AND o.kind IN ('LOCK', 'UNLOCK') AND o.started_at IS NOT NULL
    AND o.state NOT IN ('QUEUED', 'CANCELLED') ORDER BY o.accept_seq DESC LIMIT 1) i
WHERE i.state = 'SUCCEEDED' AND i.outcome_code IN ('APPLIED', 'ALREADY_LOCKED', 'CONFIRMED', 'SETTLED_BY_READING')
"""


class Walk(RuleBasedStateMachine):
    """One walk. Its steps run on the tests' event loop, from a thread of its own."""

    loop: asyncio.AbstractEventLoop
    settings_of_walk: Settings
    owner: Login
    sim_ids: list[int]
    keys = itertools.count(1)

    def do(self, step: Coroutine[Any, Any, T]) -> T:
        """Run a step on the event loop."""
        return asyncio.run_coroutine_threadsafe(step, self.loop).result(30)

    @initialize()
    def begin(self) -> None:
        """An empty history, and two processes."""
        self.operations: list[int] = []
        self.claimed: list[tuple[ClaimedItem, int]] = []
        self.late: list[tuple[ItemResult, int | None]] = []
        self.do(self._begin())

    async def _begin(self) -> None:
        OPERATOR.forget()
        for table in ("operation_item", "operation", "queue_turn", "sim_lock_reason", "lease_holder", "call_slot"):
            await execute(f"DELETE FROM {table}")
        await execute(
            "UPDATE sim SET lock_mask = 0, observed_blocked = false, observed_at = $1, reset_accepted_at = NULL",
            clock.now(),
        )
        self.runtime: Runtime = await open_runtime(self.settings_of_walk, "walk")
        (row,) = await fetch("SELECT id FROM operator_account")
        self.account: int = row["id"]

    def teardown(self) -> None:
        """The processes end."""
        if hasattr(self, "runtime"):
            self.do(self.runtime.close())

    @rule(
        kind=st.sampled_from([LOCK, UNLOCK, RESET]),
        places=st.sets(st.integers(0, SIMS - 1), min_size=1),
        risky=st.booleans(),
    )
    def accept(self, kind: OperationKind, places: set[int], risky: bool) -> None:
        """The owner asks for a change."""
        risks = frozenset(RiskCode) if risky else frozenset[RiskCode]()
        selection = Selection(ids=tuple(self.sim_ids[place] for place in places))
        key = f"walk-{next(self.keys)}"
        self.operations.append(
            self.do(
                accept_operation(self.owner.principal, Change(kind), selection, idempotency_key=key, accept_risks=risks)
            )
        )

    @rule(answers=fates)
    def drain(self, answers: list[Fate]) -> None:
        """A process works on the queue, and the operator answers in its own way."""
        OPERATOR.answers[:] = answers
        self.claimed.clear()  # what this process had taken before is taken up by itself
        self.do(drain_account(self.account, self.runtime))
        OPERATOR.answers.clear()

    @rule(count=st.integers(1, 3))
    def claim(self, count: int) -> None:
        """The process takes items and has not called yet."""
        holder = self.runtime.lease.holder_id
        self.claimed += [(item, holder) for item in self.do(claim_items(self.account, holder, count))]

    @rule(pick=picks, answers=fates, is_late=st.booleans())
    def call(self, pick: int, answers: list[Fate], is_late: bool) -> None:
        """One of them is called; its result is written at once, or held up on its way."""
        if not self.claimed:
            return
        item, holder = self.claimed.pop(pick % len(self.claimed))
        OPERATOR.answers[:] = answers
        result = self.do(execute_item(item, self.runtime.registry)).result
        OPERATOR.answers.clear()
        if is_late:
            self.late.append((result, holder))
        else:
            self.do(write_results([result], holder))

    @rule(pick=picks, keep=st.booleans())
    def arrive(self, pick: int, keep: bool) -> None:
        """A result that was held up is written, perhaps for the second time."""
        if self.late:
            place = pick % len(self.late)
            result, holder = self.late[place] if keep else self.late.pop(place)
            self.do(write_results([result], holder))

    @rule(is_late=st.booleans())
    def look(self, is_late: bool) -> None:
        """Items that wait or are unknown are looked at."""
        for row in self.do(claim_due_checks(self.account, 5)):
            result = self.do(confirm_item(row, self.runtime.registry))
            if result is not None and is_late:
                self.late.append((result, None))
            elif result is not None:
                self.do(write_results([result], None))

    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        """The owner takes back what is queued."""
        self._change(cancel_operation, pick)

    @rule(pick=picks)
    def retry(self, pick: int) -> None:
        """The owner queues again what failed."""
        self._change(retry_failed_items, pick)

    def _change(self, change: Any, pick: int) -> None:
        if self.operations:
            try:
                self.do(change(self.owner.principal, self.operations[pick % len(self.operations)]))
            except NothingToDo:
                return

    @rule()
    def die(self) -> None:
        """The process is killed, and another takes its place; what it has called may still arrive."""
        self.do(self._die())

    async def _die(self) -> None:
        self.claimed.clear()
        await self.runtime.close()
        await recover_items()
        self.runtime = await open_runtime(self.settings_of_walk, "walk")

    @rule(seconds=st.sampled_from([6, 60, 3600, 40_000]), pick=picks)
    def wait(self, seconds: int, pick: int) -> None:
        """Time passes, and perhaps a SIM comes back to its network."""
        clock.shift_to(clock.offset + timedelta(seconds=seconds))
        if seconds > 60:
            resets = sorted(OPERATOR.resets)
            OPERATOR.back.update(resets[: pick % (len(resets) + 1)])

    @invariant()
    def all_is_well(self) -> None:
        """What must hold after every step."""
        if not hasattr(self, "runtime"):
            return
        for sentence, query in WRONG.items():
            assert not self.do(fetch(query)), sentence
        for row in self.do(fetch(LAST_SENT)):
            really = row["iccid"] in OPERATOR.blocked
            assert really is (row["kind"] == LOCK), "a lock or unlock that succeeded is not what the operator has"
            assert row["locked"] is really, "what we want is not what was done last"
            assert row["observed_blocked"] is really, "what we saw is not what the operator has"


@pytest.fixture
async def walk(database: str, redis_url: str, tmp_path: Path) -> type[Walk]:
    """A company with a few SIMs of an operator that lives in this process."""
    plugins = tmp_path / "plugins.toml"
    plugins.write_text(PLUGINS)
    Walk.loop = asyncio.get_running_loop()
    Walk.settings_of_walk = Settings(
        database_url=database, redis_url=redis_url, environment="test", plugins_file=plugins
    )
    runtime = await open_runtime(Walk.settings_of_walk, "first")
    assert runtime.registry.problems == ()
    await runtime.close()
    company = await add_company("Astana Telematics")
    Walk.owner = await add_login(company, UserRole.OWNER, "Olga Owner")
    profile = await Profile.get(code="SC")
    Walk.sim_ids = [(await add_sim(company, profile, serial)).id for serial in range(1, SIMS + 1)]
    return Walk


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
async def test_what_must_hold_holds_along_every_walk(walk: type[Walk]) -> None:
    chosen = settings(
        max_examples=int(os.environ.get("WALKS", "25")),
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    await asyncio.to_thread(run_state_machine_as_test, walk, settings=chosen)
