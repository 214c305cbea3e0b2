"""Traces by OpenTelemetry, when an endpoint for them is configured: HTTP request, operation, statement, operator call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry import trace

from models.statement_spans import trace_statements
from settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

_PATH = "/v1/traces"


def start_tracing(settings: Settings, program: str, exporter: SpanExporter | None = None) -> TracerProvider | None:
    """Begin to send spans; None, and nothing costs anything, without an endpoint. Shut the provider down at the end."""
    endpoint = settings.gates.traces_endpoint
    if endpoint is None and exporter is None:
        return None
    # Without traces their libraries would be a tenth of the memory of an API process.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    if exporter is None:
        exporter = OTLPSpanExporter(endpoint=f"{str(endpoint).rstrip('/').removesuffix(_PATH)}{_PATH}")
    resource = Resource.create({"service.name": f"novaconnect-{program}", "service.namespace": "novaconnect"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    trace_statements()
    return provider
