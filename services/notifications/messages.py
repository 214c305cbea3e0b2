"""Messages on their way out as staff sees them: what failed or may not have arrived, sent again or settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from access import Principal
from domain.clock import clock
from domain.errors import NotFound, NothingToDo
from models.database import execute, fetch_row, fetch_value
from models.mail import MailState
from models.where import Where
from services.audit.record import record
from services.keyset import keyset_page
from services.paging import ListOrder, Page, PageRequest
from services.unit_of_work import unit_of_work

TROUBLED = (MailState.FAILED, MailState.UNKNOWN)
"""States of which somebody has to know."""


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message without its text; `recipient` shows enough of the address to recognise it by."""

    id: int
    company_id: int | None
    channel: str
    topic: str
    language: str
    recipient: str | None
    state: MailState
    error: str | None
    attempts: int
    created_at: datetime
    written_at: datetime | None
    settled_at: datetime | None


_NAMES = tuple(MessageRow.__dataclass_fields__)
_COLUMNS = ", ".join(f"d.{name}" for name in _NAMES)
_NEWEST = ListOrder("MESSAGES", "d.id", descending=True)

_AGAIN = """
UPDATE delivery SET state = 'QUEUED', next_attempt_at = NULL, first_attempt_at = NULL, error = NULL, settled_at = NULL,
  settled_by_id = NULL
WHERE id = $1
"""

_SETTLE = "UPDATE delivery SET settled_at = $2, settled_by_id = $3 WHERE id = $1"


async def list_messages(
    principal: Principal, request: PageRequest, *, states: Sequence[MailState], settled: bool
) -> Page[MessageRow]:
    """One page, newest first. Raises `Forbidden` for anybody but staff."""
    principal.require_staff()
    return await keyset_page(
        lambda conditions, tail: f"SELECT {_COLUMNS}, {_NEWEST.selected} FROM delivery d WHERE {conditions} {tail}",  # noqa: S608
        _where(states, settled),
        _NEWEST,
        request,
        _row,
    )


async def count_messages(principal: Principal, *, states: Sequence[MailState], settled: bool) -> int:
    """How many there are."""
    principal.require_staff()
    where = _where(states, settled)
    return int(await fetch_value(f"SELECT count(*) FROM delivery d WHERE {where.sql}", *where.arguments))  # noqa: S608


async def send_again(principal: Principal, message_id: int, attempts: int) -> MessageRow:
    """Have a message sent again that failed or may not have arrived.

    `attempts` is the number that the caller saw: if it was tried since, nothing is done, so that asking twice sends once.
    Raises `Forbidden`, `NotFound`, `NothingToDo` for one that was handed on.
    """
    principal.require_staff()
    async with unit_of_work():
        row = await _held(message_id)
        if row["state"] in (MailState.SENT, MailState.WRITTEN):
            raise NothingToDo("This message was handed on: there is nothing to send again.", path=("input", "id"))
        if row["state"] in TROUBLED and row["attempts"] == attempts:
            await execute(_AGAIN, message_id)
            detail = {"state": row["state"], "attempts": attempts}
            subject = f"message:{message_id}"
            await record(principal, "message.sent_again", subject, company_id=row["company_id"], detail=detail)
    return _row(await _held(message_id))


async def settle_message(principal: Principal, message_id: int) -> MessageRow:
    """Say that nothing more is to be done about a message; twice is the same. Raises `Forbidden`, `NotFound`, `NothingToDo`."""
    principal.require_staff()
    async with unit_of_work():
        row = await _held(message_id)
        if row["state"] not in TROUBLED:
            raise NothingToDo("Only a message that failed, or is unknown, is settled.", path=("input", "id"))
        if row["settled_at"] is None:
            await execute(_SETTLE, message_id, clock.now(), principal.user_id)
            detail = {"state": row["state"]}
            subject = f"message:{message_id}"
            await record(principal, "message.settled", subject, company_id=row["company_id"], detail=detail)
    return _row(await _held(message_id))


async def _held(message_id: int) -> asyncpg.Record:
    row = await fetch_row(f"SELECT {_COLUMNS} FROM delivery d WHERE id = $1 FOR UPDATE", message_id)  # noqa: S608
    if row is None:
        raise NotFound("There is no such message: take its id from messages.", path=("input", "id"))
    return row


def _where(states: Sequence[MailState], settled: bool) -> Where:
    where = Where()
    where.add(f"d.state = ANY({where.bind([state.value for state in states])}::text[])")
    where.add(f"d.settled_at IS {'NOT NULL' if settled else 'NULL'}")
    return where


def _row(record: asyncpg.Record) -> MessageRow:
    values = {name: record[name] for name in _NAMES}
    return MessageRow(**{**values, "state": MailState(values["state"]), "recipient": recognisable(values["recipient"])})


def recognisable(recipient: str | None) -> str | None:
    """The first letter and the domain of an address, the last three digits of a number: personal data that nobody needs
    to see a failure is left out.
    """
    if recipient is None:
        return None
    name, at, domain = recipient.partition("@")
    return f"{name[:1]}…@{domain}" if at else f"…{recipient[-3:]}"
