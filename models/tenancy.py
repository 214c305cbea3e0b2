"""For which companies a task acts: what PostgreSQL's row-level security is told before each statement.

Set at the doors, where it is known who asks; where nothing is set no company's rows exist. It travels as a context
variable, so that a task started by another one acts for the same companies, unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import aclosing, contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TypeVar

EVERY_COMPANY = "*"
NO_COMPANY = ""
Item = TypeVar("Item")

_scope: ContextVar[str | None] = ContextVar("novaconnect.companies", default=None)


class _Process:
    scope = NO_COMPANY


def scope() -> str:
    """The companies in force as the setting `novaconnect.companies` has them: `*`, or ids with commas, or nothing."""
    found = _scope.get()
    return _Process.scope if found is None else found


@lru_cache(maxsize=4096)
def scope_of(company_ids: tuple[int, ...] | None, agent_id: int | None = None) -> str:
    """The setting for companies by id; None is every company. Digits, signs and commas only, so it may stand in a statement.

    An agent, whose own rows belong to no company, stands in it as a negative number.
    """
    if company_ids is None:
        return EVERY_COMPANY
    agents = [] if agent_id is None else [-int(agent_id)]
    return ",".join(str(int(each)) for each in sorted({*company_ids, *agents}))


@contextmanager
def acting_for(company_ids: Collection[int] | None, agent_id: int | None = None) -> Iterator[None]:
    """Rows of these companies, and of the agent's own, exist inside, and of no others; None is every company.

    Not around a `yield` of an asynchronous generator: see `each_in_scope`.
    """
    with in_scope(scope_of(None if company_ids is None else tuple(company_ids), agent_id)):
        yield


class in_scope:
    """The same for what `scope` or `scope_of` gave."""

    __slots__ = ("_token", "_wanted")

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted

    def __enter__(self) -> None:
        self._token = _scope.set(self._wanted)

    def __exit__(self, *error: object) -> None:
        _scope.reset(self._token)


@contextmanager
def as_system() -> Iterator[None]:
    """Rows of every company exist inside: for what the platform itself does, such as finding out who asks."""
    with in_scope(EVERY_COMPANY):
        yield


def process_acts_as_system() -> None:
    """From now on whatever sets nothing acts for every company: workers, the scheduler, commands; never the API."""
    _Process.scope = EVERY_COMPANY


def process_acts_for_nobody() -> None:
    """Take that back."""
    _Process.scope = NO_COMPANY


async def each_in_scope(wanted: str, items: AsyncGenerator[Item, None]) -> AsyncGenerator[Item, None]:
    """The items of a generator, each of its steps in this scope; whoever asks for the next one is not touched."""
    async with aclosing(items):
        while True:
            with in_scope(wanted):
                try:
                    item = await anext(items)
                except StopAsyncIteration:
                    return
            yield item
