"""Rate plans of TD: plan names, terms, renewal, the renewal queue and the slow change of the roaming plan.

Plan names are `lite-N` (15 to 100 MB, the base countries) and `mega-15` (the wide country list).
"""

import re

from simulator.clock import after_working_days
from simulator.sim import Package, Sim

TERM_SECONDS = 30 * 86400
BYTES_PER_MB = 1_000_000
ROAMING_CHANGE_WORKING_DAYS = 3
RENEWAL_NAMES = {"A": "AutoRenew", "D": "Deactivate", "N": "NamedPlan"}

_LITE = re.compile(r"lite-(\d{2,3})")
_MEGA_PLAN = "mega-15"


class PlanRefused(Exception):
    """A change of package that the operator refuses; the text is its error token."""


def plan_megabytes(plan: str) -> int | None:
    """Megabytes included in the plan, or None when there is no such plan."""
    if plan == _MEGA_PLAN:
        return 15
    match = _LITE.fullmatch(plan)
    size = int(match[1]) if match else 0
    return size if 15 <= size <= 100 else None


def required_plan(plan: str | None) -> str:
    """The plan name when it exists; raises PlanRefused otherwise."""
    if not plan:
        raise PlanRefused("RATEPLAN_NULL")
    if plan_megabytes(plan) is None:
        raise PlanRefused("RATEPLAN_INVALID")
    return plan


def is_roaming_change(current: str, wanted: str) -> bool:
    """True when the change moves the SIM between the base and the wide country list."""
    return (current == _MEGA_PLAN) != (wanted == _MEGA_PLAN)


def used_bytes(sim: Sim, package: Package, now: float) -> int:
    """Bytes used in the current term."""
    total = 0
    for session in sim.sessions:
        received, sent = session.bytes_between(package.term_start, now, now)
        total += received + sent
    return total


def remaining_bytes(sim: Sim, package: Package, now: float) -> int:
    """Bytes left in the current term, never below zero."""
    included = (plan_megabytes(package.plan) or 0) * BYTES_PER_MB
    return max(0, included - used_bytes(sim, package, now))


def exhausted_at(sim: Sim, package: Package, now: float) -> float:
    """The instant the open session will have used the package up, or 0 when it will not within the term."""
    session = sim.last_session
    if session is None or session.ended:
        return 0.0
    speed = session.rate_in + session.rate_out
    if speed <= 0:
        return 0.0
    moment = now + remaining_bytes(sim, package, now) / speed + 1
    return moment if moment < package.term_end else 0.0


def begin_term(package: Package, plan: str, now: float) -> None:
    """Start a fresh term of `plan` now."""
    package.plan = plan
    package.term_start = now
    package.term_end = now + TERM_SECONDS
    package.exhausted_at = 0.0


def renewed_plan(package: Package) -> str:
    """The plan that follows when the term ends; empty means the SIM is deactivated instead.

    A queued plan goes first; after it the renewal mode decides: A same plan again, N the named plan, D none.
    """
    if package.queue:
        return package.queue.pop(0)
    if package.renewal == "A":
        return package.plan
    if package.renewal == "N":
        return package.renewal_plan or package.plan
    return ""


def request_plan(sim: Sim, plan: str | None, now: float) -> float:
    """Change the plan now, or begin a roaming change; returns the instant it takes effect (epoch seconds).

    Raises PlanRefused for an unknown plan and while an earlier roaming change is under way.
    """
    package = sim.package
    wanted = required_plan(plan)
    if package is None:
        raise PlanRefused("RATEPLAN_INVALID")
    if package.pending_plan:
        raise PlanRefused("RATEPLAN_CHANGE_PENDING")
    if is_roaming_change(package.plan, wanted):
        package.pending_plan = wanted
        package.pending_at = after_working_days(now, ROAMING_CHANGE_WORKING_DAYS)
        return package.pending_at
    # A changed plan starts a new term even when the size is the same: that is how a package is reconnected.
    begin_term(package, wanted, now)
    return now


def set_renewal(package: Package, mode: str | None, plan: str | None) -> None:
    """Set what happens at the end of the term: A renew, D deactivate, N the named plan."""
    if mode not in RENEWAL_NAMES:
        raise PlanRefused("RENEWAL_MODE_INVALID")
    package.renewal_plan = required_plan(plan) if mode == "N" else ""
    package.renewal = mode


def remove_queued(package: Package, position: int, plan: str) -> None:
    """Take the plan at this place (from 1) out of the renewal queue; place and name must agree."""
    if not 1 <= position <= len(package.queue) or package.queue[position - 1] != plan:
        raise PlanRefused("RATEPLAN_NOT_IN_QUEUE")
    del package.queue[position - 1]
