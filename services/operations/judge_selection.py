"""Judging a selection as a set: SIMs in like situations are judged once, by the pure rule, whatever their number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from access import Principal, limit_to_visible
from billing_calendar.working_days import local_date
from domain.changes import PACKAGE_KINDS, STAFF_ONLY, Change, ChangePackage, MoveSims, SetLimit, SetRoaming
from domain.clock import clock
from domain.decisions import LIVE_FOR, LOCK_OF, RESET_WINDOW, Situation, Traits, Verdict, judge, weigh
from domain.errors import (
    EmptySelection,
    Forbidden,
    InvalidValue,
    LimitOutOfRange,
    NotFound,
    NothingToDo,
    SizeNotOffered,
    TooManySims,
)
from domain.locks import BIT, LockKind
from domain.operations import BLOCKING, LOCK_KINDS, MAX_SIMS, UNBLOCKING, OperationKind, RiskCode
from domain.sim_filter import Selection
from drivers.registry import registry
from models.database import fetch, fetch_value
from models.identity import CompanyState, UserRole
from models.where import Where
from services.dunning.company_lock import require_not_locked
from services.fleet.sim_filter import apply_filter

BYTES_PER_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class JudgedSims:
    """SIMs of one profile and company in one situation, with the verdict on all of them; ids ascending.

    `package_mb` and `roaming` are of the package in force, where the change is about packages.
    """

    profile_id: int
    profile_code: str
    account_id: int | None
    company_id: int
    situation: Situation
    verdict: Verdict
    sim_ids: list[int]
    package_mb: int | None
    roaming: bool


# OFFSET 0 keeps the planner to the index on the SIM (see `services.execution.claim_items`).
_CHANGE_PENDING = f"""EXISTS (
  SELECT 1 FROM (SELECT * FROM operation_item WHERE sim_id = c.id OFFSET 0) i WHERE i.kind IN {LOCK_KINDS}
    AND (i.state IN ('QUEUED', 'CALLING', 'AWAITING_CONFIRMATION')
         OR (i.state = 'UNKNOWN' AND (c.observed_at IS NULL OR i.finished_at > c.observed_at))))"""  # noqa: S608 - constants


_ANYTHING_OPEN = """EXISTS (SELECT FROM operation_item i WHERE i.sim_id = c.id
    AND (i.state IN ('QUEUED', 'CALLING', 'AWAITING_CONFIRMATION') OR (i.state = 'UNKNOWN' AND i.check_at IS NOT NULL)))"""


async def judge_selection(
    principal: Principal, change: Change, selection: Selection, accepted: frozenset[RiskCode]
) -> list[JudgedSims]:
    """The selected SIMs by situation. `accepted` risks are weighed in.

    Raises the typed errors of a change that fits no SIM, and of a selection that is empty, too large, ambiguous, names a SIM
    the principal cannot see, or spans companies. One snapshot: call it inside the transaction that acts on the answer.
    """
    if change.kind in STAFF_ONLY and not principal.is_staff:
        raise Forbidden("Only NovaConnect's staff may do this: ask technical support.")
    if change.kind is OperationKind.ASSIGN_GROUPS:
        principal.require_whole_company()
    if isinstance(change, MoveSims):
        await _require_mover(principal, change)
    change.require_valid()
    selection.require_clear()
    where = Where()
    if selection.ids is not None:
        limit_to_visible(principal, where, "s", sims="s.id")
        where.add(f"s.id = ANY({where.bind(list(set(selection.ids)))}::bigint[])")
    else:
        assert selection.filter is not None
        await apply_filter(principal, selection.filter, where, "s")
    rows = await fetch(_query(where, change, clock.now()), *where.arguments)
    judged = [_judged(row, change, accepted) for row in rows]
    _check(selection, judged)
    await require_not_locked(principal, judged[0].company_id)
    if isinstance(change, MoveSims) and judged[0].company_id == change.company_id:
        raise NothingToDo("These SIMs are that company's already.", path=("companyId",))
    _check_offers(change, judged)
    return judged


async def verdicts_of_sims(principal: Principal, kind: OperationKind, sim_ids: list[int]) -> list[JudgedSims]:
    """What a kind would do to these SIMs, whatever its parameters; SIMs the principal cannot see are left out."""
    where = Where()
    limit_to_visible(principal, where, "s", sims="s.id")
    where.add(f"s.id = ANY({where.bind(sim_ids)}::bigint[])")
    change = Change(kind)
    return [
        _judged(row, change, frozenset()) for row in await fetch(_query(where, change, clock.now()), *where.arguments)
    ]


# What only some rules ask for is looked up only for their kinds: every column makes the groups smaller.
def _query(where: Where, change: Change, now: datetime) -> str:
    live_since, reset_since = where.bind(now - LIVE_FOR), where.bind(now - RESET_WINDOW)
    limit = where.bind(MAX_SIMS + 1)
    columns = {
        "lock_mask": "c.lock_mask",
        "observed_blocked": "c.observed_blocked",
        "live": "(c.session_as_of IS NULL OR c.session_active IS NOT FALSE"
        f" OR coalesce(c.session_ended_at > {live_since}, FALSE))",
        "resetting": f"coalesce(c.reset_accepted_at > {reset_since}, FALSE)",
        "pending": _pending(change.kind),
        "msu_rising": f"coalesce(c.msu_changed_at > {live_since} AND c.msu_count > c.msu_before, FALSE)"
        if change.kind in BLOCKING
        else "FALSE",
        "over_limit": _over_limit(where, change, now),
        **_of_packages(where, change, now),
    }
    selected = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    groups = ", ".join(str(position) for position in range(1, 5 + len(columns)))
    return f"""
        WITH chosen AS MATERIALIZED (SELECT s.* FROM visible_sim s WHERE {where.sql} LIMIT {limit})
        SELECT p.id AS profile_id, p.code, p.account_id, c.company_id, {selected}, array_agg(c.id ORDER BY c.id) AS ids
        FROM chosen c JOIN profile p ON p.id = c.profile_id
        GROUP BY {groups} ORDER BY 1, 4, 5
    """  # noqa: S608 - conditions carry placeholders only


def _over_limit(where: Where, change: Change, now: datetime) -> str:
    if not isinstance(change, SetLimit) or change.megabytes is None:
        return "FALSE"
    asked = where.bind(change.megabytes * BYTES_PER_MB)
    return f"coalesce(c.limit_as_of >= {where.bind(month_start(now))} AND c.limit_used_bytes > {asked}::bigint, FALSE)"


def month_start(now: datetime) -> datetime:
    """When the calendar month of a limit began, in UTC."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _of_packages(where: Where, change: Change, now: datetime) -> dict[str, str]:
    if change.kind not in PACKAGE_KINDS:
        left = "FALSE"
        if change.kind in UNBLOCKING:  # asked for where nobody locked what the operator blocks
            left = f"(c.lock_mask = 0 AND c.observed_blocked IS TRUE AND {_package_left(where.bind(now))})"
        nothing = {"package_left": left, "changing_until": "NULL::timestamptz", "stands": "FALSE"}
        return nothing | {"roaming": "FALSE", "package_mb": "NULL::int", "country": "''::text"}
    at = where.bind(now)
    wanted = str(change.enabled).upper() if isinstance(change, SetRoaming) else None
    return {
        "package_left": _package_left(at),
        "changing_until": f"CASE WHEN c.roaming_change_until > {at} THEN c.roaming_change_until END",
        "stands": f"coalesce(c.roaming = {wanted}, FALSE)" if wanted else "FALSE",
        "roaming": "coalesce(c.roaming, FALSE)",
        "package_mb": "coalesce(c.package_mb, c.wanted_package_mb)",
        "country": "(SELECT o.country FROM company o WHERE o.id = c.company_id)",
    }


