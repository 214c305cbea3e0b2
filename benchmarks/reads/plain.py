"""The baseline: Strawberry, Tortoise rows and data loaders as their tutorials have them, over graphql-core.

Run by uvicorn with `DATABASE_URL` and `COMPANY_ID` set; without authentication.
"""

from __future__ import annotations

import base64
import os
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, NewType

import orjson
import strawberry
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.schema.config import StrawberryConfig
from tortoise.expressions import Q

from models import Company, Profile, Sim, SimGroupMember, SimLockReason
from models.database import open_database

_COMPANY = int(os.environ["COMPANY_ID"])
_opened: list[bool] = []
Iccid = NewType("Iccid", str)


def _id(kind: str, row_id: int) -> strawberry.ID:
    return strawberry.ID(base64.b64encode(f"{kind}:{row_id}".encode()).decode())


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _cursor(row: Sim) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(["CREATED_AT:DESC", row.created_at.isoformat(), row.id])).decode()


async def _profiles(ids: list[int]) -> list[Any]:
    rows = await Profile.in_bulk(ids, "id")
    return [rows[row_id] for row_id in ids]


async def _companies(ids: list[int]) -> list[Any]:
    rows = await Company.in_bulk(ids, "id")
    return [rows[row_id] for row_id in ids]


async def _groups(ids: list[int]) -> list[Any]:
    found: dict[int, list[Any]] = defaultdict(list)
    for member in await SimGroupMember.filter(sim_id__in=ids).prefetch_related("group"):
        found[member.sim_id].append(member.group)  # type: ignore[attr-defined]
    return [sorted(found[row_id], key=lambda group: (group.name.lower(), group.id)) for row_id in ids]


async def _locks(ids: list[int]) -> list[Any]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in await SimLockReason.filter(sim_id__in=ids).order_by("since", "id"):
        found[row.sim_id].append(row)  # type: ignore[attr-defined]
    return [found[row_id] for row_id in ids]


@strawberry.type(name="Profile")
class ProfileType:
    """A profile."""

    id: strawberry.ID
    code: str
    title: str
    apn: str


@strawberry.type(name="SimGroup")
class GroupType:
    """A group."""

    id: strawberry.ID
    name: str


@strawberry.type(name="SimLock")
class LockType:
    """A lock."""

    kind: str
    since: str | None


@strawberry.type(name="Company")
class CompanyType:
    """A company."""

    name: str


@strawberry.type
class Observed:
    """A state."""

    status: str
    as_of: str | None


@strawberry.type(name="Sim")
class SimType:
    """A SIM."""

    row: strawberry.Private[Any]
    id: strawberry.ID
    iccid: str
    imsi: str | None
    msisdn: str | None
    name: str
    is_locked: bool
    msu_count: int | None
    balance: str | None
    currency: str | None
    created_at: str | None
    updated_at: str | None
    observed: Observed

    @classmethod
    def of(cls, row: Any) -> SimType:
        return cls(
            row=row,
            id=_id("Sim", row.id),
            iccid=row.iccid,
            imsi=row.imsi,
            msisdn=row.msisdn,
            name=row.name,
            is_locked=row.lock_mask != 0,
            msu_count=row.msu_count,
            balance=None if row.balance is None else str(row.balance),
            currency=row.currency,
            created_at=_moment(row.created_at),
            updated_at=_moment(row.updated_at),
            observed=Observed(status=row.observed_status.value, as_of=_moment(row.observed_at)),
        )

    @strawberry.field
    async def profile(self, info: strawberry.Info) -> ProfileType:
        row = await info.context["profiles"].load(self.row.profile_id)
        return ProfileType(id=_id("Profile", row.id), code=row.code, title=row.title, apn=row.apn)

    @strawberry.field
    async def company(self, info: strawberry.Info) -> CompanyType:
        return CompanyType(name=(await info.context["companies"].load(self.row.company_id)).name)

    @strawberry.field
    async def groups(self, info: strawberry.Info) -> list[GroupType]:
        rows = await info.context["groups"].load(self.row.id)
        return [GroupType(id=_id("SimGroup", row.id), name=row.name) for row in rows]

    @strawberry.field
    async def locks(self, info: strawberry.Info) -> list[LockType]:
        rows = await info.context["locks"].load(self.row.id)
        return [LockType(kind=row.kind.value, since=_moment(row.since)) for row in rows]


@strawberry.type
class PageInfo:
    """Relay's."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Edge:
    """Relay's."""

    cursor: str
    node: SimType


@strawberry.type
class Connection:
    """Relay's."""

    query: strawberry.Private[Any]
    edges: list[Edge]
    nodes: list[SimType]
    page_info: PageInfo

    @strawberry.field
    async def total_count(self) -> int:
        return int(await self.query.count())


@strawberry.input
class SimFilter:
    """A filter."""

    search: str | None = None


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def sims(self, first: int, after: str | None = None, filter: SimFilter | None = None) -> Connection:
        query = Sim.filter(company_id=_COMPANY)
        if filter and filter.search:
            term = filter.search
            anywhere = Q(iccid__contains=term) | Q(msisdn__contains=term) | Q(external_msisdn__contains=term)
            query = query.filter(anywhere | Q(name__icontains=term))
        rows = await query.order_by("-created_at", "-id").limit(first + 1)
        sims = [SimType.of(row) for row in rows[:first]]
        edges = [Edge(cursor=_cursor(row), node=sim) for row, sim in zip(rows[:first], sims, strict=True)]
        info = PageInfo(has_next_page=len(rows) > first, end_cursor=edges[-1].cursor if edges else None)
        return Connection(query=query, edges=edges, nodes=sims, page_info=info)

    @strawberry.field
    async def sim(self, iccid: Iccid) -> SimType | None:
        row = await Sim.filter(company_id=_COMPANY, iccid=iccid).first()
        return SimType.of(row) if row else None


class _App(GraphQL[Any, None]):
    async def get_context(self, request: Any, response: Any) -> Any:
        if not _opened:
            await open_database(os.environ["DATABASE_URL"], as_application=False)
            _opened.append(True)
        readers = {"profiles": _profiles, "companies": _companies, "groups": _groups, "locks": _locks}
        return {name: DataLoader(read) for name, read in readers.items()}

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)


_scalars: dict[object, Any] = {Iccid: strawberry.scalar(name="Iccid", serialize=str, parse_value=str)}
app = _App(strawberry.Schema(Query, config=StrawberryConfig(scalar_map=_scalars)))
