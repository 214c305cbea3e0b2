"""The Jasper REST face (profile TD): devices, their details, sessions and usage, and status changes."""

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from simulator.clock import as_utc, month_start, parsed_instant
from simulator.exchange import Answer, Call, exchange
from simulator.faults import Fault
from simulator.jasper_account import (
    ACCOUNT_ID,
    ChangeRefused,
    basic_login,
    change_plan,
    change_status,
    check_effective_date,
    login_matches,
    own_sim,
)
from simulator.sim import Sim
from simulator.world import World

JSON = "application/json"
LARGEST_PAGE = 50
SIMULATED_FIELDS = frozenset({"status", "ratePlan", "effectiveDate"})

# Codes of refused changes are ours: the operator's own list is not public.
REFUSAL_CODES = {
    "SIMSTATUS_NULL": "10000003",
    "SIMSTATUS_INVALID": "10001037",
    "SIMSTATUS_INVALID_TRANSITION": "10001038",
    "INVALID_EFFECTIVE_DATE": "10001045",
    "ACTIVATION_IN_PAST": "10001045",
    "RATEPLAN_NULL": "10000003",
    "RATEPLAN_INVALID": "10001043",
    "RATEPLAN_CHANGE_PENDING": "10001044",
}


def json_answer(content: Any, status: int = 200, outcome: str = "ok") -> Answer:
    """A JSON document."""
    return Answer(status, orjson.dumps(content), JSON, outcome)


def refusal(status: int, code: str, message: str) -> Answer:
    """The operator's error shape; the code is a string."""
    return json_answer({"errorMessage": message, "errorCode": code}, status, "refused")


def rest_date(epoch: float) -> str | None:
    """Epoch seconds as the operator writes dates, for example 2016-07-06 22:04:04.380+0000; None for never."""
    return as_utc(epoch).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "+0000" if epoch else None


class RestDialect:
    """Errors as the REST face words them."""

    limited = True

    def throttled(self, call: Call) -> Answer:
        """Too many calls: no 429 and no Retry-After."""
        return refusal(400, "40000029", "Rate limit exceeded")

    def server_error(self, call: Call) -> Answer:
        """HTTP 500."""
        return refusal(500, "30000001", "Unknown server error")

    def error_in_success(self, call: Call) -> Answer:
        """HTTP 200 around an error."""
        return refusal(200, "30000001", "Unknown server error")


