"""Usage records of the account: data sessions per SIM and billing cycle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from drivers.jasper import translation
from drivers.jasper.settings import JasperSettings
from drivers.jasper.soap import all_of, text_of
from drivers.jasper.wire import JasperWire
from novaconnect_sdk import (
    DriverContext,
    DriverError,
    InvalidRequest,
    OpenListings,
    RecordPage,
    SessionRecord,
    SimRef,
)

_NO_USAGE = "200200"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a listing stands: the listing's name (empty for one SIM), the SIM, the cycle and the page from 1."""

    listing: str
    sim: int
    cycle: int
    page: int

    def __str__(self) -> str:
        return f"{self.listing}.{self.sim}.{self.cycle}.{self.page}"


class JasperRecords:
    """Reads data usage details, one call a page. Without a SIM it goes through all of the account."""

    def __init__(self, wire: JasperWire, settings: JasperSettings, context: DriverContext) -> None:
        self._wire = wire
        self._settings = settings
        self._now = context.now
        self._open: OpenListings[list[str]] = OpenListings(lambda iccids: None)

    async def sessions(
        self, start: datetime, end: datetime, cursor: str | None, sim: SimRef | None
    ) -> RecordPage[SessionRecord]:
        """Data sessions that began in [start, end)."""
        iccids, place = await self._place(cursor, sim)
        cycles = cycles_between(start, end, self._settings.cycle_day)
        if place.sim >= len(iccids) or place.cycle >= len(cycles):
            self._open.drop(place.listing)
            return RecordPage((), None)
        iccid = iccids[place.sim]
        records, pages = await self._details(iccid, cycles[place.cycle], place.page)
        following = _following(place, pages, len(cycles), len(iccids))
        if following is None:
            self._open.drop(place.listing)
        items = tuple(record for record in records if start <= record.started_at < end)
        return RecordPage(items, str(following) if following else None)

    def close(self) -> None:
        """Close all listings."""
        self._open.close()

    async def _place(self, cursor: str | None, sim: SimRef | None) -> tuple[list[str], _Place]:
        if sim is not None:
            return [str(sim.iccid)], _parsed(cursor) if cursor else _Place("", 0, 0, 1)
        if cursor is None:
            iccids = await self._wire.modified_iccids(None)
            return iccids, _Place(self._open.add(iccids), 0, 0, 1)
        place = _parsed(cursor)
        return self._open.get(place.listing), place

    async def _details(self, iccid: str, cycle: date, page: int) -> tuple[list[SessionRecord], int]:
        fields = (("iccid", iccid), ("cycleStartDate", f"{cycle.isoformat()}Z"), ("pageNumber", str(page)))
        try:
            answer = await self._wire.ask("GetTerminalUsageDataDetails", fields, service="billing")
        except DriverError as error:
            if error.native_code == _NO_USAGE:
                return [], 0
            raise
        details = all_of(answer, "usageDetails/usageDetail")
        records = [translation.session_record(detail, iccid, self._settings, self._now()) for detail in details]
        total = translation.number(text_of(answer, "totalPages"))
        return [record for record in records if record is not None], int(total or 0)


def cycles_between(start: datetime, end: datetime, first_day: int) -> list[date]:
    """The first days (UTC) of the billing cycles that hold instants of [start, end)."""
    if end <= start:
        return []
    cycle = _cycle_of(start, first_day)
    last = _cycle_of(end - timedelta(microseconds=1), first_day)
    cycles = [cycle]
    while cycle < last:
        cycle = (cycle.replace(day=1) + timedelta(days=32)).replace(day=first_day)
        cycles.append(cycle)
    return cycles


def _cycle_of(moment: datetime, first_day: int) -> date:
    day = moment.astimezone(UTC).date()
    if day.day >= first_day:
        return day.replace(day=first_day)
    return (day.replace(day=1) - timedelta(days=1)).replace(day=first_day)


def _following(place: _Place, pages: int, cycles: int, sims: int) -> _Place | None:
    if place.page < pages:
        return _Place(place.listing, place.sim, place.cycle, place.page + 1)
    if place.cycle + 1 < cycles:
        return _Place(place.listing, place.sim, place.cycle + 1, 1)
    return _Place(place.listing, place.sim + 1, 0, 1) if place.sim + 1 < sims else None


def _parsed(cursor: str) -> _Place:
    parts = cursor.split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts[1:]):
        raise InvalidRequest("This is not a cursor of this driver: begin the listing again without one.")
    return _Place(parts[0], int(parts[1]), int(parts[2]), max(1, int(parts[3])))
