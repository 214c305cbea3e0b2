"""Who shares a stream, who never does, and that nobody can tell from the answers."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import httpx
import orjson
import pytest
from redis.asyncio import Redis
from strawberry.http import process_result

from eventstream import EventHub, SimsChanged, publish
from models import AccessToken, Operation, User, UserRole
from models.database import execute
from resolvers.context import RequestContext
from resolvers.schema import build_schema
from schema.ids import global_id
from tests.live.conftest import OPERATIONS, PROGRESS, SIMS, operation, step, subscribed
from tests.transport.serving import Endpoint, close_code, until
from tests.worlds import BEGINNING, Login, TwoCompanies, add_login
from transport.graphql_app import GraphQLApp


async def unshared(login: Login, hub: EventHub, document: str, variables: dict[str, Any], take: int) -> list[Any]:
    """The first payloads of a subscription as the schema alone gives them."""
    results: Any = await build_schema().stream(
        document, variables, context_value=RequestContext(principal=login.principal, hub=hub)
    )
    payloads = []
    async for result in results:
        payloads.append(process_result(result))
        if len(payloads) == take:
            break
    await results.aclose()
    return payloads


async def test_one_stream_serves_all_who_ask_the_same(
    endpoint: Endpoint, view: GraphQLApp, hub: EventHub, world: TwoCompanies
) -> None:
    colleague = await add_login(world.company, UserRole.VIEWER, "Vlad Viewer")
    running = await operation(world.owner)
    asked = {"id": global_id("Operation", running.id)}
    async with AsyncExitStack() as sockets:
        subscribers = [
            await sockets.enter_async_context(subscribed(endpoint, login, PROGRESS, asked, message_id=f'"{number}'))
            for number, login in enumerate([world.viewer, world.viewer, colleague])
        ]
        for each in subscribers:
            assert await each.event() == {"snapshot": True, "operation": {"state": "RUNNING", "processed": 0}}
        assert (len(view.streams), len(hub._listeners)) == (1, 1)
        await step(running, queued=2, succeeded=1)
        for each in subscribers:
            assert await each.event() == {"snapshot": False, "operation": {"state": "RUNNING", "processed": 1}}
        await step(running, queued=0, succeeded=3, state="DONE")
        for each in subscribers:
            assert (await each.event())["operation"] == {"state": "DONE", "processed": 3}
            assert (await each.message())["type"] == "complete"
    await until(lambda: len(view.streams) == len(hub._listeners) == 0)


async def test_another_company_or_role_or_variable_never_shares(
    endpoint: Endpoint, view: GraphQLApp, world: TwoCompanies
) -> None:
    ours, theirs = await operation(world.owner), await operation(world.other_owner)
    async with AsyncExitStack() as sockets:
        logins = [world.owner, world.viewer, world.other_owner, world.staff]
        owner, viewer, other, staff = [
            await sockets.enter_async_context(subscribed(endpoint, login, OPERATIONS)) for login in logins
        ]
        our_id, their_id = global_id("Operation", ours.id), global_id("Operation", theirs.id)
        seen = [{row["id"] for row in (await each.event())["operations"]} for each in (owner, viewer, other, staff)]
        assert seen == [{our_id}, {our_id}, {their_id}, {our_id, their_id}]
        assert len(view.streams) == 4
        await step(theirs, queued=2, succeeded=1)
        for each in (other, staff):
            assert [row["id"] for row in (await each.event())["operations"]] == [their_id]
        await step(ours, queued=2, succeeded=1)
        for each in (owner, viewer, staff):
            assert [row["id"] for row in (await each.event())["operations"]] == [our_id]
        await sockets.enter_async_context(subscribed(endpoint, world.owner, SIMS, {"filter": {"profiles": ["TC"]}}))
        await sockets.enter_async_context(subscribed(endpoint, world.owner, SIMS, {"filter": {"profiles": ["TD"]}}))
        await until(lambda: len(view.streams) == 6)


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (OPERATIONS, {}),
        (SIMS, {"filter": {"profiles": ["TC"]}}),
        (SIMS, {"filter": {"profiles": ["TC"]}, "ids": None}),
        ("subscription { a: simsChanged(filter: {}) { b: snapshot sims { __typename company { name } } } }", {}),
        ("subscription { ...F } fragment F on Subscription { operationsChanged { snapshot } }", {}),
        (PROGRESS, {"id": "nonsense"}),
        (PROGRESS, {"id": global_id("Operation", 4711)}),
        (SIMS, {}),
        (SIMS, {"filter": {"profiles": ["XX"]}}),
    ],
)
async def test_answers_are_those_of_the_schema_alone(
    endpoint: Endpoint, hub: EventHub, world: TwoCompanies, document: str, variables: dict[str, Any]
) -> None:
    await operation(world.owner)
    [expected] = await unshared(world.owner, hub, document, variables, take=1)
    async with (
        subscribed(endpoint, world.owner, document, variables) as first,
        subscribed(endpoint, world.owner, document, variables) as second,
    ):
        for each in (first, second):
            assert (await each.message())["payload"] == orjson.loads(orjson.dumps(expected))
            if expected.get("errors"):
                assert (await each.message())["type"] == "complete"


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (PROGRESS, {}),
        (PROGRESS, {"id": 7.5}),
        ("subscription { nothing }", {}),
        ("subscription { simsChanged { snapshot } operationsChanged { snapshot } }", {}),
    ],
)
async def test_what_cannot_run_is_refused_as_ever(
    endpoint: Endpoint, view: GraphQLApp, hub: EventHub, world: TwoCompanies, document: str, variables: dict[str, Any]
) -> None:
    [expected] = await unshared(world.owner, hub, document, variables, take=1)
    async with subscribed(endpoint, world.owner, document, variables) as refused:
        message = await refused.message()
        assert (message["type"], message["payload"]) == ("error", orjson.loads(orjson.dumps(expected["errors"])))
    assert len(view.streams) == 0


async def test_who_comes_later_begins_with_a_snapshot_and_nobody_else_notices(
    endpoint: Endpoint, view: GraphQLApp, world: TwoCompanies
) -> None:
    truck = world.sims["truck"]
    async with subscribed(endpoint, world.owner, SIMS, {"filter": {"search": "truck"}}) as early:
        assert (await early.event())["snapshot"]
        await execute("UPDATE sim SET name = 'Truck One' WHERE id = $1", truck.id)
        await publish([SimsChanged(world.company.id, (truck.id,))])
        assert [sim["name"] for sim in (await early.event())["sims"]] == ["Truck One"]
        async with subscribed(endpoint, world.owner, SIMS, {"filter": {"search": "truck"}}) as late:
            first = await late.event()
            assert (first["snapshot"], [sim["name"] for sim in first["sims"]]) == (True, ["Truck One"])
            assert len(view.streams) == 1
            await execute("UPDATE sim SET name = 'Truck Two' WHERE id = $1", truck.id)
            await publish([SimsChanged(world.company.id, (truck.id,))])
            for each in (early, late):
                event = await each.event()
                assert (event["snapshot"], [sim["name"] for sim in event["sims"]]) == (False, ["Truck Two"])


async def test_a_latecomer_to_an_operation_and_to_operations(endpoint: Endpoint, world: TwoCompanies) -> None:
    running = await operation(world.owner)
    asked = {"id": global_id("Operation", running.id)}
    async with (
        subscribed(endpoint, world.owner, PROGRESS, asked) as early,
        subscribed(endpoint, world.owner, OPERATIONS) as all_early,
    ):
        await early.event(), await all_early.event()
        await step(running, queued=2, succeeded=1)
        assert not (await early.event())["snapshot"] and not (await all_early.event())["snapshot"]
        async with (
            subscribed(endpoint, world.owner, PROGRESS, asked) as late,
            subscribed(endpoint, world.owner, OPERATIONS) as all_late,
        ):
            assert await late.event() == {"snapshot": True, "operation": {"state": "RUNNING", "processed": 1}}
            assert (await all_late.event())["snapshot"]
            await step(running, queued=1, succeeded=2)
            for each in (early, late, all_early, all_late):
                assert not (await each.event())["snapshot"]


async def test_a_revoked_token_ends_its_own_part_of_a_shared_stream(
    endpoint: Endpoint, view: GraphQLApp, world: TwoCompanies
) -> None:
    colleague = await add_login(world.company, UserRole.VIEWER, "Vlad Viewer")
    running = await operation(world.owner)
    asked = {"id": global_id("Operation", running.id)}
    async with (
        subscribed(endpoint, world.viewer, PROGRESS, asked) as first,
        subscribed(endpoint, colleague, PROGRESS, asked) as second,
    ):
        await first.event(), await second.event()
        assert len(view.streams) == 1
        await AccessToken.filter(user_id=world.viewer.user.id).update(revoked_at=BEGINNING)
        await step(running, queued=2, succeeded=1)
        assert (await second.event())["operation"]["processed"] == 1
        assert await close_code(first.socket) == 4403
        await User.filter(id=colleague.user.id).update(role=UserRole.MANAGER)
        await step(running, queued=1, succeeded=2)
        assert await close_code(second.socket) == 4403
    await until(lambda: len(view.streams) == 0)


async def test_event_streams_share_with_sockets(endpoint: Endpoint, view: GraphQLApp, world: TwoCompanies) -> None:
    running = await operation(world.owner)
    asked = {"id": global_id("Operation", running.id)}
    colleague = await add_login(world.company, UserRole.OWNER, "Oral Owner")
    body = {"query": PROGRESS, "variables": asked}
    headers = {"Accept": "text/event-stream"} | endpoint.as_(colleague.token).headers
    received: list[Any] = []
    async with (
        subscribed(endpoint, world.owner, PROGRESS, asked) as subscriber,
        httpx.AsyncClient(trust_env=False, timeout=10) as client,
    ):
        await subscriber.event()
        async with client.stream("POST", f"{endpoint.url}/graphql", json=body, headers=headers) as answer:
            lines = answer.aiter_lines()
            while True:
                line = await anext(lines)
                if line.startswith("data: {"):
                    received.append(orjson.loads(line[6:]))
                    if len(received) == 1:
                        assert len(view.streams) == 1
                        await step(running, queued=2, succeeded=1)
                    if len(received) == 2:
                        await AccessToken.filter(user_id=colleague.user.id).update(revoked_at=BEGINNING)
                        await step(running, queued=1, succeeded=2)
                if line == "event: complete":
                    break
        assert [(await subscriber.event())["operation"]["processed"] for _ in range(2)] == [1, 2]
    shown = [each["data"]["operationProgress"] for each in received[:-1]]
    assert [(each["snapshot"], each["operation"]["processed"]) for each in shown] == [(True, 0), (False, 1)]
    assert received[-1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED" and "data" not in received[-1]


async def test_a_stream_that_breaks_says_so_to_everybody(
    endpoint: Endpoint, view: GraphQLApp, world: TwoCompanies
) -> None:
    running = await operation(world.owner)
    asked = {"id": global_id("Operation", running.id)}
    async with (
        subscribed(endpoint, world.owner, PROGRESS, asked) as first,
        subscribed(endpoint, world.owner, PROGRESS, asked) as second,
    ):
        await first.event(), await second.event()
        await Operation.filter(id=running.id).delete()
        await step(running)
        for each in (first, second):
            assert (await each.message())["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"
            assert (await each.message())["type"] == "complete"
    await until(lambda: len(view.streams) == 0)


async def test_what_is_no_event_ends_no_stream(
    endpoint: Endpoint, hub: EventHub, world: TwoCompanies, redis_url: str
) -> None:
    running = await operation(world.owner)
    client: Redis = Redis.from_url(redis_url)
    async with subscribed(endpoint, world.owner, PROGRESS, {"id": global_id("Operation", running.id)}) as subscriber:
        assert (await subscriber.event())["snapshot"]
        await client.publish("novaconnect:company:1", "no event of ours")
        await client.aclose()
        await step(running, queued=2, succeeded=1)
        assert (await subscriber.event())["operation"]["processed"] == 1
