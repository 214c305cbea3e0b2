"""Packages and the roaming plan: which rate plan a term runs on, what follows it, and how a change is confirmed."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.jasper import capabilities, translation
from drivers.jasper.inventory import JasperInventory
from drivers.jasper.settings import JasperSettings
from drivers.jasper.soap import all_of, text_of
from drivers.jasper.wire import JasperWire
from novaconnect_sdk import (
    Accepted,
    AnswerLost,
    Confirmation,
    Done,
    Iccid,
    InvalidRequest,
    NotSent,
    SimRef,
    TransitionRefused,
    WriteResult,
)

_RENEW_NAMED, _DEACTIVATE = "N", "D"
_HANDLE = "plan"
_TERM_HANDLE = "term"


@dataclass(frozen=True, slots=True)
class _Rating:
    """The plan of the running term and the plans queued after it, first to last."""

    plan: str
    queue: tuple[str, ...]


class JasperPackages:
    """Changes packages. A new size begins with the next term; a reconnect begins a term now and is charged now."""

    def __init__(self, wire: JasperWire, inventory: JasperInventory, settings: JasperSettings) -> None:
        self._wire = wire
        self._inventory = inventory
        self._settings = settings
        self._plans = settings.plans
        self._roaming_deadline = settings.roaming_deadline

    async def change(self, sim: SimRef, size_mb: int, auto_reconnect: bool, key: str) -> WriteResult:
        """What follows the running term: this size again and again, or this size once and then the SIM stops."""
        if not self._plans.smallest <= size_mb <= self._plans.largest:
            raise InvalidRequest(f"A package has {self._plans.smallest} to {self._plans.largest} MB.")
        rating = await self._rating_before_writing(sim)
        roams = rating.plan == self._plans.roaming
        if roams and size_mb != self._plans.roaming_size:
            raise TransitionRefused("The roaming plan has one package size: switch roaming off first.")
        wanted = self._plans.roaming if roams else self._plans.of_size(size_mb)
        # From the end, so that the places of those before do not move.
        for place in range(len(rating.queue), 0, -1):
            place_of_plan = (
                ("iccid", str(sim.iccid)),
                ("queuePosition", str(place)),
                ("ratePlan", rating.queue[place - 1]),
            )
            await self._wire.ask("RemoveRatePlanFromQueue", place_of_plan, key=key)
        await self._renew(sim, wanted if auto_reconnect else None, key)
        # Queuing adds each time it is called: it comes last, so that whatever fails before may be repeated.
        if not auto_reconnect and rating.plan != wanted:
            fields = (("iccid", str(sim.iccid)), ("renewalRatePlan", wanted))
            await self._wire.ask("QueueTerminalRatePlan", fields, key=key)
        return Done()

    async def reconnect(self, sim: SimRef) -> WriteResult:
        """Begin a new term of the same plan now."""
        plan = (await self._rating_before_writing(sim)).plan
        if not plan:
            raise TransitionRefused("The SIM has no rate plan to reconnect.")
        if await self._wire.put(f"/devices/{sim.iccid}", {"ratePlan": plan}):
            return Done()
        # The plan is the same before and after: what shows that it took effect is a term that runs.
        handle = f"{_TERM_HANDLE}:{sim.iccid}:{plan}"
        return Accepted(capabilities.STATUS_FIRST_LOOK, capabilities.STATUS_DEADLINE, handle=handle)

    async def set_roaming(self, sim: SimRef, enabled: bool) -> WriteResult:
        """Move the SIM to the wide plan or back; the operator takes up to three working days."""
        wanted = self._plans.roaming if enabled else self._plans.base
        current = (await self._rating_before_writing(sim)).plan
        if (current == self._plans.roaming) is enabled:
            return Done()
        return await self._set_plan(sim, wanted)

    async def poll(self, handle: str) -> Confirmation:
        """Whether the SIM of a handle of ours runs on the plan it was moved to, or has the term it was given."""
        kind, _, rest = handle.partition(":")
        iccid, _, plan = rest.partition(":")
        try:
            sim = SimRef(Iccid(iccid))
        except ValueError:
            return Confirmation.IMPOSSIBLE
        if kind not in (_HANDLE, _TERM_HANDLE) or not plan:
            return Confirmation.IMPOSSIBLE
        terminal = await self._inventory.terminal(sim)
        happened = text_of(terminal, "ratePlan") == plan
        if kind == _TERM_HANDLE:
            happened = happened and translation.package(terminal, self._settings).exhausted is False
        return Confirmation.CONFIRMED if happened else Confirmation.NOT_YET

    async def _set_plan(self, sim: SimRef, plan: str) -> WriteResult:
        if await self._wire.put(f"/devices/{sim.iccid}", {"ratePlan": plan}):
            return Done()
        return Accepted(capabilities.ROAMING_FIRST_LOOK, self._roaming_deadline, handle=f"{_HANDLE}:{sim.iccid}:{plan}")

    async def _renew(self, sim: SimRef, plan: str | None, key: str) -> None:
        fields = [("iccid", str(sim.iccid)), ("renewalMode", _RENEW_NAMED if plan else _DEACTIVATE)]
        if plan:
            fields.append(("renewalRatePlan", plan))
        await self._wire.ask("EditTerminalRating", fields, key=key)

    async def _rating_before_writing(self, sim: SimRef) -> _Rating:
        try:
            answer = await self._wire.ask("GetTerminalRating", (("iccid", str(sim.iccid)),))
        except AnswerLost:
            raise NotSent("The SIM's rate plan could not be looked up; nothing was changed.") from None
        ratings = all_of(answer, "terminalRatings/terminalRating")
        places = {int(text_of(rating, "queuePosition") or 0): text_of(rating, "ratePlanName") for rating in ratings}
        queue = tuple(places[place] for place in sorted(places) if place > 0)
        return _Rating(places.get(0, ""), queue)
