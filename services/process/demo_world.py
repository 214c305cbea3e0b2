"""The demo's companies, agent, users and tokens, and how the stock is handed out; never called in production."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from access import digest_of, new_token
from domain.clock import clock
from models import AccessToken, Agent, Company, User, UserRole
from models.database import execute
from services.accounts.passwords import hash_password
from services.inventory.store_inventory import ensure_stock
from services.unit_of_work import unit_of_work

_COMPANIES = {"steppe": ("Steppe Telematics", "KZ"), "taiga": ("Taiga Monitoring", "RU")}

_USERS: dict[str, tuple[str | None, UserRole, str, str]] = {
    "owner": ("steppe", UserRole.OWNER, "owner@steppe.example", "Aigerim Owner"),
    "manager": ("steppe", UserRole.MANAGER, "manager@steppe.example", "Daniyar Manager"),
    "viewer": ("steppe", UserRole.VIEWER, "viewer@steppe.example", "Viktor Viewer"),
    "other_company_owner": ("taiga", UserRole.OWNER, "owner@taiga.example", "Olga Owner"),
    "agent": (None, UserRole.AGENT, "agent@partner.example", "Arman Agent"),
    "staff": (None, UserRole.STAFF, "staff@novaconnect.example", "Support Staff"),
    "admin": (None, UserRole.ADMIN, "admin@novaconnect.example", "Platform Admin"),
}

_AGENT = "Partner Agency"
"""The agent of the demo; it looks after the first company."""

# Five of eight SIMs to the first company, three to the second; the two profiles alternate in order of creation.
_HAND_OUT = """
WITH numbered AS (
  SELECT s.id, row_number() OVER (PARTITION BY s.profile_id ORDER BY s.id) AS place
  FROM sim s JOIN company c ON c.id = s.company_id WHERE c.holds_stock
)
UPDATE sim s SET
  company_id = CASE WHEN n.place % 8 < 5 THEN $1::bigint ELSE $2::bigint END,
  created_at = $3::timestamptz - n.place * interval '1 second',
  name = CASE n.place % 4 WHEN 0 THEN '' WHEN 1 THEN 'Tracker ' || n.place WHEN 2 THEN 'Датчик ' || n.place
         ELSE 'Есептегіш ' || n.place END
FROM numbered n WHERE n.id = s.id
"""

# What these SIMs used while nobody owned them becomes their new owners', or the demo's reports would begin empty. (A SIM that
# is sold keeps what it used with its former owner.)
_RECORDS = [
    f"UPDATE {table} u SET company_id = s.company_id FROM sim s"  # noqa: S608 - constants
    " WHERE s.id = u.sim_id AND u.company_id = $1 AND s.company_id <> $1"
    for table in ("data_session", "call_record", "usage_daily", "usage_monthly")
]
_NETWORKS = """
INSERT INTO usage_by_network (company_id, day, profile_id, operator, country, currency, bytes, sessions, cost)
SELECT company_id, (started_at AT TIME ZONE 'UTC')::date, profile_id, coalesce(operator, ''), coalesce(country, ''),
       coalesce(currency, ''), sum(bytes), count(*), coalesce(sum(cost), 0)
FROM data_session GROUP BY 1, 2, 3, 4, 5, 6
"""


@dataclass(frozen=True, slots=True)
class Demo:
    """By principal's name: tokens, and the address of each, all with one password. Both are fresh at every start."""

    tokens: Mapping[str, str]
    emails: Mapping[str, str]
    password: str


async def seed() -> Demo:
    """Make companies, an agent and users unless they are there, and a fresh token for each, and a password for all."""
    password = secrets.token_urlsafe(9)
    hashed = await hash_password(password)
    async with unit_of_work():
        await ensure_stock()
        companies = {
            key: (await Company.get_or_create(name=name, defaults={"country": country}))[0]
            for key, (name, country) in _COMPANIES.items()
        }
        agent, _ = await Agent.get_or_create(name=_AGENT, defaults={"created_at": clock.now()})
        await Company.filter(id=companies["steppe"].id, agent_id=None).update(agent_id=agent.id)
        tokens = {}
        for principal, (company, role, email, name) in _USERS.items():
            user, _ = await User.get_or_create(
                email=email,
                defaults={
                    "name": name,
                    "role": role,
                    "company": companies[company] if company else None,
                    "agent": agent if role is UserRole.AGENT else None,
                },
            )
            now = clock.now()
            await User.filter(id=user.id).update(
                password_hash=hashed, password_changed_at=now, email_confirmed_at=user.email_confirmed_at or now
            )
            tokens[principal] = await _fresh_token(user)
    return Demo(tokens, {principal: row[2] for principal, row in _USERS.items()}, password)


async def _fresh_token(user: User) -> str:
    """Only digests are stored, so every start needs new tokens; those of the last start end."""
    await AccessToken.filter(user=user, name="demo").delete()
    token = new_token()
    await AccessToken.create(
        user=user,
        name="demo",
        prefix=token[:8],
        digest=digest_of(token),
        expires_at=clock.now() + timedelta(days=36_500),
    )
    return token


async def hand_out_stock() -> None:
    """Give SIMs that nobody owns to the two companies; those already handed out stay where they are."""
    first, second = [await Company.get(name=name) for name, _ in _COMPANIES.values()]
    stock = await Company.get(holds_stock=True)
    async with unit_of_work():
        await execute(_HAND_OUT, first.id, second.id, clock.now())
        moved = [await execute(statement, stock.id) for statement in _RECORDS]
        if any(not tag.endswith(" 0") for tag in moved):
            await execute("LOCK TABLE usage_by_network IN SHARE ROW EXCLUSIVE MODE")
            await execute("DELETE FROM usage_by_network")
            await execute(_NETWORKS)
