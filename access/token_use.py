"""Which credentials were used since they were last written down: noted in memory, so that no request waits for it."""

from __future__ import annotations

from datetime import datetime

from access.origin import request_address
from access.principal import Principal
from domain.clock import clock

Uses = dict[int, tuple[datetime, str | None]]
"""By credential: when, and from which address."""


class _Noted:
    uses: Uses = {}  # noqa: RUF012 - one a process


def note_use(principal: Principal) -> None:
    """The credential was used now."""
    _Noted.uses[principal.token_id] = (clock.now(), request_address())


def take_uses() -> Uses:
    """What was noted since the last time."""
    taken, _Noted.uses = _Noted.uses, {}
    return taken