def _package_left(at: str) -> str:
    return (
        f"(c.lock_mask & {BIT[LockKind.PACKAGE]} = 0 AND coalesce(c.package_remaining_bytes > 0, FALSE)"
        f" AND coalesce(c.package_ends_at > {at}, TRUE))"
    )


async def _require_mover(principal: Principal, change: MoveSims) -> None:
    """Staff move SIMs between any companies, an agent's users between those of the agent."""
    principal.require_whole_company()
    if not principal.is_staff and principal.role is not UserRole.AGENT:
        raise Forbidden("Only NovaConnect's staff and your agent move SIMs: write to technical support.")
    state = None
    if principal.sees(change.company_id):
        state = await fetch_value("SELECT state FROM company WHERE id = $1 FOR KEY SHARE", change.company_id)
    if state is None:
        raise NotFound("There is no such company: use the id of one that you see.", path=("companyId",))
    if state != CompanyState.ACTIVE.value:
        raise InvalidValue("This company is not active: SIMs go to active companies only.", path=("companyId",))


def _pending(kind: OperationKind) -> str:
    """Looked up only where the rule (`domain.decisions`) asks for it: for most SIMs it does not."""
    if kind is OperationKind.MOVE:
        return _ANYTHING_OPEN
    if kind in BLOCKING:
        return f"CASE WHEN c.lock_mask <> 0 AND c.observed_blocked THEN {_CHANGE_PENDING} ELSE FALSE END"
    if kind in UNBLOCKING:
        own = BIT[LOCK_OF[kind]]
        return f"CASE WHEN c.lock_mask = {own} THEN FALSE ELSE {_CHANGE_PENDING} END"
    return "FALSE"


