"""The financial lock of a company, and bringing its SIMs to it through the operation engine: wanted against what stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from domain.changes import LIFT_FINANCIAL_LOCK, SET_FINANCIAL_LOCK
from domain.clock import clock
from domain.operations import MAX_SIMS, RiskCode
from models.database import execute, fetch, fetch_value
from services.audit.record import record
from services.operations.accept_operation import accept_as_system
from services.unit_of_work import UnitOfWork, unit_of_work
from settings.dunning import LiveSims, dunning_terms

AGAIN_AFTER = timedelta(hours=20)
"""How long (business time) a SIM is left alone after a change of its financial lock that did not work."""

_STAND = """
INSERT INTO financial_lock (company_id, cause, invoice_ids, since) VALUES ($1, $2, $3, $4)
ON CONFLICT (company_id, cause) WHERE lifted_at IS NULL DO UPDATE SET invoice_ids = ARRAY(
  SELECT DISTINCT id FROM unnest(financial_lock.invoice_ids || excluded.invoice_ids) AS n (id) ORDER BY id)
RETURNING xmax = 0 AS made
"""

_LIFT = """
UPDATE financial_lock SET lifted_at = $3, lifted_because = $4 WHERE company_id = $1 AND cause = $2 AND lifted_at IS NULL
RETURNING id
"""

# Companies of which something may stand otherwise than it should: few, whatever their number.
_SUSPECTS = """
SELECT company_id FROM financial_lock WHERE lifted_at IS NULL
UNION SELECT DISTINCT company_id FROM sim_lock_reason WHERE kind = 'FINANCIAL'
UNION SELECT company_id FROM financial_lock WHERE lifted_at > $1
"""

# What stands, or will when what is under way has ended. A SIM without an operator to ask is left alone.
_ASTRAY = """
SELECT s.id FROM sim s JOIN profile p ON p.id = s.profile_id AND p.account_id IS NOT NULL
LEFT JOIN LATERAL (
  SELECT i.kind, i.state, o.created_at FROM (SELECT * FROM operation_item WHERE sim_id = s.id OFFSET 0) i
  JOIN operation o ON o.id = i.operation_id WHERE i.kind IN ('SET_FINANCIAL_LOCK', 'LIFT_FINANCIAL_LOCK')
  ORDER BY i.accept_seq DESC LIMIT 1) last ON TRUE
WHERE s.company_id = $1 AND NOT coalesce(last.kind = $3::text AND (
    last.state IN ('QUEUED', 'CALLING', 'AWAITING_CONFIRMATION') OR last.created_at > $4), FALSE)
  AND CASE WHEN last.state IN ('QUEUED', 'CALLING', 'AWAITING_CONFIRMATION') THEN last.kind = 'SET_FINANCIAL_LOCK'
      ELSE EXISTS (SELECT FROM sim_lock_reason r WHERE r.sim_id = s.id AND r.kind = 'FINANCIAL') END <> $2::bool
ORDER BY s.id LIMIT $5
"""

_IS_LOCKED = "SELECT EXISTS (SELECT FROM financial_lock WHERE company_id = $1 AND lifted_at IS NULL)"


async def stand(company_id: int, cause: str, invoice_ids: Sequence[int] = ()) -> bool:
    """The company is locked for a cause (INVOICES, DEPOSIT) from now on; False when it was already. In a transaction."""
    rows = await fetch(_STAND, company_id, cause, list(invoice_ids), clock.now())
    made: bool = rows[0]["made"]
    if made:
        detail = {"cause": cause, "invoices": list(invoice_ids)}
        await record(None, "company.locked", f"company:{company_id}", company_id=company_id, detail=detail)
    return made


async def lift(company_id: int, cause: str, because: str) -> bool:
    """The cause is gone; False when there was none. In a transaction."""
    lifted = await fetch(_LIFT, company_id, cause, clock.now(), because)
    if lifted:
        detail = {"cause": cause, "because": because}
        await record(None, "company.unlocked", f"company:{company_id}", company_id=company_id, detail=detail)
    return bool(lifted)


async def is_locked(company_id: int) -> bool:
    """Whether any cause stands."""
    return bool(await fetch_value(_IS_LOCKED, company_id))


async def align_sims(only: Sequence[int] | None = None) -> int:
    """Start operations for all SIMs that stand otherwise than their company; returns how many SIMs.

    Safe to repeat: what is under way is not asked for again, and what failed only after `AGAIN_AFTER`.
    """
    aligned = 0
    suspects = only if only is not None else await _suspects()
    for company_id in suspects:
        async with unit_of_work() as uow:
            aligned += await align_company(uow, company_id)
    return aligned


async def _suspects() -> list[int]:
    return [row["company_id"] for row in await fetch(_SUSPECTS, clock.now() - timedelta(days=3))]


async def align_company(uow: UnitOfWork, company_id: int) -> int:
    """The same for one company, in the caller's transaction."""
    await execute("SELECT pg_advisory_xact_lock(hashtextextended('financial lock', $1))", company_id)
    locked = await is_locked(company_id)
    change = SET_FINANCIAL_LOCK if locked else LIFT_FINANCIAL_LOCK
    now = clock.now()
    rows = await fetch(_ASTRAY, company_id, locked, change.kind.value, now - AGAIN_AFTER, MAX_SIMS)
    if not rows:
        return 0
    # The guide locks on day 6 whatever the devices do; a setting may wait until they are silent.
    accepts = locked and dunning_terms().live_sims is LiveSims.LOCK
    risks = frozenset({RiskCode.MSU_LOCK}) if accepts else frozenset()
    key = f"financial-lock-{change.kind.value.lower()}-{now.isoformat()}"
    await accept_as_system(uow, change, [row["id"] for row in rows], key=key, accept_risks=risks)
    return len(rows)
