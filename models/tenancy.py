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
def scope_of(company_ids: tuple[int, ...] | None) -> str:
    """The setting for companies by id; None is every company. Digits and commas only, so it may stand in a statement."""
    return EVERY_COMPANY if company_ids is None else ",".join(str(int(each)) for each in sorted(set(company_ids)))


@contextmanager
def acting_for(company_ids: Collection[int] | None) -> Iterator[None]:
    """Rows of these companies exist inside, of no other; None is every company. Not around a `yield` of a generator."""
    token = _scope.set(scope_of(None if company_ids is None else tuple(company_ids)))
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def as_system() -> Iterator[None]:
    """Rows of every company exist inside: for what the platform itself does, such as finding out who asks."""
    token = _scope.set(EVERY_COMPANY)
    try:
        yield
    finally:
        _scope.reset(token)


def process_acts_as_system() -> None:
    """From now on whatever sets nothing acts for every company: workers, the scheduler, commands; never the API."""
    _Process.scope = EVERY_COMPANY


def process_acts_for_nobody() -> None:
    """Take that back."""
    _Process.scope = NO_COMPANY


async def each_acting_for(
    company_ids: Collection[int] | None, items: AsyncGenerator[Item, None]
) -> AsyncGenerator[Item, None]:
    """The items of a generator, each of its steps acting for these companies; whoever asks for the next is not touched."""
    async with aclosing(items):
        while True:
            with acting_for(company_ids):
                try:
                    item = await anext(items)
                except StopAsyncIteration:
                    return
            yield item
