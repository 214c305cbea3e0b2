"""SOAP operations on the rating of a terminal: renewal mode, the queue of plans, and reading both."""

from collections.abc import Callable

from simulator import packages
from simulator.faults import Fault
from simulator.jasper_account import ChangeRefused, check_not_final
from simulator.packages import BYTES_PER_MB, PlanRefused
from simulator.sim import Package, Sim
from simulator.soap_xml import SoapRequest, element, soap_time
from simulator.world import World

Handler = Callable[[SoapRequest, list[Sim], Fault | None], str]


class RatingOperations:
    """EditTerminalRating, QueueTerminalRatePlan, RemoveRatePlanFromQueue and GetTerminalRating."""

    def __init__(self, world: World) -> None:
        self.world = world

    def handlers(self) -> dict[str, Handler]:
        """Operation name to handler."""
        return {
            "EditTerminalRating": self._edit,
            "QueueTerminalRatePlan": self._queue,
            "RemoveRatePlanFromQueue": self._unqueue,
            "GetTerminalRating": self._read,
        }

    def _edit(self, soap: SoapRequest, sims: list[Sim], fault: Fault | None) -> str:
        mode, plan = soap.text("renewalMode"), soap.text("renewalRatePlan")
        sim = self._write(sims, fault, lambda package: packages.set_renewal(package, mode, plan))
        return element("iccid", sim.iccid) + element("status", "SUCCESS")

    def _queue(self, soap: SoapRequest, sims: list[Sim], fault: Fault | None) -> str:
        wanted = soap.text("renewalRatePlan")
        sim = self._write(sims, fault, lambda package: package.queue.append(packages.required_plan(wanted)))
        return element("iccid", sim.iccid) + element("renewalRatePlan", wanted) + element("status", "SUCCESS")

    def _unqueue(self, soap: SoapRequest, sims: list[Sim], fault: Fault | None) -> str:
        plan, position = soap.text("ratePlan"), soap.text("queuePosition")
        place = int(position) if position.isascii() and position.isdigit() else 0
        sim = self._write(sims, fault, lambda package: packages.remove_queued(package, place, plan))
        return element("iccid", sim.iccid) + element("ratePlan", plan) + element("status", "SUCCESS")

    def _write(self, sims: list[Sim], fault: Fault | None, change: Callable[[Package], None]) -> Sim:
        """Change the package of the SIM; raises ChangeRefused."""
        sim, package = _with_package(sims)
        check_not_final(sim)
        if fault is not None and fault.fault == "accepted_never_done":
            return sim
        try:
            change(package)
        except PlanRefused as refused:
            raise ChangeRefused(str(refused)) from refused
        sim.count_write("ratings_applied")
        self.world.engine.touch(sim, self.world.engine.clock.now())
        return sim

    def _read(self, soap: SoapRequest, sims: list[Sim], fault: Fault | None) -> str:
        sim, package = _with_package(sims)
        now = self.world.engine.clock.now()
        remaining = packages.remaining_bytes(sim, package, now) / BYTES_PER_MB
        rows = [
            f"<terminalRating>{element('ratePlanName', package.plan)}<queuePosition>0</queuePosition>"
            f"{element('expirationDate', soap_time(package.term_end) if package.term_end else None)}"
            f"{element('termLength', packages.TERM_SECONDS // 86400)}"
            f"{element('dataRemaining', f'{remaining:.3f}')}</terminalRating>"
        ]
        rows += [
            f"<terminalRating>{element('ratePlanName', plan)}{element('queuePosition', place)}</terminalRating>"
            for place, plan in enumerate(package.queue, start=1)
        ]
        return f"{element('iccid', sim.iccid)}<terminalRatings>{''.join(rows)}</terminalRatings>"


def _with_package(sims: list[Sim]) -> tuple[Sim, Package]:
    if not sims or sims[0].package is None:
        raise ChangeRefused("TERMINAL_UNKNOWN")
    return sims[0], sims[0].package
