"""The users of a company (the guide's tab "Пользователи"), of an agent, and of the platform."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from access import STAFF_ROLES, Principal
from domain.clock import clock
from domain.contact_data import email_address, one_line
from domain.diagnosis_texts import Language
from domain.errors import AlreadyExists, Forbidden, InvalidValue, LastOwner, NotFound
from domain.notifications import AccountMail
from models.database import execute, fetch_row, fetch_value
from models.identity import LinkKind, UserRole
from models.where import Where
from services.accounts.letters import mail_to
from services.accounts.links import make_link
from services.accounts.sessions import end_credentials
from services.audit.record import record
from services.keyset import keyset_page
from services.paging import ListOrder, Page, PageRequest
from services.unit_of_work import unit_of_work

OF_COMPANY = frozenset({UserRole.OWNER, UserRole.MANAGER, UserRole.VIEWER})
_BY_NAME = ListOrder("USER_NAME", "u.id", "lower(u.name COLLATE pg_c_utf8)")
_COLUMNS = """u.id, u.name, u.email, u.role, u.company_id, u.agent_id, u.disabled_at, u.created_at,
  u.email_confirmed_at IS NULL AND u.password_hash IS NULL AND NOT EXISTS (
    SELECT FROM access_token t WHERE t.user_id = u.id) AS is_invited,
  (SELECT max(k.last_used_at) FROM token_use k JOIN access_token t ON t.id = k.token_id WHERE t.user_id = u.id) AS last_seen_at"""

_LIST = f"SELECT {_COLUMNS}, {_BY_NAME.selected} FROM user_account u"  # noqa: S608


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user as those see them who manage users; `is_invited`: has not come yet."""

    id: int
    name: str
    email: str
    role: UserRole
    company_id: int | None
    agent_id: int | None
    disabled_at: datetime | None
    created_at: datetime
    is_invited: bool
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whom to invite: to a company, to an agent, or, with neither, to the platform's staff."""

    email: str
    name: str
    role: UserRole
    language: Language
    company_id: int | None = None
    agent_id: int | None = None


async def list_users(
    principal: Principal, request: PageRequest, company_id: int | None = None
) -> tuple[Page[UserRow], Where]:
    """One page of the users that the principal may see, by name, and the conditions to count them by.

    Users of a company see each other; an agent's users see those of its companies and each other; staff see everybody.
    """
    where = _visible(principal)
    if company_id is not None:
        where.add(f"u.company_id = {where.bind(company_id)}")
    counted = Where(*where.arguments)
    counted.add(where.sql)
    page = await keyset_page(
        lambda conditions, tail: f"{_LIST} WHERE {conditions} {tail}",
        where,
        _BY_NAME,
        request,
        _row,
    )
    return page, counted


async def count_users(where: Where) -> int:
    """How many fit the conditions."""
    return int(await fetch_value(f"SELECT count(*) FROM user_account u WHERE {where.sql}", *where.arguments))  # noqa: S608


async def invite_user(principal: Principal, asked: Invitation) -> UserRow:
    """Make a user without a password and mail them a link to set one.

    Raises `Forbidden`, `NotFound`, `InvalidValue`, and `AlreadyExists` for an address that is taken, in whatever company.
    """
    email = email_address(asked.email, "input", "email")
    name = one_line(asked.name, 200, "A name", "input", "name")
    company_id = _home(principal, asked)
    try:
        async with unit_of_work():
            await _require_home(company_id, asked.agent_id)
            user_id: int = await fetch_value(
                "INSERT INTO user_account (email, name, role, company_id, agent_id, language, created_at)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
                email,
                name,
                asked.role.value,
                company_id,
                asked.agent_id,
                asked.language.value.lower(),
                clock.now(),
            )
            await mail_to(user_id, AccountMail.INVITATION, await make_link(user_id, LinkKind.INVITATION))
            after = {"role": asked.role.value, "name": name}
            await record(principal, "user.invited", f"user:{user_id}", company_id=company_id, after=after)
            return await _get(user_id)
    except asyncpg.UniqueViolationError:
        raise AlreadyExists("There is a user with this address already.", path=("input", "email")) from None


async def invite_again(principal: Principal, user_id: int) -> UserRow:
    """Mail another link to somebody who has not come yet; the old one is good no more."""
    async with unit_of_work():
        user = await _require(principal, user_id)
        if not user.is_invited:
            raise InvalidValue("This user has come already: they can ask for a new password.", path=("input", "id"))
        await mail_to(user_id, AccountMail.INVITATION, await make_link(user_id, LinkKind.INVITATION))
        await record(principal, "user.invited_again", f"user:{user_id}", company_id=user.company_id)
    return user


async def change_role(principal: Principal, user_id: int, role: UserRole) -> UserRow:
    """Give a user another role within their company, or within the staff. `LastOwner`, `Forbidden`, `NotFound`."""
    async with unit_of_work():
        user = await _require(principal, user_id)
        allowed = OF_COMPANY if user.company_id is not None else STAFF_ROLES if user.agent_id is None else ()
        if role not in allowed:
            raise InvalidValue("This user cannot have this role where they belong.", path=("input", "role"))
        await _keep_an_owner(user, stays=role is UserRole.OWNER)
        if role is not user.role:
            await execute("UPDATE user_account SET role = $2 WHERE id = $1", user_id, role.value)
            await record(
                principal,
                "user.role_changed",
                f"user:{user_id}",
                company_id=user.company_id,
                before={"role": user.role.value},
                after={"role": role.value},
            )
        return await _get(user_id)


