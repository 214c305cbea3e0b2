"""The limits the Jasper operator sets per account, REST and SOAP together: calls at a time and calls per second."""

import time
from collections import deque

# A client that paces itself exactly to the limit may see its calls bunch a little on the way, on a busy machine too: forgive
# 150 ms. One that makes six calls a second instead of five is still found out.
WINDOW_SECONDS = 0.85


class CallGate:
    """Lets a call of an account in or names the limit it breaks; a refused call does not count."""

    def __init__(self, calls_per_second: int, concurrency: int) -> None:
        self.calls_per_second = calls_per_second
        self.concurrency = concurrency
        self._recent: dict[str, deque[float]] = {}
        self._inside: dict[str, int] = {}

    def enter(self, account: str) -> str | None:
        """None when the call may go on (then `leave` must follow), else "concurrency" or "rate"."""
        if self._inside.get(account, 0) >= self.concurrency:
            return "concurrency"
        now = time.monotonic()
        recent = self._recent.setdefault(account, deque())
        while recent and now - recent[0] >= WINDOW_SECONDS:
            recent.popleft()
        if len(recent) >= self.calls_per_second:
            return "rate"
        recent.append(now)
        self._inside[account] = self._inside.get(account, 0) + 1
        return None

    def leave(self, account: str) -> None:
        """The call is over."""
        self._inside[account] -= 1

    def forget(self) -> None:
        """Forget the calls of the last second."""
        self._recent.clear()

    def describe(self) -> dict[str, int]:
        """The limits in force."""
        return {"calls_per_second": self.calls_per_second, "concurrency": self.concurrency}
