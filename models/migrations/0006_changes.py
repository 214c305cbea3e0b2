"""Limits, packages and the trend of MSU on SIMs; parameters of operations and a text of each item."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops

MOMENTS = (
    "limit_reached_at", "limit_as_of", "wanted_limit_at", "package_ends_at", "package_as_of", "wanted_package_at",
    "roaming_change_until", "msu_changed_at",
)
WHOLE = ("limit_mb", "wanted_limit_mb", "package_mb", "wanted_package_mb", "msu_before")
BYTES = ("limit_used_bytes", "package_remaining_bytes")
FLAGS = ("auto_reconnect", "roaming", "wanted_auto_reconnect", "wanted_roaming")

# Whoever writes the counter, what stood before it stays with the moment of the change: that is the trend.
TREND = [
    """CREATE FUNCTION keep_msu_trend() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         NEW.msu_before := OLD.msu_count;
         NEW.msu_changed_at := CASE WHEN NEW.msu_as_of > coalesce(OLD.msu_as_of, '-infinity') THEN NEW.msu_as_of
                             ELSE NEW.updated_at END;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER msu_trend BEFORE UPDATE OF msu_count ON sim FOR EACH ROW
       WHEN (OLD.msu_count IS NOT NULL AND NEW.msu_count IS DISTINCT FROM OLD.msu_count)
       EXECUTE FUNCTION keep_msu_trend()""",
]


class Migration(migrations.Migration):
    """All columns may be empty: what nobody asked for and the operator never said is not known."""

    dependencies = [("models", "0005_usage_and_reading")]

    operations = [
        *(ops.AddField("Sim", name, fields.DatetimeField(null=True)) for name in MOMENTS),
        *(ops.AddField("Sim", name, fields.IntField(null=True)) for name in WHOLE),
        *(ops.AddField("Sim", name, fields.BigIntField(null=True)) for name in BYTES),
        *(ops.AddField("Sim", name, fields.BooleanField(null=True)) for name in FLAGS),
        ops.AddField("Sim", "package_plan", fields.CharField(max_length=60, null=True)),
        ops.AddField("Operation", "parameters", fields.JSONField(default=dict, db_default={}, encoder=JSON_DUMPS, decoder=loads)),
        ops.AddField("OperationItem", "argument", fields.TextField(null=True, unique=False)),
        ops.AddField("Profile", "has_packages", fields.BooleanField(default=False, db_default=False)),
        ops.RunSQL(
            TREND,
            reverse_sql=["DROP TRIGGER msu_trend ON sim", "DROP FUNCTION keep_msu_trend()"],
        ),
    ]
