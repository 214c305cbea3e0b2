"""The Jasper SOAP face (profile TD): the Terminal service and the usage details of the Billing service."""

from collections.abc import Callable, Sequence
from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from simulator import jasper_terminals
from simulator.clock import as_utc, parsed_instant
from simulator.exchange import MAXIMUM_BODY, Answer, Call, exchange
from simulator.faults import Fault
from simulator.jasper_account import (
    ACCOUNT_ID,
    LICENSE_KEY,
    ChangeRefused,
    change_plan,
    change_status,
    check_effective_date,
    check_not_final,
    login_matches,
    own_sim,
)
from simulator.jasper_rating import RatingOperations
from simulator.sim import TD, Sim
from simulator.soap_xml import XML_TYPE, RequestUnreadable, SoapRequest, element, read_request, response
from simulator.soap_xml import fault as fault_envelope
from simulator.world import World

ACTION_ROOT = "http://api.jasperwireless.com/ws/service/"
LARGEST_BATCH = 50
STATUS_CHANGE, PLAN_CHANGE = 3, 4

# 400101 is the operator's; the other codes are ours, because its own list is not public.
LOGIN_WRONG, REQUEST_WRONG, SIM_UNKNOWN, CHANGE_WRONG, INTERNAL = "100100", "100200", "100300", "100400", "100000"

Handler = Callable[[SoapRequest, list[Sim], Fault | None], str]


