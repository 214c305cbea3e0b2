"""Overviews, the first SIMs and the kept sums against a slow recount over records drawn at random."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest

from domain.reports import TopBy, UsageKey
from models.database import execute, fetch
from novaconnect_sdk import SessionRecord
from services.reports.scope import scope_of
from services.reports.usage_overview import top_sims, usage_overview
from tests.reports.records import bring_records, costs_of, day_in, sessions_of
from tests.reports.recount import choices, spans, total, usage
from tests.worlds import TwoCompanies, add_group

SEEDS = [1, 2]


@pytest.mark.parametrize("seed", SEEDS)
async def test_overviews_equal_a_recount(world: TwoCompanies, seed: int) -> None:
    """Given the same, when they are broken down by anything, then every part is the sum of its sessions."""
    held = await bring_records(world, seed)
    second = await add_group(world.company, "Second", [world.sims["truck"], world.sims["crane"]])
    groups = {
        world.sims["truck"].id: [world.group.id, second.id],
        world.sims["crane"].id: [second.id],
        world.sims["combine"].id: [world.group.id],
    }
    profiles = {
        code: {sim.id for sim in world.sims.values() if sim.profile_id == row.id}  # type: ignore[attr-defined]
        for code, row in world.profiles.items()
    }
    await execute("UPDATE sim SET roaming = true WHERE id = $1", world.sims["crane"].id)
    plans = {"TC": "TC_PayPerUse", "TD": "TD_Mega"}

    def keys(by: UsageKey, one: SessionRecord, sim: int) -> list[object]:
        profile = next(code for code, members in profiles.items() if sim in members)
        found: dict[UsageKey, list[object]] = {
            UsageKey.DAY: [day_in(one.started_at, "UTC").isoformat()],
            UsageKey.COUNTRY: [one.country],
            UsageKey.OPERATOR: [one.operator],
            UsageKey.PROFILE: [profile],
            UsageKey.PLAN: [plans[profile]],
            UsageKey.GROUP: list(groups[sim]),
        }
        return found[by]

    for span in (span for span in spans() if span.is_utc):
        for name, (selection, sims) in choices(world).items():
            scope = await scope_of(world.owner.principal, selection)
            for by in UsageKey:
                parts = await usage_overview(scope, span, by)
                expected: dict[object, list[SessionRecord]] = defaultdict(list)
                for one, sim in sessions_of(held, [world.company.id], span.first, span.last, "UTC", sims):
                    for key in keys(by, one, sim):
                        expected[key].append(one)

                found = {part.group_id if by is UsageKey.GROUP else part.key: total(part.usage) for part in parts}
                assert found == {key: total(usage(ones)) for key, ones in expected.items()}, (name, span, by)


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_first_sims_are_those_that_used_most(world: TwoCompanies, seed: int) -> None:
    held = await bring_records(world, seed)
    for span in (span for span in spans() if span.is_utc):
        scope = await scope_of(world.owner.principal)
        by_sim: dict[int, list[SessionRecord]] = defaultdict(list)
        for one, sim in sessions_of(held, [world.company.id], span.first, span.last, "UTC"):
            by_sim[sim].append(one)

        for by in (TopBy.BYTES, TopBy.SESSIONS):
            rank = (lambda used: used.bytes) if by is TopBy.BYTES else (lambda used: used.sessions)
            expected = sorted(
                ((sim, usage(ones)) for sim, ones in by_sim.items()), key=lambda each: (-rank(each[1]), each[0])
            )
            found = await top_sims(scope, span, by, 2)
            assert [(row.sim_id, total(row.usage)) for row in found] == [(sim, total(one)) for sim, one in expected[:2]]

        priced = sorted(
            ((cost, currency, sim) for sim, ones in by_sim.items() for cost, currency in usage_costs(ones) if cost > 0),
            key=lambda each: -each[0],
        )
        found = await top_sims(scope, span, TopBy.COST, 1000)
        assert sorted((row.usage.costs[0].amount, row.usage.costs[0].currency, row.sim_id) for row in found) == sorted(
            priced
        )
        assert [row.usage.costs[0].amount for row in found] == [cost for cost, *_ in priced]


def usage_costs(ones: list[SessionRecord]) -> list[tuple[Decimal, str | None]]:
    return costs_of((one.cost, one.currency) for one in ones)


RECOUNTS = {
    "usage_daily": "SELECT sim_id, (started_at AT TIME ZONE 'UTC')::date, company_id, coalesce(currency, ''),"
    " sum(bytes)::bigint, count(*)::int, coalesce(sum(cost), 0) FROM data_session GROUP BY 1, 2, 3, 4",
    "usage_monthly": "SELECT sim_id, date_trunc('month', started_at AT TIME ZONE 'UTC')::date, company_id,"
    " coalesce(currency, ''), sum(bytes)::bigint, count(*)::int, coalesce(sum(cost), 0) FROM data_session GROUP BY 1, 2, 3, 4",
    "usage_by_network": "SELECT company_id, (started_at AT TIME ZONE 'UTC')::date, profile_id, coalesce(operator, ''),"
    " coalesce(country, ''), coalesce(currency, ''), sum(bytes)::bigint, count(*)::int, coalesce(sum(cost), 0)"
    " FROM data_session GROUP BY 1, 2, 3, 4, 5, 6",
}
KEPT = {
    "usage_daily": "SELECT sim_id, day, company_id, currency, bytes, sessions, cost FROM usage_daily",
    "usage_monthly": "SELECT sim_id, month, company_id, currency, bytes, sessions, cost FROM usage_monthly",
    "usage_by_network": "SELECT company_id, day, profile_id, operator, country, currency, bytes, sessions, cost"
    " FROM usage_by_network",
}


@pytest.mark.parametrize("seed", range(6))
async def test_the_kept_sums_equal_a_recount_whatever_comes(world: TwoCompanies, seed: int) -> None:
    """Given late, corrected, moved and sold sessions, when they have come, then every table of sums is a recount."""
    await bring_records(world, seed)
    await execute("UPDATE sim SET company_id = $1 WHERE id = $2", world.other_company.id, world.sims["truck"].id)
    await bring_records(world, seed + 100)

    for table, recount in RECOUNTS.items():
        kept = [tuple(row) for row in await fetch(KEPT[table])]
        assert sorted(kept) == sorted(tuple(row) for row in await fetch(recount)), table
        assert len(kept) > 10
