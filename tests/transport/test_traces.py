"""Traces of the whole API as a collector gets them: one request, its operation, its statements, and nothing personal."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.canary import MARKERS
from tests.transport.serving import serving
from tests.transport.test_application import running_api
from tests.worlds import TwoCompanies

TRACE = "0af7651916cd43dd8448eb211c80319c"
QUERY = "query Secret($search: String) { sims(filter: {search: $search}) { nodes { iccid msisdn name } } }"


class Collector:
    """An OTLP collector that keeps every span."""

    def __init__(self) -> None:
        self.spans: list[Any] = []

    async def take(self, request: Request) -> Response:
        sent = ExportTraceServiceRequest.FromString(await request.body())
        self.spans += [span for each in sent.resource_spans for scope in each.scope_spans for span in scope.spans]
        return Response(b"", media_type="application/x-protobuf")

    def of_trace(self, trace: str) -> dict[str, Any]:
        """The spans of a trace by name; of statements the last of each kind."""
        return {span.name: span for span in self.spans if span.trace_id.hex() == trace}


@contextlib.asynccontextmanager
async def collecting() -> AsyncIterator[tuple[Collector, str]]:
    collector = Collector()
    async with serving(Starlette(routes=[Route("/v1/traces", collector.take, methods=["POST"])])) as endpoint:
        yield collector, endpoint.url


async def test_a_request_is_a_trace_with_its_operation_and_statements(
    world: TwoCompanies, database: str, redis_url: str
) -> None:
    async with (
        collecting() as (collector, url),
        running_api(database, redis_url, OTEL_EXPORTER_OTLP_ENDPOINT=url) as api,
    ):
        await api.answers()
        owner = api.endpoint.as_(world.owner.token)
        headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        body = {"query": QUERY, "variables": {"search": world.sims["truck"].iccid}}
        for _ in range(2):  # the second takes the short way
            answer = await owner.post(body, headers=headers)
            assert [sim["name"] for sim in answer.json()["data"]["sims"]["nodes"]] == ["Truck 1"]
        assert (await owner.get("/metrics")).status_code == 200
        await api.stop()  # what was not sent yet is sent now

    spans = collector.of_trace(TRACE)
    request, operation, statement = spans["POST /graphql"], spans["graphql query"], spans["SELECT"]
    assert request.parent_span_id.hex() == "b7ad6b7169203331"
    assert operation.parent_span_id in {span.span_id for span in collector.spans if span.name == "POST /graphql"}
    assert statement.trace_id == request.trace_id
    shown = str(collector.spans)
    assert "sim s" in shown
    assert not [kind for kind, marker in MARKERS if marker.search(shown)]
    assert not [word for word in ("Secret", "Truck", world.owner.user.name) if word in shown]
