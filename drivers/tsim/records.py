"""Usage records of the gate: one document per question, given out in pages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from drivers.tsim import translation
from drivers.tsim.answers import Row
from drivers.tsim.inventory import TsimInventory, split_cursor
from drivers.tsim.rows import Rows
from drivers.tsim.settings import TsimSettings
from drivers.tsim.wire import TsimWire
from novaconnect_sdk import CallOrMessageRecord, OpenListings, RecordPage, SessionRecord, SimRef

_log = logging.getLogger(__name__)
_DATA = frozenset({"data"})
_CALLS = frozenset({"call", "sms"})

R = TypeVar("R")


class TsimRecords:
    """Reads data, voice and SMS records. The gate knows whole days only: what it gives too much is left out here."""

    def __init__(self, wire: TsimWire, inventory: TsimInventory, settings: TsimSettings) -> None:
        self._wire = wire
        self._inventory = inventory
        self._zone = settings.zone
        self._page_size = settings.page_size
        self._open: OpenListings[Rows] = OpenListings(lambda rows: rows.close())

    async def sessions(
        self, start: datetime, end: datetime, cursor: str | None, sim: SimRef | None
    ) -> RecordPage[SessionRecord]:
        """Data sessions that began in [start, end)."""

        def wanted(tag: str, row: Row) -> SessionRecord | None:
            return translation.session_record(row, self._zone)

        page = await self._page("gprscdr", _DATA, (start, end), cursor, sim, wanted)
        items = tuple(record for record in page.items if start <= record.started_at < end)
        return RecordPage(items, page.next_cursor)

    async def calls_and_messages(
        self, start: datetime, end: datetime, cursor: str | None, sim: SimRef | None
    ) -> RecordPage[CallOrMessageRecord]:
        """Calls and text messages in [start, end)."""

        def wanted(tag: str, row: Row) -> CallOrMessageRecord | None:
            return translation.call_record(tag, row, self._zone)

        page = await self._page("gccdr", _CALLS, (start, end), cursor, sim, wanted)
        return RecordPage(tuple(record for record in page.items if start <= record.at < end), page.next_cursor)

    def close(self) -> None:
        """Close all listings."""
        self._open.close()

    async def _page(
        self,
        command: str,
        tags: frozenset[str],
        span: tuple[datetime, datetime],
        cursor: str | None,
        sim: SimRef | None,
        translate: Callable[[str, Row], R | None],
    ) -> RecordPage[R]:
        if cursor is None:
            name, first, document = "", 0, await self._download(command, tags, span, sim)
        else:
            name, first = split_cursor(cursor)
            document = self._open.get(name)
        rows, ended = await asyncio.to_thread(document.page, first, self._page_size)
        records = [translate(tag, row) for tag, row in rows]
        usable = tuple(record for record in records if record is not None)
        if len(usable) < len(records):
            _log.warning("%d usage records lack what identifies them and were left out.", len(records) - len(usable))
        if ended:
            self._open.drop(name)
            document.close()
            return RecordPage(usable, None)
        name = name or self._open.add(document)
        return RecordPage(usable, f"{name}:{first + len(rows)}")

    async def _download(
        self, command: str, tags: frozenset[str], span: tuple[datetime, datetime], sim: SimRef | None
    ) -> Rows:
        first, last = translation.days_of(*span, self._zone)
        arguments = {"started": first.isoformat(), "finished": last.isoformat()}
        if sim is not None:
            arguments["onum"] = await self._inventory.number_of(sim)
        return await self._wire.download(command, tags, **arguments)
