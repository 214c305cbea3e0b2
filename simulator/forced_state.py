"""Putting a SIM into a wished state for a test, past every rule of the operator."""

from bisect import insort
from collections.abc import Callable
from typing import Any

from simulator.engine import Engine
from simulator.jasper_account import STATUSES
from simulator.packages import BYTES_PER_MB, plan_megabytes
from simulator.sim import ACTIVATED, DEACTIVATED, TC, Session, Sim


class StateInvalid(ValueError):
    """A wish that cannot be fulfilled; the text says why. Nothing was changed."""


def force(engine: Engine, sim: Sim, wish: dict[str, Any]) -> None:
    """Apply the wished fields in a fixed order: locks first, then registration, then sessions."""
    unknown = sorted(set(wish) - set(_CHECKS))
    if unknown:
        raise StateInvalid(f"unknown field {unknown[0]!r}; known: {', '.join(_CHECKS)}")
    for name, value in wish.items():
        problem = _CHECKS[name](sim, value)
        if problem:
            raise StateInvalid(f"{name} {problem}")
    now = engine.settle()
    for name, change in _CHANGES.items():
        if name in wish:
            change(engine, sim, wish[name], now)
    engine.changed.add(sim.index)


def _flag(sim: Sim, value: Any) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def _tc_flag(sim: Sim, value: Any) -> str:
    return _flag(sim, value) if sim.profile == TC else "exists on TC only"


def _tc_count(sim: Sim, value: Any) -> str:
    if sim.profile != TC:
        return "exists on TC only"
    return "" if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else "must be a whole number"


def _status(sim: Sim, value: Any) -> str:
    if sim.profile == TC:
        return "exists on TD only; use blocked"
    return "" if value in STATUSES else f"must be one of {', '.join(sorted(STATUSES))}"


def _hours(sim: Sim, value: Any) -> str:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 10_000
    return "" if good else "must be hours from 0 to 10000"


def _plan(sim: Sim, value: Any) -> str:
    if sim.profile == TC:
        return "exists on TD only"
    return "" if isinstance(value, str) and plan_megabytes(value) else "must be lite-15 to lite-100 or mega-15"


def _set_blocked(engine: Engine, sim: Sim, value: bool, now: float) -> None:
    engine.set_status(sim, DEACTIVATED if value else ACTIVATED, now)
    if not value:
        sim.msu_blocked = False


def _set_status(engine: Engine, sim: Sim, value: str, now: float) -> None:
    engine.set_status(sim, value, now)


def _set_msu_count(engine: Engine, sim: Sim, value: int, now: float) -> None:
    sim.msu_count = value


def _set_msu_blocked(engine: Engine, sim: Sim, value: bool, now: float) -> None:
    sim.msu_blocked = value
    engine.set_status(sim, DEACTIVATED if value else ACTIVATED, now)


def _set_registered(engine: Engine, sim: Sim, value: bool, now: float) -> None:
    if value:
        sim.powered = sim.registered = True
        sim.registered_at = now
        sim.reregister_at = 0.0
    else:
        engine.leave_network(sim, now)


def _set_in_session(engine: Engine, sim: Sim, value: bool, now: float) -> None:
    if not value:
        engine.end_session(sim, now)
        return
    if not sim.registered:
        _set_registered(engine, sim, True, now)
    engine.begin_session(sim, now)


def _set_idle_hours(engine: Engine, sim: Sim, value: float, now: float) -> None:
    """The last session ended that many hours ago; later ones are taken away."""
    ended = now - value * 3600
    gone = [session for session in sim.sessions if session.started >= ended]
    sim.sessions = [session for session in sim.sessions if session.started < ended]
    if not sim.sessions:
        sim.sessions = [Session(sim.index, ended - 3600, ended, sim.network, 1.0, 1.0)]
    sim.sessions[-1].ended = ended
    sim.churn_at = 0.0
    if sim.profile == TC:
        engine.relist_sessions(sim, gone)


def _used(sim: Sim, value: Any) -> str:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 100_000
    return "" if good else "must be megabytes from above 0 to 100000"


def _set_used_mb(engine: Engine, sim: Sim, value: float, now: float) -> None:
    """Another session that used so much; it lasted at most an hour and has just ended."""
    engine.end_session(sim, now)
    last = sim.last_session
    started = min(max(now - 3600, (last.started + now) / 2 if last is not None else 0.0), now - 0.001)
    session = Session(sim.index, started, now, sim.network, value * BYTES_PER_MB / (now - started), 0.0)
    sim.sessions.append(session)
    if sim.profile == TC:
        insort(engine.session_log, session, key=lambda entry: entry.started)
        engine.plan_limit(sim, now)


def _set_plan(engine: Engine, sim: Sim, value: str, now: float) -> None:
    assert sim.package is not None
    sim.package.plan = value
    engine.plan_term(sim, now)


_CHECKS: dict[str, Callable[[Sim, Any], str]] = {
    "blocked": _flag,
    "status": _status,
    "msu_count": _tc_count,
    "msu_blocked": _tc_flag,
    "used_mb": _used,
    "registered": _flag,
    "in_session": _flag,
    "idle_hours": _hours,
    "plan": _plan,
}

_CHANGES: dict[str, Callable[[Engine, Sim, Any, float], None]] = {
    "blocked": _set_blocked,
    "status": _set_status,
    "msu_count": _set_msu_count,
    "msu_blocked": _set_msu_blocked,
    "used_mb": _set_used_mb,
    "registered": _set_registered,
    "in_session": _set_in_session,
    "idle_hours": _set_idle_hours,
    "plan": _set_plan,
}
