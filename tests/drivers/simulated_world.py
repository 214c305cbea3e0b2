"""The suite's world over the operator simulator, for both of its operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from novaconnect_sdk import Action, Iccid, Imsi, Msisdn, Settings, SimRef
from novaconnect_sdk.testing import Fault, Variant
from tests.drivers.operator_process import OperatorProcess

NOBODY_LISTENS = "http://127.0.0.1:9"

FAULTS: dict[Fault, dict[str, object]] = {
    Fault.LOST_AFTER_APPLYING: {"fault": "disconnect", "apply": True},
    Fault.LOST_BEFORE_APPLYING: {"fault": "disconnect"},
    Fault.SILENCE: {"fault": "timeout_after"},
    Fault.SERVER_ERROR: {"fault": "http_500"},
    Fault.THROTTLED: {"fault": "throttle"},
    Fault.HTML: {"fault": "html"},
    Fault.TRUNCATED: {"fault": "truncated_xml"},
    Fault.EMPTY: {"fault": "empty"},
}


class SimulatedWorld:
    """One operator of the simulator, arranged through its admin API."""

    profile: ClassVar[str]
    applied_counters: ClassVar[Mapping[Action, Sequence[str]]]

    def __init__(self, operator: OperatorProcess) -> None:
        self.operator = operator
        self._offset = timedelta(0)

    @classmethod
    async def opened(cls, operator: OperatorProcess) -> SimulatedWorld:
        """The world as an earlier test left it, without that test's faults."""
        world = cls(operator)
        await operator.send("/reset", {"fleet": False})
        world._offset = timedelta(seconds=(await operator.read("/clock"))["offset_seconds"])
        return world

    def settings(self, variant: Variant = Variant.WORKING) -> Settings:
        raise NotImplementedError

    def secrets(self) -> Sequence[str]:
        raise NotImplementedError

    def reference(self, sim: Mapping[str, Any]) -> SimRef:
        """A SIM of the admin API as the operator's inventory names it."""
        raise NotImplementedError

    def unknown_sim(self) -> SimRef:
        raise NotImplementedError

    def address(self, variant: Variant) -> str:
        """Where the driver shall call."""
        return NOBODY_LISTENS if variant is Variant.UNREACHABLE else self.operator.address

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    async def known_sim(self) -> SimRef:
        return self.reference(await self.operator.fresh_sim(self.profile))

    async def sim_count(self) -> int:
        return int((await self.operator.read("/sims", profile=self.profile, limit=1))["total"])

    async def is_blocked(self, sim: SimRef) -> bool:
        return bool((await self._sim(sim))["blocked"])

    async def block(self, sim: SimRef) -> None:
        await self._force(sim, blocked=True)

    async def unblock(self, sim: SimRef) -> None:
        await self._force(sim, blocked=False)

    async def applied(self, sim: SimRef, action: Action) -> int:
        writes = (await self._sim(sim))["writes"]
        return sum(writes[counter] for counter in self.applied_counters[action])

    async def requests(self) -> int:
        return int((await self.operator.read("/requests", limit=1))["total"])

    async def violations(self) -> Sequence[str]:
        return [str(item) for item in (await self.operator.read("/violations"))["items"]]

    async def fail_next(self, fault: Fault) -> None:
        await self.operator.send("/faults", {**FAULTS[fault], "times": 1})

    async def pass_time(self, duration: timedelta) -> None:
        answer = await self.operator.send("/clock/advance", {"seconds": duration.total_seconds()})
        self._offset = timedelta(seconds=answer["offset_seconds"])

    async def device_returns(self, sim: SimRef) -> None:
        await self.pass_time(timedelta(minutes=5))
        await self._force(sim, registered=True)
        await self._force(sim, in_session=True)

    async def begin_session(self, sim: SimRef) -> None:
        await self.pass_time(timedelta(minutes=5))
        await self._force(sim, in_session=True)

    async def end_session(self, sim: SimRef) -> None:
        await self.pass_time(timedelta(minutes=5))
        await self._force(sim, in_session=False)
        await self.pass_time(timedelta(minutes=30))

    async def _sim(self, sim: SimRef) -> dict[str, Any]:
        found: dict[str, Any] = await self.operator.read(f"/sims/{sim.iccid}")
        return found

    async def _force(self, sim: SimRef, **wish: Any) -> None:
        await self.operator.send(f"/sims/{sim.iccid}", wish)


class TsimWorld(SimulatedWorld):
    """The gate behind profile TC."""

    profile = "TC"
    applied_counters: ClassVar[Mapping[Action, Sequence[str]]] = {
        Action.LOCK: ("blocks_applied",),
        Action.UNLOCK: ("unblocks_applied",),
        Action.CANCEL_LOCATION: ("cancel_locations_applied",),
        Action.SET_LIMIT: ("limits_applied",),
    }

    def settings(self, variant: Variant = Variant.WORKING) -> Settings:
        return {
            "base_url": self.address(variant),
            "login": "demo",
            "password": "a wrong secret" if variant is Variant.WRONG_SECRET else "demo-tsim",
            "page_size": 40,
            "timeout_seconds": 3,
        }

    def secrets(self) -> Sequence[str]:
        return ("demo-tsim", "a wrong secret", "a%20wrong%20secret", "a+wrong+secret")

    def reference(self, sim: Mapping[str, Any]) -> SimRef:
        number = Msisdn(sim["msisdn"])
        return SimRef(Iccid(sim["iccid"]), None, number, str(number))

    def unknown_sim(self) -> SimRef:
        return SimRef(Iccid("8937204010029999999"), None, Msisdn("37259999999"), "37259999999")


class JasperWorld(SimulatedWorld):
    """The Control Center behind profile TD."""

    profile = "TD"
    applied_counters: ClassVar[Mapping[Action, Sequence[str]]] = {
        Action.LOCK: ("blocks_applied",),
        Action.UNLOCK: ("unblocks_applied",),
        Action.CANCEL_LOCATION: ("cancel_locations_applied",),
        Action.CHANGE_PACKAGE: ("ratings_applied",),
        Action.RECONNECT_PACKAGE: ("plans_applied",),
        Action.SET_ROAMING: ("plans_applied",),
    }

    def settings(self, variant: Variant = Variant.WORKING) -> Settings:
        return {
            "base_url": self.address(variant),
            "login": "demo",
            "api_key": "a wrong secret" if variant is Variant.WRONG_SECRET else "demo-jasper",
            "license_key": "demo-license",
            "page_size": 40,
            "timeout_seconds": 3,
        }

    def secrets(self) -> Sequence[str]:
        return ("demo-jasper", "demo-license", "a wrong secret")

    def reference(self, sim: Mapping[str, Any]) -> SimRef:
        return SimRef(Iccid(sim["iccid"]), Imsi(sim["imsi"]), Msisdn(sim["msisdn"]), str(sim["iccid"]))

    def unknown_sim(self) -> SimRef:
        return SimRef(Iccid("8946204602099999999"), Imsi("240075009999999"), Msisdn("467199999999"))