class JasperRestFace:
    """Answers REST calls for the TD half of the fleet."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.engine = world.engine
        self.dialect = RestDialect()
        self._shifts = 0

    async def devices(self, request: Request) -> Response:
        """GET /devices."""
        return await self._serve(request, "devices.list", self._list)

    async def device(self, request: Request) -> Response:
        """GET /devices/{iccid}."""
        return await self._serve(request, "devices.get", self._details)

    async def edit(self, request: Request) -> Response:
        """PUT /devices/{iccid}."""
        return await self._serve(request, "devices.put", self._edit)

    async def session(self, request: Request) -> Response:
        """GET /devices/{iccid}/sessionInfo."""
        return await self._serve(request, "sessionInfo", self._session)

    async def usage(self, request: Request) -> Response:
        """GET /devices/{iccid}/ctdUsages."""
        return await self._serve(request, "ctdUsages", self._usage)

    async def _serve(
        self, request: Request, command: str, work: Callable[[Call, bytes, Fault | None], Answer]
    ) -> Response:
        body = await request.body()
        user, key = basic_login(request.headers.get("authorization", ""))
        self.engine.settle()
        iccid = request.path_params.get("iccid")
        sim = own_sim(self.world, iccid) if iccid else None
        call = Call("jasper_rest", command, [sim] if sim else [], dict(request.query_params), user)

        def job(fault: Fault | None) -> Answer:
            if not login_matches(user, key):
                return refusal(401, "10000001", "Invalid credentials")
            if iccid is not None and sim is None:
                return refusal(404, "20000001", "Resource not found - Invalid ICCID")
            return work(call, body, fault)

        return await exchange(self.world, request, self.dialect, call, job)

    # --- reads --------------------------------------------------------------------------------------------------

    def _list(self, call: Call, body: bytes, fault: Fault | None) -> Answer:
        query = call.arguments
        try:
            # A plus sign that the client did not encode arrives as a space.
            since = parsed_instant(query["modifiedSince"].replace(" ", "+"))
            until = parsed_instant(query["modifiedTill"].replace(" ", "+")) if "modifiedTill" in query else None
            size, number = int(query.get("pageSize", LARGEST_PAGE)), int(query.get("pageNumber", 1))
        except KeyError:
            return refusal(400, "10000003", "modifiedSince is required")
        except ValueError:
            return refusal(400, "10000024", "A date or a number of the query cannot be read")
        if not 1 <= size <= LARGEST_PAGE or number < 1:
            return refusal(400, "10000025", "pageSize must be 1 to 50 and pageNumber 1 or more")
        found, last = self._page(query, since, until, (number - 1) * size + self._shift(fault), size)
        devices = [
            {"iccid": sim.iccid, "status": sim.status, "ratePlan": _plan(sim), "communicationPlan": "CP_Data"}
            for sim in found
        ]
        return json_answer({"pageNumber": number, "devices": devices, "lastPage": last})

    def _page(
        self, query: dict[str, str], since: float, until: float | None, skip: int, size: int
    ) -> tuple[list[Sim], bool]:
        """SIMs by modification time, oldest first, and whether nothing follows."""
        ordered = self.engine.modified
        first = bisect_right(ordered, (since, len(self.engine.sims)))
        end = len(ordered) if until is None else bisect_right(ordered, (until, len(self.engine.sims)))
        if query.get("accountId", str(ACCOUNT_ID)) != str(ACCOUNT_ID):
            return [], True
        skip = max(0, skip)
        status = query.get("status")
        if status is None:
            entries = ordered[first:end][skip : skip + size] if end > first else []
            return [self.engine.sims[index] for _, index in entries], first + skip + size >= end
        chosen = [self.engine.sims[index] for _, index in ordered[first:end]]
        chosen = [sim for sim in chosen if sim.status == status]
        return chosen[skip : skip + size], skip + size >= len(chosen)

    def _shift(self, fault: Fault | None) -> int:
        """Shifting pages: in turn two SIMs are missed and two are seen again."""
        if fault is None or fault.fault != "shifting_pages":
            return 0
        self._shifts += 1
        return 2 if self._shifts % 2 else -2

    def _details(self, call: Call, body: bytes, fault: Fault | None) -> Answer:
        sim = call.sims[0]
        return json_answer(
            {
                "iccid": sim.iccid,
                "imsi": sim.imsi,
                "msisdn": sim.msisdn,
                "imei": "",
                "status": sim.status,
                "ratePlan": _plan(sim),
                "communicationPlan": "CP_Data",
                "customer": None,
                "endConsumerId": None,
                "dateActivated": rest_date(sim.activated_at),
                "dateAdded": rest_date(sim.created_at),
                "dateUpdated": rest_date(sim.modified_at),
                "dateShipped": rest_date(sim.created_at),
                "accountId": str(ACCOUNT_ID),
                "fixedIPAddress": None,
                "fixedIpv6Address": None,
                **{f"accountCustom{number}": "" for number in range(1, 11)},
                "simNotes": None,
                "deviceID": None,
                "modemID": "",
                "globalSimType": "",
            }
        )

    def _session(self, call: Call, body: bytes, fault: Fault | None) -> Answer:
        sim = call.sims[0]
        session = sim.last_session
        return json_answer(
            {
                "iccid": sim.iccid,
                "ipAddress": sim.ip_address if session else None,
                "ipv6Address": None,
                "dateSessionStarted": rest_date(session.started) if session else None,
                "dateSessionEnded": rest_date(session.ended) if session else None,
                "apn": "m2m.tele2.com" if session else None,
            }
        )

    def _usage(self, call: Call, body: bytes, fault: Fault | None) -> Answer:
        sim = call.sims[0]
        now = self.engine.clock.now()
        begin = month_start(now)
        sessions = [session for session in sim.sessions if (session.ended or now) > begin]
        return json_answer(
            {
                "iccid": sim.iccid,
                "imsi": sim.imsi,
                "msisdn": sim.msisdn,
                "imei": "",
                "status": sim.status,
                "ratePlan": _plan(sim),
                "communicationPlan": "CP_Data",
                "ctdDataUsage": sim.month_bytes(begin, now),
                "ctdSMSUsage": 0,
                "ctdVoiceUsage": 0,
                "ctdSessionCount": len(sessions),
                "overageLimitReached": False,
                "overageLimitOverride": "DEFAULT",
            }
        )

    # --- writes -------------------------------------------------------------------------------------------------

    def _edit(self, call: Call, body: bytes, fault: Fault | None) -> Answer:
        sim = call.sims[0]
        try:
            wishes = orjson.loads(body)
        except orjson.JSONDecodeError:
            return refusal(400, "10000002", "The body is not JSON")
        if not isinstance(wishes, dict) or not wishes:
            return refusal(400, "10000003", "At least one field is required")
        unknown = set(wishes) - SIMULATED_FIELDS
        if unknown or not all(isinstance(value, str) for value in wishes.values()):
            return refusal(400, "10000003", f"Only texts for {', '.join(sorted(SIMULATED_FIELDS))} are simulated")
        status_code, outcome = 200, "ok"
        try:
            if "effectiveDate" in wishes:
                check_effective_date(self.world, wishes["effectiveDate"])
            if "ratePlan" in wishes:
                effective = change_plan(self.world, sim, wishes["ratePlan"], fault)
                status_code, outcome = (202, "accepted") if effective > self.engine.clock.now() else (200, "applied")
            if "status" in wishes:
                outcome = change_status(self.world, sim, wishes["status"], fault)
        except ChangeRefused as refused:
            return refusal(400, REFUSAL_CODES.get(refused.token, "10001000"), refused.token)
        return json_answer({"iccid": sim.iccid}, status_code, outcome)


def _plan(sim: Sim) -> str:
    return sim.package.plan if sim.package is not None else ""
