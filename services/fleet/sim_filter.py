"""The SIM filter as conditions of a set query; lists, operations and subscriptions share it."""

from __future__ import annotations

import asyncio

from access import Principal, limit_to_visible
from domain import csv_filter, search_language
from domain.errors import UnknownProfile
from domain.locks import LockKind
from domain.look_alikes import fold_profile_code
from domain.search_language import MatchMode, SearchQuery, Term
from domain.sim_filter import LockFilter, SimFilter
from models.database import fetch
from models.where import Where
from services.fleet.csv_matches import csv_sim_ids


async def apply_filter(principal: Principal, sim_filter: SimFilter, where: Where, alias: str = "s") -> None:
    """Limit rows of `sim`, known in the query as `alias`, to those the principal may see and the filter names.

    Raises `UnknownProfile`, `SearchTooLong`, `CsvTooManyRows` and `CsvUnreadable`; unknown groups, companies and ids
    just fit nothing.
    """
    limit_to_visible(principal, where, alias, sims=f"{alias}.id")
    if sim_filter.company_ids is not None:
        where.add(f"{alias}.company_id = ANY({where.bind(list(sim_filter.company_ids))}::bigint[])")
    if sim_filter.profiles is not None:
        profile_ids = await _profile_ids(sim_filter.profiles)
        where.add(f"{alias}.profile_id = ANY({where.bind(profile_ids)}::bigint[])")
    if sim_filter.search is not None:
        _limit_to_search(search_language.parse(sim_filter.search, path=("filter", "search")), where, alias)
    if sim_filter.lock is not None:
        _limit_to_lock(principal, sim_filter.lock, where, alias)
    if sim_filter.group_id is not None:
        group = where.bind(sim_filter.group_id)
        where.add(f"{alias}.id IN (SELECT m.sim_id FROM sim_group_member m WHERE m.group_id = {group})")  # noqa: S608
    if sim_filter.empty_name_only:
        where.add(f"{alias}.name = ''")
    if sim_filter.ids is not None:
        _limit_to_ids(sim_filter.ids, where, alias)
    if sim_filter.drift is not None:
        differs = f"{alias}.observed_blocked <> ({alias}.lock_mask <> 0)"
        where.add(differs if sim_filter.drift else f"({differs}) IS NOT TRUE")
    if sim_filter.left_operator is not None:
        where.add(f"{alias}.left_operator_at IS {'NOT NULL' if sim_filter.left_operator else 'NULL'}")
    if sim_filter.csv is not None:
        # A hundred thousand rows take a second to read, which nobody else should wait for.
        table = await asyncio.to_thread(csv_filter.parse, sim_filter.csv, path=("filter", "csv"))
        table.require_readable(path=("filter", "csv"))
        _limit_to_ids(await csv_sim_ids(principal, table), where, alias)


async def _profile_ids(codes: tuple[str, ...]) -> list[int]:
    known = {row["code"]: row["id"] for row in await fetch("SELECT id, code FROM profile")}
    ids = []
    for position, code in enumerate(codes):
        folded = fold_profile_code(code)
        if folded not in known:
            shown = ", ".join(sorted(known))
            raise UnknownProfile(
                f"There is no such profile: the profiles are {shown}.", path=("filter", "profiles", str(position))
            )
        ids.append(known[folded])
    return ids


def _limit_to_ids(ids: tuple[int, ...] | list[int], where: Where, alias: str) -> None:
    # Not `= ANY`: with a hundred thousand of them PostgreSQL may compare row by row.
    where.add(f"{alias}.id IN (SELECT unnest({where.bind(list(ids))}::bigint[]))")


def _limit_to_lock(principal: Principal, lock: LockFilter, where: Where, alias: str) -> None:
    if lock is LockFilter.UNLOCKED:
        where.add(f"{alias}.lock_mask = 0")
        return
    reasons = Where(*where.arguments)
    limit_to_visible(principal, reasons, "r", sims="r.sim_id")
    if lock is LockFilter.MSU_LOCKED:
        reasons.add(f"r.kind = {reasons.bind(LockKind.MSU.value)}")
    where.arguments[:] = reasons.arguments
    where.add(f"{alias}.id IN (SELECT r.sim_id FROM sim_lock_reason r WHERE {reasons.sql})")  # noqa: S608


def _limit_to_search(query: SearchQuery, where: Where, alias: str) -> None:
    if query.matches_everything:
        return
    # No value has a line feed, and in `search_text` such a phrase would reach from one value into the next.
    terms = [term for term in query.terms if "\n" not in term.text]
    # A whole value is looked up in ordinary indexes, a hundred times faster than by its trigrams.
    whole = [search_language.fold(term.text) for term in terms if term.mode is MatchMode.EQUALS]
    patterns = [like_pattern(term) for term in terms if term.mode is not MatchMode.EQUALS]
    alternatives = []
    if whole:
        values = f"ANY({where.bind(whole)}::text[])"
        alternatives += [f"{alias}.{column} = {values}" for column in ("iccid", "msisdn", "external_msisdn")]
        alternatives.append(f"lower({alias}.name COLLATE pg_c_utf8) = {values}")
    if patterns:
        alternatives.append(f"{alias}.search_text LIKE ANY({where.bind(patterns)}::text[])")
    where.add(" OR ".join(alternatives) or "FALSE")


def like_pattern(term: Term) -> str:
    """A term as a pattern over `sim.search_text`, where a line feed stands on both sides of every value."""
    literal = search_language.fold(term.text).replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    left = "\n" if term.mode in (MatchMode.STARTS_WITH, MatchMode.EQUALS) else ""
    right = "\n" if term.mode in (MatchMode.ENDS_WITH, MatchMode.EQUALS) else ""
    return f"%{left}{literal}{right}%"
