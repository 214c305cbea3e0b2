"""The seeded fleet: the same seed and birth time always give the same SIMs, however many are asked for.

SIMs alternate between the profiles: even indexes are TC (+372 numbers), odd ones TD (+46 numbers).
"""

import random
from collections.abc import Iterator

from simulator.draws import between
from simulator.networks import home_or_abroad
from simulator.packages import TERM_SECONDS
from simulator.sim import TC, TD, Package, Session, Sim

# SIMs are drawn block by block so that a larger fleet begins with exactly the SIMs of the smaller one.
BLOCK = 1000
HOUR = 3600
DAY = 24 * HOUR
SERIALS = 10_000_000
# Coprime to SERIALS: walking by this step visits every serial once, so numbers look scattered and never repeat.
SERIAL_STEP = 7_346_081


def luhn_digit(digits: str) -> str:
    """The check digit that makes `digits` + check digit pass the Luhn test."""
    total = 0
    for position, char in enumerate(reversed(digits)):
        value = int(char)
        if position % 2 == 0:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return str(-total % 10)


def blank_sim(index: int) -> Sim:
    """The SIM of this index with its numbers and nothing else."""
    serial = f"{(index // 2 * SERIAL_STEP + 1_234_567) % SERIALS:07d}"
    if index % 2 == 0:
        body = "893720401" + "002" + serial
        return Sim(index, TC, body + luhn_digit(body), "24801100" + serial, "3725" + serial, "447700" + serial)
    body = "89462046" + "020" + serial
    return Sim(index, TD, body + luhn_digit(body), "24007500" + serial, "467190" + serial, "")


def grown(seed: int, birth: float, first: int, count: int, lively: int) -> Iterator[Sim]:
    """SIMs `first` to `first + count - 1` of the fleet as they were at `birth` (epoch seconds).

    The first `lively` SIMs begin and end sessions on their own as time passes; the others change only when told.
    """
    chance = random.Random(0)
    for block in range(first // BLOCK, (first + count + BLOCK - 1) // BLOCK):
        chance.seed(f"{seed}/{block}")
        for index in range(block * BLOCK, (block + 1) * BLOCK):
            sim = blank_sim(index)
            _draw_life(sim, chance, birth)
            if index < lively and sim.powered:
                sim.churn_at = birth + between(HOUR, 36 * HOUR, seed, index)
            if first <= index < first + count:
                yield sim


def _draw_life(sim: Sim, chance: random.Random, birth: float) -> None:
    draw = chance.random
    sim.created_at = birth - DAY * (60 + 900 * draw())
    sim.activated_at = min(sim.created_at + 30 * DAY * draw(), birth - 50 * DAY)
    sim.modified_at = sim.activated_at
    sim.network = home_or_abroad(draw(), int(draw() * 1_000_000))
    sim.balance = int(draw() * 200_000)
    if sim.profile == TC:
        sim.msu_count = int(draw() * 41)
    else:
        sim.package = _drawn_package(draw(), draw(), birth)
    _draw_sessions(sim, chance, birth)


def _drawn_package(size: float, age: float, birth: float) -> Package:
    sizes = (15, 15, 15, 30, 30, 50, 100)
    started = birth - age * TERM_SECONDS
    return Package(f"lite-{sizes[int(size * len(sizes))]}", started, started + TERM_SECONDS)


def _draw_sessions(sim: Sim, chance: random.Random, birth: float) -> None:
    """Give the SIM a past: 55% are in a session, 15% ended one within a day, 20% are idle, 10% were never used."""
    draw = chance.random
    kind = draw()
    if kind >= 0.9:
        return
    if kind < 0.7:
        sim.powered = sim.registered = True
        ended = 0.0 if kind < 0.55 else birth - 23 * HOUR * draw()
        started = (ended or birth) - HOUR * (0.1 + 40 * draw())
    else:
        # Idle: the device has been off for days, so locking such a SIM raises no signalling.
        ended = birth - DAY * (2 + 38 * draw())
        started = ended - HOUR * (0.1 + 20 * draw())
    sim.registered_at = started - HOUR * 20 * draw()
    # A package holds 15 MB or more for 30 days: 5 bytes a second is the most that never exhausts it.
    speed = 60 if sim.profile == TC else 4
    sessions = [Session(sim.index, started, ended, sim.network, draw() * speed, draw() * speed / 4)]
    while draw() < 0.6 and len(sessions) < 4:
        ended = started - HOUR * (0.2 + 30 * draw())
        started = ended - HOUR * (0.1 + 30 * draw())
        sessions.append(Session(sim.index, started, ended, sim.network, draw() * speed, draw() * speed / 4))
    sessions.reverse()
    sim.sessions = sessions
