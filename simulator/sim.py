"""What the simulator knows of one SIM: its numbers, locks, registration, sessions, package and counters."""

TC = "TC"
TD = "TD"

ACTIVATED = "ACTIVATED"
DEACTIVATED = "DEACTIVATED"
FINAL_STATES = frozenset({"RETIRED", "PURGED", "REPLACED"})


class Session:
    """One data session: instants in epoch seconds, rates in bytes per second; open while `ended` is 0."""

    __slots__ = ("ended", "network", "rate_in", "rate_out", "sim_index", "started")

    def __init__(
        self, sim_index: int, started: float, ended: float, network: int, rate_in: float, rate_out: float
    ) -> None:
        self.sim_index = sim_index
        self.started = started
        self.ended = ended
        self.network = network
        self.rate_in = rate_in
        self.rate_out = rate_out

    @property
    def key(self) -> str:
        """The operator's session id: unique, the same at every reading."""
        return f"{self.sim_index:x}s{int(self.started * 1000):x}"

    def seconds(self, now: float) -> int:
        """Whole seconds the session has lasted."""
        return max(0, int((self.ended or now) - self.started))

    def bytes_between(self, begin: float, end: float, now: float) -> tuple[int, int]:
        """Bytes in and out that fall between two instants (epoch seconds)."""
        seconds = min(self.ended or now, end) - max(self.started, begin)
        if seconds <= 0:
            return 0, 0
        return int(seconds * self.rate_in), int(seconds * self.rate_out)

    def volume(self, now: float) -> tuple[int, int]:
        """Bytes in and out of the whole session so far."""
        return self.bytes_between(self.started, now, now)


class Package:
    """The prepaid package of a TD SIM: plan name, term (epoch seconds), renewal (A, D or N) and what is queued."""

    __slots__ = (
        "exhausted_at",
        "pending_at",
        "pending_plan",
        "plan",
        "queue",
        "renewal",
        "renewal_plan",
        "term_end",
        "term_start",
    )  # fmt: skip

    def __init__(self, plan: str, term_start: float, term_end: float) -> None:
        self.plan = plan
        self.term_start = term_start
        self.term_end = term_end
        self.renewal = "A"
        self.renewal_plan = ""
        self.queue: list[str] = []
        self.pending_plan = ""
        self.pending_at = 0.0
        self.exhausted_at = 0.0


class Sim:
    """One SIM card. Times are epoch seconds and 0 means never; money is in 1/10000 EUR; `limit_mb` -1 is no limit."""

    __slots__ = (
        "activated_at",
        "balance",
        "cancelled_at",
        "churn_at",
        "created_at",
        "external",
        "iccid",
        "imsi",
        "index",
        "limit_at",
        "limit_mb",
        "limit_reached",
        "modified_at",
        "msisdn",
        "msu_blocked",
        "msu_count",
        "network",
        "package",
        "powered",
        "profile",
        "registered",
        "registered_at",
        "reregister_at",
        "sessions",
        "status",
        "writes",
    )  # fmt: skip

    def __init__(self, index: int, profile: str, iccid: str, imsi: str, msisdn: str, external: str) -> None:
        self.index = index
        self.profile = profile
        self.iccid = iccid
        self.imsi = imsi
        self.msisdn = msisdn
        self.external = external
        self.status = ACTIVATED
        self.msu_count = 0
        self.msu_blocked = False
        self.powered = False
        self.registered = False
        self.registered_at = 0.0
        self.network = 0
        self.sessions: list[Session] = []
        self.reregister_at = 0.0
        self.cancelled_at = 0.0
        self.churn_at = 0.0
        self.balance = 0
        self.created_at = 0.0
        self.activated_at = 0.0
        self.modified_at = 0.0
        self.limit_mb = -1
        self.limit_reached = False
        self.limit_at = 0.0
        self.package: Package | None = None
        self.writes: dict[str, int] | None = None

    @property
    def blocked(self) -> bool:
        """True while the operator keeps the SIM off its network."""
        return self.status == DEACTIVATED

    @property
    def last_session(self) -> Session | None:
        """The current session or, when none is open, the one before; None when there never was one."""
        return self.sessions[-1] if self.sessions else None

    @property
    def in_session(self) -> bool:
        """True while a data session is open."""
        return bool(self.sessions) and not self.sessions[-1].ended

    @property
    def may_use_data(self) -> bool:
        """True when the operator would let a data session begin."""
        return self.status == ACTIVATED and not self.msu_blocked and not self.limit_reached

    @property
    def ip_address(self) -> str:
        """The address the SIM gets in a session."""
        number = self.index + 2
        return f"10.{64 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"

    def count_write(self, kind: str) -> None:
        """Add one to the counter of applied writes of this kind."""
        if self.writes is None:
            self.writes = {}
        self.writes[kind] = self.writes.get(kind, 0) + 1

    def month_bytes(self, month_begin: float, now: float) -> int:
        """Bytes in both directions since `month_begin`."""
        total = 0
        for session in self.sessions:
            received, sent = session.bytes_between(month_begin, now, now)
            total += received + sent
        return total
