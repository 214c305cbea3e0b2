"""What was asked of the simulator and which of its rules were broken; both bounded, both without secrets."""

from collections import deque
from datetime import UTC, datetime
from itertools import count
from typing import Any

SECRET_ARGUMENTS = frozenset({"uname", "upass", "password", "licensekey", "authorization", "username"})
KEPT_REQUESTS = 5_000
KEPT_VIOLATIONS = 5_000


def without_secrets(arguments: dict[str, str]) -> dict[str, str]:
    """The arguments of a call with every login, password and key taken out, each value cut to 100 characters."""
    return {name: value[:100] for name, value in arguments.items() if name.lower() not in SECRET_ARGUMENTS}


class RequestLog:
    """A ring of the latest requests."""

    def __init__(self) -> None:
        self._ring: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)
        self._numbers = count(1)
        self.total = 0

    def add(self, face: str, command: str, iccids: list[str], arguments: dict[str, str]) -> dict[str, Any]:
        """Note a request; the caller fills in `outcome` and `fault` of the returned entry later."""
        entry: dict[str, Any] = {
            "id": next(self._numbers),
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "face": face,
            "command": command,
            "iccids": iccids,
            "arguments": without_secrets(arguments),
            "outcome": None,
            "fault": None,
        }
        self._ring.append(entry)
        self.total += 1
        return entry

    def latest(self, face: str | None, command: str | None, limit: int) -> list[dict[str, Any]]:
        """The newest entries first, of one face and command when given."""
        chosen: list[dict[str, Any]] = []
        for entry in reversed(self._ring):
            if len(chosen) >= limit:
                break
            if (face is None or entry["face"] == face) and (command is None or entry["command"] == command):
                chosen.append(entry)
        return chosen

    def clear(self) -> None:
        """Forget everything."""
        self._ring.clear()
        self.total = 0


class Violations:
    """Rules of the operator that a client broke; kinds: rate, concurrency, repeated_cancel_location."""

    def __init__(self) -> None:
        self._ring: deque[dict[str, Any]] = deque(maxlen=KEPT_VIOLATIONS)
        self.counts: dict[str, int] = {}

    def add(self, kind: str, face: str, command: str, iccid: str | None, detail: str) -> None:
        """Note that a rule was broken."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self._ring.append(
            {
                "kind": kind,
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "face": face,
                "command": command,
                "iccid": iccid,
                "detail": detail,
            }
        )

    def report(self) -> dict[str, Any]:
        """Number in all, numbers per kind, and the latest ones, newest first."""
        return {"total": sum(self.counts.values()), "counts": dict(self.counts), "items": list(reversed(self._ring))}

    def clear(self) -> None:
        """Forget everything."""
        self._ring.clear()
        self.counts.clear()
