"""The SIM: who it is, what we want of it, what its operator last said, and what happened to it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

import strawberry

from domain.locks import HOW_TO_LIFT, LockKind
from novaconnect_sdk import SimStatus
from projection import LIST_SIZE
from schema.arguments import After, Before, First, Last
from schema.company import Company
from schema.connections import Connection, Node
from schema.context import Info, plan_for
from schema.group import SimGroup
from schema.ids import global_id
from schema.operation_enums import LimitPeriod
from schema.operation_item import OperationItem
from schema.profile import Profile, SimCapability
from schema.scalars import Bytes, Iccid, Imsi, Msisdn, Plmn
from schema.usage import DataSession, DayOfUsage
from services.fleet.sim_relations import LockRow
from services.fleet.sim_rows import SimRow
from services.paging import PageRequest

USUAL_DAYS = 92
"""Days of use that one SIM is taken to be asked for when the cost of a query is counted."""

_LATEST = PageRequest(first=1)


@strawberry.type(description="One reason for which a SIM is locked.")
class SimLock:
    """A lock reason."""

    kind: LockKind = strawberry.field(description="Why.")
    since: datetime = strawberry.field(description="Since when.")
    set_by: str = strawberry.field(description="Who or what set it.")
    reason: str = strawberry.field(description="Why in words.")
    how_to_lift: str = strawberry.field(description="What to do so that it goes.")

    @classmethod
    def of(cls, row: LockRow) -> Self:
        """The lock of a row."""
        return cls(
            kind=row.kind, since=row.since, set_by=row.set_by, reason=row.reason, how_to_lift=HOW_TO_LIFT[row.kind]
        )


@strawberry.type(description="What the operator last said about a SIM.")
class SimObservation:
    """An observed state."""

    status: SimStatus = strawberry.field(description="The status; UNKNOWN while the operator has said nothing.")
    native_status: str | None = strawberry.field(description="The operator's own word for it.")
    is_blocked: bool | None = strawberry.field(description="Whether the operator blocks the SIM; null if not known.")
    as_of: datetime | None = strawberry.field(description="When the operator said so; null if it never did.")


@strawberry.type(description="The traffic limit of a SIM; all empty where it has none or its operator takes none.")
class SimLimit:
    """A limit."""

    megabytes: int | None = strawberry.field(description="How many MB (1,000,000 bytes each); null: no limit.")
    period: LimitPeriod | None = strawberry.field(description="For how long it counts; null without a limit.")
    used_bytes: Bytes | None = strawberry.field(description="What was used of the period, as of `asOf`.")
    reached_at: datetime | None = strawberry.field(description="When it was reached; null while it is not.")
    as_of: datetime | None = strawberry.field(description="When the operator said so; null if it never did.")


@strawberry.type(description="The data package of a SIM; all empty where nothing is known or its operator has none.")
class SimPackage:
    """A package."""

    plan: str | None = strawberry.field(description="The plan as the operator spells it.")
    size_mb: int | None = strawberry.field(description="The MB of the package in force.")
    next_size_mb: int | None = strawberry.field(description="The MB of the packages that follow.")
    remaining_bytes: Bytes | None = strawberry.field(description="What is left of it, as of `asOf`.")
    ends_at: datetime | None = strawberry.field(description="When it ends at the latest.")
    auto_reconnect: bool | None = strawberry.field(
        description="Whether the next one begins by itself: on for every SIM with packages until it is switched off."
    )
    roaming: bool | None = strawberry.field(description="Whether it is of the plan with roaming in all countries.")
    roaming_change_until: datetime | None = strawberry.field(
        description="Until when a change of the roaming plan may take; packages cannot be changed before."
    )
    as_of: datetime | None = strawberry.field(description="When the operator said so; null if it never did.")


@strawberry.type(description="Where a SIM last registered, as it was last heard of; all null while nothing is known.")
class SimRegistration:
    """A registration."""

    since: datetime | None = strawberry.field(description="Since when it is or was registered there.")
    network: str | None = strawberry.field(description="The name of the network, as the operator spells it.")
    country: str | None = strawberry.field(description="The country, as the operator names it.")
    plmn: Plmn | None = strawberry.field(description="The code of the network.")
    as_of: datetime | None = strawberry.field(description="When the operator said so.")


@strawberry.type(description="A SIM card.")
class Sim(Node):
    """A SIM."""

    row: strawberry.Private[SimRow]
    iccid: Iccid = strawberry.field(description="The serial number of the card.")
    imsi: Imsi | None = strawberry.field(description="The identity of the subscriber on the network.")
    msisdn: Msisdn | None = strawberry.field(description="The number.")
    external_msisdn: Msisdn | None = strawberry.field(description="The external number, if it has one.")
    name: str = strawberry.field(description="The customer's own name for it; empty if it has none.")
    is_locked: bool = strawberry.field(description="Whether at least one lock reason stands.")
    msu_count: int | None = strawberry.field(description="How many signalling messages were counted; null: no data.")
    balance: Decimal | None = strawberry.field(description="The balance at the operator; null if it has none.")
    internal_balance: Decimal = strawberry.field(description="The balance that NovaConnect keeps.")
    currency: str | None = strawberry.field(description="The currency of the balances, ISO 4217.")
    observed: SimObservation = strawberry.field(description="What the operator last said.")
    limit: SimLimit = strawberry.field(description="Its traffic limit.")
    package: SimPackage = strawberry.field(description="Its data package.")
    last_registration: SimRegistration = strawberry.field(description="The network that it was last seen in.")
    drift: bool = strawberry.field(
        description="Whether the operator blocks the SIM against our lock reasons, or not in spite of them."
    )
    left_operator_at: datetime | None = strawberry.field(
        description="When a complete inventory of its operator first came without it; null while the operator has it."
    )
    created_at: datetime = strawberry.field(description="When the SIM came to NovaConnect.")
    updated_at: datetime = strawberry.field(description="When anything of it last changed.")

    @classmethod
    def of(cls, row: SimRow) -> Self:
        """The SIM of a row."""
        return cls(
            row=row,
            id=global_id("Sim", row.id),
            iccid=Iccid(row.iccid),
            imsi=Imsi(row.imsi) if row.imsi else None,
            msisdn=Msisdn(row.msisdn) if row.msisdn else None,
            external_msisdn=Msisdn(row.external_msisdn) if row.external_msisdn else None,
            name=row.name,
            is_locked=row.lock_mask != 0,
            msu_count=row.msu_count,
            balance=row.balance,
            internal_balance=row.internal_balance,
            currency=row.currency,
            observed=SimObservation(
                status=SimStatus(row.observed_status),
                native_status=row.native_status,
                is_blocked=row.observed_blocked,
                as_of=row.observed_at,
            ),
            limit=_limit(row),
            package=_package(row),
            last_registration=SimRegistration(
                since=row.registered_at,
                network=row.registration_network,
                country=row.registration_country,
                plmn=Plmn(row.registration_plmn) if row.registration_plmn else None,
                as_of=row.registration_as_of,
            ),
            drift=row.drift,
            left_operator_at=row.left_operator_at,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @strawberry.field(description="The profile.")
    async def profile(self, info: Info) -> Profile:
        """Its profile, read for all SIMs of a page at once."""
        row = await info.context.loaders.profiles.load(self.row.profile_id)
        assert row is not None
        return Profile.of(row)

    @strawberry.field(description="The company that it belongs to.")
    async def company(self, info: Info) -> Company:
        """Its company, read for all SIMs of a page at once."""
        row = await info.context.loaders.companies.load(self.row.company_id)
        assert row is not None
        return Company.of(row)

    @strawberry.field(description="The reasons for which it is locked, oldest first; empty when it is not.")
    async def locks(self, info: Info) -> list[SimLock]:
        """Read for all locked SIMs of a page at once."""
        if not self.row.lock_mask:
            return []
        return [SimLock.of(row) for row in await info.context.loaders.locks.load(self.row.id)]

    @strawberry.field(description="The groups that it is in, by name.")
    async def groups(self, info: Info) -> list[SimGroup]:
        """Read for all SIMs of a page at once."""
        return [SimGroup.of(row) for row in await info.context.loaders.groups.load(self.row.id)]

    @strawberry.field(description="What you can do with it as it stands: one entry for every action.")
    async def capabilities(self, info: Info) -> list[SimCapability]:
        """Judged for all SIMs of a page at once; those in the same situation are given the same list."""
        return await info.context.loaders.capabilities.load(self.row.id)

    @strawberry.field(description="The last action on it: the newest of its history; null if there was none.")
    async def last_operation(
        self, info: Info
    ) -> Annotated[OperationItem, strawberry.lazy("schema.operation_item")] | None:
        """Read for all SIMs of a page at once."""
        page = await info.context.loaders.items_of_sim.load((self.row.id, None, _LATEST))
        return OperationItem.of(page.rows[0]) if page.rows else None

    @strawberry.field(description="Every action on it: who, when, what and with what outcome; the newest first.")
    async def history(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[OperationItem]:
        """Its operation items, read for all SIMs of a page at once."""
        key = (self.row.id, None, PageRequest(first, after, last, before))
        if plan := plan_for(info):
            records = await info.context.loaders.item_records_of_sim.load((*key, plan))
            return await plan.page(records, await self._actions(info) if plan.wants_total else None)
        page = await info.context.loaders.items_of_sim.load(key)
        return Connection(page=page, make=OperationItem.of, count=lambda: self._actions(info))

    @strawberry.field(description="Its data sessions, the newest first; the guide shows the last 30.")
    async def sessions(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[DataSession]:
        """Read for all SIMs of a page at once."""
        key = (self.row.id, PageRequest(first, after, last, before))
        if plan := plan_for(info):
            records = await info.context.loaders.session_records.load((*key, plan))
            return await plan.page(records, await self._session_count(info) if plan.wants_total else None)
        page = await info.context.loaders.sessions.load(key)
        return Connection(page=page, make=DataSession.of, count=lambda: self._session_count(info))

    @strawberry.field(
        description="What it used by day, oldest first; days without a session are left out.",
        metadata={LIST_SIZE: USUAL_DAYS},
    )
    async def usage(
        self,
        info: Info,
        from_: Annotated[date, strawberry.argument(name="from", description="The first day.")],
        to: Annotated[date, strawberry.argument(description="The last day; at most 366 days in all.")],
    ) -> list[DayOfUsage]:
        """Read for all SIMs of a page at once."""
        return [DayOfUsage.of(row) for row in await info.context.loaders.usage.load((self.row.id, from_, to))]

    async def _session_count(self, info: Any) -> int:
        sessions: int = await info.context.loaders.session_counts.load(self.row.id)
        return sessions

    async def _actions(self, info: Any) -> int:
        actions: int = await info.context.loaders.actions.load(self.row.id)
        return actions


def _limit(row: SimRow) -> SimLimit:
    return SimLimit(
        megabytes=row.limit_mb,
        period=None if row.limit_mb is None else LimitPeriod.MONTH,
        used_bytes=None if row.limit_used_bytes is None else Bytes(row.limit_used_bytes),
        reached_at=row.limit_reached_at,
        as_of=row.limit_as_of,
    )


def _package(row: SimRow) -> SimPackage:
    return SimPackage(
        plan=row.package_plan,
        size_mb=row.package_mb,
        next_size_mb=row.package_mb if row.wanted_package_mb is None else row.wanted_package_mb,
        remaining_bytes=None if row.package_remaining_bytes is None else Bytes(row.package_remaining_bytes),
        ends_at=row.package_ends_at,
        auto_reconnect=row.auto_reconnect,
        roaming=row.roaming,
        roaming_change_until=row.roaming_change_until,
        as_of=row.package_as_of,
    )
