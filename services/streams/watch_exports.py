"""Live exports: a snapshot of the newest, then each as it moves on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from eventstream import EventHub
from services.exports.export_rows import ExportRow, list_exports
from services.paging import PageRequest
from services.streams.audience import Audience
from services.streams.live_pace import LivePace

WINDOW = 50
"""The newest so many are told of."""


@dataclass(frozen=True, slots=True)
class ExportsEvent:
    """Exports that are new or changed, newest first (in a `snapshot` all of them), and ids of those that are gone."""

    snapshot: bool
    exports: list[ExportRow]
    gone: list[int]


async def watch_exports(audience: Audience, hub: EventHub) -> AsyncGenerator[ExportsEvent, None]:
    """The newest visible exports, without end. Raises `AccessEnded` when access ends."""
    principal = audience.principal
    with hub.listen(principal.company_ids) as listener:
        listener.hears_exports = True
        pace = LivePace(audience, listener)
        known = await _newest(audience)
        yield ExportsEvent(True, list(known.values()), [])
        while True:
            await pace.look()
            now = await _newest(audience)
            changed = [row for row in now.values() if known.get(row.id) != row]
            oldest = min(now, default=0)
            gone = [export_id for export_id in known if export_id not in now and export_id > oldest]
            known = now
            if changed or gone:
                yield ExportsEvent(False, changed, gone)


async def _newest(audience: Audience) -> dict[int, ExportRow]:
    page = await list_exports(audience.principal, PageRequest(first=WINDOW))
    return {row.id: row for row in page.rows}
