"""What REST and SOAP of the Jasper operator share: the account, and status changes as the operator judges them."""

from base64 import b64decode
from datetime import date
from hmac import compare_digest

from simulator import locks, packages
from simulator.clock import as_utc
from simulator.faults import Fault
from simulator.locks import Outcome
from simulator.sim import ACTIVATED, DEACTIVATED, FINAL_STATES, TD, Sim
from simulator.world import World

USER, API_KEY, LICENSE_KEY = "demo", "demo-jasper", "demo-license"
ACCOUNT_ID = 700_100_200

STATUSES = frozenset(
    {"INVENTORY", "TEST_READY", "ACTIVATION_READY", "ACTIVATED", "DEACTIVATED", "RETIRED", "PURGED", "REPLACED"}
)


class ChangeRefused(Exception):
    """A change the operator refuses; `token` is its error word."""

    def __init__(self, token: str) -> None:
        super().__init__(token)
        self.token = token


def login_matches(user: str, key: str) -> bool:
    """True for the account's user and API key."""
    same_user = compare_digest(user.encode(), USER.encode())
    return compare_digest(key.encode(), API_KEY.encode()) and same_user


def basic_login(header: str) -> tuple[str, str]:
    """User and key of an HTTP Basic header; two empty strings when there is none to read."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, key = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return user, key


def own_sim(world: World, iccid: str) -> Sim | None:
    """The account's SIM with this ICCID."""
    sim = world.engine.by_iccid.get(iccid)
    return sim if sim is not None and sim.profile == TD else None


def change_status(world: World, sim: Sim, status: str | None, fault: Fault | None) -> str:
    """Set the SIM's status and return a word for the log; raises ChangeRefused.

    A status the SIM already has is accepted without effect; RETIRED, PURGED and REPLACED are final.
    """
    if not status:
        raise ChangeRefused("SIMSTATUS_NULL")
    if status not in STATUSES:
        raise ChangeRefused("SIMSTATUS_INVALID")
    check_not_final(sim)
    kind = fault.fault if fault is not None else None
    if kind == "accepted_never_done":
        return "accepted"
    outcome = _apply_status(world, sim, status)
    if kind == "already_blocked":
        raise ChangeRefused("SIMSTATUS_INVALID_TRANSITION")
    return outcome


def _apply_status(world: World, sim: Sim, status: str) -> str:
    engine = world.engine
    if status == DEACTIVATED:
        return locks.block(engine, sim).value
    if status == ACTIVATED and sim.blocked:
        outcome = locks.unblock(engine, sim)
        _reconnect(world, sim)
        return outcome.value
    if status == sim.status:
        if status == ACTIVATED:
            sim.count_write("unblocks_repeated")
        return Outcome.REPEATED.value
    now = engine.settle()
    engine.set_status(sim, status, now)
    if status == ACTIVATED and sim.powered:
        engine.return_later(sim, now, locks.QUICKEST_RETURN, locks.SLOWEST_RETURN)
    return Outcome.APPLIED.value


def _reconnect(world: World, sim: Sim) -> None:
    """A SIM whose package had ended for good gets a new term of the same plan when it is activated."""
    package = sim.package
    if package is not None and not package.term_end:
        now = world.engine.clock.now()
        packages.begin_term(package, package.plan, now)
        world.engine.plan_term(sim, now)


def check_effective_date(world: World, text: str) -> None:
    """Only changes for today are simulated: raises ChangeRefused for another date or none that can be read."""
    try:
        wanted = date.fromisoformat(text[:10])
    except ValueError as wrong:
        raise ChangeRefused("INVALID_EFFECTIVE_DATE") from wrong
    today = as_utc(world.engine.clock.now()).date()
    if wanted < today:
        raise ChangeRefused("ACTIVATION_IN_PAST")
    if wanted > today:
        raise ChangeRefused("INVALID_EFFECTIVE_DATE")


def check_not_final(sim: Sim) -> None:
    """RETIRED, PURGED and REPLACED SIMs refuse every change: raises ChangeRefused."""
    if sim.status in FINAL_STATES:
        raise ChangeRefused("SIMSTATUS_INVALID_TRANSITION")


def change_plan(world: World, sim: Sim, plan: str | None, fault: Fault | None) -> float:
    """Change the rate plan; returns when it takes effect (epoch seconds). Raises ChangeRefused."""
    check_not_final(sim)
    now = world.engine.settle()
    try:
        if fault is not None and fault.fault == "accepted_never_done":
            packages.required_plan(plan)
            return now
        effective = packages.request_plan(sim, plan, now)
    except packages.PlanRefused as refusal:
        raise ChangeRefused(str(refusal)) from refusal
    sim.count_write("plans_applied")
    world.engine.plan_term(sim, now)
    world.engine.touch(sim, now)
    return effective
