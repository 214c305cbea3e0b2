"""The second wall: every table of companies' rows has a policy, and a session sees what it acts for and nothing else."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from models.database import connection_arguments, execute, fetch, fetch_value, readers, transaction
from models.tenancy import (
    acting_for,
    as_system,
    each_in_scope,
    process_acts_as_system,
    process_acts_for_nobody,
    scope_of,
)
from tests.worlds import TwoCompanies

# Tables without a policy, each with its reason. A new table belongs to a company (protect it, see docs/tenancy.md), or here.
NOBODYS = {
    "billing_run": "the month's run for all companies at once: counts",
    "calendar_acceptance": "which official calendars staff accepted",
    "call_slot": "the operators' budgets are shared by all companies",
    "catalogue_version": "numbers by which processes notice that something changed",
    "exchange_rate": "what central banks said",
    "invoice_counter": "the last number of a legal entity's invoices",
    "legal_entity": "the platform's own companies; on every invoice",
    "lease_holder": "the platform's own processes",
    "operator_account": "the platform's logins at operators; no key of theirs is stored",
    "profile": "the same catalogue for everybody",
    "rounding_quantum": "how a legal entity rounds",
    "sync_run": "synchronisations of a profile for all companies at once: counts, and what the operator's side answered",
    "tortoise_migrations": "which migrations are applied",
}

TABLES = """
SELECT c.relname::text AS name, c.relrowsecurity AS protected,
       EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS has_policy, c.relispartition AS is_part,
       has_table_privilege('novaconnect_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE') AS is_open,
       ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1
