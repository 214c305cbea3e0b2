"""Those to whom a live stream speaks: one subscriber, or many that get the same."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Protocol

from access import Principal, is_still_valid
from domain.errors import DomainError, RefusalCode


class AccessEnded(DomainError):
    """The token, its user or their role is not what it was when the stream began."""

    code = RefusalCode.UNAUTHENTICATED

    def __init__(self) -> None:
        super().__init__("Your access has ended or changed: authenticate again and subscribe anew.")


class Delivery(Enum):
    """Whom an event of a stream is for, and what it means to have missed it."""

    SNAPSHOT = "to everyone, instead of all before"
    CATCH_UP = "the same, but only to those who have no snapshot yet"
    STATE = "to everyone who has a snapshot; the next one makes up for it"
    CHANGE = "to everyone who has a snapshot; whoever misses it needs a new one"


class Audience(Protocol):
    """All of one permission class, so that what is read for one of them is right for each."""

    @property
    def principal(self) -> Principal:
        """Whose eyes to read with."""

    def has_newcomers(self) -> bool:
        """Whether somebody has no snapshot, or missed changes."""

    def when_somebody_comes(self, wake: Callable[[], None]) -> None:
        """Have `wake` called from now on when newcomers wait."""

    async def authorise(self) -> None:
        """Part with those who may not see any more what they could see; `AccessEnded` when nobody is left."""


class Alone:
    """An audience of one, who sees the stream from its beginning."""

    def __init__(self, principal: Principal) -> None:
        self.principal = principal

    def has_newcomers(self) -> bool:
        """Never."""
        return False

    def when_somebody_comes(self, wake: Callable[[], None]) -> None:
        """Nobody does."""

    async def authorise(self) -> None:
        """Raise `AccessEnded` unless the one who subscribed may still see what they could see then."""
        if not await is_still_valid(self.principal):
            raise AccessEnded