def _judged(row: asyncpg.Record, change: Change, accepted: frozenset[RiskCode]) -> JudgedSims:
    get = row.__getitem__
    traits = registry().traits(get("code"))
    until = get("changing_until")
    situation = Situation(
        lock_mask=get("lock_mask"),
        observed_blocked=get("observed_blocked"),
        live=get("live"),
        resetting=get("resetting"),
        change_pending=get("pending"),
        msu_rising=get("msu_rising"),
        over_limit=get("over_limit"),
        package_left=get("package_left"),
        reopens_on=local_date(get("country"), until) if until else None,
        stands=get("stands"),
        unfit_size=is_unfit(change, traits, roaming=get("roaming")),
    )
    verdict = weigh(judge(change.kind, situation, traits), accepted)
    return JudgedSims(
        profile_id=get("profile_id"),
        profile_code=get("code"),
        account_id=get("account_id"),
        company_id=get("company_id"),
        situation=situation,
        verdict=verdict,
        sim_ids=get("ids"),
        package_mb=get("package_mb"),
        roaming=get("roaming"),
    )


def is_unfit(change: Change, traits: Traits, *, roaming: bool) -> bool:
    """Whether a SIM on the roaming plan is asked to take a package that this plan does not have."""
    return isinstance(change, ChangePackage) and roaming and change.size_mb not in traits.roaming_sizes


def _check(selection: Selection, judged: list[JudgedSims]) -> None:
    count = sum(len(group.sim_ids) for group in judged)
    if selection.ids is not None and count < len(set(selection.ids)):
        raise NotFound("At least one SIM of the selection does not exist: check the ids.", path=("selection", "ids"))
    if count == 0:
        raise EmptySelection("The selection matches no SIM: widen the filter.", path=("selection", "filter"))
    if count > MAX_SIMS:
        raise TooManySims(
            f"An operation takes at most {MAX_SIMS} SIMs: narrow the filter or split it.", path=("selection",)
        )
    if len({group.company_id for group in judged}) > 1:
        raise InvalidValue(
            "The selection spans several companies: an operation belongs to one; add companyIds to the filter.",
            path=("selection",),
        )


def _check_offers(change: Change, judged: list[JudgedSims]) -> None:
    """Values that an operator of the selection does not take at all are refused as a whole."""
    for code in sorted({group.profile_code for group in judged}):
        traits = registry().traits(code)
        if change.kind not in traits.usable:
            continue
        largest = traits.largest_limit_mb
        if isinstance(change, SetLimit) and largest is not None and (change.megabytes or 0) > largest:
            raise LimitOutOfRange(f"The operator of {code} takes limits up to {largest} MB.", path=("megabytes",))
        if isinstance(change, ChangePackage) and change.size_mb not in traits.package_sizes | traits.roaming_sizes:
            sizes = ", ".join(str(size) for size in sorted(traits.package_sizes))
            raise SizeNotOffered(f"Packages of {code} have {sizes} MB: choose one of these.", path=("sizeMb",))
