"""How many SIMs each company has, and the versions of small catalogues, kept by the statements that change them."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# Changes are only ever added, so that two transactions never wait for each other; now and then they are folded into one.
COUNTS = [
    "CREATE TABLE sim_count_change (company_id bigint NOT NULL, change bigint NOT NULL)",
    "CREATE INDEX sim_count_change_by_company ON sim_count_change (company_id) INCLUDE (change)",
    """CREATE FUNCTION fold_sim_counts(companies bigint[]) RETURNS void LANGUAGE sql AS $$
       WITH busy AS (
         SELECT c.company_id FROM unnest(companies) AS c (company_id)
         WHERE (SELECT count(*) FROM (SELECT FROM sim_count_change k WHERE k.company_id = c.company_id LIMIT 65) AS few) > 64),
       held AS (
         SELECT k.ctid FROM sim_count_change k WHERE k.company_id IN (SELECT company_id FROM busy) FOR UPDATE SKIP LOCKED),
       gone AS (
         DELETE FROM sim_count_change k USING held WHERE k.ctid = held.ctid RETURNING k.company_id, k.change)
       INSERT INTO sim_count_change (company_id, change)
       SELECT company_id, sum(change) FROM gone GROUP BY company_id $$""",
    """CREATE FUNCTION sims_came() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO sim_count_change (company_id, change) SELECT company_id, count(*) FROM touched GROUP BY company_id;
         PERFORM fold_sim_counts(array_agg(DISTINCT company_id)) FROM touched;
         RETURN NULL;
       END $$""",
    """CREATE FUNCTION sims_went() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO sim_count_change (company_id, change) SELECT company_id, -count(*) FROM touched GROUP BY company_id;
         PERFORM fold_sim_counts(array_agg(DISTINCT company_id)) FROM touched;
         RETURN NULL;
       END $$""",
    """CREATE FUNCTION sim_moved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO sim_count_change (company_id, change) VALUES (OLD.company_id, -1), (NEW.company_id, 1);
         RETURN NULL;
       END $$""",
    """CREATE FUNCTION sims_moved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         PERFORM fold_sim_counts(array_agg(DISTINCT company_id)) FROM sim_count_change;
         RETURN NULL;
       END $$""",
    """CREATE FUNCTION sims_emptied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         DELETE FROM sim_count_change;
         RETURN NULL;
       END $$""",
    # The triggers keep writers out until the migration is committed, so the first count misses nothing.
    """CREATE TRIGGER count_sims_came AFTER INSERT ON sim REFERENCING NEW TABLE AS touched
       FOR EACH STATEMENT EXECUTE FUNCTION sims_came()""",
    """CREATE TRIGGER count_sims_went AFTER DELETE ON sim REFERENCING OLD TABLE AS touched
       FOR EACH STATEMENT EXECUTE FUNCTION sims_went()""",
    """CREATE TRIGGER count_sim_moved AFTER UPDATE OF company_id ON sim
       FOR EACH ROW WHEN (OLD.company_id <> NEW.company_id) EXECUTE FUNCTION sim_moved()""",
    """CREATE TRIGGER count_sims_moved AFTER UPDATE OF company_id ON sim
       FOR EACH STATEMENT EXECUTE FUNCTION sims_moved()""",
    "CREATE TRIGGER count_sims_emptied AFTER TRUNCATE ON sim FOR EACH STATEMENT EXECUTE FUNCTION sims_emptied()",
    "INSERT INTO sim_count_change (company_id, change) SELECT company_id, count(*) FROM sim GROUP BY company_id",
]

# The number of the transaction: it is never used again, also after a table was emptied.
VERSIONS = [
    "CREATE TABLE catalogue_version (name text PRIMARY KEY, version bigint NOT NULL)",
    """CREATE FUNCTION catalogue_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF EXISTS (SELECT FROM touched) THEN
           INSERT INTO catalogue_version AS v (name, version) VALUES (TG_TABLE_NAME, pg_current_xact_id()::text::bigint)
           ON CONFLICT (name) DO UPDATE SET version = excluded.version WHERE v.version <> excluded.version;
         END IF;
         RETURN NULL;
       END $$""",
]
CATALOGUES = ("profile", "company", "sim_group")
WATCHED = [
    f"""CREATE TRIGGER catalogue_{event.lower()} AFTER {event} ON {table} REFERENCING {side} TABLE AS touched
        FOR EACH STATEMENT EXECUTE FUNCTION catalogue_changed()"""
    for table in CATALOGUES
    for event, side in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
]

BACK = [
    *(f"DROP TRIGGER catalogue_{event} ON {table}" for table in CATALOGUES for event in ("insert", "update", "delete")),
    "DROP FUNCTION catalogue_changed()",
    "DROP TABLE catalogue_version",
    *(
        f"DROP TRIGGER count_{name} ON sim"
        for name in ("sims_came", "sims_went", "sim_moved", "sims_moved", "sims_emptied")
    ),
    "DROP FUNCTION sims_came(), sims_went(), sim_moved(), sims_moved(), sims_emptied(), fold_sim_counts(bigint[])",
    "DROP TABLE sim_count_change",
]


class Migration(migrations.Migration):
    """Undone, both are counted and read anew by whoever needs them."""

    dependencies = [("models", "0002_search_and_queues")]

    operations = [
        ops.RunSQL([*COUNTS, *VERSIONS, *WATCHED], reverse_sql=BACK),
    ]
