"""Everything one running simulator holds: options, engine, faults, limits and logs."""

from simulator.clock import VirtualClock
from simulator.engine import Engine
from simulator.faults import FaultBook
from simulator.fleet import grown
from simulator.limits import CallGate
from simulator.options import Options
from simulator.request_log import RequestLog, Violations


class World:
    """The state shared by the faces."""

    def __init__(self, options: Options, clock: VirtualClock, seed: int, birth: float) -> None:
        self.options = options
        self.clock = clock
        self.seed = seed
        self.birth = birth
        # Counts the births of the fleet: what was saved of an earlier one is worthless.
        self.generation = 0
        self.engine = Engine(clock, seed)
        self.faults = FaultBook(seed)
        self.requests = RequestLog()
        self.violations = Violations()
        self.gate = CallGate(options.jasper_rate, options.jasper_concurrency)

    def populate(self, size: int) -> None:
        """Fill the engine with the fleet as it was born; earlier SIMs are forgotten."""
        self.engine.load(grown(self.seed, self.birth, 0, size, self.options.lively))

    def restart_fleet(self) -> None:
        """The same fleet as when it was born, with its first birth time moved to now so that sessions are fresh."""
        self.birth = self.clock.now()
        self.populate(len(self.engine.sims))
        self.generation += 1
