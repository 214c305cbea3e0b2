"""Data, voice and SMS records as the TSIM gate writes them."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from xml.sax.saxutils import escape

from simulator.draws import between, fraction
from simulator.engine import Engine
from simulator.faults import Fault
from simulator.networks import NETWORKS
from simulator.sim import Session, Sim

RECORDS_PER_PIECE = 200
EURO_PER_MEGABYTE = 0.013

Stamp = Callable[[float], str]


def sessions_between(
    engine: Engine, span: tuple[float, float], sims: Sequence[Sim], fault: Fault | None
) -> list[Session]:
    """Sessions that began in the span [begin, end), in the order of their beginning; faults may spoil the list."""
    begin, end = span
    if sims:
        chosen = [session for session in sims[0].sessions if begin <= session.started < end]
    else:
        log = engine.session_log
        first = bisect_left(log, begin, key=lambda session: session.started)
        chosen = log[first : bisect_left(log, end, key=lambda session: session.started)]
    if fault is not None and fault.fault == "late_records":
        newest = engine.clock.now() - fault.seconds
        return [session for session in chosen if session.started < newest]
    if fault is not None and fault.fault == "duplicate_records":
        return [session for session in chosen for _ in range(2)]
    return chosen


def data_records(engine: Engine, records: list[Session], stamp: Stamp) -> Iterator[bytes]:
    """The `gprscdr` document in pieces; an open session has an empty `end_session`."""
    now = engine.clock.now()
    yield b'<?xml version="1.0" encoding="utf-8"?>\n<gprscdr>'
    for start in range(0, len(records), RECORDS_PER_PIECE):
        piece = records[start : start + RECORDS_PER_PIECE]
        yield "".join([_data_record(engine, session, stamp, now) for session in piece]).encode()
    yield b"</gprscdr>"


def _data_record(engine: Engine, session: Session, stamp: Stamp, now: float) -> str:
    sim = engine.sims[session.sim_index]
    network = NETWORKS[session.network]
    received, sent = session.volume(now)
    cost = (received + sent) / 1_000_000 * EURO_PER_MEGABYTE
    return (
        f"<data><tsimid>{90_000 + sim.index // 2}</tsimid><calldate>{stamp(session.started)}</calldate>"
        f"<onum>{sim.msisdn}</onum><opercode>{network.plmn}</opercode><operator>{escape(network.operator)}</operator>"
        f"<country>{escape(network.country)}</country><ipaddr>{sim.ip_address}</ipaddr>"
        f"<sessionid>{session.key}</sessionid><inb>{received}</inb><outb>{sent}</outb>"
        f"<usage_b>{received + sent}</usage_b><cost>{cost:.4f}</cost><curr>EUR</curr><imsi>{sim.imsi}</imsi>"
        f"<end_session>{stamp(session.ended)}</end_session></data>"
    )


def call_records(engine: Engine, records: list[Session], stamp: Stamp) -> Iterator[bytes]:
    """The `gccdr` document: some data sessions are preceded by a wake-up SMS, a few by a short call."""
    yield b'<?xml version="1.0" encoding="utf-8"?>\n<gccdr>'
    for start in range(0, len(records), RECORDS_PER_PIECE):
        piece = records[start : start + RECORDS_PER_PIECE]
        yield "".join([_call_record(engine, session, stamp) for session in piece]).encode()
    yield b"</gccdr>"


def _call_record(engine: Engine, session: Session, stamp: Stamp) -> str:
    sim = engine.sims[session.sim_index]
    drawn = int(session.started * 1000)
    kind = fraction(engine.seed, sim.index, drawn, 8)
    if kind >= 0.4:
        return ""
    name, billed = ("call", between(5, 120, engine.seed, sim.index, drawn, 9)) if kind < 0.1 else ("sms", 0)
    cost = billed * 0.004 if billed else 0.05
    return (
        f"<{name}><calldate>{stamp(session.started - 60)}</calldate><onum>{sim.msisdn}</onum>"
        f"<anum>{sim.external}</anum><bnum>{sim.msisdn}</bnum><cdir>I</cdir>"
        f"<duration>{billed + 4 if billed else 0}</duration><billsec>{billed}</billsec>"
        f"<ccost>{cost:.4f}</ccost><curr>EUR</curr>"
        f"<uniqueid>{session.key}-{name}</uniqueid></{name}>"
    )
