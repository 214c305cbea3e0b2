"""Mail that is to go out."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class MailState(StrEnum):
    """Where a mail stands."""

    QUEUED = "QUEUED"
    WRITTEN = "WRITTEN"


class OutgoingMail(Model):
    """A mail to technical support, stored with what it is about and handed on by the scheduler.

    `body` and `attachments` (file name to text) are what is sent. `request_digest` tells whether the idempotency key came
    with the same request. `next_attempt_at` is real time, the other moments are business time.
    """

    id = fields.BigIntField(primary_key=True)
    company_id = fields.BigIntField(null=True)
    user_id = fields.BigIntField()
    sim_id = fields.BigIntField(null=True)
    state = fields.CharEnumField(MailState, max_length=16)
    reply_to = fields.CharField(max_length=254)
    subject = fields.CharField(max_length=200)
    body = fields.TextField()
    attachments: dict[str, str] = fields.JSONField(default=dict)
    idempotency_key = fields.CharField(max_length=200, null=True)
    request_digest = fields.CharField(max_length=64)
    created_at = fields.DatetimeField()
    written_at = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    next_attempt_at = fields.DatetimeField(null=True)

    class Meta:
        table = "mail_outbox"
