"""Sums of usage, and the profile and roaming of a company's SIMs, come out of indexes alone: no row of a table is looked up.

A company's rows lie scattered over these tables, because records come in the order of operators' lists: 100,000 rows of a month
are 12,000 pages of the table, and 900 of an index that holds the sums.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

FORWARD = [
    "CREATE UNIQUE INDEX usage_monthly_key ON usage_monthly (company_id, month, sim_id, currency)"
    " INCLUDE (bytes, sessions, cost)",
    "ALTER TABLE usage_monthly DROP CONSTRAINT usage_monthly_pkey",
    "DROP INDEX usage_daily_of_company",
    "CREATE INDEX usage_daily_of_company ON usage_daily (company_id, day, sim_id, currency) INCLUDE (bytes, sessions, cost)",
    "CREATE INDEX sim_plan_of_company ON sim (company_id, id) INCLUDE (profile_id, roaming)",
    # Pages that a vacuum has not seen are looked up after all: it comes after changes of one row in fifty, not one in five.
    "ALTER TABLE usage_monthly SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02)",
    "ALTER TABLE usage_daily SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02)",
]

BACK = [
    "ALTER TABLE usage_daily RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor)",
    "ALTER TABLE usage_monthly RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor)",
    "DROP INDEX sim_plan_of_company",
    "DROP INDEX usage_daily_of_company",
    "CREATE INDEX usage_daily_of_company ON usage_daily (company_id, day, sim_id, currency)",
    "ALTER TABLE usage_monthly ADD PRIMARY KEY (company_id, month, sim_id, currency)",
    "DROP INDEX usage_monthly_key",
]


class Migration(migrations.Migration):
    """Indexes only; they are raw, because models know nothing of what an index holds."""

    dependencies = [("models", "0017_settled_messages")]

    operations = [ops.RunSQL(FORWARD, reverse_sql=BACK)]
