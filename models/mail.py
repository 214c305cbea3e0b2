"""Mail and messages on their way out."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class MailState(StrEnum):
    """Where a message stands; WRITTEN to the outbox folder, where no mail server is configured."""

    QUEUED = "QUEUED"
    SENDING = "SENDING"
    SENT = "SENT"
    WRITTEN = "WRITTEN"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class Delivery(Model):
    """A message by one channel: to one address, from being stored until after it is handed on. Sent once.

    `channel` is EMAIL or WHATSAPP. `recipient` is an address or number, empty for technical support, whose address the
    settings know. Either `notification_id` (one row for each notification and channel) or `message_key` (one row for a key)
    or neither. `body` and `attachments` (file name to text) are what is sent, `files` names stored files to send along,
    `parameters` are those of a WhatsApp template named `topic`. With `is_secret` the body is forgotten once it is sent.
    `request_digest` tells whether the idempotency key of a support message came with the same request. Moments of
    attempts (`first_attempt_at`, `next_attempt_at`, `sending_since`) are real time, the others business time.
    """

    id = fields.BigIntField(primary_key=True)
    company_id = fields.BigIntField(null=True)
    user_id = fields.BigIntField(null=True)
    sim_id = fields.BigIntField(null=True)
    notification_id = fields.BigIntField(null=True)
    message_key = fields.CharField(max_length=200, null=True, unique=True)
    channel = fields.CharField(max_length=16, default="EMAIL", db_default="EMAIL")
    topic = fields.CharField(max_length=60, default="support", db_default="support")
    language = fields.CharField(max_length=2, default="ru", db_default="ru")
    recipient = fields.CharField(max_length=254, null=True)
    state = fields.CharEnumField(MailState, max_length=16)
    reply_to = fields.CharField(max_length=254, null=True)
    subject = fields.CharField(max_length=200)
    body = fields.TextField()
    attachments: dict[str, str] = fields.JSONField(default=dict, db_default={})
    files: list[dict[str, object]] = fields.JSONField(default=list, db_default=[])
    parameters: list[str] = fields.JSONField(default=list, db_default=[])
    is_secret = fields.BooleanField(default=False, db_default=False)
    idempotency_key = fields.CharField(max_length=200, null=True)
    request_digest = fields.CharField(max_length=64, null=True)
    created_at = fields.DatetimeField()
    written_at = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    next_attempt_at = fields.DatetimeField(null=True)
    first_attempt_at = fields.DatetimeField(null=True)
    sending_since = fields.DatetimeField(null=True)
    provider_ref = fields.CharField(max_length=200, null=True)
    error = fields.CharField(max_length=300, null=True)
    settled_at = fields.DatetimeField(null=True)
    settled_by_id = fields.BigIntField(null=True)

    class Meta:
        table = "delivery"
