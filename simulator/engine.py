"""The state engine: every change of a SIM, whichever wire format asked for it, and every event that time brings.

What is due is read from the SIM's own fields; the heap only says where to look, so an entry whose time no longer
matches the field is stale and ignored. A SIM restored from disk therefore needs no saved events.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from simulator import locks, packages
from simulator.clock import VirtualClock, month_start, next_month_start
from simulator.draws import between, fraction
from simulator.networks import HOME_INDEXES, LITE_COUNT
from simulator.sim import ACTIVATED, DEACTIVATED, FINAL_STATES, TC, TD, Session, Sim

SHORTEST_GAP = 120
LONGEST_GAP = 36_000
CANCEL_WINDOW = LONGEST_GAP
KEPT_SECONDS = 200 * 86400

# Event kinds and the SIM field that holds their time.
REREGISTER, CHURN, LIMIT, TERM, EXHAUSTED, ROAMING, MONTH = range(7)


class Engine:
    """The fleet with its indexes, its clock and the events to come."""

    def __init__(self, clock: VirtualClock, seed: int) -> None:
        self.clock = clock
        self.seed = seed
        self.sims: list[Sim] = []
        self.by_iccid: dict[str, Sim] = {}
        self.by_msisdn: dict[str, Sim] = {}
        self.by_imsi: dict[str, Sim] = {}
        self.session_log: list[Session] = []
        self.modified: list[tuple[float, int]] = []
        self.changed: set[int] = set()
        self.heap: list[tuple[float, int, int]] = []

    def load(self, sims: Iterable[Sim]) -> None:
        """Take in the fleet and prepare indexes, the ordered session log and the events to come."""
        self.sims = list(sims)
        self.changed.clear()
        self.by_iccid = {sim.iccid: sim for sim in self.sims}
        self.by_msisdn = {sim.msisdn: sim for sim in self.sims}
        self.by_imsi = {sim.imsi: sim for sim in self.sims}
        self.session_log = sorted(
            (session for sim in self.sims if sim.profile == TC for session in sim.sessions), key=_started
        )
        self.modified = sorted((sim.modified_at, sim.index) for sim in self.sims if sim.profile == TD)
        self.heap = [(next_month_start(self.clock.now()), -1, MONTH)]
        for sim in self.sims:
            self.heap.extend(_due_events(sim))
        heapify(self.heap)

    # --- time ---------------------------------------------------------------------------------------------------

    def settle(self) -> float:
        """Let everything happen that is due by now; returns the virtual time in epoch seconds."""
        now = self.clock.now()
        while self.heap and self.heap[0][0] <= now:
            moment, index, kind = heappop(self.heap)
            if kind == MONTH:
                self._begin_month(moment)
            elif _field_time(self.sims[index], kind) == moment:
                self._happen(self.sims[index], kind, moment)
        return now

    def _happen(self, sim: Sim, kind: int, moment: float) -> None:
        self.changed.add(sim.index)
        if kind == REREGISTER:
            sim.reregister_at = 0.0
            self.register(sim, moment)
        elif kind == CHURN:
            self._churn(sim, moment)
        elif kind == LIMIT:
            sim.limit_at = 0.0
            sim.limit_reached = True
            self.end_session(sim, moment)
        elif kind == ROAMING:
            self._finish_roaming_change(sim, moment)
        else:
            self._end_term(sim, moment)

    def plan_event(self, sim: Sim, kind: int, moment: float) -> None:
        """Note that this SIM has something due at `moment`; the field itself is set by the caller."""
        if moment:
            heappush(self.heap, (moment, sim.index, kind))

    def _begin_month(self, moment: float) -> None:
        """Monthly limits start again and records older than the kept time go."""
        heappush(self.heap, (next_month_start(moment), -1, MONTH))
        for sim in self.sims:
            if sim.limit_mb >= 0:
                sim.limit_reached = False
                self.changed.add(sim.index)
                self.plan_limit(sim, moment)
                if sim.registered and not sim.in_session:
                    self.begin_session(sim, moment)
        self._forget_before(moment - KEPT_SECONDS)

    def _forget_before(self, oldest: float) -> None:
        gone = bisect_left(self.session_log, oldest, key=_started)
        del self.session_log[:gone]
        for sim in self.sims:
            while len(sim.sessions) > 1 and sim.sessions[0].started < oldest:
                del sim.sessions[0]

    def _churn(self, sim: Sim, moment: float) -> None:
        """A lively SIM ends its session, or begins the next one."""
        drawn = int(moment)
        if sim.in_session:
            self.end_session(sim, moment)
            sim.churn_at = moment + between(600, 6 * 3600, self.seed, sim.index, drawn, 1)
        else:
            if sim.registered:
                self.begin_session(sim, moment)
            sim.churn_at = moment + between(4 * 3600, 36 * 3600, self.seed, sim.index, drawn, 2)
        self.plan_event(sim, CHURN, sim.churn_at)

    # --- network ------------------------------------------------------------------------------------------------

    def register(self, sim: Sim, moment: float) -> None:
        """The SIM appears on a network: a new registration date, one more MSU on TC, and usually a data session."""
        if sim.status != ACTIVATED or sim.msu_blocked:
            return
        drawn = int(moment)
        if fraction(self.seed, sim.index, drawn, 3) < 0.15:
            home = between(0, len(HOME_INDEXES) - 1, self.seed, sim.index, drawn, 4)
            sim.network = HOME_INDEXES[home]
        sim.powered = sim.registered = True
        sim.registered_at = moment
        if sim.profile == TC and locks.raise_msu(sim, 1):
            self.leave_network(sim, moment)
            return
        if sim.profile == TC or fraction(self.seed, sim.index, drawn, 5) < 0.85:
            self.begin_session(sim, moment)

    def begin_session(self, sim: Sim, moment: float) -> None:
        """Open a data session when the operator would let it begin and none is open."""
        if sim.in_session or not sim.may_use_data:
            return
        drawn = int(moment)
        speed = 60 if sim.profile == TC else 4
        session = Session(
            sim.index, moment, 0.0, sim.network,
            fraction(self.seed, sim.index, drawn, 6) * speed,
            fraction(self.seed, sim.index, drawn, 7) * speed / 4,
        )  # fmt: skip
        sim.sessions.append(session)
        if sim.profile == TC:
            # Almost always the newest; a session forced into the past by a test finds its place as well.
            insort(self.session_log, session, key=_started)
        self.changed.add(sim.index)
        self.plan_limit(sim, moment)
        self.plan_exhaustion(sim, moment)

    def end_session(self, sim: Sim, moment: float) -> None:
        """Close the open session, if there is one."""
        session = sim.last_session
        if session is not None and not session.ended:
            session.ended = moment
            self.changed.add(sim.index)

    def relist_sessions(self, sim: Sim, gone: list[Session]) -> None:
        """Bring the ordered log in line after a test took sessions of this SIM away or gave it a first one."""
        for session in gone:
            place = bisect_left(self.session_log, session.started, key=_started)
            while self.session_log[place] is not session:
                place += 1
            del self.session_log[place]
        last = sim.sessions[-1]
        place = bisect_left(self.session_log, last.started, key=_started)
        while place < len(self.session_log) and self.session_log[place].started == last.started:
            if self.session_log[place] is last:
                return
            place += 1
        self.session_log.insert(place, last)

    def leave_network(self, sim: Sim, moment: float) -> None:
        """The SIM is off the network: no session and no registration; the date of the last one stays."""
        self.end_session(sim, moment)
        sim.registered = False
        self.changed.add(sim.index)

    def return_later(self, sim: Sim, moment: float, shortest: int, longest: int) -> None:
        """Draw when the SIM registers again, `shortest` to `longest` seconds from now."""
        attempts = (sim.writes or {}).get("cancel_locations_applied", 0)
        sim.reregister_at = moment + between(shortest, longest, self.seed, sim.index, int(sim.cancelled_at), attempts)
        self.plan_event(sim, REREGISTER, sim.reregister_at)

    def cancel_location(self, sim: Sim, returns: bool = True) -> bool:
        """Send the SIM off its network; it comes back after 2 minutes to 10 hours, or never unless `returns`.

        Returns True when an earlier cancel location is still under way: then this one was a repetition.
        """
        now = self.settle()
        under_way = sim.cancelled_at > sim.registered_at
        repeated = under_way and now - sim.cancelled_at < CANCEL_WINDOW
        sim.count_write("cancel_locations_applied")
        self.leave_network(sim, now)
        sim.cancelled_at = now
        sim.reregister_at = 0.0
        if returns:
            self.return_later(sim, now, SHORTEST_GAP, LONGEST_GAP)
        return repeated

    # --- TC limit -----------------------------------------------------------------------------------------------

    def set_limit(self, sim: Sim, megabytes: int) -> None:
        """Set the monthly limit in MB; -1 takes it away."""
        now = self.settle()
        sim.limit_mb = megabytes
        sim.limit_reached = False
        sim.count_write("limits_applied")
        self.changed.add(sim.index)
        self.plan_limit(sim, now)
        if sim.registered:
            self.begin_session(sim, now)

    def plan_limit(self, sim: Sim, now: float) -> None:
        """Work out when the open session will reach the monthly limit; at once when it already has."""
        sim.limit_at = 0.0
        if sim.limit_mb < 0:
            return
        left = sim.limit_mb * packages.BYTES_PER_MB - sim.month_bytes(month_start(now), now)
        session = sim.last_session
        if left <= 0:
            sim.limit_reached = True
            self.end_session(sim, now)
        elif session is not None and not session.ended and session.rate_in + session.rate_out > 0:
            sim.limit_at = now + left / (session.rate_in + session.rate_out) + 1
            self.plan_event(sim, LIMIT, sim.limit_at)

    # --- TD package ---------------------------------------------------------------------------------------------

    def plan_exhaustion(self, sim: Sim, now: float) -> None:
        """Work out when the open session will have used the package up."""
        if sim.package is not None:
            sim.package.exhausted_at = packages.exhausted_at(sim, sim.package, now)
            self.plan_event(sim, EXHAUSTED, sim.package.exhausted_at)

    def plan_term(self, sim: Sim, now: float) -> None:
        """Note the end of the term and a roaming change under way after the package changed."""
        if sim.package is not None:
            self.plan_event(sim, TERM, sim.package.term_end)
            self.plan_event(sim, ROAMING, sim.package.pending_at)
            self.plan_exhaustion(sim, now)

    def _end_term(self, sim: Sim, moment: float) -> None:
        package = sim.package
        assert package is not None
        if sim.status in FINAL_STATES:
            package.term_end = package.exhausted_at = 0.0
            return
        plan = packages.renewed_plan(package)
        if plan:
            packages.begin_term(package, plan, moment)
            self.plan_term(sim, moment)
        else:
            package.term_end = package.exhausted_at = 0.0
            self.set_status(sim, DEACTIVATED, moment)

    def _finish_roaming_change(self, sim: Sim, moment: float) -> None:
        package = sim.package
        assert package is not None
        plan, package.pending_plan, package.pending_at = package.pending_plan, "", 0.0
        packages.begin_term(package, plan, moment)
        self.plan_term(sim, moment)
        self.touch(sim, moment)
        # A SIM on a network of the wide list only loses it with the base plan.
        if sim.network >= LITE_COUNT and not plan.startswith("mega"):
            sim.network = HOME_INDEXES[0]

    # --- modification time --------------------------------------------------------------------------------------

    def set_status(self, sim: Sim, status: str, moment: float) -> None:
        """Set the operator's status and, on TD, the time of modification."""
        sim.status = status
        if status != ACTIVATED:
            self.leave_network(sim, moment)
        self.touch(sim, moment)

    def touch(self, sim: Sim, moment: float) -> None:
        """Note that the operator's record of the SIM changed now; keeps TD ordered by modification time."""
        self.changed.add(sim.index)
        if sim.profile == TD:
            place = bisect_left(self.modified, (sim.modified_at, sim.index))
            del self.modified[place]
            insort(self.modified, (moment, sim.index))
        sim.modified_at = moment


def _started(session: Session) -> float:
    return session.started


def _field_time(sim: Sim, kind: int) -> float:
    if kind == REREGISTER:
        return sim.reregister_at
    if kind == CHURN:
        return sim.churn_at
    if kind == LIMIT:
        return sim.limit_at
    package = sim.package
    if package is None:
        return 0.0
    if kind == TERM:
        return package.term_end
    return package.pending_at if kind == ROAMING else package.exhausted_at


def _due_events(sim: Sim) -> Iterable[tuple[float, int, int]]:
    for kind in (REREGISTER, CHURN, LIMIT, TERM, EXHAUSTED, ROAMING):
        moment = _field_time(sim, kind)
        if moment:
            yield moment, sim.index, kind
