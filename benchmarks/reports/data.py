"""A year of data sessions, made in PostgreSQL in the order in which they would have come, and the sums of them."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import asyncpg

from benchmarks.report import Report
from benchmarks.world import BenchmarkWorld
from models.database import connection_arguments

SESSIONS_A_SIM = 20
DAYS = 365

_SECONDARY = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'data_session' AND indexname NOT LIKE '%_pkey'"
)

# SIMs by turns in steps that go through all of them: in every month each has one or two sessions, in no order.
_SESSIONS = """
INSERT INTO data_session (started_at, ended_at, sim_id, company_id, profile_id, bytes, key, operator, country, plmn, cost,
                          currency)
SELECT $3::timestamptz - (($2::bigint - k) * $4::float8) * interval '1 second',
       $3::timestamptz - (($2::bigint - k) * $4::float8) * interval '1 second' + interval '20 minutes',
       s.id, s.company_id, s.profile_id, (k * 7919) % 5000000, lpad(to_hex(k), 12, '0'),
       (ARRAY['K-Cell Kazakhstan', 'MTS', 'Beeline', 'Russia MEGAFON', 'VimpelCom'])[1 + k % 5],
       (ARRAY['Kazakhstan', 'Russian Federation', 'Kazakhstan', 'Russian Federation', 'Russian Federation'])[1 + k % 5],
       '4010' || k % 5, ((k * 7919) % 5000000) * 0.000000013, 'EUR'
FROM generate_series($5::bigint, $6::bigint) k JOIN sim s ON s.id = 1 + (k * 611953) % $1::bigint
ORDER BY k
"""

_SUMS = (
    "INSERT INTO usage_daily (sim_id, day, company_id, bytes, sessions, currency, cost)"
    " SELECT sim_id, (started_at AT TIME ZONE 'UTC')::date, company_id, sum(bytes), count(*), currency, sum(cost)"
    " FROM data_session WHERE started_at >= $1 AND started_at < $2 GROUP BY 1, 2, 3, 6",
    "INSERT INTO usage_monthly (sim_id, month, company_id, bytes, sessions, currency, cost)"
    " SELECT sim_id, date_trunc('month', day)::date, company_id, sum(bytes), sum(sessions), currency, sum(cost)"
    " FROM usage_daily WHERE day >= ($1::timestamptz AT TIME ZONE 'UTC')::date"
    " AND day < ($2::timestamptz AT TIME ZONE 'UTC')::date GROUP BY 1, 2, 3, 6",
    "INSERT INTO usage_by_network (company_id, day, profile_id, bytes, sessions, cost, currency, operator, country)"
    " SELECT company_id, (started_at AT TIME ZONE 'UTC')::date, profile_id, sum(bytes), count(*), sum(cost), currency,"
    " operator, country FROM data_session WHERE started_at >= $1 AND started_at < $2 GROUP BY 1, 2, 3, 7, 8, 9",
)


async def fill(world: BenchmarkWorld, newest: date, report: Report) -> None:
    """Make them up to the end of the newest day; indexes are built at the end, as a table of such size is restored."""
    began = time.perf_counter()
    owner = await asyncpg.connect(**connection_arguments(world.database_url))
    try:
        for setting in ("synchronous_commit = off", "work_mem = '512MB'", "maintenance_work_mem = '1GB'", "jit = off"):
            await owner.execute(f"SET {setting}")
        end = datetime.combine(newest + timedelta(days=1), datetime.min.time(), UTC) - timedelta(seconds=1)
        first = (end - timedelta(days=DAYS)).date()
        await owner.execute("SELECT ensure_record_partitions($1, $2)", first, end.date())
        indexes = await owner.fetch(_SECONDARY)
        for index in indexes:
            await owner.execute(f"DROP INDEX {index['indexname']}")
        total = world.sims * SESSIONS_A_SIM
        step = DAYS * 86_400 / total
        for begin in range(1, total + 1, 1_000_000):
            upto = min(total, begin + 999_999)
            await owner.execute(_SESSIONS, world.sims, total, end, step, begin, upto)
        for index in indexes:
            await owner.execute(index["indexdef"].replace(" ON ONLY ", " ON "))
        await _sum_up(owner, first, end)
        await owner.execute("VACUUM (ANALYZE, PARALLEL 0)")
    finally:
        await owner.close()
    report.line(f"{total:,} sessions of {world.sims:,} SIMs made in {time.perf_counter() - began:.0f} s")


async def _sum_up(owner: asyncpg.Connection, first: date, end: datetime) -> None:
    month = first.replace(day=1)
    while month <= end.date():
        following = (month + timedelta(days=32)).replace(day=1)
        bounds = [datetime.combine(day, datetime.min.time(), UTC) for day in (month, following)]
        for statement in _SUMS:
            await owner.execute(statement, *bounds)
        month = following
