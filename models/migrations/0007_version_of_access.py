"""The version of access: who may do what is remembered by processes only as long as it stands."""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = ("access_token", "user_account")
EVENTS = (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))

CHANGED = """
CREATE FUNCTION access_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM touched) THEN
    INSERT INTO catalogue_version AS v (name, version) VALUES ('access', pg_current_xact_id()::text::bigint)
    ON CONFLICT (name) DO UPDATE SET version = excluded.version WHERE v.version <> excluded.version;
  END IF;
  RETURN NULL;
END $$
"""
WATCHED = [
    f"""CREATE TRIGGER access_{event.lower()} AFTER {event} ON {table} REFERENCING {side} TABLE AS touched
        FOR EACH STATEMENT EXECUTE FUNCTION access_changed()"""
    for table in TABLES
    for event, side in EVENTS
]
FIRST = "INSERT INTO catalogue_version (name, version) VALUES ('access', pg_current_xact_id()::text::bigint)"
BACK = [
    *(f"DROP TRIGGER access_{event.lower()} ON {table}" for table in TABLES for event, _ in EVENTS),
    "DROP FUNCTION access_changed()",
    "DELETE FROM catalogue_version WHERE name = 'access'",
]


class Migration(migrations.Migration):
    """One row says it for all: a change of any token makes every process ask anew about its own, once."""

    dependencies = [("models", "0006_changes")]

    operations = [
        ops.RunSQL([CHANGED, *WATCHED, FIRST], reverse_sql=BACK),
    ]
