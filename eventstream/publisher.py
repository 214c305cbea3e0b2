"""Sending events. A lost one is only a later update: every listener starts from a snapshot of PostgreSQL."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from redis.asyncio import Redis
from redis.exceptions import RedisError

from eventstream.events import CHANNEL, Event, encode

_log = logging.getLogger("novaconnect.eventstream")
_redis: Redis | None = None


def open_publisher(redis_url: str) -> None:
    """Prepare the process's connection; nothing is sent yet."""
    global _redis
    _redis = Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=2)


async def close_publisher() -> None:
    """Give the connection back."""
    global _redis
    if _redis is not None:
        await _redis.aclose()
        _redis = None


async def publish(events: Iterable[Event]) -> None:
    """Send events in one round trip; without Redis nothing is lost but liveness, so failure is only logged."""
    if _redis is None:
        return
    pipeline = _redis.pipeline(transaction=False)
    for event in events:
        pipeline.publish(f"{CHANNEL}{event.company_id}", encode(event))
    try:
        await pipeline.execute()
    except (RedisError, OSError) as error:
        _log.warning("events not sent: %s", type(error).__name__)
