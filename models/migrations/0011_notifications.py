"""Notifications, what users want to be told, and one outbox for every message that leaves the house."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops
from domain.notifications import ChannelName, NotificationKind
from models.mail import MailState

STATES = "\n".join(f"{state.value}: {state.value}" for state in MailState)
KINDS = "\n".join(f"{kind.value}: {kind.value}" for kind in NotificationKind)
CHANNELS = "\n".join(f"{name.value}: {name.value}" for name in ChannelName)


def text(length, **options):
    return fields.CharField(max_length=length, **options)


def json(empty, db_default):
    return fields.JSONField(default=empty, db_default=db_default, encoder=JSON_DUMPS, decoder=loads)


class Migration(migrations.Migration):
    """The outbox of mail to technical support becomes that of all messages; its rows stay."""

    dependencies = [("models", "0010_accounts")]

    operations = [
        ops.RenameModel("OutgoingMail", "Delivery"),
        ops.AlterModelOptions("Delivery", {"table": "delivery", "app": "models", "pk_attr": "id"}),
        ops.RunSQL(
            [
                "ALTER TABLE mail_outbox RENAME TO delivery",
                "ALTER TABLE delivery ALTER user_id DROP NOT NULL, ALTER reply_to DROP NOT NULL, ALTER request_digest DROP NOT NULL,"
                " ALTER attachments SET DEFAULT '{}'",
            ],
            reverse_sql=[
                "DELETE FROM delivery WHERE user_id IS NULL OR reply_to IS NULL OR request_digest IS NULL",
                "ALTER TABLE delivery ALTER user_id SET NOT NULL, ALTER reply_to SET NOT NULL, ALTER request_digest SET NOT NULL,"
                " ALTER attachments DROP DEFAULT",
                "ALTER TABLE delivery RENAME TO mail_outbox",
            ],
        ),
        *(
            ops.AddField("Delivery", name, field)
            for name, field in {
                "notification_id": fields.BigIntField(null=True),
                "message_key": text(200, null=True, unique=True),
                "channel": text(16, default="EMAIL", db_default="EMAIL"),
                "topic": text(60, default="support", db_default="support"),
                "language": text(2, default="ru", db_default="ru"),
                "recipient": text(254, null=True),
                "files": json(list, []),
                "parameters": json(list, []),
                "is_secret": fields.BooleanField(default=False, db_default=False),
                "first_attempt_at": fields.DatetimeField(null=True),
                "sending_since": fields.DatetimeField(null=True),
                "provider_ref": text(200, null=True),
                "error": text(300, null=True),
            }.items()
        ),
        ops.CreateModel(
            name="Notification",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("company_id", fields.BigIntField(null=True)),
                ("user_id", fields.BigIntField(null=True)),
                ("kind", fields.CharEnumField(description=KINDS, enum_type=NotificationKind, max_length=32)),
                ("key", text(200)),
                ("details", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("about_type", text(30, null=True)),
                ("about_id", fields.BigIntField(null=True)),
                ("created_at", fields.DatetimeField()),
                ("read_at", fields.DatetimeField(null=True)),
            ],
            options={"table": "notification", "app": "models", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="NotificationPreference",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("user_id", fields.BigIntField()),
                ("kind", fields.CharEnumField(description=KINDS, enum_type=NotificationKind, max_length=32)),
                ("channel", fields.CharEnumField(description=CHANNELS, enum_type=ChannelName, max_length=16)),
                ("enabled", fields.BooleanField()),
            ],
            options={
                "table": "notification_preference", "app": "models", "pk_attr": "id",
                "unique_together": (("user_id", "kind", "channel"),),
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "CREATE UNIQUE INDEX delivery_once ON delivery (notification_id, channel)",
                "CREATE INDEX delivery_due ON delivery (channel, id) WHERE state IN ('QUEUED', 'SENDING')",
                "DROP INDEX mail_queued",
                "CREATE UNIQUE INDEX notification_once ON notification (user_id, key) WHERE user_id IS NOT NULL",
                "CREATE UNIQUE INDEX notification_once_company ON notification (company_id, key) WHERE user_id IS NULL",
                "CREATE INDEX notification_of_user ON notification (user_id, id)",
                "CREATE INDEX notification_unread ON notification (user_id) WHERE read_at IS NULL",
                "CREATE INDEX operation_told ON operation (finished_at) WHERE total > 1 AND finished_at IS NOT NULL",
            ],
            reverse_sql=[
                "DROP INDEX operation_told",
                "DROP INDEX notification_once, notification_once_company, notification_of_user, notification_unread",
                "DROP INDEX delivery_once, delivery_due",
                "CREATE INDEX mail_queued ON delivery (id) WHERE state = 'QUEUED'",
            ],
        ),
    ]
