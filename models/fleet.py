"""The fleet: profiles, SIMs, the reasons for which they are locked, and groups."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from domain.locks import LockKind
from models.identity import Company
from novaconnect_sdk import SimStatus


class OperatorAccount(Model):
    """A login at an operator, to which the operator's budget belongs; shared by all profiles and processes that use it.

    `next_call_at` is when the next call may start, `paused_until` is set by the circuit breaker and by throttling,
    `failures` counts calls without an answer in a row. Times are real time, not the business clock.
    """

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=200, unique=True)
    calls_per_second = fields.FloatField()
    max_concurrency = fields.IntField()
    next_call_at = fields.DatetimeField(null=True)
    paused_until = fields.DatetimeField(null=True)
    failures = fields.IntField(default=0)
    served_turn = fields.BigIntField(default=0)

    class Meta:
        table = "operator_account"


class Profile(Model):
    """A profile as customers see it; rows follow `plugins.toml`. `account` is empty where there is no driver."""

    id = fields.BigIntField(primary_key=True)
    code = fields.CharField(max_length=16, unique=True)
    title = fields.CharField(max_length=200)
    apn = fields.CharField(max_length=100)
    number_prefix = fields.CharField(max_length=15)
    driver = fields.CharField(max_length=100)
    account: fields.ForeignKeyNullableRelation[OperatorAccount] = fields.ForeignKeyField(
        "models.OperatorAccount", related_name="profiles", null=True, on_delete=fields.RESTRICT
    )
    enabled = fields.BooleanField(default=True)
    has_packages = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "profile"


class Sim(Model):
    """A SIM: its identity, what we want of it (`lock_mask`, `wanted_*`), and what the operator last said (the others).

    `lock_mask` repeats the rows of `sim_lock_reason` as a sum of bits (`domain.locks.BIT`). `left_operator_at` is when a
    complete inventory first came without the SIM; `records_as_of` is when its usage records were last read for it alone.
    `search_text` (lower-cased, line feed between the fields) is made by the database, and so are `msu_before` and
    `msu_changed_at`: the count before the last change of `msu_count`, and when it changed. `limit_*` and `package_*` are what
    is in force as of `limit_as_of` and `package_as_of` (our own change counts as the operator's word); `wanted_*` is what was
    last asked for, empty when nobody asked. Until `roaming_change_until` the operator may be moving the SIM between roaming
    plans.
    """

    id = fields.BigIntField(primary_key=True)
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="sims", on_delete=fields.RESTRICT
    )
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name="sims", on_delete=fields.RESTRICT
    )
    iccid = fields.CharField(max_length=22, unique=True)
    imsi = fields.CharField(max_length=15, null=True)
    msisdn = fields.CharField(max_length=15, null=True)
    external_msisdn = fields.CharField(max_length=20, null=True)
    name = fields.CharField(max_length=100, default="")
    operator_ref = fields.CharField(max_length=64, null=True)
    balance = fields.DecimalField(max_digits=14, decimal_places=4, null=True)
    internal_balance = fields.DecimalField(max_digits=14, decimal_places=4, default=0)
    currency = fields.CharField(max_length=3, null=True)
    msu_count = fields.IntField(null=True)
    lock_mask = fields.SmallIntField(default=0)
    observed_blocked = fields.BooleanField(null=True)
    observed_status = fields.CharEnumField(SimStatus, max_length=16, default=SimStatus.UNKNOWN)
    native_status = fields.CharField(max_length=40, null=True)
    observed_at = fields.DatetimeField(null=True)
    session_active = fields.BooleanField(null=True)
    session_started_at = fields.DatetimeField(null=True)
    session_ended_at = fields.DatetimeField(null=True)
    session_as_of = fields.DatetimeField(null=True)
    reset_accepted_at = fields.DatetimeField(null=True)
    msu_before = fields.IntField(null=True)
    msu_changed_at = fields.DatetimeField(null=True)
    limit_mb = fields.IntField(null=True)
    limit_used_bytes = fields.BigIntField(null=True)
    limit_reached_at = fields.DatetimeField(null=True)
    limit_as_of = fields.DatetimeField(null=True)
    wanted_limit_mb = fields.IntField(null=True)
    wanted_limit_at = fields.DatetimeField(null=True)
    package_plan = fields.CharField(max_length=60, null=True)
    package_mb = fields.IntField(null=True)
    package_remaining_bytes = fields.BigIntField(null=True)
    package_ends_at = fields.DatetimeField(null=True)
    package_as_of = fields.DatetimeField(null=True)
    auto_reconnect = fields.BooleanField(null=True)
    roaming = fields.BooleanField(null=True)
    wanted_package_mb = fields.IntField(null=True)
    wanted_auto_reconnect = fields.BooleanField(null=True)
    wanted_roaming = fields.BooleanField(null=True)
    wanted_package_at = fields.DatetimeField(null=True)
    roaming_change_until = fields.DatetimeField(null=True)
    left_operator_at = fields.DatetimeField(null=True)
    registered_at = fields.DatetimeField(null=True)
    registration_network = fields.CharField(max_length=100, null=True)
    registration_country = fields.CharField(max_length=100, null=True)
    registration_plmn = fields.CharField(max_length=6, null=True)
    registration_as_of = fields.DatetimeField(null=True)
    msu_as_of = fields.DatetimeField(null=True)
    records_as_of = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "sim"


class SimLockReason(Model):
    """One reason for which a SIM is locked: since when, set by whom, and why in words."""

    id = fields.BigIntField(primary_key=True)
    sim: fields.ForeignKeyRelation[Sim] = fields.ForeignKeyField(
        "models.Sim", related_name="lock_reasons", on_delete=fields.CASCADE
    )
    company_id = fields.BigIntField()
    kind = fields.CharEnumField(LockKind, max_length=16)
    since = fields.DatetimeField()
    set_by_user_id = fields.BigIntField(null=True)
    set_by = fields.CharField(max_length=200)
    reason = fields.CharField(max_length=500)

    class Meta:
        table = "sim_lock_reason"
        unique_together = (("sim", "kind"),)


class SimGroup(Model):
    """A customer's own grouping of SIMs; the name is unique in the company whatever its case."""

    id = fields.BigIntField(primary_key=True)
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="groups", on_delete=fields.CASCADE
    )
    name = fields.CharField(max_length=60)
    created_at = fields.DatetimeField()

    class Meta:
        table = "sim_group"


class SimGroupMember(Model):
    """A SIM's place in a group; a SIM may be in several. `company_id` is the group's; the database fills it in when left out."""

    id = fields.BigIntField(primary_key=True)
    group: fields.ForeignKeyRelation[SimGroup] = fields.ForeignKeyField(
        "models.SimGroup", related_name="members", on_delete=fields.CASCADE
    )
    sim: fields.ForeignKeyRelation[Sim] = fields.ForeignKeyField(
        "models.Sim", related_name="group_places", on_delete=fields.CASCADE
    )
    company_id = fields.BigIntField(null=True)

    class Meta:
        table = "sim_group_member"
        unique_together = (("sim", "group"),)
