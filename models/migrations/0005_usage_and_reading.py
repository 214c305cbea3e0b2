"""Usage records by the month, their daily sums, live readings, and what a synchronisation remembers."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# Wide columns last, fixed widths first: a row of hundreds of millions pays for every byte of padding.
SESSIONS = [
    """CREATE TABLE data_session (
         started_at timestamptz NOT NULL,
         ended_at timestamptz,
         sim_id bigint NOT NULL,
         company_id bigint NOT NULL,
         profile_id bigint NOT NULL,
         bytes bigint NOT NULL,
         key text COLLATE "C" NOT NULL,
         operator text,
         country text,
         city text,
         plmn text,
         cost numeric(14, 6),
         currency text,
         PRIMARY KEY (profile_id, key, started_at)
       ) PARTITION BY RANGE (started_at)""",
    "CREATE INDEX data_session_of_sim ON data_session (sim_id, started_at DESC)",
    "CREATE INDEX data_session_of_company ON data_session (company_id, started_at DESC)",
]

CALLS = [
    """CREATE TABLE call_record (
         at timestamptz NOT NULL,
         sim_id bigint NOT NULL,
         company_id bigint NOT NULL,
         profile_id bigint NOT NULL,
         duration_seconds int,
         key text COLLATE "C" NOT NULL,
         kind text NOT NULL,
         direction text NOT NULL,
         other_number text,
         cost numeric(14, 6),
         currency text,
         PRIMARY KEY (profile_id, key, at)
       ) PARTITION BY RANGE (at)""",
    "CREATE INDEX call_record_of_sim ON call_record (sim_id, at DESC)",
    "CREATE INDEX call_record_of_company ON call_record (company_id, at DESC)",
]

# The application's role owns no table and so can make no partition; the function does it as the owner. A partition is
# made beside the table and then attached, which lets readers and writers go on.
PARTITIONS = [
    """CREATE FUNCTION ensure_record_partitions(first_day date, last_day date) RETURNS int
       LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
       DECLARE
         parent text;
         month date;
         name text;
         made int := 0;
       BEGIN
         IF last_day - first_day > 4000 THEN
           RAISE EXCEPTION 'more than ten years of partitions at once';
         END IF;
         FOREACH parent IN ARRAY ARRAY['data_session', 'call_record'] LOOP
           FOR month IN SELECT generate_series(date_trunc('month', first_day::timestamp), last_day::timestamp, '1 month') LOOP
             name := parent || to_char(month, '_YYYY_MM');
             CONTINUE WHEN to_regclass(name) IS NOT NULL;
             PERFORM pg_advisory_xact_lock(hashtext('ensure_record_partitions'));
             CONTINUE WHEN to_regclass(name) IS NOT NULL;
             EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', name, parent);
             EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, name,
                            to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00',
                            to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
             made := made + 1;
           END LOOP;
         END LOOP;
         RETURN made;
       END $$""",
    "REVOKE ALL ON FUNCTION ensure_record_partitions(date, date) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION ensure_record_partitions(date, date) TO novaconnect_app",
]

DAYS = [
    """CREATE TABLE usage_daily (
         sim_id bigint NOT NULL,
         day date NOT NULL,
         company_id bigint NOT NULL,
         bytes bigint NOT NULL,
         sessions int NOT NULL,
         PRIMARY KEY (sim_id, day, company_id)
       )""",
    "CREATE INDEX usage_daily_of_company ON usage_daily (company_id, day)",
    "ALTER TABLE usage_daily SET (fillfactor = 80)",
]

LIVE = [
    """CREATE TABLE sim_live_reading (
         sim_id bigint PRIMARY KEY REFERENCES sim (id) ON DELETE CASCADE,
         reading jsonb,
         as_of timestamptz,
         failure text,
         failed_at timestamptz,
         attempt bigint NOT NULL DEFAULT 0,
         reader_id bigint,
         reader_until timestamptz
       )""",
]

SYNC = [
    "ALTER TABLE sync_run ALTER kind SET DEFAULT 'FULL', ALTER phase SET DEFAULT 'INVENTORY',"
    " ALTER records SET DEFAULT 0, ALTER records_changed SET DEFAULT 0, ALTER left_operator SET DEFAULT 0,"
    " ALTER returned SET DEFAULT 0, ALTER attempts SET DEFAULT 1",
    "CREATE INDEX sync_run_of_profile ON sync_run (profile_id, id DESC)",
    "CREATE INDEX sync_run_open ON sync_run (profile_id) WHERE finished_at IS NULL",
]

BACK = [
    "DROP INDEX sync_run_open, sync_run_of_profile",
    "DROP TABLE sim_live_reading, usage_daily, call_record, data_session",
    "DROP FUNCTION ensure_record_partitions(date, date)",
]

_MOMENT = {"null": True, "auto_now": False, "auto_now_add": False}


class Migration(migrations.Migration):
    """The columns are Tortoise's; partitions and what only set queries touch are raw."""

    dependencies = [("models", "0004_list_orders")]

    operations = [
        ops.AddField("Sim", "left_operator_at", fields.DatetimeField(**_MOMENT)),
        ops.AddField("Sim", "registered_at", fields.DatetimeField(**_MOMENT)),
        ops.AddField("Sim", "registration_network", fields.CharField(max_length=100, null=True)),
        ops.AddField("Sim", "registration_country", fields.CharField(max_length=100, null=True)),
        ops.AddField("Sim", "registration_plmn", fields.CharField(max_length=6, null=True)),
        ops.AddField("Sim", "registration_as_of", fields.DatetimeField(**_MOMENT)),
        ops.AddField("Sim", "msu_as_of", fields.DatetimeField(**_MOMENT)),
        ops.AddField("Sim", "records_as_of", fields.DatetimeField(**_MOMENT)),
        ops.AddField("SyncRun", "kind", fields.CharField(max_length=16, default="FULL")),
        ops.AddField("SyncRun", "phase", fields.CharField(max_length=16, default="INVENTORY")),
        ops.AddField("SyncRun", "window_on", fields.DateField(null=True)),
        ops.AddField("SyncRun", "changed_since", fields.DatetimeField(**_MOMENT)),
        ops.AddField("SyncRun", "holder_id", fields.BigIntField(null=True)),
        ops.AddField("SyncRun", "attempts", fields.IntField(default=1)),
        ops.AddField("SyncRun", "records", fields.BigIntField(default=0)),
        ops.AddField("SyncRun", "records_changed", fields.BigIntField(default=0)),
        ops.AddField("SyncRun", "left_operator", fields.IntField(default=0)),
        ops.AddField("SyncRun", "returned", fields.IntField(default=0)),
        ops.RunSQL([*SESSIONS, *CALLS, *PARTITIONS, *DAYS, *LIVE, *SYNC], reverse_sql=BACK),
    ]
