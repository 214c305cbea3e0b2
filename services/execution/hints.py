"""Hints to workers: dramatiq messages by actor name, which may be lost or doubled without harm."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import BrokerConnectionError
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

QUEUE = "operations"
"""The dramatiq queue of all actors of ours."""

Hint = tuple[str, tuple[int, ...]]
"""Actor name and arguments: database ids only, nothing personal."""

_log = logging.getLogger("novaconnect.hints")
_broker: RedisBroker | None = None


def open_hints(broker_url: str) -> None:
    """Prepare to send. The client does not retry silently: a hint that fails now is sent again by the reconcile loop."""
    global _broker
    client = Redis.from_url(broker_url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))
    _broker = RedisBroker(client=client, middleware=[])
    _broker.declare_queue(QUEUE)


def send_hints(hints: Sequence[Hint]) -> None:
    """Send; blocks for a round trip each. Failures are logged, not raised: what is accepted stays accepted."""
    if _broker is None:
        return
    try:
        for actor_name, arguments in hints:
            _broker.enqueue(
                dramatiq.Message(queue_name=QUEUE, actor_name=actor_name, args=arguments, kwargs={}, options={})
            )
    except (RedisError, BrokerConnectionError, OSError) as error:
        _log.warning("hints not sent: %s", type(error).__name__)
