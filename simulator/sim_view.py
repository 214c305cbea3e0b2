"""A SIM as the admin API shows it: all that the simulator knows, whatever the wire formats leave out."""

from typing import Any

from simulator import packages
from simulator.clock import iso, iso_or_none, month_start
from simulator.networks import NETWORKS
from simulator.sim import TC, Package, Session, Sim

WRITE_KINDS = (
    "blocks_applied",
    "blocks_repeated",
    "unblocks_applied",
    "unblocks_repeated",
    "cancel_locations_applied",
    "limits_applied",
    "plans_applied",
    "ratings_applied",
)


def sim_view(sim: Sim, now: float) -> dict[str, Any]:
    """Plain data about one SIM; times ISO 8601 in UTC, null for never."""
    writes = sim.writes or {}
    return {
        "iccid": sim.iccid,
        "profile": sim.profile,
        "index": sim.index,
        "imsi": sim.imsi,
        "msisdn": sim.msisdn,
        "external_msisdn": sim.external or None,
        "blocked": sim.blocked,
        "status": sim.status,
        "msu_count": sim.msu_count if sim.profile == TC else None,
        "msu_blocked": sim.msu_blocked,
        "in_session": sim.in_session,
        "session": _session(sim.last_session, now),
        "session_count": len(sim.sessions),
        "registration": {
            "registered": sim.registered,
            "registered_at": iso_or_none(sim.registered_at),
            **_network(sim.network),
        },
        "cancel_location": {
            "requested_at": iso_or_none(sim.cancelled_at),
            "returns_at": iso_or_none(sim.reregister_at),
        },
        "limit": {"mb": sim.limit_mb if sim.limit_mb >= 0 else None, "reached": sim.limit_reached},
        "month_bytes": sim.month_bytes(month_start(now), now),
        "package": _package(sim, sim.package, now),
        "balance": f"{sim.balance / 10_000:.4f}" if sim.profile == TC else None,
        "created_at": iso(sim.created_at),
        "modified_at": iso(sim.modified_at),
        "writes": {kind: writes.get(kind, 0) for kind in WRITE_KINDS},
    }


def _network(index: int) -> dict[str, str]:
    network = NETWORKS[index]
    return {"plmn": network.plmn, "operator": network.operator, "country": network.country}


def _session(session: Session | None, now: float) -> dict[str, Any] | None:
    if session is None:
        return None
    received, sent = session.volume(now)
    return {
        "id": session.key,
        "started_at": iso(session.started),
        "ended_at": iso_or_none(session.ended),
        "bytes_in": received,
        "bytes_out": sent,
        **_network(session.network),
    }


def _package(sim: Sim, package: Package | None, now: float) -> dict[str, Any] | None:
    if package is None:
        return None
    return {
        "plan": package.plan,
        "term_started_at": iso_or_none(package.term_start),
        "term_ends_at": iso_or_none(package.term_end),
        "remaining_bytes": packages.remaining_bytes(sim, package, now),
        "renewal": package.renewal,
        "renewal_plan": package.renewal_plan or None,
        "queue": package.queue,
        "pending_plan": package.pending_plan or None,
        "pending_at": iso_or_none(package.pending_at),
    }