class Refused(Exception):
    """A call that ends in a fault; `code` is the fault's number."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def fault_answer(code: str, text: str, status: int = 500, client_side: bool = True) -> Answer:
    """A SOAP fault; over HTTP it is status 500."""
    return Answer(status, fault_envelope(code, text, client_side), XML_TYPE, "refused")


class SoapDialect:
    """Errors as the SOAP face words them."""

    limited = True

    def throttled(self, call: Call) -> Answer:
        """Too many calls."""
        return fault_answer("400101", "API call limit exceeded")

    def server_error(self, call: Call) -> Answer:
        """Something broke inside."""
        return fault_answer(INTERNAL, "SYSTEM_ERROR", client_side=False)

    def error_in_success(self, call: Call) -> Answer:
        """HTTP 200 around a fault."""
        return fault_answer(INTERNAL, "SYSTEM_ERROR", status=200, client_side=False)


class JasperSoapFace:
    """Answers SOAP calls for the TD half of the fleet."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.engine = world.engine
        self.dialect = SoapDialect()
        self.terminal: dict[str, Handler] = {
            "SendCancelLocation": self._cancel_location,
            "GetTerminalLatestRegistration": self._registration,
            "GetSessionInfo": self._session_info,
            "GetTerminalDetails": self._details,
            "GetTerminalsByMsisdn": self._by_msisdn,
            "GetTerminalsByImsi": self._by_imsi,
            "GetModifiedTerminals": self._modified,
            "EditTerminal": self._edit,
            **RatingOperations(world).handlers(),
        }
        self.billing: dict[str, Handler] = {"GetTerminalUsageDataDetails": self._usage_details}

    async def terminal_service(self, request: Request) -> Response:
        """POST to the Terminal service."""
        return await self._serve(request, "terminal", self.terminal)

    async def billing_service(self, request: Request) -> Response:
        """POST to the Billing service."""
        return await self._serve(request, "billing", self.billing)

    async def _serve(self, request: Request, service: str, handlers: dict[str, Handler]) -> Response:
        raw = await request.body()
        self.engine.settle()
        try:
            if len(raw) > MAXIMUM_BODY:
                raise RequestUnreadable("the body is too large")
            soap = read_request(raw)
        except RequestUnreadable as unreadable:
            problem = fault_answer(REQUEST_WRONG, str(unreadable))
            call = Call("jasper_soap", "unreadable")
            return await exchange(self.world, request, self.dialect, call, lambda fault: problem)
        sims = self._addressed(soap)
        call = Call("jasper_soap", soap.operation, sims, {"messageId": soap.text("messageId")}, soap.user)
        action = request.headers.get("soapaction", "").strip('"')

        def job(fault: Fault | None) -> Answer:
            try:
                self._admit(soap, action, f"{ACTION_ROOT}{service}/{soap.operation}", handlers)
                content = handlers[soap.operation](soap, sims, fault)
            except Refused as refused:
                return fault_answer(refused.code, str(refused))
            except ChangeRefused as refused:
                return fault_answer(CHANGE_WRONG, refused.token)
            now = self.engine.clock.now()
            return Answer(200, response(soap.operation, soap.text("messageId"), now, content), XML_TYPE)

        return await exchange(self.world, request, self.dialect, call, job)

    def _admit(self, soap: SoapRequest, action: str, expected: str, handlers: dict[str, Handler]) -> None:
        if not login_matches(soap.user, soap.password):
            raise Refused(LOGIN_WRONG, "Invalid credentials")
        if soap.text("licenseKey") != LICENSE_KEY:
            raise Refused(LOGIN_WRONG, "Invalid license key")
        if soap.operation not in handlers:
            raise Refused(REQUEST_WRONG, f"{soap.operation} is not an operation of this service")
        if action != expected:
            raise Refused(REQUEST_WRONG, f"SOAPAction must be {expected}")
        if not soap.text("messageId"):
            raise Refused(REQUEST_WRONG, "messageId is required")

    def _addressed(self, soap: SoapRequest) -> list[Sim]:
        """The account's SIMs that the request names, by ICCID, MSISDN or IMSI, in its order."""
        found = [own_sim(self.world, iccid) for iccid in soap.texts("iccid")[: LARGEST_BATCH + 1]]
        found += [self.engine.by_msisdn.get(number) for number in soap.texts("msisdn")[: LARGEST_BATCH + 1]]
        found += [self.engine.by_imsi.get(imsi) for imsi in soap.texts("imsi")[: LARGEST_BATCH + 1]]
        return [sim for sim in found if sim is not None and sim.profile == TD]

    # --- writes -------------------------------------------------------------------------------------------------

    def _cancel_location(self, soap: SoapRequest, sims: list[Sim], fault: Fault | None) -> str:
        sim = only(sims)
        check_not_final(sim)
        returns = fault is None or fault.fault != "accepted_never_done"
        if self.engine.cancel_location(sim, returns):
            detail = "an earlier one is still under way"
            self.world.violations.add("repeated_cancel_location", "jasper_soap", soap.operation, sim.iccid, detail)
        return element("status", "SUCCESS")

    def _edit(self, soap: SoapRequest, sims: list[Sim], fault: Fault | None) -> str:
        sim = only(sims)
        now = self.engine.clock.now()
        try:
            change, value = int(soap.text("changeType")), soap.text("targetValue")
        except ValueError as wrong:
            raise Refused(REQUEST_WRONG, "changeType must be a number") from wrong
        if soap.text("effectiveDate"):
            check_effective_date(self.world, soap.text("effectiveDate"))
        effective = now
        if change == STATUS_CHANGE:
            change_status(self.world, sim, value.removesuffix("_NAME"), fault)
        elif change == PLAN_CHANGE:
            effective = change_plan(self.world, sim, value, fault)
        else:
            raise Refused(REQUEST_WRONG, f"changeType {change} is not simulated")
        return element("iccid", sim.iccid) + element("effectiveDate", as_utc(effective).date().isoformat())

    # --- reads --------------------------------------------------------------------------------------------------

    def _registration(self, soap: SoapRequest, sims: list[Sim], fault: Fault | None) -> str:
        return jasper_terminals.registration(only(sims))

    def _session_info(self, soap: SoapRequest, sims: list[Sim], fault: Fault | None) -> str:
        batch(soap.texts("iccid"))
        return jasper_terminals.session_info(sims)

    def _details(self, soap: SoapRequest, sims: list[Sim], fault: Fault | None) -> str:
        batch(soap.texts("iccid"))
        if not sims:
            raise Refused(SIM_UNKNOWN, "No terminal with these ICCIDs")
        return jasper_terminals.details(sims, self.engine.clock.now(), ACCOUNT_ID)

    def _by_msisdn(self, soap: SoapRequest, sims: list[Sim], fault: Fault | None) -> str:
        batch(soap.texts("msisdn"))
        return _numbers(sims, with_imsi=False)

    def _by_imsi(self, soap: SoapRequest, sims: list[Sim], fault: Fault | None) -> str:
        batch(soap.texts("imsi"))
        return _numbers(sims, with_imsi=True)

    def _modified(self, soap: SoapRequest, sims: list[Sim], fault: Fault | None) -> str:
        try:
            since = parsed_instant(soap.text("since")) if soap.text("since") else 0.0
        except ValueError as wrong:
            raise Refused(REQUEST_WRONG, "since is not a date and time") from wrong
        return jasper_terminals.modified_since(self.engine, since, soap.text("simState"))

    def _usage_details(self, soap: SoapRequest, sims: list[Sim], fault: Fault | None) -> str:
        try:
            cycle = date.fromisoformat(soap.text("cycleStartDate")[:10])
            page = int(soap.text("pageNumber") or 1)
        except ValueError as wrong:
            raise Refused(REQUEST_WRONG, "cycleStartDate or pageNumber cannot be read") from wrong
        return jasper_terminals.usage_details(self.engine, only(sims), cycle, page, fault)


def only(sims: Sequence[Sim]) -> Sim:
    """The one SIM a call is about; raises Refused when it is unknown."""
    if not sims:
        raise Refused(SIM_UNKNOWN, "No such terminal")
    return sims[0]


def batch(values: Sequence[str]) -> None:
    """Check the number of SIMs of a call; raises Refused."""
    if not 1 <= len(values) <= LARGEST_BATCH:
        raise Refused(REQUEST_WRONG, f"1 to {LARGEST_BATCH} terminals a call")


def _numbers(sims: Sequence[Sim], with_imsi: bool) -> str:
    if not sims:
        raise Refused(SIM_UNKNOWN, "No such terminal")
    rows = "".join(
        "<terminal>"
        + element("iccid", sim.iccid)
        + (element("imsi", sim.imsi) if with_imsi else "")
        + element("msisdn", sim.msisdn)
        + "</terminal>"
        for sim in sims
    )
    return f"<terminals>{rows}</terminals>"
