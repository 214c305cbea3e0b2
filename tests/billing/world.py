"""Companies with usage, made with plain rows, and business time that is set."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from domain.clock import clock
from models import Company, Profile, Sim
from models.database import execute
from tests.worlds import add_company, add_sim

LONG_AGO = datetime(2023, 1, 1, tzinfo=UTC)


def set_time(moment: datetime) -> None:
    """From now on business time goes on from a moment, which may lie in the past."""
    clock.__init__()  # type: ignore[misc]
    clock._offset = moment - datetime.now(UTC)


async def add_customer(name: str, country: str = "RU") -> Company:
    """A company that has been there for long."""
    company = await add_company(name, country)
    await execute("UPDATE company SET created_at = $2 WHERE id = $1", company.id, LONG_AGO)
    return company


async def add_used_sim(company: Company, profile: Profile, serial: int) -> Sim:
    """A SIM without more to it."""
    return await add_sim(company, profile, serial)


async def add_session(
    sim: Sim,
    at: datetime,
    cost: str | None,
    *,
    key: str | None = None,
    currency: str | None = "EUR",
    bytes_used: int = 1_000_000,
    country: str | None = "Russian Federation",
) -> None:
    """A data session as an operator's record tells of it; the same key again corrects it."""
    await execute("SELECT ensure_record_partitions($1, $1)", at.date())
    await execute(
        "INSERT INTO data_session (started_at, ended_at, sim_id, company_id, profile_id, bytes, key, country, cost, currency)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (profile_id, key, started_at)"
        " DO UPDATE SET cost = excluded.cost, bytes = excluded.bytes",
        at,
        at + timedelta(minutes=20),
        sim.id,
        sim.company_id,  # type: ignore[attr-defined]
        sim.profile_id,  # type: ignore[attr-defined]
        bytes_used,
        key or f"{sim.id}-{at.isoformat()}",
        country,
        None if cost is None else Decimal(cost),
        currency,
    )


async def add_call(sim: Sim, at: datetime, kind: str, cost: str | None, seconds: int | None = None) -> None:
    """A call or a message."""
    await execute("SELECT ensure_record_partitions($1, $1)", at.date())
    await execute(
        "INSERT INTO call_record (at, sim_id, company_id, profile_id, duration_seconds, key, kind, direction, cost, currency)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, 'OUT', $8, 'EUR')",
        at,
        sim.id,
        sim.company_id,  # type: ignore[attr-defined]
        sim.profile_id,  # type: ignore[attr-defined]
        seconds,
        f"{sim.id}-{kind}-{at.isoformat()}",
        kind,
        None if cost is None else Decimal(cost),
    )


def first_of(month: str) -> date:
    """`2023-11` as a period."""
    return date.fromisoformat(f"{month}-01")


def on_the_first(month: str, hour: int = 6) -> datetime:
    """A morning hour, in UTC, of the first day of a month."""
    return datetime.fromisoformat(f"{month}-01T{hour:02d}:00:00+00:00")
