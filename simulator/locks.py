"""Block, unblock and the MSU lock: what the operator does with them and what they cost in signalling."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from simulator.draws import between
from simulator.sim import ACTIVATED, DEACTIVATED, TC, Sim

if TYPE_CHECKING:
    from simulator.engine import Engine

MSU_THRESHOLD = 100
LIVE_SECONDS = 24 * 3600
# A device that is cut off while alive keeps trying: that many more messages than an ordinary registration.
LOWEST_BURST, HIGHEST_BURST = 12, 20
QUICKEST_RETURN, SLOWEST_RETURN = 30, 300


class Outcome(StrEnum):
    """How a block or unblock ended."""

    APPLIED = "applied"
    REPEATED = "repeated"
    MSU_LOCKED = "msu_locked"


def raise_msu(sim: Sim, messages: int) -> bool:
    """Add signalling messages; past the threshold the operator locks the SIM for good. True when it is locked."""
    sim.msu_count += messages
    if sim.msu_count > MSU_THRESHOLD:
        sim.msu_blocked = True
        sim.status = DEACTIVATED
    return sim.msu_blocked


def is_live(sim: Sim, now: float) -> bool:
    """True when the SIM sits in a working device: a session is open or ended less than 24 hours ago."""
    session = sim.last_session
    return session is not None and (not session.ended or now - session.ended < LIVE_SECONDS)


def block(engine: Engine, sim: Sim) -> Outcome:
    """Block the SIM; on TC a live one raises the MSU count strongly."""
    now = engine.settle()
    if sim.blocked:
        sim.count_write("blocks_repeated")
        engine.changed.add(sim.index)
        return Outcome.REPEATED
    sim.count_write("blocks_applied")
    if sim.profile == TC and is_live(sim, now):
        raise_msu(sim, between(LOWEST_BURST, HIGHEST_BURST, engine.seed, sim.index, sim.msu_count))
    engine.set_status(sim, DEACTIVATED, now)
    return Outcome.APPLIED


def unblock(engine: Engine, sim: Sim) -> Outcome:
    """Unblock the SIM; a device that is on registers again within minutes. An MSU lock cannot be lifted."""
    now = engine.settle()
    if sim.msu_blocked:
        return Outcome.MSU_LOCKED
    if not sim.blocked:
        sim.count_write("unblocks_repeated")
        engine.changed.add(sim.index)
        return Outcome.REPEATED
    sim.count_write("unblocks_applied")
    engine.set_status(sim, ACTIVATED, now)
    # A cancel location still under way keeps its own time of return.
    if sim.powered and sim.reregister_at <= now:
        engine.return_later(sim, now, QUICKEST_RETURN, SLOWEST_RETURN)
    return Outcome.APPLIED
