"""Writing to technical support: the mail is stored with what is known of the SIM, and goes out after the answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson

from access import Principal
from domain.clock import clock
from domain.errors import IdempotencyConflict, InvalidValue, NotFound
from models.database import fetch_row
from models.mail import MailState
from services.audit import record as audit
from services.fleet.get_sim import get_sim
from services.fleet.sim_rows import SimRow
from services.support.support_letter import Letter, compose_letter
from services.unit_of_work import unit_of_work

MAX_TEXT = 5_000
"""The most characters of a message."""

_COLUMNS = "id, state, subject, attachments, created_at, request_digest"
_INSERT = f"""
INSERT INTO delivery (company_id, user_id, sim_id, state, reply_to, subject, body, attachments, idempotency_key,
                         request_digest, created_at)
VALUES ($1, $2, $3, 'QUEUED', $4, $5, $6, $7::jsonb, $8, $9, $10)
RETURNING {_COLUMNS}
"""  # noqa: S608
_KNOWN = f"SELECT {_COLUMNS} FROM delivery WHERE user_id = $1 AND idempotency_key = $2"  # noqa: S608


@dataclass(frozen=True, slots=True)
class SupportMessage:
    """A message to technical support as it stands; `attachments` are file names."""

    id: int
    state: MailState
    subject: str
    attachments: tuple[str, ...]
    created_at: datetime


async def contact_support(
    principal: Principal, text: str, *, sim_id: int | None = None, idempotency_key: str | None = None
) -> SupportMessage:
    """Store a message; the same key with the same text and SIM gives the same message and sends nothing again.

    Raises `Forbidden`, `InvalidValue`, `NotFound` for a SIM that the principal does not see, and `IdempotencyConflict`.
    """
    principal.require_write()
    text = _checked_text(text)
    if idempotency_key is not None and not (1 <= len(idempotency_key) <= 200 and idempotency_key.isprintable()):
        raise InvalidValue("An idempotency key has 1 to 200 printable characters.", path=("input", "idempotencyKey"))
    sim = await _visible(principal, sim_id)
    digest = hashlib.sha256(orjson.dumps([sim_id, text])).hexdigest()
    if (known := await _known(principal, idempotency_key, digest)) is not None:
        return known
    letter = await compose_letter(principal, sim, text)
    try:
        return await _store(principal, sim, letter, idempotency_key, digest)
    except asyncpg.UniqueViolationError:
        # The same key came in another request at the same moment.
        if (known := await _known(principal, idempotency_key, digest)) is not None:
            return known
        raise


def _checked_text(text: str) -> str:
    text = text.strip()
    if not 1 <= len(text) <= MAX_TEXT:
        raise InvalidValue(f"A message has 1 to {MAX_TEXT:,} characters.", path=("input", "text"))
    if "\x00" in text:
        raise InvalidValue("A message cannot hold the character U+0000: leave it out.", path=("input", "text"))
    return text


async def _visible(principal: Principal, sim_id: int | None) -> SimRow | None:
    if sim_id is None:
        return None
    sim = await get_sim(principal, sim_id)
    if sim is None:
        raise NotFound("There is no such SIM: use the id of one that you see.", path=("input", "simId"))
    return sim


async def _known(principal: Principal, key: str | None, digest: str) -> SupportMessage | None:
    record = await fetch_row(_KNOWN, principal.user_id, key) if key is not None else None
    if record is None:
        return None
    if record["request_digest"] != digest:
        raise IdempotencyConflict(
            "This idempotency key was used with another message: use a new key for a new message.",
            path=("input", "idempotencyKey"),
        )
    return _message(record)


async def _store(
    principal: Principal, sim: SimRow | None, letter: Letter, key: str | None, digest: str
) -> SupportMessage:
    now = clock.now()
    async with unit_of_work():
        record = await fetch_row(
            _INSERT,
            letter.company_id,
            principal.user_id,
            sim.id if sim else None,
            letter.reply_to,
            letter.subject,
            letter.body,
            orjson.dumps(letter.attachments).decode(),
            key,
            digest,
            now,
        )
        assert record is not None
        await audit.record(
            principal,
            "support.contacted",
            f"mail:{record['id']}",
            company_id=letter.company_id,
            detail={"sim_id": sim.id if sim else None, "characters": len(letter.text)},
        )
    return _message(record)


def _message(record: asyncpg.Record) -> SupportMessage:
    return SupportMessage(
        id=record["id"],
        state=MailState(record["state"]),
        subject=record["subject"],
        attachments=tuple(sorted(orjson.loads(record["attachments"]))),
        created_at=record["created_at"],
    )
