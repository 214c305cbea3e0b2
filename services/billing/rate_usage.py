"""Usage rated in sets: what companies used in a month, and what of the months before came late or was corrected.

A record belongs to the month (UTC) in which it began. Its cost is rounded to four places by itself; everything after that is
a sum. A package's price is divided over the days (UTC) of its term, and each month has the share of its days. What was billed
of a month before is compared with what the month comes to now, and the difference is billed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time

import asyncpg

from billing_calendar.periods import next_period, previous_period
from models.database import execute, fetch
from services.billing.price_tables import price_tables
from services.billing.terms import billing_terms

# $1 companies, $2 the period, $3 the earliest month, $4 and $5 the moments at which that begins and the period ends, then
# the price tables, then the days of a package whose end is not known. A company's months before its first frozen one were
# billed by somebody else. `since`: from which month on records are compared; packages from the month on in which the oldest
# began that reaches into those months, because its price is divided over all of its months anew when its end changes.
_CHANGES = """
WITH plan AS (SELECT * FROM unnest($6::bigint[], $7::text[]) AS p (profile_id, plan)),
place AS (SELECT * FROM unnest($8::bigint[], $9::text[], $10::text[], $11::numeric[]) AS p (profile_id, country, plmn, per_mb)),
package AS (SELECT * FROM unnest($12::bigint[], $13::bool[], $14::int[], $15::text[], $16::numeric[])
            AS p (profile_id, roaming, size_mb, plan, price)),
term AS (
  SELECT k.company_id, k.sim_id, package.plan, round(package.price, 4) AS price, d.first_day, d.days,
         d.first_day + d.days AS after
  FROM package_connection k JOIN sim s ON s.id = k.sim_id
  JOIN package ON package.profile_id = s.profile_id AND package.roaming = k.roaming AND package.size_mb = k.size_mb,
       LATERAL (SELECT (k.connected_at AT TIME ZONE 'UTC')::date AS first_day, greatest(1, coalesce(
                  ceil(extract(epoch FROM k.ends_at - k.connected_at) / 86400)::int, $18::int)) AS days) AS d
  WHERE k.company_id = ANY($1) AND k.connected_at < $5),
since AS (
  SELECT f.company_id, greatest($3::date, f.month) AS month, greatest(f.month, least($3::date,
           (SELECT date_trunc('month', min(t.first_day))::date FROM term t
            WHERE t.company_id = f.company_id AND t.after > $3::date))) AS package_month
  FROM (SELECT c.id AS company_id, least($2::date, min(u.period)) AS month
        FROM unnest($1::bigint[]) AS c (id) LEFT JOIN usage_freeze u ON u.company_id = c.id GROUP BY c.id) AS f),
record AS (
  SELECT d.company_id, d.sim_id, d.started_at AS at, 'DATA' AS service, plan.plan, d.bytes AS quantity,
         round(CASE WHEN $17::bool AND d.currency = 'EUR' AND d.cost IS NOT NULL THEN d.cost
               ELSE coalesce(place.per_mb, 0) * d.bytes / 1000000 END, 4) AS amount
  FROM data_session d
  JOIN plan ON plan.profile_id = d.profile_id
  LEFT JOIN place ON place.profile_id = d.profile_id AND place.country = coalesce(d.country, '')
                 AND place.plmn = coalesce(d.plmn, '')
  WHERE d.company_id = ANY($1) AND d.started_at >= $4 AND d.started_at < $5
  UNION ALL
  SELECT c.company_id, c.sim_id, c.at, c.kind, coalesce(plan.plan, pr.code),
         CASE c.kind WHEN 'VOICE' THEN coalesce(c.duration_seconds, 0) ELSE 1 END, round(c.cost, 4)
  FROM call_record c JOIN profile pr ON pr.id = c.profile_id LEFT JOIN plan ON plan.profile_id = c.profile_id
  WHERE c.company_id = ANY($1) AND c.at >= $4 AND c.at < $5 AND c.cost IS NOT NULL AND c.currency = 'EUR'),
share AS (
  SELECT t.company_id, t.sim_id, m.month::date AS usage_month, t.plan, d.upto - d.before AS days,
         round(t.price * d.upto / t.days, 4) - round(t.price * d.before / t.days, 4) AS amount
  FROM term t JOIN since ON since.company_id = t.company_id,
       generate_series(greatest(date_trunc('month', t.first_day::timestamp), since.package_month),
                       least(t.after - 1, $2::date)::timestamp, interval '1 month') AS m (month),
       LATERAL (SELECT greatest(0, m.month::date - t.first_day) AS before,
                       least(t.days, (m.month + interval '1 month')::date - t.first_day) AS upto) AS d),