async def set_disabled(principal: Principal, user_id: int, disabled: bool) -> UserRow:
    """Disable a user, who can do nothing from then on and whose sessions end, or let them in again."""
    async with unit_of_work():
        user = await _require(principal, user_id)
        if user_id == principal.user_id and disabled:
            raise Forbidden("You cannot disable yourself: ask somebody else to.", path=("input", "id"))
        await _keep_an_owner(user, stays=not disabled)
        if (user.disabled_at is not None) != disabled:
            moment = clock.now() if disabled else None
            await execute("UPDATE user_account SET disabled_at = $2 WHERE id = $1", user_id, moment)
            if disabled:
                await end_credentials(user_id)
            action = "user.disabled" if disabled else "user.enabled"
            await record(principal, action, f"user:{user_id}", company_id=user.company_id)
        return await _get(user_id)


def _home(principal: Principal, asked: Invitation) -> int | None:
    """The company that somebody is invited to, None for an agent or the staff; raises for those who may not."""
    if asked.role in STAFF_ROLES or asked.role is UserRole.AGENT or asked.agent_id is not None:
        if not principal.is_admin:
            raise Forbidden("Only NovaConnect's administrators invite staff and agents.", path=("input", "role"))
        fits = asked.company_id is None and (asked.agent_id is not None) == (asked.role is UserRole.AGENT)
        if not fits:
            raise InvalidValue("AGENT goes with agentId; STAFF and ADMIN with neither id.", path=("input", "role"))
        return None
    company_id = asked.company_id
    if company_id is None and principal.company_ids is not None and len(principal.company_ids) == 1:
        company_id = principal.company_ids[0]
    if company_id is None:
        raise InvalidValue("You see several companies: say which one.", path=("input", "companyId"))
    if not principal.sees(company_id):
        raise NotFound("There is no such company.", path=("input", "companyId"))
    _require_manager(principal)
    return company_id


async def _require_home(company_id: int | None, agent_id: int | None) -> None:
    if company_id is not None and not await fetch_value("SELECT id FROM company WHERE id = $1", company_id):
        raise NotFound("There is no such company.", path=("input", "companyId"))
    if agent_id is not None and not await fetch_value("SELECT id FROM agent WHERE id = $1", agent_id):
        raise NotFound("There is no such agent.", path=("input", "agentId"))


def _require_manager(principal: Principal) -> None:
    if principal.role not in (UserRole.OWNER, UserRole.AGENT) and not principal.is_staff:
        raise Forbidden("Only an owner manages the users of a company: ask one of them.")


async def _require(principal: Principal, user_id: int) -> UserRow:
    """A user whom the principal manages, locked with their company for this transaction; `NotFound`, `Forbidden`."""
    where = _visible(principal)
    where.add(f"u.id = {where.bind(user_id)}")
    row = await fetch_row(
        f"SELECT {_COLUMNS} FROM user_account u WHERE {where.sql} FOR NO KEY UPDATE OF u",  # noqa: S608
        *where.arguments,
    )
    if row is None:
        raise NotFound("There is no such user: use the id of one that you see.", path=("input", "id"))
    user = _row(row)
    if user.company_id is None and not principal.is_admin:
        raise Forbidden("Only NovaConnect's administrators manage staff and agents.")
    _require_manager(principal)
    return user


async def _keep_an_owner(user: UserRow, *, stays: bool) -> None:
    """Raise `LastOwner` if the company would have no owner who can come in. Two at once wait for each other."""
    if stays or user.role is not UserRole.OWNER or user.company_id is None:
        return
    await fetch_value("SELECT id FROM company WHERE id = $1 FOR NO KEY UPDATE", user.company_id)
    others = await fetch_value(
        "SELECT count(*) FROM user_account WHERE company_id = $1 AND role = 'OWNER' AND disabled_at IS NULL AND id <> $2",
        user.company_id,
        user.id,
    )
    if not others:
        raise LastOwner("A company keeps at least one owner: make another one first.", path=("input", "id"))


async def _get(user_id: int) -> UserRow:
    row = await fetch_row(f"SELECT {_COLUMNS} FROM user_account u WHERE u.id = $1", user_id)  # noqa: S608
    assert row is not None
    return _row(row)


def _visible(principal: Principal) -> Where:
    where = Where()
    if principal.company_ids is not None:
        mine = f"u.company_id = ANY({where.bind(list(principal.company_ids))}::bigint[])"
        if principal.agent_id is not None:
            mine += f" OR u.agent_id = {where.bind(principal.agent_id)}"
        where.add(mine)
    return where


def _row(row: asyncpg.Record) -> UserRow:
    values = [row[name] for name in UserRow.__dataclass_fields__]
    values[3] = UserRole(values[3])
    return UserRow(*values)
