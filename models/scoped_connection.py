"""Connections that know for which companies their session acts.

A session's setting stays until another is needed: the setting is looked at before each use, and only a change takes a
round trip. Transactions say it together with BEGIN and take it back at their end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import asyncpg

from models.tenancy import scope

_transaction_begins: ContextVar[bool] = ContextVar("transaction begins", default=False)


class ScopedConnection(asyncpg.Connection):
    """`scope` is the session's setting; None when it is not known."""

    __slots__ = ("scope",)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.scope: str | None = ""


async def scope_at_hand(connection: Any) -> None:
    """Tell a pooled connection for which companies it is used now, unless it knows or a transaction is about to say so."""
    if not _transaction_begins.get():
        await keep_scope(connection._con, scope())


async def keep_scope(connection: ScopedConnection, wanted: str) -> None:
    """Make `wanted` the session's setting; nothing is sent when it is."""
    if connection.scope != wanted:
        connection.scope = None
        await set_scope(connection, wanted, local=False)
        connection.scope = wanted


async def set_scope(connection: asyncpg.Connection, wanted: str, *, local: bool) -> None:
    """Say for which companies: until the end of the transaction, or of the session."""
    await connection.execute(local_scope(wanted) if local else f"SET novaconnect.companies = '{wanted}'")


def local_scope(wanted: str) -> str:
    """The statement that says it for one transaction. `wanted` is made of digits, commas and an asterisk only."""
    return f"SET LOCAL novaconnect.companies = '{wanted}'"


@contextmanager
def begins_here() -> Iterator[None]:
    """A connection taken inside is told by BEGIN."""
    token = _transaction_begins.set(True)
    try:
        yield
    finally:
        _transaction_begins.reset(token)