now_is AS (
  SELECT r.company_id, r.sim_id, m.month AS usage_month, r.service, r.plan, sum(r.quantity)::bigint AS quantity,
         sum(r.amount) AS amount
  FROM record r JOIN since ON since.company_id = r.company_id,
       LATERAL (SELECT date_trunc('month', r.at AT TIME ZONE 'UTC')::date AS month) AS m
  WHERE m.month >= since.month
  GROUP BY r.company_id, r.sim_id, m.month, r.service, r.plan
  UNION ALL
  SELECT company_id, sim_id, usage_month, 'PACKAGE', plan, sum(days)::bigint, sum(amount) FROM share
  GROUP BY company_id, sim_id, usage_month, plan),
billed AS (
  SELECT h.company_id, h.sim_id, h.usage_month, h.service::text AS service, h.plan::text AS plan,
         sum(h.quantity)::bigint AS quantity, sum(h.amount) AS amount
  FROM charge h JOIN since ON since.company_id = h.company_id
  WHERE h.company_id = ANY($1) AND h.usage_month >= since.package_month AND h.usage_month <= $2
    AND (h.usage_month >= since.month OR h.service = 'PACKAGE') AND h.counts
  GROUP BY h.company_id, h.sim_id, h.usage_month, h.service, h.plan),
change AS (
  SELECT company_id, sim_id, usage_month, service, plan, coalesce(n.quantity, 0) - coalesce(b.quantity, 0) AS quantity,
         coalesce(n.amount, 0) - coalesce(b.amount, 0) AS amount
  FROM now_is n FULL JOIN billed b USING (company_id, sim_id, usage_month, service, plan))
"""

_FREEZE = f"""{_CHANGES}
INSERT INTO charge (company_id, sim_id, period, usage_month, service, plan, quantity, amount, iccid)
SELECT c.company_id, c.sim_id, $2, c.usage_month, c.service, c.plan, c.quantity, c.amount, s.iccid
FROM change c JOIN sim s ON s.id = c.sim_id WHERE c.amount <> 0
ORDER BY c.company_id, c.sim_id, c.usage_month, c.service
"""  # noqa: S608 - constants

_SUMMARY = f"""{_CHANGES}
SELECT company_id, plan, service, usage_month <> $2 AS late, count(DISTINCT sim_id) AS sims, sum(quantity)::bigint AS quantity,
       sum(amount) AS amount
FROM (SELECT company_id, sim_id, usage_month, service, plan, quantity, amount FROM change WHERE amount <> 0
      UNION ALL
      SELECT company_id, sim_id, usage_month, service, plan, quantity, amount FROM charge
      WHERE company_id = ANY($1) AND invoice_id IS NULL) AS line
GROUP BY company_id, plan, service, usage_month <> $2
ORDER BY company_id, late, plan, service
"""  # noqa: S608 - constants

_UNPRICED = """
SELECT k.company_id, count(*)::int FROM package_connection k JOIN sim s ON s.id = k.sim_id
LEFT JOIN unnest($4::bigint[], $5::bool[], $6::int[]) AS p (profile_id, roaming, size_mb)
  ON p.profile_id = s.profile_id AND p.roaming = k.roaming AND p.size_mb = k.size_mb
WHERE k.company_id = ANY($1::bigint[]) AND k.connected_at < $3 AND p.profile_id IS NULL
  AND (k.connected_at >= $2 OR coalesce(k.ends_at, k.connected_at + $7::int * interval '1 day') > $2)
GROUP BY k.company_id
"""


async def freeze_usage(company_ids: Collection[int], period: date) -> None:
    """Write what is to be billed as charges without an invoice; inside the transaction that marks the month as frozen."""
    await execute(_FREEZE, *await _arguments(company_ids, period))


async def summarise_usage(company_ids: Collection[int], period: date) -> Sequence[asyncpg.Record]:
    """What would be billed, by company, plan and service; nothing is written."""
    return await fetch(_SUMMARY, *await _arguments(company_ids, period))


async def count_unpriced_packages(company_ids: Collection[int], period: date) -> dict[int, int]:
    """Packages with days in a month whose size is not in the price list, by company: they are not billed, so staff must know."""
    first, end = beginning_of(period), beginning_of(next_period(period))
    prices = await price_tables([], first, end)
    known = [[row[place] for row in prices.packages] for place in range(3)]
    rows = await fetch(_UNPRICED, list(company_ids), first, end, *known, billing_terms().package_days)
    return {row[0]: row[1] for row in rows}


async def _arguments(company_ids: Collection[int], period: date) -> list[object]:
    earliest = period
    for _ in range(billing_terms().late_months):
        earliest = previous_period(earliest)
    first, end = beginning_of(earliest), beginning_of(next_period(period))
    prices = await price_tables(company_ids, first, end)
    return [list(company_ids), period, earliest, first, end, *prices.arguments(), billing_terms().package_days]


def beginning_of(period: date) -> datetime:
    """The moment at which a month begins, in UTC: usage is kept and reported in UTC."""
    return datetime.combine(period, time.min, UTC)
