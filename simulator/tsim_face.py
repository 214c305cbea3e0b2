"""The TSIM XML gate (profile TC): one GET address, the command and the login in the query, XML answers.

Errors are HTTP 200 too. Times carry no zone; which one they are in is an option of the simulator.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hmac import compare_digest
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from simulator import locks, tsim_records
from simulator.clock import as_utc, month_start
from simulator.exchange import Answer, Call, exchange
from simulator.faults import Fault
from simulator.locks import Outcome
from simulator.networks import NETWORKS
from simulator.packages import BYTES_PER_MB
from simulator.sim import TC, Sim
from simulator.world import World

LOGIN, PASSWORD = "demo", "demo-tsim"
XML = "text/xml; charset=utf-8"
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
CARDS_PER_PIECE = 200

_BLOCK_WORDS = {"t": True, "1": True, "true": True, "f": False, "0": False, "false": False}


def xml_answer(text: str, outcome: str = "ok") -> Answer:
    """An XML document with HTTP 200."""
    return Answer(200, (HEAD + text).encode(), XML, outcome)


def gate_error(text: str, outcome: str = "refused") -> Answer:
    """The gate's general error shape."""
    return xml_answer(f"<error><type>ERROR</type><text>{escape(text)}</text></error>", outcome)


class TsimDialect:
    """Errors as the gate words them; no published limits."""

    limited = False

    def throttled(self, call: Call) -> Answer:
        """Too many calls."""
        return gate_error("Too many requests")

    def server_error(self, call: Call) -> Answer:
        """HTTP 500."""
        return Answer(500, b"Internal Server Error", "text/plain")

    def error_in_success(self, call: Call) -> Answer:
        """HTTP 200 around an error, which is the gate's ordinary way."""
        return gate_error("Internal gate error")


