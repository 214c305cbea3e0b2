"""`FINANCIAL_LOCK_LIVE_SIMS=defer_until_offline`: a SIM in a live device is locked when it has gone silent."""

from __future__ import annotations

from datetime import date

from domain.clock import clock
from models.database import execute, fetch
from schema.ids import global_id
from services.dunning.financial_locks import align_sims
from services.dunning.run_dunning import lock_due
from settings.dunning import DunningTerms, LiveSims, use_dunning_terms
from tests.graphql.conftest import Ask
from tests.payments.world import add_invoice, at, statement
from tests.worlds import TwoCompanies

PREVIEW = "query ($id: ID!) { dunningPreview(invoice: $id) { companyLocked simsToLock liveSims } }"


async def asked(company_id: int) -> list[tuple[int, str]]:
    """SIMs and states of the items that lock for money, in order."""
    rows = await fetch(
        "SELECT sim_id, state FROM operation_item WHERE company_id = $1 AND kind = 'SET_FINANCIAL_LOCK' ORDER BY id",
        company_id,
    )
    return [(row["sim_id"], row["state"]) for row in rows]


async def test_a_live_sim_is_locked_once_it_is_silent(world: TwoCompanies, read: Ask) -> None:
    use_dunning_terms(DunningTerms(live_sims=LiveSims.DEFER_UNTIL_OFFLINE))
    at("2023-12-11")
    invoice = await add_invoice(world.company, "100.00", currency="KZT")
    preview = {"id": global_id("Invoice", invoice.id)}
    shown = (await read(world.staff, PREVIEW, **preview))["dunningPreview"]
    assert (shown["simsToLock"], shown["liveSims"]) == (4, 1)
    await statement(world.staff, "x;08.12.2023;1;KZT;x;nobody", entity="KZ", until="2023-12-10")

    await lock_due("KZ", date(2023, 12, 11))

    first = await asked(world.company.id)
    waiting = {sim for sim, state in first if state == "QUEUED"}
    deferred = {sim for sim, state in first} - waiting
    assert len(waiting) == 3 and len(deferred) == 1

    (live,) = deferred
    at("2023-12-12")
    assert await align_sims() == 1, "still live: asked for again, and refused again"
    assert [state for sim, state in await asked(world.company.id) if sim == live].count("QUEUED") == 0
    assert await align_sims() == 0, "not at once"

    shown = (await read(world.staff, PREVIEW, **preview))["dunningPreview"]
    assert (shown["companyLocked"], shown["liveSims"]) == (True, 1), "staff sees the one that is waited for"

    # Silent since the 12th: a day later it counts as offline.
    silent = "UPDATE sim SET session_active = false, session_ended_at = $2, session_as_of = $2 WHERE id = $1"
    await execute(silent, live, clock.now())
    at("2023-12-14")
    assert await align_sims() == 1
    assert [state for sim, state in await asked(world.company.id) if sim == live][-1] == "QUEUED"
    assert (await read(world.staff, PREVIEW, **preview))["dunningPreview"]["liveSims"] == 0
