"""The driver `jasper`: what the host may ask of a Control Center account."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime

from drivers.jasper import capabilities, translation
from drivers.jasper.inventory import JasperInventory
from drivers.jasper.live import JasperLive
from drivers.jasper.packages import JasperPackages
from drivers.jasper.records import JasperRecords
from drivers.jasper.settings import DOCUMENTED_LIMITS, JasperSettings, parse
from drivers.jasper.soap import text_of
from drivers.jasper.wire import JasperWire
from novaconnect_sdk import (
    ALL_LIVE_PARTS,
    Accepted,
    Action,
    AnswerUnreadable,
    CallOrMessageRecord,
    Capability,
    Confirmation,
    Done,
    DriverContext,
    DriverError,
    LivePart,
    LiveReading,
    OperatorLimits,
    RecordPage,
    SessionRecord,
    Settings,
    SimPage,
    SimRecord,
    SimRef,
    Unsupported,
    WriteResult,
    outcome_of,
)


def create(settings: Settings, context: DriverContext) -> JasperDriver:
    """Make the driver of one profile; raises `SettingsError` naming what is wrong."""
    return JasperDriver(parse(settings), context)


class JasperDriver:
    """One account: locks, cancel location, packages, inventory, live state, confirmation and usage records."""

    name = "jasper"
    records_by_sim = True  # a listing of all would cost the same calls, and could not be taken up again

    def __init__(self, settings: JasperSettings, context: DriverContext) -> None:
        self._settings = settings
        self._context = context
        self._wire = JasperWire(settings, context)
        self._inventory = JasperInventory(self._wire, settings, context)
        self._live = JasperLive(self._wire, self._inventory, settings, context)
        self._packages = JasperPackages(self._wire, self._inventory, settings)
        self._records = JasperRecords(self._wire, settings, context)
        self._capabilities = capabilities.declared(settings)
        self.account_key = settings.account_key
        pace = (settings.calls_per_second, settings.max_concurrency)
        documented = pace == (DOCUMENTED_LIMITS.calls_per_second, DOCUMENTED_LIMITS.max_concurrency)
        self.limits = OperatorLimits(*pace, documented=documented, call_timeout=settings.call_timeout)

    def capabilities(self, sim: SimRef | None = None) -> tuple[Capability, ...]:
        """The same for every SIM of the account."""
        return self._capabilities

    async def close(self) -> None:
        """Give back connections and open listings."""
        self._inventory.close()
        self._records.close()
        await self._wire.close()

    async def lock(self, sim: SimRef, key: str) -> WriteResult:
        """Move the SIM to the status that stands for locked."""
        return await self._outcome(self._set_status(sim, self._settings.lock_status))

    async def unlock(self, sim: SimRef, key: str) -> WriteResult:
        """Move the SIM to the status that stands for in service."""
        return await self._outcome(self._set_status(sim, self._settings.unlock_status))

    async def cancel_location(self, sim: SimRef, key: str) -> WriteResult:
        """Make the network forget the SIM; a later registration confirms it."""
        return await self._outcome(self._cancel_location(sim, key))

    async def change_package(self, sim: SimRef, size_mb: int, auto_reconnect: bool, key: str) -> WriteResult:
        """The size of the packages after the running one, and whether they follow each other by themselves."""
        return await self._outcome(self._packages.change(sim, size_mb, auto_reconnect, key))

    async def reconnect_package(self, sim: SimRef, key: str) -> WriteResult:
        """Begin a new term of the same plan now; it is charged each time."""
        return await self._outcome(self._packages.reconnect(sim))

    async def set_roaming(self, sim: SimRef, enabled: bool, key: str) -> WriteResult:
        """Move the SIM to the wide roaming plan or back, within three working days."""
        return await self._outcome(self._packages.set_roaming(sim, enabled))

    async def list_sims(self, cursor: str | None, changed_since: datetime | None) -> SimPage:
        """A page of all terminals, or of those changed since."""
        return await self._inventory.page(cursor, changed_since)

    async def read_sim(self, sim: SimRef) -> SimRecord:
        """One terminal, fresh."""
        return await self._inventory.read(sim)

    async def read_live(self, sim: SimRef, parts: frozenset[LivePart] = ALL_LIVE_PARTS) -> LiveReading:
        """Status and package, session and registration; the operator counts no signalling and knows no MB limit."""
        return await self._live.read(sim, parts)

    async def confirm(self, sim: SimRef, action: Action, since: datetime) -> Confirmation:
        """A lock by the SIM's status, a cancel location by a registration after `since`."""
        if action in (Action.LOCK, Action.UNLOCK):
            wanted = self._settings.lock_status if action is Action.LOCK else self._settings.unlock_status
            state = (await self._inventory.read(sim)).observed
            return Confirmation.CONFIRMED if state.native_status == wanted else Confirmation.NOT_YET
        if action is Action.CANCEL_LOCATION:
            registered = await self._live.registered_after(sim, since)
            return Confirmation.CONFIRMED if registered else Confirmation.NOT_YET
        return Confirmation.IMPOSSIBLE

    async def poll(self, handle: str) -> Confirmation:
        """A change of the roaming plan, by the plan that it was to become; a reconnect, by the term that runs."""
        return await self._packages.poll(handle)

    async def iter_sessions(
        self, start: datetime, end: datetime, cursor: str | None, sim: SimRef | None = None
    ) -> RecordPage[SessionRecord]:
        """Data sessions that began in [start, end)."""
        return await self._records.sessions(start, end, cursor, sim)

    async def iter_calls_and_messages(
        self, start: datetime, end: datetime, cursor: str | None, sim: SimRef | None = None
    ) -> RecordPage[CallOrMessageRecord]:
        """Not read from this operator: its SIMs carry data only."""
        raise Unsupported("Voice and SMS records are not read from this operator.")

    async def _outcome(self, change: Awaitable[WriteResult]) -> WriteResult:
        try:
            return await change
        except DriverError as error:
            return outcome_of(error)

    async def _set_status(self, sim: SimRef, status: str) -> WriteResult:
        if not await self._wire.put(f"/devices/{sim.iccid}", {"status": status}):
            return Accepted(capabilities.STATUS_FIRST_LOOK, capabilities.STATUS_DEADLINE)
        return Done(translation.observed(status, self._context.now(), self._settings.lock_status))

    async def _cancel_location(self, sim: SimRef, key: str) -> WriteResult:
        answer = await self._wire.ask("SendCancelLocation", (("iccid", str(sim.iccid)),), key=key)
        status = text_of(answer, "status").upper()
        if status == "FAILURE":
            raise DriverError("The operator did not take the cancel location.")
        if status != "SUCCESS":
            raise AnswerUnreadable("The operator's answer does not say whether it took the cancel location.")
        return Accepted(capabilities.CANCEL_LOCATION_FIRST_LOOK, capabilities.CANCEL_LOCATION_WINDOW)
