"""Row-level security for migrations: a table's rows exist only for the companies that a session acts for.

The setting `novaconnect.companies` holds `*` (the system, staff) or ids with commas; where it is not set nothing is seen
and nothing can be written. A policy binds the application's role, which owns nothing, and not the owner of the tables.
"""

from __future__ import annotations

from tortoise.migrations import operations as ops

_EVERY = "(SELECT acts_for_every_company())"
_THESE = "(SELECT companies_acted_for())"

# Subqueries without references outside are evaluated once a statement, and only when they are needed.
FUNCTIONS = [
    """CREATE FUNCTION acts_for_every_company() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
       RETURN current_setting('novaconnect.companies', true) = '*'""",
    """CREATE FUNCTION companies_acted_for() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE
       RETURN string_to_array(nullif(current_setting('novaconnect.companies', true), '*'), ',')::bigint[]""",
]
NO_FUNCTIONS = ["DROP FUNCTION acts_for_every_company(), companies_acted_for()"]


def in_scope(company: str) -> str:
    """SQL: whether a row of this company (an expression) exists for the session."""
    return f"{_EVERY} OR {company} = ANY ({_THESE}::bigint[])"


def protect(table: str, *, company: str = "company_id", through: tuple[str, str] | None = None) -> ops.RunSQL:
    """Bind a table's rows to the companies that a session acts for.

    `company` is the column with the company's id; rows where it is empty are the platform's own. A table without one
    is protected `through` the column that refers to a protected table's `id`, and that table.
    """
    return ops.RunSQL(protection(table, company=company, through=through), reverse_sql=no_protection(table))


def protection(table: str, *, company: str = "company_id", through: tuple[str, str] | None = None) -> list[str]:
    """The statements of `protect`."""
    rule = in_scope(company)
    if through is not None:
        column, parent = through
        # What exists of the parent is decided by the parent's own policy.
        rule = f"{_EVERY} OR EXISTS (SELECT FROM {parent} parent WHERE parent.id = {table}.{column})"  # noqa: S608
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY of_the_companies_acted_for ON {table} USING ({rule}) WITH CHECK ({rule})",
    ]


def no_protection(table: str) -> list[str]:
    """Undo `protection`."""
    return [
        f"DROP POLICY of_the_companies_acted_for ON {table}",
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    ]


SHOW_SIMS = [
    f"CREATE VIEW visible_sim AS SELECT s.* FROM sim s WHERE {in_scope('s.company_id')}",  # noqa: S608
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
