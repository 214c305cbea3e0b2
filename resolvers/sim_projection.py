"""How the SIM table answers without an object a row: the SQL of each field, and what comes out of catalogues."""

from __future__ import annotations

from collections.abc import Mapping

from domain.locks import HOW_TO_LIFT, LockKind
from models.database import fetch
from projection import Beside, Catalogue, Column, Embed, Entry, Fields, Moment, Nested, Rows
from resolvers.bare_objects import bare
from schema.company import Company
from schema.group import SimGroup
from schema.profile import Profile
from schema.sim import Sim
from services.fleet.list_groups import GroupRow
from services.fleet.sim_relations import companies, profiles
from services.fleet.sim_rows import AUTO_RECONNECT


def global_id_column(type_name: str, sql: str) -> Column:
    """The global id of a row that is there."""
    return Column(global_id_sql(type_name, sql), never_null=True)


def global_id_sql(type_name: str, sql: str) -> str:
    """The global id of a row as SQL; NULL where the number is."""
    return f"encode(convert_to('{type_name}:' || {sql}, 'UTF8'), 'base64')"


async def _profiles(ids: list[int]) -> Mapping[int, Entry]:
    return {row_id: Entry(Profile.of(row)) for row_id, row in (await profiles(ids)).items()}


async def _companies(ids: list[int]) -> Mapping[int, Entry]:
    return {row_id: Entry(Company.of(row)) for row_id, row in (await companies(ids)).items()}


async def _groups(ids: list[int]) -> Mapping[int, Entry]:
    rows = await fetch(
        "SELECT id, company_id, name, created_at, lower(name COLLATE pg_c_utf8) AS place"
        " FROM sim_group WHERE id = ANY($1::bigint[])",
        ids,
    )
    return {row["id"]: Entry(SimGroup.of(GroupRow(*row[:4])), row["place"]) for row in rows}


PROFILES = Catalogue("profile", _profiles)
COMPANIES = Catalogue("company", _companies)
GROUPS = Catalogue("sim_group", _groups)

SIM_LOCK: Fields = {
    "kind": Column("r.kind", never_null=True),
    "since": Moment("r.since", never_null=True),
    "setBy": Column("r.set_by", never_null=True),
    "reason": Column("r.reason", never_null=True),
    "howToLift": Column("r.kind", convert=lambda kind: HOW_TO_LIFT[LockKind(kind)], never_null=True),
}

GROUP: Fields = {
    "id": global_id_column("SimGroup", "g.id"),
    "name": Column("g.name", never_null=True),
    "createdAt": Moment("g.created_at", never_null=True),
    "size": Column("(SELECT count(*) FROM sim_group_member m WHERE m.group_id = g.id)", never_null=True),
}

ACTION: Fields = {
    "id": global_id_column("OperationItem", "i.id"),
    "kind": Column("i.kind", never_null=True),
    "state": Column("i.state", never_null=True),
    "outcome": Nested(
        {
            "code": Column("i.outcome_code", never_null=True),
            "message": Column("coalesce(i.outcome_message, '')", never_null=True),
        },
        when="i.outcome_code IS NOT NULL",
    ),
    "attempts": Column("i.attempt", never_null=True),
    "startedAt": Moment("i.started_at"),
    "finishedAt": Moment("i.finished_at"),
    "deadlineAt": Moment("i.deadline_at"),
}
"""What an operation's item says of itself."""


SESSION: Fields = {
    "startedAt": Moment("d.started_at", never_null=True),
    "endedAt": Moment("d.ended_at"),
    "bytes": Column("d.bytes::text", never_null=True),
    "operator": Column("d.operator"),
    "country": Column("d.country"),
    "city": Column("d.city"),
    "plmn": Column("d.plmn"),
    "cost": Column("d.cost::text"),
    "currency": Column("d.currency"),
}
"""A data session `d`."""

_BY_ID = Beside(("s.id",), bare(Sim, "id"))

SIM: Fields = {
    "id": global_id_column("Sim", "s.id"),
    "iccid": Column("s.iccid", never_null=True),
    "imsi": Column("s.imsi"),
    "msisdn": Column("s.msisdn"),
    "externalMsisdn": Column("s.external_msisdn"),
    "name": Column("s.name", never_null=True),
    "isLocked": Column("s.lock_mask <> 0", never_null=True),
    "msuCount": Column("s.msu_count"),
    "balance": Column("s.balance::text"),
    "internalBalance": Column("s.internal_balance::text", never_null=True),
    "currency": Column("s.currency"),
    "observed": Nested(
        {
            "status": Column("s.observed_status", never_null=True),
            "nativeStatus": Column("s.native_status"),
            "isBlocked": Column("s.observed_blocked"),
            "asOf": Moment("s.observed_at"),
        }
    ),
    "limit": Nested(
        {
            "megabytes": Column("s.limit_mb"),
            "period": Column("CASE WHEN s.limit_mb IS NOT NULL THEN 'MONTH' END"),
            "usedBytes": Column("s.limit_used_bytes::text"),
            "reachedAt": Moment("s.limit_reached_at"),
            "asOf": Moment("s.limit_as_of"),
        }
    ),
    "package": Nested(
        {
            "plan": Column("s.package_plan"),
            "sizeMb": Column("s.package_mb"),
            "nextSizeMb": Column("coalesce(s.wanted_package_mb, s.package_mb)"),
            "remainingBytes": Column("s.package_remaining_bytes::text"),
            "endsAt": Moment("s.package_ends_at"),
            "autoReconnect": Column(AUTO_RECONNECT),
            "roaming": Column("s.roaming"),
            "roamingChangeUntil": Moment("s.roaming_change_until"),
            "asOf": Moment("s.package_as_of"),
        }
    ),
    "lastRegistration": Nested(
        {
            "since": Moment("s.registered_at"),
            "network": Column("s.registration_network"),
            "country": Column("s.registration_country"),
            "plmn": Column("s.registration_plmn"),
            "asOf": Moment("s.registration_as_of"),
        }
    ),
    "drift": Column("coalesce(s.observed_blocked <> (s.lock_mask <> 0), false)", never_null=True),
    "leftOperatorAt": Moment("s.left_operator_at"),
    "createdAt": Moment("s.created_at", never_null=True),
    "updatedAt": Moment("s.updated_at", never_null=True),
    "profile": Embed("s.profile_id", PROFILES),
    "company": Embed("s.company_id", COMPANIES),
    "groups": Embed(
        "ARRAY(SELECT m.group_id FROM sim_group_member m WHERE m.sim_id = s.id ORDER BY m.group_id)", GROUPS, many=True
    ),
    "locks": Rows(
        "SELECT {columns} FROM sim_lock_reason r WHERE r.sim_id = s.id ORDER BY r.since, r.id",
        SIM_LOCK,
        when="s.lock_mask <> 0",
    ),
    "lastOperation": Rows(
        "SELECT {columns} FROM operation_item i WHERE i.sim_id = s.id ORDER BY i.id DESC LIMIT 1",
        ACTION,
        single=True,
    ),
    "capabilities": Beside(("s.id",), bare(Sim, "id"), is_shared=True),
    "history": _BY_ID,
    "sessions": _BY_ID,
    "usage": _BY_ID,
}