class TsimFace:
    """Answers the commands of the gate for the TC half of the fleet."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.engine = world.engine
        self.zone = ZoneInfo(world.options.tsim_timezone)
        self.dialect = TsimDialect()
        self.commands: dict[str, Callable[[Call, Fault | None], Answer]] = {
            "gbalance": self._gbalance,
            "card_stat": self._card_stat,
            "sblock": self._sblock,
            "cnl": self._cnl,
            "checkdatasession": self._checkdatasession,
            "getmsu": self._getmsu,
            "setlimit": self._setlimit,
            "getlimit": self._getlimit,
            "gprscdr": self._gprscdr,
            "gccdr": self._gccdr,
            "account": self._account,
            "getpermissions": self._getpermissions,
        }

    async def serve(self, request: Request) -> Response:
        """Answer one request to the gate."""
        await request.body()
        query = dict(request.query_params)
        command = query.get("command", "")
        self.engine.settle()
        sim = self._addressed(query)
        call = Call("tsim", command, [sim] if sim is not None else [], query)
        return await exchange(self.world, request, self.dialect, call, lambda fault: self._work(call, fault))

    def _work(self, call: Call, fault: Fault | None) -> Answer:
        query = call.arguments
        known = compare_digest(query.get("uname", "").encode(), LOGIN.encode())
        if not (compare_digest(query.get("upass", "").encode(), PASSWORD.encode()) and known):
            return gate_error("Access denied", "unauthorised")
        handler = self.commands.get(call.command)
        if handler is None:
            return gate_error("Unknown command")
        return handler(call, fault)

    def _addressed(self, query: dict[str, str]) -> Sim | None:
        sim = None
        if "onum" in query or "msisdn" in query:
            sim = self.engine.by_msisdn.get(query.get("onum") or query.get("msisdn") or "")
        elif "iccid" in query:
            sim = self.engine.by_iccid.get(query["iccid"])
        return sim if sim is not None and sim.profile == TC else None

    def stamp(self, epoch: float) -> str:
        """Epoch seconds as the gate writes times; empty for never."""
        return as_utc(epoch).astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S") if epoch else ""

    # --- reads --------------------------------------------------------------------------------------------------

    def _gbalance(self, call: Call, fault: Fault | None) -> Answer:
        if call.arguments.get("onum"):
            if not call.sims:
                return gate_error("Card not found")
            return xml_answer(f"<records><card>{card_fields(call.sims[0])}</card></records>")
        return Answer(200, self._inventory(), XML)

    def _inventory(self) -> Iterator[bytes]:
        cards = [sim for sim in self.engine.sims if sim.profile == TC]
        yield f"{HEAD}<records>".encode()
        for start in range(0, len(cards), CARDS_PER_PIECE):
            piece = cards[start : start + CARDS_PER_PIECE]
            yield "".join([f"<card>{card_fields(sim)}</card>" for sim in piece]).encode()
        yield b"</records>"

    def _card_stat(self, call: Call, fault: Fault | None) -> Answer:
        query = call.arguments
        if not any(query.get(name) for name in ("onum", "msisdn", "iccid")):
            return _card_error(4, "Argument missing")
        if not call.sims:
            return _card_error(2, "ICCID not found") if query.get("iccid") else _card_error(1, "MSISDN not found")
        sim = call.sims[0]
        first = sim.sessions[0].started if sim.sessions else 0.0
        last = sim.sessions[-1].started if sim.sessions else 0.0
        return xml_answer(
            f"<card_stat><card>{card_fields(sim)}<enum>{sim.external}</enum><SEnum_list/>"
            f"<create_date>{self.stamp(sim.created_at)}</create_date><FUsage_date>{self.stamp(first)}</FUsage_date>"
            f"<LUsage_date>{self.stamp(last)}</LUsage_date><overdraft>0</overdraft></card>"
            "<error_code>0</error_code><error_text>Ok</error_text></card_stat>"
        )

    def _checkdatasession(self, call: Call, fault: Fault | None) -> Answer:
        if not call.sims:
            return gate_error("Card not found")
        sim = call.sims[0]
        session = sim.last_session
        active = "true" if sim.in_session else "false"
        if session is None:
            detail = "<started/><finished/><operator/><country/>"
        else:
            network = NETWORKS[session.network]
            detail = (
                f"<started>{self.stamp(session.started)}</started><finished>{self.stamp(session.ended)}</finished>"
                f"<operator>{escape(network.operator)}</operator><country>{escape(network.country)}</country>"
                f"<opercode>{network.plmn}</opercode>"
            )
        return xml_answer(
            f"<checkdatasession><onum>{sim.msisdn}</onum><active>{active}</active>{detail}</checkdatasession>"
        )

    def _getmsu(self, call: Call, fault: Fault | None) -> Answer:
        if not call.sims:
            return gate_error("Card not found")
        sim = call.sims[0]
        locked = "true" if sim.msu_blocked else "false"
        return xml_answer(
            f"<msu><onum>{sim.msisdn}</onum><count>{sim.msu_count}</count><blocked>{locked}</blocked></msu>"
        )

    def _getlimit(self, call: Call, fault: Fault | None) -> Answer:
        if not call.sims:
            return gate_error("Card not found")
        sim = call.sims[0]
        now = self.engine.clock.now()
        used = sim.month_bytes(month_start(now), now) / BYTES_PER_MB
        megabytes = str(sim.limit_mb) if sim.limit_mb >= 0 else ""
        reached = "true" if sim.limit_reached else "false"
        return xml_answer(
            f"<limit><onum>{sim.msisdn}</onum><period>month</period><mb>{megabytes}</mb>"
            f"<used_mb>{used:.3f}</used_mb><reached>{reached}</reached></limit>"
        )

    def _gprscdr(self, call: Call, fault: Fault | None) -> Answer:
        span = self._span(call)
        if span is None:
            return gate_error("Wrong date")
        records = tsim_records.sessions_between(self.engine, span, call.sims, fault)
        return Answer(200, tsim_records.data_records(self.engine, records, self.stamp), XML)

    def _gccdr(self, call: Call, fault: Fault | None) -> Answer:
        span = self._span(call)
        if span is None:
            return gate_error("Wrong date")
        records = tsim_records.sessions_between(self.engine, span, call.sims, fault)
        return Answer(200, tsim_records.call_records(self.engine, records, self.stamp), XML)

    def _span(self, call: Call) -> tuple[float, float] | None:
        """The instants from the start of `started` to the end of `finished`; None when a date is wrong."""
        if call.arguments.get("onum") and not call.sims:
            return None
        try:
            begin = datetime.fromisoformat(call.arguments.get("started", ""))
            end = datetime.fromisoformat(call.arguments.get("finished", ""))
        except ValueError:
            return None
        if len(call.arguments["finished"]) <= 10:
            end += timedelta(days=1)
        return begin.replace(tzinfo=self.zone).timestamp(), end.replace(tzinfo=self.zone).timestamp()

    def _account(self, call: Call, fault: Fault | None) -> Answer:
        return xml_answer("<account><balance>1250.0000</balance><curr>EUR</curr></account>")

    def _getpermissions(self, call: Call, fault: Fault | None) -> Answer:
        names = "".join(f"<command>{name}</command>" for name in self.commands)
        return xml_answer(f"<permissions>{names}</permissions>")

    # --- writes -------------------------------------------------------------------------------------------------

    def _sblock(self, call: Call, fault: Fault | None) -> Answer:
        if not call.sims:
            return _block_error("Specified card is not found!")
        sim = call.sims[0]
        wanted = call.arguments.get("block", "")
        if wanted == "c":
            return _block_state(sim)
        if wanted not in _BLOCK_WORDS:
            return _block_error("Argument block is wrong!")
        blocking = _BLOCK_WORDS[wanted]
        if fault is not None and fault.fault == "accepted_never_done":
            return _block_state(sim, pretended="true" if blocking else "false")
        outcome = locks.block(self.engine, sim) if blocking else locks.unblock(self.engine, sim)
        if outcome is Outcome.MSU_LOCKED:
            return _block_error("Specified card is blocked by MSU limit and cannot be unblocked!")
        if outcome is Outcome.REPEATED or (fault is not None and fault.fault == "already_blocked"):
            word = "blocked" if blocking else "unblocked"
            return _block_error(f"Specified card is already {word}!", "repeated")
        return _block_state(sim)

    def _cnl(self, call: Call, fault: Fault | None) -> Answer:
        if not call.sims:
            return gate_error("Card not found")
        returns = fault is None or fault.fault != "accepted_never_done"
        if self.engine.cancel_location(call.sims[0], returns):
            self.world.violations.add(
                "repeated_cancel_location", "tsim", "cnl", call.sims[0].iccid, "an earlier one is still under way"
            )
        return xml_answer("<cnl><result>accepted</result></cnl>", "accepted")

    def _setlimit(self, call: Call, fault: Fault | None) -> Answer:
        if not call.sims:
            return gate_error("Card not found")
        wanted = call.arguments.get("mb", "")
        if call.arguments.get("period") != "month" or not (wanted == "-1" or (wanted.isascii() and wanted.isdigit())):
            return gate_error("Wrong limit")
        if fault is None or fault.fault != "accepted_never_done":
            self.engine.set_limit(call.sims[0], int(wanted))
        return xml_answer(f"<setlimit><onum>{call.sims[0].msisdn}</onum><result>ok</result></setlimit>", "applied")


def card_fields(sim: Sim) -> str:
    """The elements of a card that inventory and card read share."""
    return (
        f"<tsimid>{90_000 + sim.index // 2}</tsimid><aserviceid>7</aserviceid><inum>{8_880_000 + sim.index // 2}</inum>"
        f"<onum>{sim.msisdn}</onum><iccid>{sim.iccid}</iccid><prepayed>false</prepayed>"
        f"<blocked>{'true' if sim.blocked else 'false'}</blocked><balance>{sim.balance / 10_000:.4f}</balance>"
        "<curr>EUR</curr>"
    )


def _card_error(code: int, text: str) -> Answer:
    return xml_answer(
        f"<card_stat><error_code>{code}</error_code><error_text>{text}</error_text></card_stat>", "refused"
    )


def _block_error(text: str, outcome: str = "refused") -> Answer:
    return xml_answer(f"<sblock><error_text>{text}</error_text></sblock>", outcome)


def _block_state(sim: Sim, pretended: str | None = None) -> Answer:
    blocked = pretended or ("true" if sim.blocked else "false")
    return xml_answer(
        f"<card><tsimid>{90_000 + sim.index // 2}</tsimid><inum>{8_880_000 + sim.index // 2}</inum>"
        f"<onum>{sim.msisdn}</onum><blocked>{blocked}</blocked></card>",
        "applied",
    )
