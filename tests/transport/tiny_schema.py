"""A schema small enough to see through: what the transport does is told apart from what the application does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime
from enum import Enum

import strawberry

from access import is_still_valid
from domain.errors import DomainError, InvalidCursor, RefusalCode
from resolvers.context import RequestContext
from resolvers.error_policy import NovaSchema

waiting: set[object] = set()
"""The subscriptions `wait` that run in this process."""

Info = strawberry.Info[RequestContext, None]


class TokenGone(DomainError):
    """The token stopped being valid while a subscription ran."""

    code = RefusalCode.UNAUTHENTICATED


@strawberry.enum
class Colour(Enum):
    """A closed set."""

    RED = "red"


@strawberry.input
class Letter:
    """An input with a place for a long string and one for short ones."""

    csv: str = ""
    text: str = ""


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    def me(self, info: Info) -> str:
        return info.context.principal.user_name

    @strawberry.field
    def length(self, letter: Letter) -> int:
        return len(letter.csv) + len(letter.text)

    @strawberry.field
    def paint(self, colour: Colour) -> str:
        return colour.value

    @strawberry.field
    def weigh(self, at: datetime) -> int:
        return at.year

    @strawberry.field
    def repeat(self, to: int) -> int:
        return to

    @strawberry.field
    def refuses(self) -> str | None:
        raise InvalidCursor("This is no cursor of this list: begin without one.")

    @strawberry.field
    def breaks(self) -> str | None:
        raise RuntimeError("8937204000000000016 belongs to nobody")


@strawberry.type
class Mutation:
    """What can be changed."""

    @strawberry.mutation
    def touch(self) -> bool:
        return True


@strawberry.type
class Subscription:
    """What can be watched."""

    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number

    @strawberry.subscription
    async def wait(self) -> AsyncGenerator[int, None]:
        me = object()
        waiting.add(me)
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            waiting.discard(me)

    @strawberry.subscription
    async def refused(self) -> AsyncGenerator[int, None]:
        yield 1
        raise InvalidCursor("This is no cursor of this list: begin without one.")

    @strawberry.subscription
    async def broken(self) -> AsyncGenerator[int, None]:
        yield 1
        raise RuntimeError("8937204000000000016 belongs to nobody")

    @strawberry.subscription
    async def while_valid(self, info: Info) -> AsyncGenerator[int, None]:
        while await is_still_valid(info.context.principal):
            yield 1
            await asyncio.sleep(0.02)
        raise TokenGone("Your access token is no longer valid.")


schema = NovaSchema(Query, Mutation, Subscription)
