"""Tokens for programs: made and shown once, listed, deleted, issued anew (guide, "Токены доступа")."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from access import Principal, digest_of, limit_to_visible_groups, new_token
from domain.clock import clock
from domain.contact_data import one_line
from domain.errors import Forbidden, InvalidValue, NotFound
from domain.scopes import OF_GROUPS, Scope
from models.database import fetch, fetch_row, fetch_value
from models.where import Where
from services.accounts.log_in import require_own_password
from services.accounts.sessions import company_of
from services.audit.record import record
from services.unit_of_work import unit_of_work

LASTS = timedelta(days=36_525)
"""A hundred years, as the guide says."""

PREFIX_CHARACTERS = 8
"""What of a token stays visible."""

MOST_TOKENS, MOST_GROUPS = 100, 100

_COLUMNS = "t.id, t.name, t.prefix, t.scopes, t.group_ids, t.created_at, t.expires_at, u.last_used_at, u.last_used_from"
_OWN = "t.user_id = $1 AND t.kind = 'API' AND t.revoked_at IS NULL"
_LIST = f"""
SELECT {_COLUMNS} FROM access_token t LEFT JOIN token_use u ON u.token_id = t.id
WHERE {_OWN} ORDER BY t.created_at DESC, t.id DESC
"""  # noqa: S608
_INSERT = """
INSERT INTO access_token (user_id, name, prefix, digest, created_at, expires_at, kind, scopes, group_ids)
VALUES ($1, $2, $3, $4, $5, $6, 'API', $7, $8)
RETURNING id, name, prefix, scopes, group_ids, created_at, expires_at, NULL::timestamptz, NULL::text
"""


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token without its secret; `group_ids` None: not restricted."""

    id: int
    name: str
    prefix: str
    scopes: tuple[Scope, ...]
    group_ids: tuple[int, ...] | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    last_used_from: str | None


async def list_tokens(principal: Principal) -> Sequence[TokenRow]:
    """The principal's own tokens, the newest first; expired ones are there until they are deleted."""
    return [_row(row) for row in await fetch(_LIST, principal.user_id)]


async def create_token(
    principal: Principal,
    name: str,
    scopes: Collection[Scope],
    group_ids: Collection[int] | None,
    expires_at: datetime | None,
) -> tuple[TokenRow, str]:
    """Make a token and give it with its secret, which nobody can ever read again.

    No token is good for more than the credential it is made with. Raises `InvalidValue`, `Forbidden`, and `NotFound` for a
    group that the principal does not see.
    """
    plain = one_line(name, 100, "The name of a token", "input", "name")
    wanted = _checked_scopes(principal, scopes, group_ids is not None)
    now = clock.now()
    if expires_at is not None and not now < expires_at <= now + LASTS:
        raise InvalidValue("A token expires in the future, within a hundred years.", path=("input", "expiresAt"))
    async with unit_of_work():
        groups = await _checked_groups(principal, group_ids)
        await fetch("SELECT id FROM user_account WHERE id = $1 FOR UPDATE", principal.user_id)
        count = await fetch_value(f"SELECT count(*) FROM access_token t WHERE {_OWN}", principal.user_id)  # noqa: S608
        if count >= MOST_TOKENS:
            raise InvalidValue(f"You have {MOST_TOKENS} tokens: delete one first.", path=("input", "name"))
        row, secret = await _insert(principal, plain, wanted, groups, expires_at or now + LASTS)
        await _audit(principal, "token.created", row)
    return row, secret


async def delete_token(principal: Principal, token_id: int) -> TokenRow:
    """End one of the principal's tokens at once, and return it as it was; `NotFound`."""
    async with unit_of_work():
        row = await _revoke(principal, token_id)
        await _audit(principal, "token.deleted", row)
    return row


