"""The gate's inventory: one document for all cards, given out in pages, and the read of one card."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from drivers.tsim import translation
from drivers.tsim.answers import Row, row_of
from drivers.tsim.rows import Rows
from drivers.tsim.settings import TsimSettings
from drivers.tsim.wire import TsimWire
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
_CARD = frozenset({"card"})


class _Listing:
    """One downloaded inventory: its rows, when it was asked for, and whether a card had to be left out.

    Later pages are as old as the first: what the cards say was true when the document was made.
    """

    def __init__(self, rows: Rows, as_of: datetime) -> None:
        self.rows = rows
        self.as_of = as_of
        self.gaps = False


class TsimInventory:
    """Lists and reads cards."""

    def __init__(self, wire: TsimWire, settings: TsimSettings, context: DriverContext) -> None:
        self._wire = wire
        self._page_size = settings.page_size
        self._context = context
        self._open: OpenListings[_Listing] = OpenListings(lambda listing: listing.rows.close())

    async def page(self, cursor: str | None) -> SimPage:
        """The page at the cursor (`listing:first row`); complete only when the document ended without a gap."""
        if cursor is None:
            as_of = self._context.now()
            name, first, listing = "", 0, _Listing(await self._wire.download("gbalance", _CARD), as_of)
        else:
            name, first = split_cursor(cursor)
            listing = self._open.get(name)
        rows, ended = await asyncio.to_thread(listing.rows.page, first, self._page_size)
        items = self._translated(listing, [row for _, row in rows])
        if ended:
            self._open.drop(name)
            listing.rows.close()
            return SimPage(items, None, complete=not listing.gaps)
        name = name or self._open.add(listing)
        return SimPage(items, f"{name}:{first + len(rows)}", complete=False)

    async def read(self, sim: SimRef) -> SimRecord:
        """One card by its number, or by its ICCID where the number is not known."""
        number = sim.operator_ref or sim.msisdn
        argument = {"msisdn": number} if number else {"iccid": str(sim.iccid)}
        card = (await self._wire.ask("card_stat", **argument)).find(".//card")
        if card is None:
            raise SimUnknown("The operator's answer holds no card.")
        # A gate that leaves the ICCID out has been asked about a known SIM: the card is that SIM's.
        row = {"iccid": str(sim.iccid), **{name: text for name, text in row_of(card).items() if text}}
        record = translation.sim_record(row, self._context.now())
        if record is None:
            raise AnswerUnreadable("The operator's card has no usable number.")
        if record.ref.iccid != sim.iccid or sim.operator_ref not in (None, record.ref.operator_ref):
            raise SimUnknown(
                "The operator answered with another card: this number does not belong to this SIM any more."
            )
        return record

    async def number_of(self, sim: SimRef) -> str:
        """The gate's key of a SIM; costs a call only where the host does not know it."""
        known = sim.operator_ref or sim.msisdn
        return known or (await self.read(sim)).ref.operator_ref or ""

    def close(self) -> None:
        """Close all listings."""
        self._open.close()

    def _translated(self, listing: _Listing, rows: list[Row]) -> tuple[SimRecord, ...]:
        records = [translation.sim_record(row, listing.as_of) for row in rows]
        usable = tuple(record for record in records if record is not None)
        if len(usable) < len(rows):
            listing.gaps = True
            _log.warning("The inventory holds %d cards without a usable ICCID or number.", len(rows) - len(usable))
        return usable


def split_cursor(cursor: str) -> tuple[str, int]:
    """The listing's name and the row of a cursor; raises `InvalidRequest` when it is no cursor of this driver."""
    name, colon, first = cursor.rpartition(":")
    if not colon or not first.isascii() or not first.isdigit() or len(first) > 12:
        raise InvalidRequest("This is not a cursor of this driver: begin the listing again without one.")
    return name, int(first)
