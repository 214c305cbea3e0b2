"""Settings of dunning, deposits and the daily jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from settings.bad_setting import BadSetting


class LiveSims(StrEnum):
    """What the financial lock does to a SIM in a live device where a lock may raise MSU."""

    LOCK = "lock"
    DEFER_UNTIL_OFFLINE = "defer_until_offline"


@dataclass(frozen=True, slots=True)
class DunningTerms:
    """`unlock_scope` is `all` or `overdue`. At most `largest_share` of all companies are locked on one day, up to
    `never_held_below` always. `deposit_levels` are in EUR, the highest first. `daily_jobs_at` is a company's local time.
    """

    unlock_scope: str = "all"
    live_sims: LiveSims = LiveSims.LOCK
    largest_share: Decimal = Decimal("0.2")
    never_held_below: int = 5
    deposit_levels: tuple[Decimal, ...] = (Decimal(50), Decimal(20), Decimal(5))
    daily_jobs_at: time = time(9, 0)
    bank_folder: str | None = None


def read_dunning_terms(env: Mapping[str, str]) -> DunningTerms:
    """The settings of the environment; raises `BadSetting` with one sentence on the first that cannot be used."""
    standard = DunningTerms()
    scope = env.get("UNLOCK_SCOPE", "").strip() or standard.unlock_scope
    if scope not in ("all", "overdue"):
        raise BadSetting("UNLOCK_SCOPE must be all or overdue.")
    live = env.get("FINANCIAL_LOCK_LIVE_SIMS", "").strip() or standard.live_sims.value
    if live not in [each.value for each in LiveSims]:
        raise BadSetting("FINANCIAL_LOCK_LIVE_SIMS must be lock or defer_until_offline.")
    return DunningTerms(
        unlock_scope=scope,
        live_sims=LiveSims(live),
        largest_share=_share(env.get("LOCK_LARGEST_SHARE", "")) or standard.largest_share,
        deposit_levels=_levels(env.get("DEPOSIT_WARNING_LEVELS", "")) or standard.deposit_levels,
        daily_jobs_at=_time(env.get("DAILY_JOBS_AT", "")) or standard.daily_jobs_at,
        bank_folder=env.get("BANK_STATEMENTS", "").strip() or None,
    )


def _share(text: str) -> Decimal | None:
    if not text.strip():
        return None
    try:
        share = Decimal(text.strip())
    except InvalidOperation:
        share = Decimal(-1)
    if not 0 < share <= 1:
        raise BadSetting("LOCK_LARGEST_SHARE must be a part like 0.2, at most 1.")
    return share


def _levels(text: str) -> tuple[Decimal, ...]:
    try:
        levels = {Decimal(part.strip()) for part in text.split(",") if part.strip()}
    except InvalidOperation as error:
        raise BadSetting("DEPOSIT_WARNING_LEVELS must be amounts in EUR with commas between, like 50,20,5.") from error
    if any(not level.is_finite() or level <= 0 for level in levels):
        raise BadSetting("DEPOSIT_WARNING_LEVELS must be amounts of more than 0.")
    return tuple(sorted(levels, reverse=True))


def _time(text: str) -> time | None:
    if not text.strip():
        return None
    try:
        return time.fromisoformat(text.strip())
    except ValueError as error:
        raise BadSetting("DAILY_JOBS_AT must be a time like 09:00.") from error


class _Current:
    terms = DunningTerms()


def use_dunning_terms(terms: DunningTerms) -> None:
    """Make these the process's; the composition roots and tests call it."""
    _Current.terms = terms


def dunning_terms() -> DunningTerms:
    """The process's."""
    return _Current.terms
