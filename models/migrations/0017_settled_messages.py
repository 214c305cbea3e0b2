"""Messages that failed, or may not have arrived, and that somebody has looked after."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """A row of `delivery` stays in its state; that it is settled stands beside it."""

    dependencies = [("models", "0016_payment_reversals")]

    operations = [
        ops.RunSQL(
            [
                "ALTER TABLE delivery ADD settled_at timestamptz, ADD settled_by_id bigint",
                "CREATE INDEX delivery_in_trouble ON delivery (id) WHERE state IN ('FAILED', 'UNKNOWN')",
            ],
            reverse_sql=["DROP INDEX delivery_in_trouble", "ALTER TABLE delivery DROP settled_by_id, DROP settled_at"],
        )
    ]
