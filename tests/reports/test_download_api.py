"""Files and saved reports as the frontend asks for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from starlette.applications import Starlette

from domain.clock import clock
from eventstream import EventHub
from resolvers.context import RequestContext
from resolvers.schema import build_schema
from schema.ids import global_id
from tests.reports.conftest import LINKS, Writing
from tests.reports.records import bring_records
from tests.transport.serving import serving
from tests.worlds import Login, TwoCompanies
from transport.downloads import download_routes

FILE = "id report format fileName state rows rowsExpected size createdAt finishedAt expiresAt failure url savedReportId"
REQUEST = (
    "mutation ($input: RequestExportInput!) { requestExport(input: $input)"
    f" {{ download {{ {FILE} }} userErrors {{ code message path }} }} }}"
)
LIST = f"{{ downloads(first: 10) {{ totalCount nodes {{ {FILE} }} }} }}"
SAVE = """mutation ($input: SaveReportInput!) { saveReport(input: $input) {
  savedReport { id name report format period timeZone simIds hasFilter monthly } userErrors { code path } } }"""


async def ask(hub: EventHub, login: Login, document: str, **variables: Any) -> Any:
    context = RequestContext(principal=login.principal, hub=hub)
    result = await build_schema().execute(document, variables, context_value=context)
    assert result.errors is None, result.errors
    return result.data


def wanted(**values: Any) -> dict[str, Any]:
    today = clock.now().date()
    return {
        "report": "SESSIONS",
        "from": (today - timedelta(days=80)).isoformat(),
        "to": today.isoformat(),
        "idempotencyKey": "one",
    } | values


async def test_the_way_of_a_report_from_the_button_to_the_file(
    world: TwoCompanies, writing: Writing, hub: EventHub
) -> None:
    """Given a user at the report, when they press "Download", then the file is in their list and can be fetched."""
    await bring_records(world, 41)
    asked = (await ask(hub, world.owner, REQUEST, input=wanted()))["requestExport"]
    assert asked["userErrors"] == []
    assert (asked["download"]["state"], asked["download"]["url"], asked["download"]["format"]) == (
        "QUEUED",
        None,
        "XLSX",
    )
    await writing.write_all()

    listed = (await ask(hub, world.viewer, LIST))["downloads"]

    [file] = listed["nodes"]
    assert listed["totalCount"] == 1
    assert (file["id"], file["state"], file["failure"]) == (asked["download"]["id"], "READY", None)
    assert file["rows"] == file["rowsExpected"] != "0"
    async with serving(Starlette(routes=list(download_routes(writing.store, LINKS)))) as door:
        got: httpx.Response = await door.get(file["url"].removeprefix("http://api.example.com"))
        assert (got.status_code, str(len(got.content))) == (200, file["size"])
        node = await ask(
            hub, world.owner, "query ($id: ID!) { node(id: $id) { id ... on Download { state } } }", id=file["id"]
        )
        assert node["node"] == {"id": file["id"], "state": "READY"}
        delete = "mutation ($id: ID!) { deleteDownload(input: { id: $id }) { deletedId userErrors { code } } }"
        gone = (await ask(hub, world.owner, delete, id=file["id"]))["deleteDownload"]
        assert gone == {"deletedId": file["id"], "userErrors": []}
        assert (await door.get(file["url"].removeprefix("http://api.example.com"))).status_code == 404
    assert (await ask(hub, world.owner, LIST))["downloads"] == {"totalCount": 0, "nodes": []}


async def test_refusals_say_which_input_and_queue_nothing(world: TwoCompanies, writing: Writing, hub: EventHub) -> None:
    foreign = [global_id("Company", world.other_company.id)]
    cases: list[tuple[Login, dict[str, Any], str, list[str]]] = [
        (world.viewer, {}, "FORBIDDEN", []),
        (world.owner, {"to": "2020-01-01"}, "INVALID_VALUE", ["input", "to"]),
        (world.owner, {"timeZone": "Mars"}, "INVALID_VALUE", ["input", "timeZone"]),
        (world.owner, {"idempotencyKey": ""}, "INVALID_VALUE", ["input", "idempotencyKey"]),
        (world.owner, {"companyId": foreign[0]}, "NOT_FOUND", ["input", "companyId"]),
        (world.owner, {"selection": {"ids": ["x"]}}, "INVALID_ID", ["input", "selection", "ids", "0"]),
        (world.staff, {}, "INVALID_VALUE", ["input", "companyId"]),
    ]
    for login, values, code, path in cases:
        answer = (await ask(hub, login, REQUEST, input=wanted(**values)))["requestExport"]
        assert answer["download"] is None
        [error] = answer["userErrors"]
        assert (error["code"], error["path"]) == (code, path)
        assert error["message"].endswith(".")
    assert (await ask(hub, world.staff, LIST))["downloads"]["totalCount"] == 0
    for field in ("deleteDownload", "deleteSavedReport"):
        kind = "Download" if field == "deleteDownload" else "SavedReport"
        document = f"mutation ($id: ID!) {{ {field}(input: {{ id: $id }}) {{ deletedId userErrors {{ code }} }} }}"
        answer = (await ask(hub, world.owner, document, id=global_id(kind, 999)))[field]
        assert answer == {"deletedId": None, "userErrors": [{"code": "NOT_FOUND"}]}


async def test_a_report_is_saved_listed_and_run(world: TwoCompanies, writing: Writing, hub: EventHub) -> None:
    truck = global_id("Sim", world.sims["truck"].id)
    saved = {
        "name": "Truck",
        "report": "DAILY",
        "period": "LAST_30_DAYS",
        "format": "CSV",
        "selection": {"ids": [truck]},
        "monthly": True,
    }
    made = (await ask(hub, world.manager, SAVE, input=saved))["saveReport"]
    assert made["userErrors"] == []
    report = made["savedReport"]
    assert report | {"id": ""} == {
        "id": "",
        "name": "Truck",
        "report": "DAILY",
        "format": "CSV",
        "period": "LAST_30_DAYS",
        "timeZone": "UTC",
        "simIds": [truck],
        "hasFilter": False,
        "monthly": True,
    }
    assert (await ask(hub, world.viewer, "{ savedReports { id name } }"))["savedReports"] == [
        {"id": report["id"], "name": "Truck"}
    ]
    taken = (await ask(hub, world.owner, SAVE, input=saved | {"name": "truck"}))["saveReport"]
    assert taken == {"savedReport": None, "userErrors": [{"code": "NAME_TAKEN", "path": ["input", "name"]}]}
    run = f'mutation ($id: ID!) {{ runSavedReport(input: {{ id: $id, idempotencyKey: "r" }}) {{ download {{ {FILE} }} }} }}'
    first = (await ask(hub, world.owner, run, id=report["id"]))["runSavedReport"]["download"]
    again = (await ask(hub, world.owner, run, id=report["id"]))["runSavedReport"]["download"]
    assert first == again
    assert first["savedReportId"] == report["id"]
    assert first["fileName"].startswith("Truck 20")
