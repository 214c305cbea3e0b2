"""Who is at work: processes that may hold items and call slots, and the slots themselves."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

HOLDER_LOCK = 0x4E4F
"""First key of the advisory lock by which a process shows that it lives; the second is its lease holder id."""


class LeaseHolder(Model):
    """A process that executes operations or calls operators.

    It is alive while its own database connection holds the advisory lock (`HOLDER_LOCK`, id) and `seen_at` is fresh. The
    id is the fence: it is never used again, so what a dead process held can be told from what its successor holds.
    """

    id = fields.BigIntField(primary_key=True)
    title = fields.CharField(max_length=100)
    started_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "lease_holder"


class CallSlot(Model):
    """The right to one call at a time at an operator account; as many rows as calls are allowed at once."""

    id = fields.BigIntField(primary_key=True)
    account_id = fields.BigIntField()
    slot = fields.IntField()
    holder_id = fields.BigIntField(null=True)
    taken_at = fields.DatetimeField(null=True)

    class Meta:
        table = "call_slot"
        unique_together = (("account_id", "slot"),)
