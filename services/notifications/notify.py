"""Telling a company's users of something: stored in the caller's transaction, sent afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from domain.clock import clock
from domain.notifications import TO_THE_COMPANY, ChannelName, NotificationKind, is_told_by_default
from eventstream import UserNotified
from models.database import execute, fetch
from services.notifications.texts import language_of, text_of, whatsapp_parameters
from services.unit_of_work import UnitOfWork

_MADE = """
INSERT INTO notification (company_id, user_id, kind, key, details, about_type, about_id, created_at)
"""

# Users get rows of their own; a company's own addresses belong to a row without a user.
_TO_USERS = f"""
WITH made AS ({_MADE}
  SELECT coalesce($1, u.company_id), u.id, $2, $3, $4::jsonb, $5, $6, $7 FROM user_account u
  WHERE u.disabled_at IS NULL AND CASE WHEN $8::bigint[] IS NULL THEN u.company_id = $1 ELSE u.id = ANY($8::bigint[]) END
  ORDER BY u.id
  ON CONFLICT DO NOTHING
  RETURNING id, user_id, company_id)
SELECT m.id, m.user_id, m.company_id, u.company_id AS home_id, u.email, u.phone AS number, u.language,
  (SELECT p.enabled FROM notification_preference p WHERE p.user_id = u.id AND p.kind = $2 AND p.channel = 'EMAIL') AS by_email,
  (SELECT p.enabled FROM notification_preference p WHERE p.user_id = u.id AND p.kind = $2 AND p.channel = 'WHATSAPP')
    AS by_whatsapp
FROM made m JOIN user_account u ON u.id = m.user_id ORDER BY m.id
"""  # noqa: S608 - constants

# Its mails speak the language of whoever answers for the company: that of its first owner.
_TO_COMPANY = f"""
WITH made AS ({_MADE}
  SELECT c.id, NULL, $2, $3, $4::jsonb, $5, $6, $7 FROM company c
  WHERE c.id = $1 AND (c.whatsapp IS NOT NULL OR c.email IS NOT NULL)
  ON CONFLICT DO NOTHING
  RETURNING id, company_id)
SELECT m.id, NULL::bigint AS user_id, m.company_id, c.whatsapp AS number,
  CASE WHEN NOT EXISTS (SELECT FROM notification n JOIN user_account u ON u.id = n.user_id
    WHERE n.company_id = c.id AND n.key = $3 AND lower(u.email) = lower(c.email)) THEN c.email END AS email,
  (SELECT u.language FROM user_account u WHERE u.company_id = c.id AND u.disabled_at IS NULL
   ORDER BY u.role <> 'OWNER', u.id LIMIT 1) AS language
FROM made m JOIN company c ON c.id = m.company_id
"""  # noqa: S608 - constants

_DELIVER = """
INSERT INTO delivery (company_id, user_id, notification_id, channel, topic, language, recipient, state, subject, body,
                      parameters, files, created_at)
SELECT company_id, user_id, notification_id, channel, $1, language, recipient, 'QUEUED', subject, body, parameters::jsonb,
  $2::jsonb, $3
FROM unnest($4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
  AS d (company_id, user_id, notification_id, channel, language, recipient, subject, body, parameters)
ON CONFLICT DO NOTHING
"""

_OPTIONAL: Mapping[str, Any] = {"until": None, "carried": None, "link": None}


@dataclass(frozen=True, slots=True)
class About:
    """What a notification is about: a type of the API and a database id."""

    type_name: str
    id: int


async def notify(
    uow: UnitOfWork,
    kind: NotificationKind,
    *,
    key: str,
    values: Mapping[str, Any],
    company_id: int | None = None,
    user_ids: Sequence[int] | None = None,
    about: About | None = None,
    files: Sequence[Mapping[str, Any]] = (),
) -> int:
    """Tell users of something, each by the ways they prefer; returns how many were told. Inside the caller's transaction.

    Told are the users of the company, or only `user_ids`; of what concerns money the company's own addresses too. `key` names
    the occasion: who was told of it already is not told again. `values` fill the templates (`services.notifications.texts`);
    `files` (`{"name": …, "file_id": …}`, see `services.files`) go along by e-mail. Raises `jinja2.UndefinedError` when a value
    is missing, so that nobody gets half a sentence.
    """
    names = {} if "company" in values else await _names(company_id)
    details = {**_OPTIONAL, **names, **values}
    stored = orjson.dumps(details, default=str).decode()
    now = clock.now()
    common = (kind.value, key, stored, about.type_name if about else None, about.id if about else None, now)
    told = await fetch(_TO_USERS, company_id, *common, None if user_ids is None else list(user_ids))
    deliveries = [row for each in told for row in _of_user(kind, each, orjson.loads(stored))]
    for each in told:
        uow.publish(UserNotified(each["home_id"] or 0, each["user_id"]))
    if kind in TO_THE_COMPANY and user_ids is None and company_id is not None:
        for each in await fetch(_TO_COMPANY, company_id, *common):
            deliveries += _messages(kind, each, orjson.loads(stored), email=True, whatsapp=True)
    if deliveries:
        columns = [list(column) for column in zip(*deliveries, strict=True)]
        await execute(_DELIVER, kind.value.lower(), orjson.dumps(list(files), default=str).decode(), now, *columns)
    return len(told)


async def _names(company_id: int | None) -> Mapping[str, Any]:
    rows = await fetch("SELECT name FROM company WHERE id = $1", company_id)
    return {"company": rows[0]["name"] if rows else "NovaConnect"}


def _of_user(kind: NotificationKind, row: asyncpg.Record, values: Mapping[str, Any]) -> list[tuple[object, ...]]:
    email, whatsapp = row["by_email"], row["by_whatsapp"]
    return _messages(
        kind,
        row,
        values,
        email=is_told_by_default(kind, ChannelName.EMAIL) if email is None else email,
        whatsapp=is_told_by_default(kind, ChannelName.WHATSAPP) if whatsapp is None else whatsapp,
    )


def _messages(
    kind: NotificationKind, row: asyncpg.Record, values: Mapping[str, Any], *, email: bool, whatsapp: bool
) -> list[tuple[object, ...]]:
    """The columns of `_DELIVER` for one notification."""
    language = language_of(row["language"])
    text = text_of(kind, language, values)
    parameters = orjson.dumps(whatsapp_parameters(kind, language, values)).decode()
    ways = []
    if email and row["email"]:
        ways.append((ChannelName.EMAIL.value, row["email"]))
    if whatsapp and row["number"]:
        ways.append((ChannelName.WHATSAPP.value, row["number"]))
    return [
        (row["company_id"], row["user_id"], row["id"], channel, language, to, text.title, text.body, parameters)
        for channel, to in ways
    ]
