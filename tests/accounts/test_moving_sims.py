"""SIMs that go from one company to another: what goes with them, what stays, and who may."""

from __future__ import annotations

import asyncio

import pytest

from access import authenticate
from eventstream import EventHub
from models import Company, Operation, OperationItem, Sim, SimGroupMember, SimLockReason
from models.database import transaction
from resolvers.context import RequestContext
from resolvers.schema import build_schema
from services.operations.ownership import change_ownership
from tests.accounts.test_companies import Agency, agency, company_of
from tests.graphql.conftest import Ask
from tests.worlds import Login, TwoCompanies

__all__ = ["agency"]

MOVE = """mutation ($ids: [ID!], $company: ID!, $key: String!) {
  moveSims(input: {selection: {ids: $ids}, companyId: $company, idempotencyKey: $key}) {
    operation { id kind state succeeded refused parameters } userErrors { code path } } }"""
SIMS = (
    "{ sims { totalCount nodes { id name groups { name } isLocked lastOperation { kind } history { totalCount } } } }"
)
ALMATY = "Almaty Taxi"


async def ids_of(read: Ask, world: TwoCompanies, *names: str) -> list[str]:
    found = (await read(world.staff, "{ sims { nodes { id iccid } } }"))["sims"]["nodes"]
    wanted = {world.sims[name].iccid for name in names}
    return [sim["id"] for sim in found if sim["iccid"] in wanted]


async def test_a_moved_sim_is_the_other_companys_and_its_past_stays(world: TwoCompanies, read: Ask) -> None:
    sims = await ids_of(read, world, "combine", "truck")
    rename = 'mutation ($id: ID!) { renameSim(input: {id: $id, name: "Old name", idempotencyKey: "r"}) { userErrors { code } } }'
    await read(world.owner, rename, id=sims[0])
    almaty = await company_of(read, world.staff, ALMATY)
    moved = (await read(world.staff, MOVE, ids=sims, company=almaty, key="m"))["moveSims"]["operation"]
    assert (moved["kind"], moved["state"], moved["succeeded"], moved["parameters"]) == (
        "MOVE",
        "DONE",
        2,
        {"companyId": almaty},
    )
    again = (await read(world.staff, MOVE, ids=sims, company=almaty, key="m"))["moveSims"]["operation"]
    assert again["id"] == moved["id"], "the same key moves nothing twice"

    before, after = (await read(world.owner, SIMS))["sims"], (await read(world.other_owner, SIMS))["sims"]
    assert (before["totalCount"], after["totalCount"]) == (4, 4)
    arrived = [sim for sim in after["nodes"] if sim["id"] in sims]
    assert all(
        sim["groups"] == [] and sim["lastOperation"] is None and sim["history"]["totalCount"] == 0 for sim in arrived
    )
    assert [sim["isLocked"] for sim in arrived].count(True) == 1
    assert await SimLockReason.filter(sim_id=world.sims["combine"].id, company_id=world.other_company.id).count() == 2
    assert await SimGroupMember.all().count() == 0

    history = "query ($id: ID!) { operation(id: $id) { items { totalCount nodes { outcome { code } sim { id } } } } }"
    kept = (await read(world.owner, history, id=moved["id"]))["operation"]["items"]
    assert (kept["totalCount"], {node["sim"] and node["sim"]["id"] for node in kept["nodes"]}) == (2, {None})
    assert (await read(world.other_owner, history, id=moved["id"]))["operation"] is None
    staff = (await read(world.staff, "query ($id: ID!) { sim(id: $id) { history { nodes { kind } } } }", id=sims[0]))[
        "sim"
    ]
    assert "MOVE" in [node["kind"] for node in staff["history"]["nodes"]]
    log = (await read(world.owner, "{ auditLog { nodes { action } } }"))["auditLog"]["nodes"]
    assert log[0] == {"action": "operation.accepted.move"}


async def test_who_may_move_what_whither(world: TwoCompanies, agency: Agency, read: Ask) -> None:
    [truck] = await ids_of(read, world, "truck")
    almaty = await company_of(read, world.staff, ALMATY)
    astana = await company_of(read, world.staff)
    for login, company, code in (
        (world.owner, astana, "FORBIDDEN"),
        (world.viewer, astana, "FORBIDDEN"),
        (agency.reseller, almaty, "NOT_FOUND"),
        (agency.reseller, "Q29tcGFueTo5OTk5", "NOT_FOUND"),
        (world.staff, astana, "NOTHING_TO_DO"),
    ):
        refused = (await read(login, MOVE, ids=[truck], company=company, key=code))["moveSims"]
        assert [error["code"] for error in refused["userErrors"]] == [code]
    await Company.filter(id=world.other_company.id).update(agent_id=agency.agent.id, state="CLOSED")
    principal = await authenticate(agency.reseller.token)
    assert principal is not None
    reseller = Login(agency.reseller.user, agency.reseller.token, principal)
    closed = (await read(reseller, MOVE, ids=[truck], company=almaty, key="closed"))["moveSims"]
    assert closed["userErrors"] == [{"code": "INVALID_VALUE", "path": ["input", "companyId"]}]
    await Company.filter(id=world.other_company.id).update(state="ACTIVE")
    moved = (await read(reseller, MOVE, ids=[truck], company=almaty, key="agent"))["moveSims"]
    assert moved["operation"]["succeeded"] == 1, moved
    assert (await Sim.get(id=world.sims["truck"].id)).company_id == world.other_company.id  # type: ignore[attr-defined]


