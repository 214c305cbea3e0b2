"""Row-level security for migrations: a table's rows exist only for the companies that a session acts for.

The setting `novaconnect.companies` holds `*` (the system, staff) or ids with commas, agents among them as negative numbers;
where it is not set nothing is seen and nothing can be written. A policy binds the application's role, which owns nothing,
and not the owner of the tables.
"""

from __future__ import annotations

from tortoise.migrations import operations as ops

_EVERY = "(SELECT acts_for_every_company())"
_THESE = "(SELECT companies_acted_for())::bigint[]"

# Subqueries without references outside are evaluated once a statement, and only when they are needed.
FUNCTIONS = [
    """CREATE FUNCTION acts_for_every_company() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
       RETURN current_setting('novaconnect.companies', true) = '*'""",
    """CREATE FUNCTION companies_acted_for() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE
       RETURN string_to_array(nullif(current_setting('novaconnect.companies', true), '*'), ',')::bigint[]""",
]
NO_FUNCTIONS = ["DROP FUNCTION acts_for_every_company(), companies_acted_for()"]

SYSTEM_ONLY = "FALSE"
"""A rule for rows that no company ever sees."""


def of_company(column: str = "company_id") -> str:
    """The rule that a row belongs to one of the companies acted for. Where it is empty the row is the platform's own."""
    return f"{column} = ANY ({_THESE})"


def of_agent(column: str = "agent_id") -> str:
    """The rule that a row belongs to the agent acted for."""
    return f"-{column} = ANY ({_THESE})"


def through(column: str, parent: str, parent_column: str = "id") -> str:
    """The rule that the row of a protected table exists to which this one refers; `column` is with its table's name."""
    return f"EXISTS (SELECT FROM {parent} parent WHERE parent.{parent_column} = {column})"


def in_scope(*rules: str) -> str:
    """SQL: whether a row exists for the session: by one of the rules, or because it acts for every company."""
    return " OR ".join((_EVERY, *rules))


def protect(table: str, *rules: str) -> ops.RunSQL:
    """Bind a table's rows to the companies that a session acts for; without a rule by its `company_id`."""
    rule = in_scope(*(rules or (of_company(),)))
    return ops.RunSQL(
        [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY of_the_companies_acted_for ON {table} USING ({rule}) WITH CHECK ({rule})",
        ],
        reverse_sql=[
            f"DROP POLICY of_the_companies_acted_for ON {table}",
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        ],
    )


SHOW_SIMS = [
    f"CREATE VIEW visible_sim AS SELECT s.* FROM sim s WHERE {in_scope(of_company('s.company_id'))}",  # noqa: S608
    "REVOKE ALL ON visible_sim FROM novaconnect_app",
    "GRANT SELECT ON visible_sim TO novaconnect_app",
]
"""The view `visible_sim`: the SIMs of the companies acted for, with every column.

LIKE and functions like lower() may, for all PostgreSQL knows, tell what they are shown, so beside a policy they never reach
an index. A view reads as its owner, so this condition is one among others.
"""
HIDE_SIMS = ["DROP VIEW visible_sim"]


def changing_sim(*operations: object) -> list[object]:
    """Operations that add, change or drop columns of `sim`, with the view `visible_sim` made anew behind them."""
    return [
        ops.RunSQL(HIDE_SIMS, reverse_sql=SHOW_SIMS),
        *operations,
        ops.RunSQL(SHOW_SIMS, reverse_sql=HIDE_SIMS),
    ]