async def reissue_token(principal: Principal, token_id: int, password: str) -> tuple[TokenRow, str]:
    """Another secret for a token that was lost, after the password is given again; the old one ends at once.

    It keeps name, scopes, groups and expiry. Raises `NotFound`, `WrongCredentials`, `TooManyAttempts`, and `Forbidden` when
    the token is good for more than the credential that asks.
    """
    await require_own_password(principal, password, "input", "password")
    async with unit_of_work():
        old = await _revoke(principal, token_id)
        if not set(old.scopes) <= principal.scopes or principal.group_ids is not None:
            raise Forbidden("This token is good for more than the one you came with: log in to issue it anew.")
        row, secret = await _insert(principal, old.name, old.scopes, old.group_ids, old.expires_at)
        await _audit(principal, "token.shown", row)
    return row, secret


def _checked_scopes(principal: Principal, scopes: Collection[Scope], restricted: bool) -> tuple[Scope, ...]:
    if not scopes:
        raise InvalidValue("Name at least one scope.", path=("input", "scopes"))
    if not set(scopes) <= principal.scopes:
        raise Forbidden("A token cannot be good for more than the one it is made with.", path=("input", "scopes"))
    if restricted and not set(scopes) <= OF_GROUPS:
        allowed = ", ".join(sorted(OF_GROUPS))
        message = (
            f"With a restriction to groups a token can have only {allowed}: the others are about the whole company."
        )
        raise InvalidValue(message, path=("input", "scopes"))
    return tuple(scope for scope in Scope if scope in scopes)


async def _checked_groups(principal: Principal, group_ids: Collection[int] | None) -> tuple[int, ...] | None:
    if group_ids is None:
        return principal.group_ids
    wanted = sorted(set(group_ids))
    if not 1 <= len(wanted) <= MOST_GROUPS:
        raise InvalidValue(f"Name 1 to {MOST_GROUPS} groups, or none at all.", path=("input", "groupIds"))
    where = Where()
    limit_to_visible_groups(principal, where, "g")
    where.add(f"g.id = ANY({where.bind(wanted)}::bigint[])")
    found = await fetch(f"SELECT g.id FROM sim_group g WHERE {where.sql}", *where.arguments)  # noqa: S608
    if len(found) < len(wanted):
        raise NotFound("At least one of these groups does not exist: check the ids.", path=("input", "groupIds"))
    return tuple(wanted)


async def _insert(
    principal: Principal,
    name: str,
    scopes: Collection[Scope],
    groups: Collection[int] | None,
    expires_at: datetime,
) -> tuple[TokenRow, str]:
    secret = new_token()
    row = await fetch_row(
        _INSERT,
        principal.user_id,
        name,
        secret[:PREFIX_CHARACTERS],
        digest_of(secret),
        clock.now(),
        expires_at,
        [scope.value for scope in scopes],
        None if groups is None else list(groups),
    )
    assert row is not None
    return _row(row), secret


async def _revoke(principal: Principal, token_id: int) -> TokenRow:
    row = await fetch_row(
        f"UPDATE access_token t SET revoked_at = $3 WHERE {_OWN} AND t.id = $2"  # noqa: S608
        " RETURNING t.id, t.name, t.prefix, t.scopes, t.group_ids, t.created_at, t.expires_at, NULL::timestamptz, NULL::text",
        principal.user_id,
        token_id,
        clock.now(),
    )
    if row is None:
        raise NotFound("There is no such token: use the id of one of yours.", path=("id",))
    return _row(row)


async def _audit(principal: Principal, action: str, row: TokenRow) -> None:
    await record(
        principal,
        action,
        f"token:{row.id}",
        company_id=company_of(principal),
        detail={
            "name": row.name,
            "prefix": row.prefix,
            "scopes": [scope.value for scope in row.scopes],
            "groups": None if row.group_ids is None else list(row.group_ids),
            "expires_at": row.expires_at.isoformat(),
        },
    )


def _row(row: asyncpg.Record) -> TokenRow:
    row_id, name, prefix, scopes, groups, *moments = tuple(row)
    return TokenRow(
        row_id, name, prefix, tuple(map(Scope, scopes)), None if groups is None else tuple(groups), *moments
    )
