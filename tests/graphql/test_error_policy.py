"""What of an error leaves the house."""

from __future__ import annotations

import logging

import asyncpg
import pytest

from models.database import connection_arguments
from tests.graphql.conftest import Ask
from tests.worlds import TwoCompanies


@pytest.fixture
async def broken_groups(world: TwoCompanies, database: str):
    """A database in which reading groups fails, as after a deployment gone wrong."""
    owner = await asyncpg.connect(**connection_arguments(database))
    await owner.execute("ALTER TABLE sim_group RENAME TO sim_group_away")
    yield
    await owner.execute("ALTER TABLE sim_group_away RENAME TO sim_group")
    await owner.close()


@pytest.mark.usefixtures("broken_groups")
async def test_what_nobody_expected_is_masked_and_logged_once(
    world: TwoCompanies, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = await ask(world.owner, "{ mine: groups { nodes { id } } }")
    [error] = answer["errors"]
    assert error["path"] == ["mine"]
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    assert error["extensions"]["errorId"] in error["message"]
    assert "sim_group" not in error["message"]
    [record] = [record for record in caplog.records if error["extensions"]["errorId"] in record.getMessage()]
    assert "UndefinedTableError" in record.getMessage()
    assert "does not exist" not in caplog.text


@pytest.mark.usefixtures("broken_groups")
async def test_one_broken_field_leaves_the_others(world: TwoCompanies, ask: Ask) -> None:
    answer = await ask(world.owner, '{ node(id: "U2ltOjE=") { ... on Sim { name groups { id } } } viewer { name } }')
    assert answer["data"] == {"node": None, "viewer": {"name": "Olga Owner"}}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["INTERNAL_ERROR"]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{", "INVALID_REQUEST"),
        ("{ simms { id } }", "INVALID_REQUEST"),
        ("query ($id: ID!) { sim(id: $id) { id } }", "INVALID_VALUE"),
        ("{ sims(first: 3000000000) { totalCount } }", "INVALID_VALUE"),
    ],
)
async def test_requests_that_cannot_be_answered(world: TwoCompanies, ask: Ask, document: str, code: str) -> None:
    answer = await ask(world.owner, document)
    assert answer["data"] is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


async def test_strange_characters_reach_no_database_error(world: TwoCompanies, ask: Ask) -> None:
    for text in ("\x00", "\ud800", "a\x00b", '"a\x00"', "!\x00*"):
        for name in ("search", "csv"):
            answer = await ask(
                world.owner, "query ($f: SimFilter) { sims(filter: $f) { nodes { id } } }", f={name: text}
            )
            assert [error["extensions"]["code"] for error in answer["errors"]] in ([], ["INVALID_CSV"])
        answer = await ask(
            world.owner, "query ($f: SimFilter) { sims(filter: $f) { nodes { id } } }", f={"profiles": text}
        )
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNKNOWN_PROFILE"]


async def test_of_several_operations_the_wanted_one_must_be_named(world: TwoCompanies, ask: Ask) -> None:
    document = "query First { viewer { name } } query Second { profiles { code } }"

    for _ in range(2):  # the second time the document is a known one
        answer = await ask(world.owner, document)

        [error] = answer["errors"]
        assert "data" not in answer or answer["data"] is None
        assert error["extensions"]["code"] == "INVALID_REQUEST"
        assert "operationName" in error["message"]
