"""What is told to people, and what they want to be told."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from domain.notifications import ChannelName, NotificationKind


class Notification(Model):
    """Something told to a user, or, with an empty `user_id`, to a company at its own addresses.

    `key` names the occasion: nobody is told of one twice. `about` is what it is about, as a type of the API and a database
    id. `details` are what its template is filled with.
    """

    id = fields.BigIntField(primary_key=True)
    company_id = fields.BigIntField(null=True)
    user_id = fields.BigIntField(null=True)
    kind = fields.CharEnumField(NotificationKind, max_length=32)
    key = fields.CharField(max_length=200)
    details: dict[str, object] = fields.JSONField(default=dict)
    about_type = fields.CharField(max_length=30, null=True)
    about_id = fields.BigIntField(null=True)
    created_at = fields.DatetimeField()
    read_at = fields.DatetimeField(null=True)

    class Meta:
        table = "notification"


class NotificationPreference(Model):
    """What a user said about one kind by one channel; where nothing is said, `domain.notifications` says it."""

    id = fields.BigIntField(primary_key=True)
    user_id = fields.BigIntField()
    kind = fields.CharEnumField(NotificationKind, max_length=32)
    channel = fields.CharEnumField(ChannelName, max_length=16)
    enabled = fields.BooleanField()

    class Meta:
        table = "notification_preference"
        unique_together = (("user_id", "kind", "channel"),)
