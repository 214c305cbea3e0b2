"""Every SOAP answer is valid against the operator's own schema, wherever that lies beside the project."""

import pytest
from lxml import etree

from tests.simulator.running import ROOT, Simulator, given

XSD = ROOT.parent / "shared" / "contracts" / "cisco-control-center" / "JasperAPI.xsd"


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The operator's schema, which is not part of this repository."""
    if not XSD.is_file():
        pytest.skip("the operator's contract files do not lie beside the project (../shared/contracts)")
    return etree.XMLSchema(etree.parse(str(XSD)))


def requests(world: Simulator) -> list[tuple[str, str, str]]:
    """One request per operation, some with SIMs that have no session, registration or package."""
    sims = world.sims(profile="TD")
    used = next(sim for sim in sims if sim["in_session"])
    ended = next(sim for sim in sims if sim["session"] and not sim["in_session"])
    unused = next(sim for sim in sims if sim["session"] is None)
    three = "".join(given(iccid=sim["iccid"]) for sim in (used, ended, unused))
    iccid = given(iccid=used["iccid"])
    month = used["session"]["started_at"][:7]
    return [
        ("SendCancelLocation", given(iccid=ended["iccid"]), "terminal"),
        ("GetTerminalLatestRegistration", given(imsi=used["imsi"]), "terminal"),
        ("GetTerminalLatestRegistration", given(imsi=unused["imsi"]), "terminal"),
        ("GetSessionInfo", three, "terminal"),
        ("GetTerminalDetails", f"<j:iccids>{three}</j:iccids>", "terminal"),
        ("GetTerminalsByMsisdn", f"<j:msisdns>{given(msisdn=used['msisdn'])}</j:msisdns>", "terminal"),
        ("GetTerminalsByImsi", f"<j:imsi>{given(imsi=used['imsi'])}</j:imsi>", "terminal"),
        ("GetModifiedTerminals", "", "terminal"),
        ("EditTerminal", iccid + given(targetValue="DEACTIVATED_NAME", changeType="3"), "terminal"),
        ("EditTerminalRating", iccid + given(renewalMode="N", renewalRatePlan="lite-30"), "terminal"),
        ("QueueTerminalRatePlan", iccid + given(renewalRatePlan="lite-30"), "terminal"),
        ("GetTerminalRating", iccid, "terminal"),
        ("RemoveRatePlanFromQueue", iccid + given(queuePosition="1", ratePlan="lite-30"), "terminal"),
        ("GetTerminalUsageDataDetails", iccid + given(cycleStartDate=f"{month}-01"), "billing"),
    ]


def test_every_answer_is_valid_against_the_schema(world: Simulator, schema: etree.XMLSchema) -> None:
    for operation, content, service in requests(world):
        body = world.soap(operation, content, service=service)
        assert schema.validate(etree.ElementTree(body)), f"{operation}: {schema.error_log}"
