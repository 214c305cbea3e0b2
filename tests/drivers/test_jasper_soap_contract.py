"""Every SOAP request of the driver is valid against the operator's own schema, wherever that lies beside the project."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from lxml import etree

from drivers.jasper import FACTORY
from novaconnect_sdk import ALL_LIVE_PARTS, Action, SimRef
from novaconnect_sdk.testing import RecordingGate
from novaconnect_sdk.testing.fixtures import made
from novaconnect_sdk.testing.inventory import all_pages
from novaconnect_sdk.testing.usage_records import all_sessions
from tests.drivers.operator_process import ROOT, OperatorProcess
from tests.drivers.scripted_operator import Seen, scripted_operator
from tests.drivers.simulated_world import JasperWorld

XSD = ROOT.parent / "shared" / "contracts" / "cisco-control-center" / "JasperAPI.xsd"
OPERATIONS = {
    "EditTerminalRating",
    "GetModifiedTerminals",
    "GetTerminalDetails",
    "GetTerminalLatestRegistration",
    "GetTerminalRating",
    "GetTerminalUsageDataDetails",
    "QueueTerminalRatePlan",
    "RemoveRatePlanFromQueue",
    "SendCancelLocation",
}


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The operator's schema, which is not part of this repository."""
    if not XSD.is_file():
        pytest.skip("the operator's contract files do not lie beside the project (../shared/contracts)")
    return etree.XMLSchema(etree.parse(str(XSD)))


async def _use_everything(world: JasperWorld, address: str) -> None:
    driver = await made(FACTORY, {**world.settings(), "base_url": address}, RecordingGate().context(world.now))
    sim = await world.known_sim()
    end = world.now()
    await all_pages(driver, end - timedelta(minutes=1))
    await driver.list_sims(None, None)
    await driver.read_live(SimRef(sim.iccid), ALL_LIVE_PARTS)
    await driver.cancel_location(sim, "a key")
    await driver.confirm(sim, Action.CANCEL_LOCATION, end)
    for size in (30, 40):
        await driver.change_package(sim, size, False, "a key")
    await driver.change_package(sim, 50, True, "a key")
    await all_sessions(driver, end - timedelta(days=40), end, sim)
    await driver.close()


async def test_every_request_is_valid_against_the_schema(
    simulated_operator: OperatorProcess, schema: etree.XMLSchema
) -> None:
    world = JasperWorld(simulated_operator)

    def passed_on(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        method = "POST" if seen.body else "GET"
        kept = ("authorization", "soapaction", "content-type")
        headers: dict[str, str] = {name: seen.headers[name] for name in kept if name in seen.headers}
        answer = httpx.request(method, simulated_operator.address + seen.target, content=seen.body, headers=headers)
        return answer.status_code, {}, answer.content

    async with scripted_operator(passed_on) as front:
        await _use_everything(world, front.address)
    bodies = [etree.fromstring(seen.body)[1][0] for seen in front.seen if seen.body]
    assert {etree.QName(body).localname.removesuffix("Request") for body in bodies} == OPERATIONS
    for body in bodies:
        assert schema.validate(etree.ElementTree(body)), f"{body.tag}: {schema.error_log}"
