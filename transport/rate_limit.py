"""How often one credential may ask: a steady rate with room for bursts, counted in this process alone."""

from __future__ import annotations

import math
import time

from schema.enums import ErrorCode
from transport.refusals import RequestRefused

BURST_SECONDS = 10.0
"""Who was silent may ask as often at once as is allowed in this time."""

MAX_KNOWN = 10_000
"""Credentials whose use is remembered; when there are more, those who may burst again anyway are forgotten."""


class RateLimit:
    """The generic cell rate algorithm: for each credential the time at which its steady rate would have come to now."""

    def __init__(self, per_second: int) -> None:
        """0 a second is no limit."""
        self._interval = 1 / per_second if per_second else 0.0
        self._even_at: dict[int, float] = {}

    def count(self, token_id: int) -> None:
        """Count one request; raises `RequestRefused` (429), and counts nothing, when it is one too many."""
        if not self._interval:
            return
        now = time.monotonic()
        even_at = max(self._even_at.get(token_id, 0.0), now)
        if even_at - now > BURST_SECONDS - self._interval:
            raise rate_limited(even_at - now - BURST_SECONDS + self._interval)
        if len(self._even_at) >= MAX_KNOWN and token_id not in self._even_at:
            self._even_at = {each: at for each, at in self._even_at.items() if at > now}
        self._even_at[token_id] = even_at + self._interval

    def allows(self, token_id: int) -> bool:
        """Count one request if it is not one too many."""
        try:
            self.count(token_id)
        except RequestRefused:
            return False
        return True


def rate_limited(seconds: float, what: str = "requests with this token") -> RequestRefused:
    """429, with the whole seconds after which it is worth trying again."""
    wait = max(1, math.ceil(seconds))
    message = f"There are too many {what}: try again in {wait} s."
    return RequestRefused(
        429, ErrorCode.RATE_LIMITED, message, headers={"Retry-After": str(wait)}, extensions={"retryAfter": wait}
    )
