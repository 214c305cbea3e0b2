"""Worlds that stories are told in: companies, users, profiles and SIMs, made with plain rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from access import Principal, authenticate, digest_of, new_token
from domain.iccid import check_digit
from domain.locks import LockKind, mask_of
from models import (
    AccessToken,
    Company,
    OperatorAccount,
    Profile,
    Sim,
    SimGroup,
    SimGroupMember,
    SimLockReason,
    User,
    UserRole,
)

BEGINNING = datetime(2025, 3, 1, 9, 0, tzinfo=UTC)
"""When the first SIM of every world was made; each later one a minute after."""


@dataclass(frozen=True, slots=True)
class Login:
    """A user and the bearer token by which a program acts for them."""

    user: User
    token: str
    principal: Principal


@dataclass(frozen=True, slots=True)
class TwoCompanies:
    """Astana Telematics with users of every role, another company, and the platform's staff.

    `sims` are Astana's by name, `others` the other company's; both have SIMs of TC, TD and VK.
    """

    company: Company
    other_company: Company
    profiles: dict[str, Profile]
    owner: Login
    manager: Login
    viewer: Login
    other_owner: Login
    staff: Login
    sims: dict[str, Sim]
    others: dict[str, Sim]
    group: SimGroup


def iccid(serial: int, prefix: str = "8937204") -> str:
    """A valid 19-digit ICCID for a serial number."""
    body = f"{prefix}{serial:0{18 - len(prefix)}d}"
    return body + check_digit(body)


async def add_company(name: str, country: str = "KZ") -> Company:
    """A company."""
    return await Company.create(name=name, country=country)


async def add_login(company: Company | None, role: UserRole, name: str) -> Login:
    """A user with a token that is valid for a hundred years."""
    user = await User.create(
        company=company, email=f"{name.lower().replace(' ', '.')}@example.com", name=name, role=role
    )
    token = new_token()
    expires = datetime.now(UTC) + timedelta(days=36500)
    await AccessToken.create(user=user, name="test", prefix=token[:8], digest=digest_of(token), expires_at=expires)
    principal = await authenticate(token)
    assert principal is not None
    return Login(user, token, principal)


async def add_profiles() -> dict[str, Profile]:
    """TC and TD, each with an operator account, and VK without a driver, as `plugins.toml` ships them."""
    tsim = await OperatorAccount.create(key="tsim:demo", calls_per_second=10, max_concurrency=4)
    jasper = await OperatorAccount.create(key="jasper:demo", calls_per_second=5, max_concurrency=1)
    common: dict[str, dict[str, Any]] = {
        "TC": {
            "title": "TC (+372, pay per use)",
            "apn": "send.ee",
            "number_prefix": "372",
            "driver": "tsim",
            "account": tsim,
        },
        "TD": {
            "title": "TD (+46, packages)",
            "apn": "m2m.tele2.com",
            "number_prefix": "46",
            "driver": "jasper",
            "account": jasper,
        },
        "VK": {"title": "VK", "apn": "", "number_prefix": "", "driver": "none", "account": None},
    }
    return {code: await Profile.create(code=code, **fields) for code, fields in common.items()}


async def add_sim(
    company: Company, profile: Profile, serial: int, *, locks: Iterable[LockKind] = (), **fields: Any
) -> Sim:
    """A SIM with numbers made of its serial; `locks` stand on it with their reasons, `fields` override anything."""
    kinds = tuple(locks)
    made = BEGINNING + timedelta(minutes=serial)
    values: dict[str, Any] = {
        "iccid": iccid(serial),
        "imsi": f"24803{serial:010d}",
        "msisdn": f"{profile.number_prefix or '7'}5{serial:07d}",
        "external_msisdn": None,
        "name": "",
        "operator_ref": f"ref-{serial}",
        "created_at": made,
        "updated_at": made,
        "lock_mask": mask_of(kinds),
    }
    sim = await Sim.create(company=company, profile=profile, **(values | fields))
    for kind in kinds:
        await SimLockReason.create(
            sim=sim,
            company_id=company.id,
            kind=kind,
            since=made,
            set_by="support",
            reason=f"{kind.value.lower()} in this story",
        )
    return sim


async def add_group(company: Company, name: str, sims: Iterable[Sim]) -> SimGroup:
    """A group with its members."""
    group = await SimGroup.create(company=company, name=name, created_at=BEGINNING)
    for sim in sims:
        await SimGroupMember.create(group=group, sim=sim)
    return group


async def two_companies() -> TwoCompanies:
    """The usual world; see `TwoCompanies`."""
    astana, other = await add_company("Astana Telematics"), await add_company("Almaty Taxi")
    profiles = await add_profiles()
    tc, td, vk = profiles["TC"], profiles["TD"], profiles["VK"]
    sims = {
        "truck": await add_sim(astana, tc, 1, name="Truck 1", external_msisdn="77010000001"),
        "crane": await add_sim(astana, td, 2, name="Кран Южный", locks=[LockKind.VOLUNTARY], observed_blocked=True),
        "combine": await add_sim(
            astana, tc, 3, name="Қостанай комбайн №3", locks=[LockKind.MSU, LockKind.FINANCIAL], msu_count=120
        ),
        "meter": await add_sim(astana, vk, 4, name="100%_meter"),
        "unnamed": await add_sim(astana, td, 5),
        "spare": await add_sim(
            astana, tc, 6, name="Test SIM 1", msisdn=None, session_active=False, session_as_of=BEGINNING
        ),
    }
    others = {
        "taxi": await add_sim(other, tc, 101, name="Taxi 1"),
        "minibus": await add_sim(other, td, 102, name="Truck 1"),
    }
    return TwoCompanies(
        company=astana,
        other_company=other,
        profiles=profiles,
        owner=await add_login(astana, UserRole.OWNER, "Olga Owner"),
        manager=await add_login(astana, UserRole.MANAGER, "Marat Manager"),
        viewer=await add_login(astana, UserRole.VIEWER, "Vera Viewer"),
        other_owner=await add_login(other, UserRole.OWNER, "Oleg Other"),
        staff=await add_login(None, UserRole.STAFF, "Saule Staff"),
        sims=sims,
        others=others,
        group=await add_group(astana, "Уборочная", [sims["combine"], sims["truck"]]),
    )
