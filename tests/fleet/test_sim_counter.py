"""The kept number of a company's SIMs always equals a recount, and versions of catalogues change with their rows."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.database import connection_arguments, execute, fetch, fetch_value
from tests.worlds import TwoCompanies

_RECOUNT = """
SELECT c.id, (SELECT count(*) FROM sim s WHERE s.company_id = c.id) AS counted,
       (SELECT coalesce(sum(k.change), 0) FROM sim_count_change k WHERE k.company_id = c.id) AS kept
FROM company c ORDER BY c.id
"""
_INSERT = """
INSERT INTO sim (company_id, profile_id, iccid, created_at, updated_at)
SELECT $1, (SELECT min(id) FROM profile), '8999' || lpad((nextval('acceptance_order'))::text, 15, '0'), now(), now()
FROM generate_series(1, $2)
"""
_MOVE = "UPDATE sim SET company_id = $2 WHERE id IN (SELECT id FROM sim WHERE company_id = $1 ORDER BY id LIMIT $3)"
_DELETE = (
    "DELETE FROM sim WHERE id IN (SELECT id FROM sim WHERE company_id = $1 AND iccid LIKE '8999%' ORDER BY id LIMIT $2)"
)

steps = st.lists(
    st.tuples(st.sampled_from(["insert", "move", "delete", "touch"]), st.booleans(), st.integers(0, 5), st.booleans()),
    max_size=12,
)


async def assert_kept_equals_recount() -> None:
    for row in await fetch(_RECOUNT):
        assert row["kept"] == row["counted"]


async def take(step: tuple[str, bool, int, bool], companies: tuple[int, int], owner: asyncpg.Connection) -> None:
    """One statement, kept or rolled back."""
    what, first, how_many, kept = step
    mine, theirs = companies if first else companies[::-1]
    transaction = owner.transaction()
    await transaction.start()
    if what == "insert":
        await owner.execute(_INSERT, mine, how_many)
    elif what == "move":
        await owner.execute(_MOVE, mine, theirs, how_many)
    elif what == "delete":
        await owner.execute(_DELETE, mine, how_many)
    else:
        await owner.execute("UPDATE sim SET name = name || 'x', company_id = company_id WHERE company_id = $1", mine)
    await (transaction.commit() if kept else transaction.rollback())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(taken=steps)
async def test_the_counter_equals_a_recount_after_any_steps(
    world: TwoCompanies, database: str, taken: list[tuple[str, bool, int, bool]]
) -> None:
    owner = await asyncpg.connect(**connection_arguments(database))
    try:
        for step in taken:
            await take(step, (world.company.id, world.other_company.id), owner)
    finally:
        await owner.close()

    await assert_kept_equals_recount()


async def test_writers_of_one_company_neither_wait_nor_lose_a_sim(world: TwoCompanies) -> None:
    await asyncio.gather(*(execute(_INSERT, world.company.id, 1) for _ in range(150)))

    await assert_kept_equals_recount()
    rows = await fetch_value("SELECT count(*) FROM sim_count_change WHERE company_id = $1", world.company.id)
    assert rows <= 100, "changes are folded into one now and then"


async def test_emptying_the_table_empties_the_counter(world: TwoCompanies, database: str) -> None:
    owner = await asyncpg.connect(**connection_arguments(database))
    try:
        await owner.execute("TRUNCATE sim CASCADE")
    finally:
        await owner.close()

    await assert_kept_equals_recount()


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("sim_group", "UPDATE sim_group SET name = name || '!'"),
        ("company", "UPDATE company SET name = name || '!'"),
        ("profile", "UPDATE profile SET title = title || '!'"),
        ("sim_group", "DELETE FROM sim_group"),
    ],
)
async def test_a_change_of_a_catalogue_changes_its_version(world: TwoCompanies, table: str, statement: str) -> None:
    before = await fetch_value("SELECT version FROM catalogue_version WHERE name = $1", table)

    await execute(f"{statement} WHERE false")
    assert await fetch_value("SELECT version FROM catalogue_version WHERE name = $1", table) == before
    await execute(statement)

    assert await fetch_value("SELECT version FROM catalogue_version WHERE name = $1", table) != before