"""

VIEWS = """
SELECT c.relname::text AS name, ARRAY(
  SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 ORDER BY a.attnum) AS columns
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'
"""


@pytest.fixture
async def owner(database: str):
    """A connection of the owner of all tables, whom no policy binds."""
    connection = await asyncpg.connect(**connection_arguments(database))
    yield connection
    await connection.close()


async def test_every_table_is_protected_or_says_why_not(template_url: str) -> None:
    # The database as the migrations make it: other tests have tables of their own in the shared one.
    migrated = await asyncpg.connect(**connection_arguments(template_url))
    tables = {row["name"]: row for row in await migrated.fetch(TABLES)}
    await migrated.close()

    for name, row in tables.items():
        if row["is_part"]:
            assert not row["is_open"], f"{name} can be read beside the policy of the table that it is a part of"
            continue
        assert (row["protected"] and row["has_policy"]) or name in NOBODYS, (
            f'The table {name} has no policy: add `protect("{name}")` of models/row_security.py to the migration that'
            " makes it, or, if its rows belong to no company, a line with the reason to NOBODYS here."
        )
        if name in NOBODYS:
            assert "company_id" not in row["columns"], f"{name} has a company_id: protect it, it cannot be nobody's"
    assert set(NOBODYS) <= set(tables), "NOBODYS names a table that does not exist"


async def test_views_show_all_columns_and_no_view_is_unknown(owner: asyncpg.Connection) -> None:
    views = {row["name"]: row["columns"] for row in await owner.fetch(VIEWS)}
    sim = next(row["columns"] for row in await owner.fetch(TABLES) if row["name"] == "sim")

    assert set(views) == {"visible_person", "visible_sim"}, (
        "A view reads as its owner, whom no policy binds: let it have `in_scope(…)` of models/row_security.py as a"
        " condition, test it as `visible_sim` is tested below, and name it here."
    )
    assert set(sim) - set(views["visible_sim"]) == set(), (
        "visible_sim lacks columns of sim: put the operations of your migration that change sim into"
        " `*changing_sim(…)` of models/row_security.py."
    )


async def test_the_application_owns_nothing(owner: asyncpg.Connection) -> None:
    owned = await owner.fetchval(
        "SELECT count(*) FROM pg_class WHERE relowner = 'novaconnect_app'::regrole"
        " AND relpersistence <> 't'"  # staging tables of a session are its own
    )
    passes = await owner.fetchval("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = 'novaconnect_app'")

    assert owned == 0
    assert passes is False


async def test_a_session_sees_the_companies_it_acts_for(world: TwoCompanies) -> None:
    mine, others = world.company.id, world.other_company.id

    for source in ("sim", "visible_sim"):
        query = f"SELECT DISTINCT company_id FROM {source} ORDER BY 1"
        for read in (fetch, readers().fetch):
            seen = []
            for company_ids in ((mine,), (others,), (mine, others), (), None):
                with acting_for(company_ids):
                    seen.append([row[0] for row in await read(query)])
            assert seen == [[mine], [others], [mine, others], [], [mine, others]]


async def test_where_nothing_is_set_nothing_exists(world: TwoCompanies) -> None:
    process_acts_for_nobody()
    try:
        counts = [await fetch_value(f"SELECT count(*) FROM {name}") for name in ("company", "sim", "visible_sim")]
        counts.append((await readers().fetch("SELECT count(*) FROM user_account"))[0][0])
        async with transaction():
            counts.append(await fetch_value("SELECT count(*) FROM operation"))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute("INSERT INTO sim_group (company_id, name, created_at) VALUES (1, 'x', now())")
    finally:
        process_acts_as_system()

    assert set(counts) == {0}


async def test_another_companys_rows_cannot_be_changed(world: TwoCompanies) -> None:
    taxi = world.others["taxi"].id
    with acting_for([world.company.id]):
        for statement in (
            "UPDATE sim SET name = 'stolen' WHERE id = $1",
            "DELETE FROM sim_live_reading WHERE sim_id = $1",
        ):
            assert (await execute(statement, taxi)).endswith(" 0")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute("UPDATE sim SET company_id = $1 WHERE company_id <> $1", world.other_company.id)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute("INSERT INTO sim_live_reading (sim_id) VALUES ($1)", taxi)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(
                "INSERT INTO sim_group (company_id, name, created_at) VALUES ($1, 'x', now())", world.other_company.id
            )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute("UPDATE visible_sim SET name = 'x'")

    assert await fetch_value("SELECT name FROM sim WHERE id = $1", taxi) == "Taxi 1"


async def test_a_transaction_says_it_together_with_begin_and_takes_it_back(world: TwoCompanies) -> None:
    count = "SELECT count(*) FROM company"
    with acting_for([world.company.id]):
        async with transaction():
            assert await fetch_value(count) == 1
            with as_system():
                assert await fetch_value(count) == 2
            assert await fetch_value(count) == 1
            with suppress(ZeroDivisionError), as_system():
                async with transaction():
                    assert await fetch_value(count) == 2
                    raise ZeroDivisionError
            assert await fetch_value(count) == 1
    with acting_for([]):
        assert await fetch_value(count) == 0


async def test_tasks_take_it_along_and_generators_leave_nothing_behind(world: TwoCompanies) -> None:
    async def counted() -> int:
        await asyncio.sleep(0)
        return await fetch_value("SELECT count(*) FROM company")

    async def counting():
        while True:
            yield await counted()

    with acting_for([world.company.id]):
        task = asyncio.create_task(counted())
    stream = each_in_scope(scope_of((world.company.id, world.other_company.id)), counting())
    with acting_for([]):
        from_stream = await anext(stream)
        outside = await counted()
    await stream.aclose()

    assert (await task, from_stream, outside) == (1, 2, 0)


async def test_a_month_of_records_is_read_through_its_table_only(database: str) -> None:
    await execute("SELECT ensure_record_partitions('2031-01-01', '2031-02-01')")

    assert await fetch_value("SELECT count(*) FROM data_session") == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await fetch("SELECT * FROM data_session_2031_01")


async def test_who_did_it_is_shown_by_name_of_own_people_and_staff_only(world: TwoCompanies) -> None:
    with acting_for([world.company.id]):
        names = {row["name"] for row in await fetch("SELECT name FROM visible_person")}

    assert names == {"Olga Owner", "Marat Manager", "Vera Viewer", "Saule Staff"}
