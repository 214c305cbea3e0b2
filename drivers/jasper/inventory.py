"""The account's inventory: the list of ICCIDs once, then their details fifty a call."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from lxml import etree

from drivers.jasper import translation
from drivers.jasper.settings import JasperSettings
from drivers.jasper.soap import all_of, text_of
from drivers.jasper.wire import JasperWire
from novaconnect_sdk import (
    AnswerUnreadable,
    DriverContext,
    InvalidRequest,
    OpenListings,
    SimPage,
    SimRecord,
    SimRef,
    SimUnknown,
)

_log = logging.getLogger(__name__)


class _Listing:
    """The ICCIDs of one listing and whether the operator left one out of its details."""

    def __init__(self, iccids: list[str]) -> None:
        self.iccids = iccids
        self.gaps = False


class JasperInventory:
    """Lists and reads terminals."""

    def __init__(self, wire: JasperWire, settings: JasperSettings, context: DriverContext) -> None:
        self._wire = wire
        self._settings = settings
        self._context = context
        self._open: OpenListings[_Listing] = OpenListings(lambda listing: None)

    async def page(self, cursor: str | None, changed_since: datetime | None) -> SimPage:
        """The page at the cursor (`listing:first`); complete only when no terminal was left out."""
        if cursor is None:
            since = changed_since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if changed_since else None
            name, first, listing = "", 0, _Listing(await self._wire.modified_iccids(since))
        else:
            name, first = _split(cursor)
            listing = self._open.get(name)
        wanted = listing.iccids[first : first + self._settings.page_size]
        items = await self._records(listing, wanted) if wanted else ()
        total, following = len(listing.iccids), first + len(wanted)
        if following < total:
            name = name or self._open.add(listing)
            return SimPage(items, f"{name}:{following}", complete=False, total=total)
        self._open.drop(name)
        return SimPage(items, None, complete=not listing.gaps, total=total)

    async def read(self, sim: SimRef) -> SimRecord:
        """One terminal."""
        record = translation.sim_record(await self.terminal(sim), self._context.now(), self._settings)
        if record is None:
            raise AnswerUnreadable("The operator's details name no usable ICCID.")
        return record

    async def terminal(self, sim: SimRef) -> etree._Element:
        """The details of one SIM as the operator keeps them."""
        for terminal in await self._details([str(sim.iccid)]):
            if text_of(terminal, "iccid") == sim.iccid:
                return terminal
        raise SimUnknown("The operator does not know this SIM.")

    def close(self) -> None:
        """Close all listings."""
        self._open.close()

    async def _records(self, listing: _Listing, wanted: list[str]) -> tuple[SimRecord, ...]:
        now = self._context.now()
        try:
            terminals = await self._details(wanted)
        except SimUnknown:
            terminals = []
        records = [translation.sim_record(terminal, now, self._settings) for terminal in terminals]
        asked = set(wanted)
        usable = {record.ref.iccid: record for record in records if record is not None and record.ref.iccid in asked}
        if len(usable) < len(asked):
            listing.gaps = True
            _log.warning("The operator listed %d terminals without details.", len(asked) - len(usable))
        return tuple(usable.values())

    async def _details(self, iccids: list[str]) -> list[etree._Element]:
        fields = (("iccids", [("iccid", iccid) for iccid in iccids]),)
        return all_of(await self._wire.ask("GetTerminalDetails", fields), "terminals/terminal")


def _split(cursor: str) -> tuple[str, int]:
    name, colon, first = cursor.rpartition(":")
    if not colon or not first.isascii() or not first.isdigit() or len(first) > 12:
        raise InvalidRequest("This is not a cursor of this driver: begin the listing again without one.")
    return name, int(first)
