"""Orders of the SIM table that people use most, one company at a time, and the newest of all companies for staff.

A company's cards often come in one batch: without the company in front, an index on the ICCID or number alone would be
read from its beginning up to that batch. Other columns are sorted when asked for: they change so often that an index
on them would cost every update more than it saves.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Indexes only."""

    dependencies = [("models", "0003_counters_and_versions")]

    operations = [
        ops.RunSQL(
            [
                "CREATE INDEX sim_by_company_iccid ON sim (company_id, iccid, id)",
                "CREATE INDEX sim_by_company_msisdn ON sim (company_id, msisdn, id)",
                "CREATE INDEX sim_newest_of_all ON sim (created_at DESC, id DESC)",
            ],
            reverse_sql=["DROP INDEX sim_by_company_iccid, sim_by_company_msisdn, sim_newest_of_all"],
        ),
    ]
