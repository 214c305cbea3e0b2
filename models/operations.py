"""Requested changes: an operation, and one item for each SIM of it."""

from __future__ import annotations

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from domain.operations import ItemState, OperationKind, OperationState
from domain.outcomes import OutcomeCode
from models.identity import Company, User


class Operation(Model):
    """A change asked for once, on many SIMs. The counters are of its items by state and always equal a recount.

    `parameters` are those of the change (`domain.changes`); what differs from SIM to SIM is the item's `argument`.
    """

    id = fields.BigIntField(primary_key=True)
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="operations", on_delete=fields.RESTRICT
    )
    kind = fields.CharEnumField(OperationKind, max_length=24)
    state = fields.CharEnumField(OperationState, max_length=16)
    started_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="operations", null=True, on_delete=fields.RESTRICT
    )
    idempotency_key = fields.CharField(max_length=200)
    request_digest = fields.CharField(max_length=64)
    accepted_risks: list[str] = ArrayField("varchar(24)")
    parameters: dict[str, object] = fields.JSONField(default=dict, db_default={})
    created_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)
    total = fields.IntField()
    queued = fields.IntField(default=0)
    calling = fields.IntField(default=0)
    waiting = fields.IntField(default=0)
    succeeded = fields.IntField(default=0)
    failed = fields.IntField(default=0)
    refused = fields.IntField(default=0)
    unknown = fields.IntField(default=0)
    cancelled = fields.IntField(default=0)
    revision = fields.BigIntField(default=0)

    class Meta:
        table = "operation"


class OperationItem(Model):
    """One SIM of an operation.

    Ids of SIM, company, profile and account are plain columns: a foreign key each would double the time to accept 100,000
    items, and none of those rows is ever deleted. `turn` is the place in the account's fair queue, `accept_seq` the order of
    acceptance on the SIM, `holder_id` the process whose call is under way, `attempt` the fence
    (`attempts_before` of them before the last retry by a user). `not_before`, `check_at` and
    `deadline_at` are business time: when it may be called, looked at again, and given up.
    """

    id = fields.BigIntField(primary_key=True)
    operation: fields.ForeignKeyRelation[Operation] = fields.ForeignKeyField(
        "models.Operation", related_name="items", on_delete=fields.CASCADE
    )
    sim_id = fields.BigIntField()
    company_id = fields.BigIntField()
    profile_id = fields.BigIntField()
    account_id = fields.BigIntField(null=True)
    kind = fields.CharEnumField(OperationKind, max_length=24)
    state = fields.CharEnumField(ItemState, max_length=24)
    priority = fields.SmallIntField()
    turn = fields.BigIntField()
    accept_seq = fields.BigIntField()
    attempt = fields.IntField(default=0)
    attempts_before = fields.IntField(default=0)
    holder_id = fields.BigIntField(null=True)
    not_before = fields.DatetimeField(null=True)
    check_at = fields.DatetimeField(null=True)
    checks = fields.IntField(default=0)
    deadline_at = fields.DatetimeField(null=True)
    accepted_at = fields.DatetimeField(null=True)
    handle = fields.CharField(max_length=200, null=True)
    outcome_code = fields.CharEnumField(OutcomeCode, max_length=32, null=True)
    outcome_message = fields.CharField(max_length=500, null=True)
    native_code = fields.CharField(max_length=100, null=True)
    argument = fields.TextField(null=True)
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "operation_item"


class QueueTurn(Model):
    """Where a company stands in the fair queue of an operator account: the turn of its last accepted item."""

    id = fields.BigIntField(primary_key=True)
    account_id = fields.BigIntField()
    company_id = fields.BigIntField()
    last_turn = fields.BigIntField(default=0)

    class Meta:
        table = "queue_turn"
        unique_together = (("account_id", "company_id"),)
