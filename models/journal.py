"""What happened: the audit of changes, and the runs of synchronisation."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class AuditEntry(Model):
    """One change by a user, a token or the system: what, on what, before and after. Append-only (a trigger says so)."""

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField()
    company_id = fields.BigIntField(null=True)
    user_id = fields.BigIntField(null=True)
    token_id = fields.BigIntField(null=True)
    action = fields.CharField(max_length=60)
    subject = fields.CharField(max_length=60)
    detail: dict[str, object] = fields.JSONField(default=dict)

    class Meta:
        table = "audit_entry"


class SyncRun(Model):
    """One synchronisation of a profile's inventory with the operator: how far it came and what it found."""

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

    class Meta:
        table = "sync_run"
