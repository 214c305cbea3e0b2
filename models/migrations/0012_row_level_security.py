"""Rows exist for the application only where they belong to a company that the session acts for."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.row_security import (
    FUNCTIONS,
    HIDE_SIMS,
    NO_FUNCTIONS,
    SHOW_SIMS,
    SYSTEM_ONLY,
    in_scope,
    of_agent,
    of_company,
    protect,
    through,
)

# Deciding through the group would cost a look-up for each row of the SIM table's commonest nested list.
MEMBERS = [
    "UPDATE sim_group_member m SET company_id = g.company_id FROM sim_group g WHERE g.id = m.group_id",
    "ALTER TABLE sim_group_member ALTER company_id SET NOT NULL",
    """CREATE FUNCTION company_of_group() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         SELECT g.company_id INTO NEW.company_id FROM sim_group g WHERE g.id = NEW.group_id;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER member_of_company BEFORE INSERT ON sim_group_member FOR EACH ROW
       WHEN (NEW.company_id IS NULL) EXECUTE FUNCTION company_of_group()""",
]
NO_MEMBERS = ["DROP TRIGGER member_of_company ON sim_group_member", "DROP FUNCTION company_of_group()"]

# Who did something is shown by name, also when it was the platform's staff or an agent.
PEOPLE = [
    "CREATE VIEW visible_person AS SELECT u.id, u.name FROM user_account u"  # noqa: S608
    f" WHERE u.company_id IS NULL OR {in_scope(of_company('u.company_id'))}",
    "REVOKE ALL ON visible_person FROM novaconnect_app",
    "GRANT SELECT ON visible_person TO novaconnect_app",
]

# How long a queue is concerns everybody in it; whose the items are does not leave these functions.
QUEUES = [
    """CREATE FUNCTION queue_length(account bigint) RETURNS bigint
       LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
       SELECT count(*) FROM operation_item i WHERE i.account_id = account AND i.state = 'QUEUED' $$""",
    """CREATE FUNCTION queue_ahead(account bigint, upto_priority int, upto_turn bigint) RETURNS bigint
       LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
       SELECT count(*) FROM operation_item i WHERE i.account_id = account AND i.state = 'QUEUED'
          AND (i.priority, i.turn) <= (upto_priority, upto_turn) $$""",
    """CREATE FUNCTION next_interactive_turn(account bigint, company bigint) RETURNS bigint
       LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
       SELECT greatest(0, max(turn) FILTER (WHERE company_id = company), min(turn) - 1) FROM operation_item
       WHERE account_id = account AND state = 'QUEUED' AND priority = 0 $$""",
]
_QUEUE_SIGNATURES = (
    "queue_length(bigint)",
    "queue_ahead(bigint, int, bigint)",
    "next_interactive_turn(bigint, bigint)",
)
RIGHTS = [
    statement
    for signature in _QUEUE_SIGNATURES
    for statement in (
        f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {signature} TO novaconnect_app",
    )
]

# Records are read through the table of all months, which has the policy. A month by itself has none, so nobody may read it.
_CLOSE = """DO $$ DECLARE month regclass; BEGIN
         FOR month IN SELECT inhrelid::regclass FROM pg_inherits
                      WHERE inhparent IN ('data_session'::regclass, 'call_record'::regclass) LOOP
           EXECUTE format('{right}', month);
         END LOOP;
       END $$"""
MONTHS = [
    _CLOSE.format(right="REVOKE ALL ON %s FROM novaconnect_app"),
    "ALTER FUNCTION ensure_record_partitions(date, date) RENAME TO make_record_partitions",
    "REVOKE ALL ON FUNCTION make_record_partitions(date, date) FROM novaconnect_app",
    """CREATE FUNCTION ensure_record_partitions(first_day date, last_day date) RETURNS int
       LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
       DECLARE
         month regclass;
         made int := make_record_partitions(first_day, last_day);
       BEGIN
         IF made > 0 THEN
           FOR month IN SELECT inhrelid::regclass FROM pg_inherits
                        WHERE inhparent IN ('data_session'::regclass, 'call_record'::regclass)
                          AND has_table_privilege('novaconnect_app', inhrelid, 'SELECT') LOOP
             EXECUTE format('REVOKE ALL ON %s FROM novaconnect_app', month);
           END LOOP;
         END IF;
         RETURN made;
       END $$""",
    "REVOKE ALL ON FUNCTION ensure_record_partitions(date, date) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION ensure_record_partitions(date, date) TO novaconnect_app",
]
OPEN_MONTHS = [
    "DROP FUNCTION ensure_record_partitions(date, date)",
    "ALTER FUNCTION make_record_partitions(date, date) RENAME TO ensure_record_partitions",
    "GRANT EXECUTE ON FUNCTION ensure_record_partitions(date, date) TO novaconnect_app",
    _CLOSE.format(right="GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO novaconnect_app"),
]


class Migration(migrations.Migration):
    """Which tables, and why not the others: `tests/tenancy/test_row_security.py` knows and checks."""

    dependencies = [("models", "0011_notifications")]

    operations = [
        ops.AddField("SimGroupMember", "company_id", fields.BigIntField(null=True)),
        ops.RunSQL([*FUNCTIONS, *MEMBERS], reverse_sql=[*NO_MEMBERS, *NO_FUNCTIONS]),
        protect("company", of_company("id")),
        protect("agent", of_agent("id"), through("agent.id", "company", "agent_id")),
        protect("user_account", of_company(), of_agent()),
        protect("access_token", through("access_token.user_id", "user_account")),
        protect("token_use", through("token_use.token_id", "access_token")),
        protect("account_link", through("account_link.user_id", "user_account")),
        protect("saved_view", through("saved_view.user_id", "user_account")),
        protect("login_attempt", SYSTEM_ONLY),
        protect("sim"),
        protect("sim_lock_reason"),
        protect("sim_group"),
        protect("sim_group_member"),
        protect("sim_count_change"),
        protect("sim_live_reading", through("sim_live_reading.sim_id", "sim")),
        protect("operation"),
        protect("operation_item"),
        protect("queue_turn"),
        protect("audit_entry", of_company(), of_agent()),
        protect("delivery", of_company(), through("delivery.user_id", "user_account")),
        protect("notification", of_company(), through("notification.user_id", "user_account")),
        protect("notification_preference", through("notification_preference.user_id", "user_account")),
        protect("data_session"),
        protect("call_record"),
        protect("usage_daily"),
        protect("invoice"),
        protect("charge"),
        protect("package_connection"),
        protect("usage_freeze"),
        ops.RunSQL(
            [*SHOW_SIMS, *PEOPLE, *QUEUES, *RIGHTS, *MONTHS],
            reverse_sql=[
                *OPEN_MONTHS,
                *(f"DROP FUNCTION {signature}" for signature in _QUEUE_SIGNATURES),
                "DROP VIEW visible_person",
                *HIDE_SIMS,
            ],
        ),
    ]
