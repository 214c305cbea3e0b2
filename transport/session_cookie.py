"""The cookie in which a browser keeps its session: not readable by scripts, not sent from other sites."""

from __future__ import annotations

from collections.abc import Sequence

from access import SESSION_PREFIX
from services.accounts.sessions import OpenedSession

_SECURE_NAME, _PLAIN_NAME = "__Host-novaconnect", "novaconnect"
"""The prefix makes browsers insist on HTTPS, this host and every path (RFC 6265bis, section 4.1.3)."""


class SessionCookie:
    """How the cookie is named and what it may do; `secure` everywhere but in development."""

    def __init__(self, *, secure: bool) -> None:
        self.name = _SECURE_NAME if secure else _PLAIN_NAME
        self._begin = f"{self.name}="
        self._attributes = f"; Path=/; HttpOnly; SameSite=Strict{'; Secure' if secure else ''}"

    def secret_of(self, headers: Sequence[str]) -> str | None:
        """The secret in `Cookie` headers; None unless there is exactly one."""
        pairs = [pair.strip() for header in headers for pair in header.split(";")]
        found = [pair.removeprefix(self._begin) for pair in pairs if pair.startswith(self._begin)]
        return found[0] if len(found) == 1 and found[0].startswith(SESSION_PREFIX) else None

    def to_set(self, session: OpenedSession) -> str:
        """The `Set-Cookie` of a log-in."""
        age = f"; Max-Age={int(session.lasts.total_seconds())}" if session.lasts else ""
        return f"{self._begin}{session.secret}{self._attributes}{age}"

    def to_clear(self) -> str:
        """The `Set-Cookie` of a log-out."""
        return f"{self._begin}{self._attributes}; Max-Age=0"
