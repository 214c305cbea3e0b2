"""What happened: the audit of changes, and the runs of synchronisation."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class AuditEntry(Model):
    """One change, or one secret shown: what, on what, before and after. Append-only (a trigger says so).

    Without a user it was the system; `agent_id` is the agent for whose companies the user acted; `address` is where the
    request came from; `before` and `after` hold only what was changed, never a secret.
    """

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField()
    company_id = fields.BigIntField(null=True)
    user_id = fields.BigIntField(null=True)
    token_id = fields.BigIntField(null=True)
    action = fields.CharField(max_length=60)
    subject = fields.CharField(max_length=60)
    detail: dict[str, object] = fields.JSONField(default=dict)
    agent_id = fields.BigIntField(null=True)
    address = fields.CharField(max_length=45, null=True)
    before: dict[str, object] | None = fields.JSONField(null=True)
    after: dict[str, object] | None = fields.JSONField(null=True)

    class Meta:
        table = "audit_entry"


class SyncRun(Model):
    """One synchronisation of a profile with its operator: how far it came and what it found.

    `kind` is FULL or INCREMENTAL, `phase` INVENTORY or RECORDS; `window_on` is the day (UTC+05:00) whose night it belongs
    to, None for one started by hand; `holder_id` is the process at work on it, `attempts` how many processes took it up.
    """

    id = fields.BigIntField(primary_key=True)
    profile_id = fields.BigIntField()
    started_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)
    complete = fields.BooleanField(default=False)
    cursor = fields.TextField(null=True)
    seen = fields.IntField(default=0)
    added = fields.IntField(default=0)
    changed = fields.IntField(default=0)
    drifted = fields.IntField(default=0)
    error = fields.CharField(max_length=500, null=True)
    kind = fields.CharField(max_length=16, default="FULL")
    phase = fields.CharField(max_length=16, default="INVENTORY")
    window_on = fields.DateField(null=True)
    changed_since = fields.DatetimeField(null=True)
    holder_id = fields.BigIntField(null=True)
    attempts = fields.IntField(default=1)
    records = fields.BigIntField(default=0)
    records_changed = fields.BigIntField(default=0)
    left_operator = fields.IntField(default=0)
    returned = fields.IntField(default=0)

    class Meta:
        table = "sync_run"