@pytest.mark.parametrize("state", ["QUEUED", "CALLING", "AWAITING_CONFIRMATION"])
async def test_a_sim_with_open_work_stays_until_it_is_settled(world: TwoCompanies, read: Ask, state: str) -> None:
    sims = await ids_of(read, world, "truck", "spare")
    lock = """mutation ($ids: [ID!]) { lockSims(input: {selection: {ids: $ids}, idempotencyKey: "l", acceptRisks: [MSU_LOCK]}) {
      operation { id } } }"""
    await read(world.owner, lock, ids=await ids_of(read, world, "truck"))
    await OperationItem.all().update(state=state)
    almaty = await company_of(read, world.staff, ALMATY)
    moved = (await read(world.staff, MOVE, ids=sims, company=almaty, key="m"))["moveSims"]["operation"]
    assert (moved["succeeded"], moved["refused"]) == (1, 1)
    refused = await OperationItem.get(kind="MOVE", state="REFUSED")
    assert (refused.sim_id, refused.outcome_code) == (world.sims["truck"].id, "CHANGE_UNDER_WAY")
    assert (await read(world.owner, "{ sims { totalCount } }"))["sims"]["totalCount"] == 5


async def test_what_failed_before_the_move_is_not_retried_on_the_new_owners_sim(world: TwoCompanies, read: Ask) -> None:
    sims = await ids_of(read, world, "truck", "spare")
    lock = """mutation ($ids: [ID!]) { lockSims(input: {selection: {ids: $ids}, idempotencyKey: "l", acceptRisks: [MSU_LOCK]}) {
      operation { id } } }"""
    operation = (await read(world.owner, lock, ids=sims))["lockSims"]["operation"]["id"]
    await OperationItem.filter(kind="LOCK").update(state="FAILED")
    await Operation.all().update(queued=0, failed=2, state="DONE")
    almaty = await company_of(read, world.staff, ALMATY)
    [truck] = await ids_of(read, world, "truck")
    await read(world.staff, MOVE, ids=[truck], company=almaty, key="m")

    retry = "mutation ($id: ID!) { retryFailedItems(id: $id) { userErrors { code } } }"
    assert (await read(world.owner, retry, id=operation))["retryFailedItems"]["userErrors"] == []

    states = {item.sim_id: item.state for item in await OperationItem.filter(kind="LOCK")}
    assert states == {world.sims["truck"].id: "FAILED", world.sims["spare"].id: "QUEUED"}


async def test_what_is_accepted_during_a_move_waits_and_finds_the_sim_gone(world: TwoCompanies, read: Ask) -> None:
    [truck] = await ids_of(read, world, "truck")
    lock = """mutation ($ids: [ID!]) { lockSims(input: {selection: {ids: $ids}, idempotencyKey: "l", acceptRisks: [MSU_LOCK]}) {
      operation { id } userErrors { code } } }"""
    held, go_on = asyncio.Event(), asyncio.Event()

    async def move() -> None:
        async with transaction():
            await change_ownership()
            await Sim.filter(id=world.sims["truck"].id).update(company_id=world.other_company.id)
            held.set()
            await go_on.wait()

    moving = asyncio.create_task(move())
    await held.wait()
    asked = asyncio.ensure_future(read(world.owner, lock, ids=[truck]))
    done, _ = await asyncio.wait({asked}, timeout=0.5)
    assert not done, "it waits for the move"
    go_on.set()
    await moving

    assert [error["code"] for error in (await asked)["lockSims"]["userErrors"]] == ["NOT_FOUND"]


async def test_live_sims_of_the_old_company_end_and_those_of_the_new_begin(
    world: TwoCompanies, read: Ask, hub: EventHub
) -> None:
    [truck] = await ids_of(read, world, "truck")
    almaty = await company_of(read, world.staff, ALMATY)
    document = "subscription { simsChanged(filter: {}) { snapshot sims { id } noLongerMatching } }"
    streams = [
        aiter(await build_schema().stream(document, context_value=RequestContext(principal=login.principal, hub=hub)))
        for login in (world.owner, world.other_owner)
    ]
    snapshots = [(await anext(stream)).data["simsChanged"] for stream in streams]
    assert [len(event["sims"]) for event in snapshots] == [6, 2]
    await read(world.staff, MOVE, ids=[truck], company=almaty, key="live")
    async with asyncio.timeout(30):
        old, new = [(await anext(stream)).data["simsChanged"] for stream in streams]
    assert (old["noLongerMatching"], old["sims"]) == ([truck], [])
    assert new["sims"] == [{"id": truck}]
    for stream in streams:
        await stream.aclose()  # type: ignore[attr-defined]
