"""Which SIMs the rows of a pasted table name: one set query, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from access import Principal, limit_to_visible
from domain.csv_filter import CsvFilter
from models.database import fetch
from models.where import Where

_IDS = """
WITH given AS MATERIALIZED (SELECT * FROM unnest($1::text[], $2::text[]) AS g(iccid, number))
SELECT s.id FROM given g JOIN sim s ON s.iccid = g.iccid
WHERE (g.number IS NULL OR g.number IN (s.msisdn, s.external_msisdn)) AND {visible}
UNION
SELECT s.id FROM given g JOIN sim s ON s.msisdn = g.number WHERE g.iccid IS NULL AND {visible}
UNION
SELECT s.id FROM given g JOIN sim s ON s.external_msisdn = g.number WHERE g.iccid IS NULL AND {visible}
"""

_MATCHES = """
WITH given AS MATERIALIZED (
  SELECT * FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS g(iccid, number, n)
), by_iccid AS MATERIALIZED (
  SELECT g.n, s.id FROM given g JOIN sim s ON s.iccid = g.iccid WHERE {visible}
), by_number AS (
  SELECT g.n, s.id FROM given g JOIN sim s ON s.msisdn = g.number WHERE {visible}
  UNION
  SELECT g.n, s.id FROM given g JOIN sim s ON s.external_msisdn = g.number WHERE {visible}
), numbers AS (
  SELECT b.n, count(*) AS matches, min(b.id) AS id, coalesce(bool_or(b.id = i.id), false) AS agrees
  FROM by_number b LEFT JOIN by_iccid i USING (n) GROUP BY b.n
)
SELECT i.id AS iccid_sim, m.id AS number_sim, coalesce(m.matches, 0) AS matches, coalesce(m.agrees, false) AS agrees
FROM given g LEFT JOIN by_iccid i USING (n) LEFT JOIN numbers m USING (n) ORDER BY g.n
"""


async def csv_sim_ids(principal: Principal, table: CsvFilter) -> list[int]:
    """Ids of the visible SIMs that the readable rows name, each once.

    A row with both values names the SIM that has both. A number that several SIMs have names all of them.
    """
    return [record["id"] for record in await _ask(_IDS, principal, table)]


async def csv_matches(principal: Principal, table: CsvFilter) -> Sequence[asyncpg.Record]:
    """For each readable row, in order: the visible SIM with its ICCID, one of those with its number, how many there
    are, and whether the ICCID's SIM is among them."""
    return await _ask(_MATCHES, principal, table)


async def _ask(query: str, principal: Principal, table: CsvFilter) -> Sequence[asyncpg.Record]:
    rows = table.readable_rows
    where = Where([row.iccid for row in rows], [row.number for row in rows])
    limit_to_visible(principal, where, "s", sims="s.id")
    return await fetch(query.format(visible=where.sql), *where.arguments)
