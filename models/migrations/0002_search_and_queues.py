"""What Tortoise cannot say: extensions, the application's role, generated search text, partial and trigram indexes."""

from tortoise import migrations
from tortoise.migrations import operations as ops

EXTENSIONS = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE EXTENSION IF NOT EXISTS btree_gin",
]

# Tortoise gives no defaults to the database, and set queries name only the columns they know.
DEFAULTS = [
    "ALTER TABLE sim ALTER name SET DEFAULT '', ALTER internal_balance SET DEFAULT 0, ALTER lock_mask SET DEFAULT 0,"
    " ALTER observed_status SET DEFAULT 'UNKNOWN'",
    "ALTER TABLE company ALTER country SET DEFAULT 'KZ', ALTER holds_stock SET DEFAULT false,"
    " ALTER created_at SET DEFAULT now()",
    "ALTER TABLE operation ALTER queued SET DEFAULT 0, ALTER calling SET DEFAULT 0, ALTER waiting SET DEFAULT 0,"
    " ALTER succeeded SET DEFAULT 0, ALTER failed SET DEFAULT 0, ALTER refused SET DEFAULT 0,"
    " ALTER unknown SET DEFAULT 0, ALTER cancelled SET DEFAULT 0, ALTER revision SET DEFAULT 0",
    "ALTER TABLE operation_item ALTER attempt SET DEFAULT 0, ALTER attempts_before SET DEFAULT 0,"
    " ALTER checks SET DEFAULT 0",
    "ALTER TABLE operator_account ALTER failures SET DEFAULT 0, ALTER served_turn SET DEFAULT 0",
    "ALTER TABLE sync_run ALTER complete SET DEFAULT false, ALTER seen SET DEFAULT 0, ALTER added SET DEFAULT 0,"
    " ALTER changed SET DEFAULT 0, ALTER drifted SET DEFAULT 0",
]

# One text with a line feed around every field: "contains", "begins", "ends" and "equals" are all LIKE on one index.
SEARCH = [
    """ALTER TABLE sim ADD COLUMN search_text text NOT NULL GENERATED ALWAYS AS (
        lower((E'\\n' || iccid || E'\\n' || coalesce(msisdn, '') || E'\\n' || coalesce(external_msisdn, '')
               || E'\\n' || name || E'\\n') COLLATE pg_c_utf8)) STORED""",
    "CREATE INDEX sim_search ON sim USING gin (company_id, search_text gin_trgm_ops)",
    "CREATE INDEX sim_newest ON sim (company_id, created_at DESC, id DESC)",
    "CREATE INDEX sim_by_msisdn ON sim (msisdn) WHERE msisdn IS NOT NULL",
    "CREATE INDEX sim_by_external ON sim (external_msisdn) WHERE external_msisdn IS NOT NULL",
    "CREATE INDEX sim_by_name ON sim (company_id, lower(name COLLATE pg_c_utf8), id)",
    "CREATE UNIQUE INDEX sim_by_operator_ref ON sim (profile_id, operator_ref) WHERE operator_ref IS NOT NULL",
    "CREATE INDEX sim_lock_reason_by_kind ON sim_lock_reason (company_id, kind, sim_id)",
    "CREATE INDEX sim_group_member_by_group ON sim_group_member (group_id, sim_id)",
    "CREATE UNIQUE INDEX company_with_stock ON company (holds_stock) WHERE holds_stock",
    "CREATE UNIQUE INDEX sim_group_name ON sim_group (company_id, lower(name COLLATE pg_c_utf8))",
    "ALTER TABLE sim SET (fillfactor = 85)",
]

QUEUES = [
    "CREATE UNIQUE INDEX operation_idempotency ON operation (started_by_id, idempotency_key)",
    "CREATE INDEX operation_newest ON operation (company_id, id DESC)",
    "CREATE INDEX operation_open ON operation (id) WHERE state IN ('QUEUED', 'RUNNING')",
    "CREATE INDEX item_of_operation ON operation_item (operation_id, id)",
    "CREATE INDEX item_of_sim ON operation_item (sim_id, id DESC)",
    "CREATE INDEX item_queue ON operation_item (account_id, priority, turn, id) WHERE state = 'QUEUED'",
    "CREATE UNIQUE INDEX item_in_flight ON operation_item (sim_id) WHERE state = 'CALLING'",
    "CREATE INDEX item_to_check ON operation_item (account_id, check_at) WHERE check_at IS NOT NULL",
    "CREATE INDEX item_held ON operation_item (holder_id) WHERE holder_id IS NOT NULL",
    "CREATE INDEX lease_holder_alive ON lease_holder (id) WHERE ended_at IS NULL",
    "CREATE INDEX audit_of_company ON audit_entry (company_id, id DESC)",
    "CREATE SEQUENCE acceptance_order OWNED BY operation_item.accept_seq",
    """CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'audit_entry is append-only'; END $$""",
    """CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
       FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()""",
]

# A role belongs to the whole server and may be there already, made by another database of it.
ROLE = [
    """DO $$ BEGIN
         IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'novaconnect_app') THEN
           CREATE ROLE novaconnect_app LOGIN;
         END IF;
       END $$""",
    "GRANT novaconnect_app TO CURRENT_USER",
    "GRANT USAGE ON SCHEMA public TO novaconnect_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO novaconnect_app",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO novaconnect_app",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO novaconnect_app",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO novaconnect_app",
]

BACK = [
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM novaconnect_app",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE USAGE, SELECT ON SEQUENCES FROM novaconnect_app",
    "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM novaconnect_app",
    "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM novaconnect_app",
    "REVOKE USAGE ON SCHEMA public FROM novaconnect_app",
    "DROP TRIGGER audit_append_only ON audit_entry",
    "DROP FUNCTION audit_is_append_only()",
    "DROP SEQUENCE acceptance_order",
    "DROP INDEX operation_idempotency, operation_newest, operation_open, item_of_operation, item_of_sim, item_queue,"
    " item_in_flight, item_to_check, item_held, lease_holder_alive, audit_of_company",
    "DROP INDEX sim_search, sim_newest, sim_by_msisdn, sim_by_external, sim_by_name, sim_by_operator_ref,"
    " sim_lock_reason_by_kind, sim_group_member_by_group, sim_group_name, company_with_stock",
    "ALTER TABLE sim DROP COLUMN search_text",
]


class Migration(migrations.Migration):
    """Extensions and the role stay when this is undone: other databases of the server may use them."""

    dependencies = [("models", "0001_initial")]

    operations = [
        ops.RunSQL([*EXTENSIONS, *DEFAULTS, *SEARCH, *QUEUES, *ROLE], reverse_sql=BACK),
    ]
