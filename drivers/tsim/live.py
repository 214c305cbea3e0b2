"""Reading one SIM of the gate fresh, part by part."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from drivers.tsim import translation
from drivers.tsim.answers import Row, row_of
from drivers.tsim.inventory import TsimInventory
from drivers.tsim.records import TsimRecords
from drivers.tsim.settings import TsimSettings
from drivers.tsim.wire import TsimWire
from novaconnect_sdk import (
    DriverContext,
    DriverError,
    LimitReading,
    LivePart,
    LiveReading,
    MsuReading,
    ObservedState,
    Reading,
    RegistrationReading,
    SessionReading,
    SessionRecord,
    SimRef,
    SimUnknown,
)

# The gate's clock and ours may differ a little: ask for records somewhat beyond now.
_CLOCK_SKEW = timedelta(hours=1)

T = TypeVar("T")


class TsimLive:
    """Asks for session, block, signalling counter and limit; a part that fails does not spoil the others."""

    def __init__(
        self,
        wire: TsimWire,
        inventory: TsimInventory,
        records: TsimRecords,
        settings: TsimSettings,
        context: DriverContext,
    ) -> None:
        self._wire = wire
        self._inventory = inventory
        self._records = records
        self._settings = settings
        self._now = context.now

    async def read(self, sim: SimRef, parts: frozenset[LivePart]) -> LiveReading:
        """The parts asked for; raises when nothing could be asked or the SIM is unknown."""
        number = await self._inventory.number_of(sim)
        sim = replace(sim, operator_ref=number)
        commands = self._settings.commands
        errors: list[DriverError] = []
        (session, registration), observed, msu, limit = await asyncio.gather(
            self._sessions(sim, parts, errors),
            self._part(LivePart.OBSERVED in parts, lambda: self._observed(sim), errors),
            self._part(LivePart.MSU in parts and bool(commands.get_msu), lambda: self._msu(number), errors),
            self._part(LivePart.LIMIT in parts and bool(commands.get_limit), lambda: self._limit(number), errors),
        )
        live = LiveReading(session, registration, observed, msu, limit)
        unknown = next((error for error in errors if isinstance(error, SimUnknown)), None)
        answered = any(reading.value is not None for reading in (session, observed, msu, limit))
        if unknown or (errors and not answered):
            raise unknown or errors[0]
        return live

    async def session_began_after(self, sim: SimRef, since: datetime) -> bool:
        """Whether a data session began after `since`, be it open or over already."""
        number = await self._inventory.number_of(sim)
        row = row_of(await self._wire.ask("checkdatasession", onum=number))
        current = translation.current_session(row, self._settings.zone)
        if current is not None and current.started_at is not None:
            return current.started_at > since
        records = await self._recent_sessions(replace(sim, operator_ref=number), since)
        return any(record.started_at > since for record in records)

    async def _sessions(
        self, sim: SimRef, parts: frozenset[LivePart], errors: list[DriverError]
    ) -> tuple[Reading[SessionReading], Reading[RegistrationReading]]:
        if not parts & {LivePart.SESSION, LivePart.REGISTRATION}:
            return Reading.unsupported(), Reading.unsupported()
        try:
            row = row_of(await self._wire.ask("checkdatasession", onum=str(sim.operator_ref)))
            current = translation.current_session(row, self._settings.zone)
            registration = self._registration(row, current)
            if current is None and LivePart.SESSION in parts:
                current = await self._last_session(sim, row)
        except DriverError as error:
            errors.append(error)
            gone: Reading[SessionReading] = Reading.unavailable(error.message)
            return gone, Reading.unavailable(error.message)
        session = (
            Reading.ok(current, self._now()) if LivePart.SESSION in parts else Reading[SessionReading].unsupported()
        )
        return session, registration if LivePart.REGISTRATION in parts else Reading.unsupported()

    def _registration(self, row: Row, current: SessionReading | None) -> Reading[RegistrationReading]:
        """The gate tells the network of an open session only."""
        if current is None:
            return Reading.unsupported()
        found = RegistrationReading(
            since=current.started_at,
            network=row.get("operator") or None,
            country=row.get("country") or None,
            plmn=translation.plmn(row.get("opercode", "")),
        )
        return Reading.ok(found, self._now())

    async def _last_session(self, sim: SimRef, row: Row) -> SessionReading:
        ended = translation.instant(row.get("finished", ""), self._settings.zone)
        if ended is None:
            since = self._now() - timedelta(days=self._settings.last_session_days)
            # A session that is not open any more, though its record has no end yet, ended a moment ago for all we know.
            ends = [record.ended_at or self._now() for record in await self._recent_sessions(sim, since)]
            ended = max(ends, default=None)
        return SessionReading(active=False, ended_at=ended)

    async def _recent_sessions(self, sim: SimRef, since: datetime) -> list[SessionRecord]:
        end = self._now() + _CLOCK_SKEW
        page = await self._records.sessions(since, end, None, sim)
        found = list(page.items)
        while page.next_cursor is not None:
            page = await self._records.sessions(since, end, page.next_cursor, sim)
            found += page.items
        return found

    async def _observed(self, sim: SimRef) -> ObservedState:
        return (await self._inventory.read(sim)).observed

    async def _msu(self, number: str) -> MsuReading:
        return translation.msu(row_of(await self._wire.ask(self._settings.commands.get_msu, onum=number)))

    async def _limit(self, number: str) -> LimitReading:
        row = row_of(await self._wire.ask(self._settings.commands.get_limit, onum=number))
        return translation.limit(row, self._settings.zone)

    async def _part(self, wanted: bool, ask: Callable[[], Awaitable[T]], errors: list[DriverError]) -> Reading[T]:
        if not wanted:
            return Reading.unsupported()
        try:
            return Reading.ok(await ask(), self._now())
        except DriverError as error:
            errors.append(error)
            return Reading.unavailable(error.message)
