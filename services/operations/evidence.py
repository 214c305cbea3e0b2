"""The stored facts that the verdict on a SIM rests on, in words."""

from __future__ import annotations

from datetime import datetime

import asyncpg

from domain.changes import IN_DATABASE, PACKAGE_KINDS
from domain.decisions import Situation
from domain.locks import kinds_of
from domain.operations import BLOCKING, OperationKind

_UNTOUCHED = IN_DATABASE | PACKAGE_KINDS | {OperationKind.SET_LIMIT}
"""Kinds for which it does not matter whether the SIM is in a session."""


def evidence(kind: OperationKind, situation: Situation, facts: asyncpg.Record) -> str:
    """What is known of a SIM that matters for this kind; `facts` are its columns."""
    parts = [] if kind in _UNTOUCHED else [_session(facts)]
    if situation.lock_mask:
        parts.append("locked: " + ", ".join(lock.value for lock in kinds_of(situation.lock_mask)))
    if situation.resetting:
        parts.append(f"reset accepted {_moment(facts['reset_accepted_at'])}")
    if kind in BLOCKING:
        parts += _msu(facts)
    if kind is OperationKind.SET_LIMIT:
        parts.append(_limit(facts))
    if kind in PACKAGE_KINDS:
        parts += _package(facts)
    return "; ".join(parts)


def _session(facts: asyncpg.Record) -> str:
    as_of = facts["session_as_of"]
    if as_of is None:
        return "no session data"
    if facts["session_active"]:
        return f"data session open, as of {_moment(as_of)}"
    if facts["session_ended_at"] is not None:
        return f"last data session ended {_moment(facts['session_ended_at'])}"
    return f"no recent data session, as of {_moment(as_of)}"


def _msu(facts: asyncpg.Record) -> list[str]:
    count, before, changed_at = facts["msu_count"], facts["msu_before"], facts["msu_changed_at"]
    if count is None:
        return []
    trend = f", {before} before {_moment(changed_at)}" if before is not None and changed_at is not None else ""
    return [f"MSU {count}{trend}"]


def _limit(facts: asyncpg.Record) -> str:
    limit = "no limit" if facts["limit_mb"] is None else f"limit {facts['limit_mb']} MB"
    if facts["limit_used_bytes"] is None:
        return f"{limit}; usage not known"
    return f"{limit}; used {facts['limit_used_bytes'] / 1_000_000:.1f} MB, as of {_moment(facts['limit_as_of'])}"


def _package(facts: asyncpg.Record) -> list[str]:
    parts = []
    if facts["package_as_of"] is None:
        parts.append("no package data")
    else:
        left = facts["package_remaining_bytes"]
        rest = "" if left is None else f", {left / 1_000_000:.1f} MB left"
        parts.append(f"package {facts['package_plan'] or 'not known'}{rest}, as of {_moment(facts['package_as_of'])}")
    if facts["roaming_change_until"] is not None:
        parts.append(f"roaming plan in change until {_moment(facts['roaming_change_until'])}")
    return parts


def _moment(moment: datetime | None) -> str:
    return "an unknown time" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
