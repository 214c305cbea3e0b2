"""Mail to technical support, stored until it is handed on."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops
from models.mail import MailState


class Migration(migrations.Migration):
    """The application's role gets its rights on the table by default."""

    dependencies = [("models", "0007_version_of_access")]

    operations = [
        ops.CreateModel(
            name="OutgoingMail",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("company_id", fields.BigIntField(null=True)),
                ("user_id", fields.BigIntField()),
                ("sim_id", fields.BigIntField(null=True)),
                ("state", fields.CharEnumField(description="QUEUED: QUEUED\nWRITTEN: WRITTEN", enum_type=MailState, max_length=16)),
                ("reply_to", fields.CharField(max_length=254)),
                ("subject", fields.CharField(max_length=200)),
                ("body", fields.TextField(unique=False)),
                ("attachments", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("idempotency_key", fields.CharField(null=True, max_length=200)),
                ("request_digest", fields.CharField(max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("written_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("attempts", fields.IntField(default=0)),
                ("next_attempt_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={"table": "mail_outbox", "app": "models", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE mail_outbox ALTER attempts SET DEFAULT 0",
                "CREATE UNIQUE INDEX mail_idempotency ON mail_outbox (user_id, idempotency_key)",
                "CREATE INDEX mail_queued ON mail_outbox (id) WHERE state = 'QUEUED'",
            ],
            reverse_sql=["DROP INDEX mail_idempotency, mail_queued"],
        ),
    ]
