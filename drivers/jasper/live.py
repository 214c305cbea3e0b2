"""Reading one SIM of the account fresh, part by part."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from lxml import etree

from drivers.jasper import translation
from drivers.jasper.inventory import JasperInventory
from drivers.jasper.settings import JasperSettings
from drivers.jasper.soap import all_of, text_of
from drivers.jasper.wire import JasperWire
from novaconnect_sdk import (
    DriverContext,
    DriverError,
    LivePart,
    LiveReading,
    ObservedState,
    Reading,
    RegistrationReading,
    SessionReading,
    SimRef,
    SimUnknown,
)

T = TypeVar("T")
_DETAILS = frozenset({LivePart.OBSERVED, LivePart.PACKAGE})


class JasperLive:
    """Asks for details, registration and session, one call after the other: the account allows one at a time."""

    def __init__(
        self, wire: JasperWire, inventory: JasperInventory, settings: JasperSettings, context: DriverContext
    ) -> None:
        self._wire = wire
        self._inventory = inventory
        self._settings = settings
        self._now = context.now

    async def read(self, sim: SimRef, parts: frozenset[LivePart]) -> LiveReading:
        """The parts asked for; raises when nothing could be asked or the SIM is unknown."""
        errors: list[DriverError] = []
        needs_imsi = LivePart.REGISTRATION in parts and sim.imsi is None
        details = await self._part(bool(parts & _DETAILS) or needs_imsi, lambda: self._inventory.terminal(sim), errors)
        session = await self._part(LivePart.SESSION in parts, lambda: self._session(sim), errors)
        registration = await self._part(
            LivePart.REGISTRATION in parts, lambda: self._registration(sim, details.value), errors
        )
        unknown = next((error for error in errors if isinstance(error, SimUnknown)), None)
        answered = any(reading.value is not None for reading in (details, session, registration))
        if unknown or (errors and not answered):
            raise unknown or errors[0]
        return LiveReading(
            session=session,
            registration=registration,
            observed=self._of_details(details, LivePart.OBSERVED in parts, self._observed),
            package=self._of_details(
                details, LivePart.PACKAGE in parts, lambda terminal: translation.package(terminal, self._settings)
            ),
        )

    async def registered_after(self, sim: SimRef, since: datetime) -> bool:
        """Whether the SIM registered in a network after `since`."""
        found = await self._registration(sim, None)
        return found.since is not None and found.since > since

    async def _registration(self, sim: SimRef, details: etree._Element | None) -> RegistrationReading:
        imsi = sim.imsi
        if imsi is None:
            terminal = details if details is not None else await self._inventory.terminal(sim)
            imsi = translation.imsi(text_of(terminal, "imsi"))
        if imsi is None:
            raise SimUnknown("The operator knows no IMSI of this SIM.")
        answer = await self._wire.ask("GetTerminalLatestRegistration", (("imsi", str(imsi)),))
        found = all_of(answer, "registrationInfo")
        return translation.registration(found[0]) if found else RegistrationReading(None)

    async def _session(self, sim: SimRef) -> SessionReading:
        return translation.session(await self._wire.get(f"/devices/{sim.iccid}/sessionInfo"))

    def _observed(self, terminal: etree._Element) -> ObservedState:
        return translation.observed(text_of(terminal, "status"), self._now(), self._settings.lock_status)

    def _of_details(
        self, details: Reading[etree._Element], wanted: bool, translate: Callable[[etree._Element], T]
    ) -> Reading[T]:
        if not wanted:
            return Reading.unsupported()
        if details.value is None or details.as_of is None:
            return Reading.unavailable(details.message or "The operator gave no details.")
        try:
            return Reading.ok(translate(details.value), details.as_of)
        except DriverError as error:
            return Reading.unavailable(error.message)

    async def _part(self, wanted: bool, ask: Callable[[], Awaitable[T]], errors: list[DriverError]) -> Reading[T]:
        if not wanted:
            return Reading.unsupported()
        try:
            return Reading.ok(await ask(), self._now())
        except DriverError as error:
            errors.append(error)
            return Reading.unavailable(error.message)
