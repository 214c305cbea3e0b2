"""Faults on demand: what goes wrong, for which calls and SIMs, how often."""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from simulator.sim import Sim

FACES = frozenset({"tsim", "jasper_rest", "jasper_soap", "*"})

# Which faults let the request take effect before the answer is spoilt.
FAULTS: dict[str, bool] = {
    "timeout_before": False,
    "timeout_after": True,
    "http_500": False,
    "throttle": False,
    "html": False,
    "truncated_xml": True,
    "empty": True,
    "duplicate_records": True,
    "late_records": True,
    "already_blocked": True,
    "error_body_200": False,
    "shifting_pages": True,
    "accepted_never_done": False,
    "disconnect": False,
}
DEFAULT_SECONDS = {"timeout_before": 30.0, "timeout_after": 30.0, "late_records": 6 * 3600.0}


class FaultInvalid(ValueError):
    """A fault description that cannot be used; the text says which field and what it may be."""


@dataclass(slots=True)
class Fault:
    """One rule. `percent` of the matching calls are hit, at most `times` of them when given."""

    id: int
    fault: str
    face: str = "*"
    command: str = "*"
    iccid: str | None = None
    percent: float = 100.0
    times: int | None = None
    seconds: float = 0.0
    apply: bool = False
    hits: int = field(default=0)

    def matches(self, face: str, command: str, sims: Sequence[Sim]) -> bool:
        """True when the rule is meant for this call and is not used up."""
        return (
            self.face in ("*", face)
            and self.command in ("*", command)
            and (self.times is None or self.hits < self.times)
            and (self.iccid is None or any(sim.iccid == self.iccid for sim in sims))
        )


class FaultBook:
    """The rules in force, tried in the order in which they were added."""

    def __init__(self, seed: int) -> None:
        self.rules: list[Fault] = []
        self._chance = random.Random(seed)
        self._next_id = 1

    def add(self, wish: dict[str, Any]) -> Fault:
        """Put a rule in force; raises FaultInvalid and changes nothing when it makes no sense."""
        rule = _read(wish, self._next_id)
        self._next_id += 1
        self.rules.append(rule)
        return rule

    def draw(self, face: str, command: str, sims: Sequence[Sim]) -> Fault | None:
        """The rule that hits this call, or None."""
        for rule in self.rules:
            if rule.matches(face, command, sims) and self._chance.random() * 100 < rule.percent:
                rule.hits += 1
                return rule
        return None

    def remove(self, fault_id: int | None = None) -> int:
        """Take one rule away, or all of them; returns how many went."""
        before = len(self.rules)
        self.rules = [rule for rule in self.rules if fault_id is not None and rule.id != fault_id]
        return before - len(self.rules)

    def listed(self) -> list[dict[str, Any]]:
        """All rules as plain data, with how often each has hit."""
        return [asdict(rule) for rule in self.rules]


def _read(wish: dict[str, Any], fault_id: int) -> Fault:
    known = set(Fault.__slots__) - {"id", "hits"}
    unknown = sorted(set(wish) - known)
    if unknown:
        raise FaultInvalid(f"unknown field {unknown[0]!r}; known: {', '.join(sorted(known))}")
    kind = wish.get("fault")
    if kind not in FAULTS:
        raise FaultInvalid(f"fault must be one of: {', '.join(FAULTS)}")
    if wish.get("face", "*") not in FACES:
        raise FaultInvalid(f"face must be one of: {', '.join(sorted(FACES))}")
    percent, times = _number(wish, "percent", 100.0), wish.get("times")
    if not 0 <= percent <= 100:
        raise FaultInvalid("percent must be from 0 to 100")
    if times is not None and (not isinstance(times, int) or times < 1):
        raise FaultInvalid("times must be a whole number from 1")
    return Fault(
        id=fault_id,
        fault=kind,
        face=wish.get("face", "*"),
        command=str(wish.get("command", "*")),
        iccid=wish.get("iccid"),
        percent=percent,
        times=times,
        seconds=_number(wish, "seconds", DEFAULT_SECONDS.get(kind, 0.0)),
        apply=bool(wish.get("apply", FAULTS[kind])),
    )


def _number(wish: dict[str, Any], name: str, default: float) -> float:
    value = wish.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise FaultInvalid(f"{name} must be a number from 0")
    return float(value)
