"""The canary sings: what the whole run relies on finds a marker wherever one is put."""

from __future__ import annotations

import asyncio
import logging
import re
from pathlib import Path

import dramatiq
import pytest
from dramatiq.brokers.redis import RedisBroker
from redis.asyncio import Redis

from tests.canary import MARKERS, Canary, over_logs
from tests.servers import TestServers
from tests.worlds import TwoCompanies

PLANTED = (("a planted word", re.compile("planted-marker-4711")),)


async def test_it_hears_messages_keys_and_events(servers: TestServers, redis_url: str) -> None:
    canary = Canary(PLANTED)
    client = Redis.from_url(redis_url)
    with canary.over_redis(redis_url):
        await asyncio.to_thread(
            RedisBroker(url=redis_url).enqueue, dramatiq.Message("q", "a", ("planted-marker-4711",), {}, {})
        )
        await client.set("planted-marker-4711", 1)
        await client.publish("channel", "planted-marker-4711")
        async with asyncio.timeout(30):
            while len(canary.found) < 3:
                await asyncio.sleep(0.02)
    await client.aclose()

    assert all(found.startswith("a planted word in the Redis command") for found in canary.found)


def test_it_hears_log_records_and_reads_log_files(tmp_path: Path) -> None:
    canary = Canary(PLANTED)
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "worker.log").write_text("fine\nplanted-marker-4711\n")
    with over_logs(canary):
        logging.getLogger("novaconnect.test").info("nothing %s", "planted-marker-4711")
        logging.getLogger("a.library").error("planted-marker-4711")
    canary.look_at_logs(tmp_path)

    assert len(canary.found) == 3 + 2 + 1


async def test_the_worlds_are_full_of_markers(world: TwoCompanies) -> None:
    sim = world.sims["truck"]
    shown = f"{sim.iccid} {sim.imsi} {sim.msisdn} {world.owner.token}"
    assert [kind for kind, marker in MARKERS if marker.search(shown)] == ["an ICCID", "an IMSI", "a number", "a token"]


@pytest.mark.parametrize(
    "harmless", ["took 1763839125123 ms", "operation 89", "company:1 [1, 2, 3]", "nct_ is a prefix"]
)
def test_what_is_none_is_not_taken_for_one(harmless: str) -> None:
    assert not [kind for kind, marker in MARKERS if marker.search(harmless)]
