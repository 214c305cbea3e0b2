"""The driver `lantern`: locks and the inventory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from novaconnect_sdk import (
    Action,
    AnswerUnreadable,
    Capability,
    Done,
    DriverContext,
    DriverError,
    Iccid,
    InvalidRequest,
    Msisdn,
    ObservedState,
    OperatorLimits,
    Settings,
    SettingsReader,
    SimPage,
    SimRecord,
    SimRef,
    SimStatus,
    WriteResult,
    outcome_of,
)

from .wire import LanternWire


def create(settings: Settings, context: DriverContext) -> LanternDriver:
    """Make the driver of one profile; raises `SettingsError` naming what is wrong."""
    read = SettingsReader(settings)
    base_url, token = read.address("base_url"), read.text("token")
    timeout = read.seconds("timeout_seconds", 10, 0.1, 300)
    page_size = read.integer("page_size", 500, 1, 500)
    read.refuse_unknown()
    return LanternDriver(LanternWire(base_url, token, timeout, context), f"lantern:{base_url}", page_size, context)


class LanternDriver:
    """One Lantern account. Lantern suspends and resumes SIMs and lists them in the order of their ICCIDs."""

    name = "lantern"
    limits = OperatorLimits(calls_per_second=20, max_concurrency=5)

    def __init__(self, wire: LanternWire, account_key: str, page_size: int, context: DriverContext) -> None:
        self.account_key = account_key
        self._wire = wire
        self._page_size = page_size
        self._now = context.now

    def capabilities(self, sim: SimRef | None = None) -> tuple[Capability, ...]:
        """Lock and unlock, at once."""
        seconds = timedelta(seconds=2)
        return (Capability(Action.LOCK, typical=seconds), Capability(Action.UNLOCK, typical=seconds))

    async def close(self) -> None:
        """Give back connections."""
        await self._wire.close()

    async def lock(self, sim: SimRef, key: str) -> WriteResult:
        """Suspend the SIM; suspending it again changes nothing."""
        return await self._suspend(sim, True)

    async def unlock(self, sim: SimRef, key: str) -> WriteResult:
        """Resume the SIM."""
        return await self._suspend(sim, False)

    async def list_sims(self, cursor: str | None, changed_since: datetime | None) -> SimPage:
        """The SIMs after the cursor, which is the last ICCID seen: nothing is missed when others come and go."""
        query = {"size": str(self._page_size), "after": _iccid(cursor) if cursor else ""}
        answer = await self._wire.ask("GET", "/v1/sims", params=query)
        items = tuple(self._record(entry) for entry in answer.get("sims", []))
        more = bool(answer.get("more")) and bool(items)
        return SimPage(items, str(items[-1].ref.iccid) if more else None, complete=not more)

    async def read_sim(self, sim: SimRef) -> SimRecord:
        """One SIM."""
        return self._record(await self._wire.ask("GET", f"/v1/sims/{sim.iccid}"))

    async def _suspend(self, sim: SimRef, suspended: bool) -> WriteResult:
        try:
            answer = await self._wire.ask("PUT", f"/v1/sims/{sim.iccid}", json={"suspended": suspended})
            return Done(self._record(answer).observed)
        except DriverError as error:
            return outcome_of(error)

    def _record(self, entry: Mapping[str, Any]) -> SimRecord:
        try:
            ref = SimRef(Iccid(entry["iccid"]), None, Msisdn(entry["msisdn"]))
            suspended = entry["suspended"]
        except (KeyError, TypeError, ValueError):
            raise AnswerUnreadable("Lantern described a SIM in a way that is not understood.") from None
        status = SimStatus.BLOCKED if suspended else SimStatus.ACTIVE
        return SimRecord(ref, ObservedState(self._now(), bool(suspended), status, "suspended" if suspended else "live"))


def _iccid(cursor: str) -> str:
    try:
        return Iccid(cursor)
    except ValueError:
        raise InvalidRequest("This is not a cursor of this driver: begin the listing again without one.") from None
