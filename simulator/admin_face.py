"""The admin API (JSON, loopback only): clock, SIMs as they really are, faults, request log, violations, reset."""

from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.clock import iso
from simulator.faults import FaultInvalid
from simulator.forced_state import StateInvalid, force
from simulator.sim import TC, TD, Sim
from simulator.sim_view import sim_view
from simulator.world import World

LARGEST_PAGE = 10_000


def json_response(content: Any, status: int = 200) -> Response:
    """A JSON document."""
    return Response(orjson.dumps(content), status, media_type="application/json")


async def problem(request: Request, error: Exception) -> Response:
    """A refused admin request: {"error": text}."""
    assert isinstance(error, HTTPException)
    return json_response({"error": error.detail}, error.status_code)


class AdminFace:
    """Handlers of the admin API."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[Route]:
        """The addresses under /admin."""
        return [
            Route("/admin/health", self.health),
            Route("/admin/clock", self.clock),
            Route("/admin/clock/advance", self.advance, methods=["POST"]),
            Route("/admin/sims", self.sims),
            Route("/admin/sims/query", self.query, methods=["POST"]),
            Route("/admin/sims/{iccid}", self.sim),
            Route("/admin/sims/{iccid}", self.force, methods=["POST"]),
            Route("/admin/requests", self.requests),
            Route("/admin/violations", self.violations),
            Route("/admin/violations", self.clear_violations, methods=["DELETE"]),
            Route("/admin/faults", self.faults),
            Route("/admin/faults", self.add_fault, methods=["POST"]),
            Route("/admin/faults", self.clear_faults, methods=["DELETE"]),
            Route("/admin/faults/{fault_id:int}", self.remove_fault, methods=["DELETE"]),
            Route("/admin/reset", self.reset, methods=["POST"]),
        ]

    async def health(self, request: Request) -> Response:
        """Size of the fleet, seed and the limits in force."""
        world = self.world
        return json_response(
            {
                "status": "ok",
                "sims": len(world.engine.sims),
                "seed": world.seed,
                "jasper_limits": world.gate.describe(),
                "requests": world.requests.total,
            }
        )

    async def clock(self, request: Request) -> Response:
        """The virtual time and its distance from real time."""
        return json_response(self._time())

    async def advance(self, request: Request) -> Response:
        """Move the virtual time forward and let everything happen that falls into it."""
        wish = await _object(request)
        seconds = wish.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds <= 3650 * 86400:
            raise HTTPException(400, "seconds must be a number from 0 to ten years")
        self.world.clock.advance(seconds)
        self.world.engine.settle()
        return json_response(self._time())

    def _time(self) -> dict[str, Any]:
        return {"now": iso(self.world.clock.now()), "offset_seconds": self.world.clock.offset_seconds}

    async def sims(self, request: Request) -> Response:
        """SIMs in the order of the fleet, filtered by blocked, msu_blocked, in_session and profile."""
        query = request.query_params
        self.world.engine.settle()
        chosen = self.world.engine.sims
        if query.get("profile"):
            if query["profile"] not in (TC, TD):
                raise HTTPException(400, "profile must be TC or TD")
            chosen = [sim for sim in chosen if sim.profile == query["profile"]]
        for name in ("blocked", "msu_blocked", "in_session"):
            if query.get(name):
                if query[name] not in ("true", "false"):
                    raise HTTPException(400, f"{name} must be true or false")
                wanted = query[name] == "true"
                chosen = [sim for sim in chosen if getattr(sim, name) is wanted]
        offset, limit = _whole(request, "offset", 0), min(_whole(request, "limit", 100), LARGEST_PAGE)
        page = chosen[offset : offset + limit]
        return json_response({"total": len(chosen), "items": [self._view(sim) for sim in page]})

    async def query(self, request: Request) -> Response:
        """State of many SIMs by ICCID; those that do not exist are listed as missing."""
        iccids = (await _object(request)).get("iccids")
        if not isinstance(iccids, list) or len(iccids) > LARGEST_PAGE:
            raise HTTPException(400, f"iccids must be a list of at most {LARGEST_PAGE}")
        self.world.engine.settle()
        known = self.world.engine.by_iccid
        found = [known[iccid] for iccid in iccids if iccid in known]
        missing = [iccid for iccid in iccids if iccid not in known]
        return json_response({"total": len(found), "items": [self._view(sim) for sim in found], "missing": missing})

    async def sim(self, request: Request) -> Response:
        """Everything about one SIM."""
        return json_response(self._view(self._named(request)))

    async def force(self, request: Request) -> Response:
        """Put one SIM into a state, for tests."""
        wish = await _object(request)
        sim = self._named(request)
        try:
            force(self.world.engine, sim, wish)
        except StateInvalid as wrong:
            raise HTTPException(400, str(wrong)) from wrong
        return json_response(self._view(sim))

    def _named(self, request: Request) -> Sim:
        self.world.engine.settle()
        sim = self.world.engine.by_iccid.get(request.path_params["iccid"])
        if sim is None:
            raise HTTPException(404, "no SIM with this ICCID")
        return sim

    def _view(self, sim: Sim) -> dict[str, Any]:
        return sim_view(sim, self.world.clock.now())

    async def requests(self, request: Request) -> Response:
        """The latest requests, newest first, without secrets."""
        log, query = self.world.requests, request.query_params
        items = log.latest(query.get("face"), query.get("command"), _whole(request, "limit", 100))
        return json_response({"total": log.total, "items": items})

    async def violations(self, request: Request) -> Response:
        """Broken rules of the operators."""
        return json_response(self.world.violations.report())

    async def clear_violations(self, request: Request) -> Response:
        """Forget the broken rules."""
        self.world.violations.clear()
        return json_response(self.world.violations.report())

    async def faults(self, request: Request) -> Response:
        """The faults in force."""
        return json_response({"items": self.world.faults.listed()})

    async def add_fault(self, request: Request) -> Response:
        """Put a fault in force."""
        try:
            rule = self.world.faults.add(await _object(request))
        except FaultInvalid as wrong:
            raise HTTPException(400, str(wrong)) from wrong
        return json_response({"id": rule.id, "items": self.world.faults.listed()}, 201)

    async def clear_faults(self, request: Request) -> Response:
        """Take all faults away."""
        return json_response({"removed": self.world.faults.remove()})

    async def remove_fault(self, request: Request) -> Response:
        """Take one fault away."""
        removed = self.world.faults.remove(request.path_params["fault_id"])
        if not removed:
            raise HTTPException(404, "no fault with this id")
        return json_response({"removed": removed})

    async def reset(self, request: Request) -> Response:
        """Faults, log, violations and SIMs as at birth; the clock is set back only when asked for."""
        wish = await _object(request, may_be_empty=True)
        world = self.world
        world.faults.remove()
        world.requests.clear()
        world.violations.clear()
        world.gate.forget()
        if wish.get("clock") is True:
            world.clock.offset_seconds = 0.0
        if wish.get("fleet", True) is not False:
            world.restart_fleet()
        return json_response({"status": "ok", "sims": len(world.engine.sims), **self._time()})


async def _object(request: Request, may_be_empty: bool = False) -> dict[str, Any]:
    raw = await request.body()
    if not raw and may_be_empty:
        return {}
    try:
        content = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise HTTPException(400, "the body must be JSON") from error
    if not isinstance(content, dict):
        raise HTTPException(400, "the body must be a JSON object")
    return content


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise HTTPException(400, f"{name} must be a whole number from 0")
    return int(text)
