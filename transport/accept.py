"""Content negotiation as GraphQL over HTTP and graphql-sse want it."""

from __future__ import annotations

from dataclasses import dataclass

from schema.enums import ErrorCode
from transport.refusals import JSON, RequestRefused

GRAPHQL_RESPONSE = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What the client wants: `media_type` of a single answer, and whether it takes (or prefers) an event stream."""

    media_type: str
    takes_stream: bool
    prefers_stream: bool

    @property
    def strict(self) -> bool:
        """Whether request errors show in the HTTP status (`application/graphql-response+json`)."""
        return self.media_type == GRAPHQL_RESPONSE


def negotiate(accept: str | None) -> Negotiated:
    """Choose by quality, then by explicitness; no `Accept` and `*/*` mean `application/json`. 406 when nothing fits."""
    ranges = _ranges(accept if accept and accept.strip() else "*/*")
    single = {
        JSON: max(_weight(ranges, JSON), _weight(ranges, "application/*", 1), _weight(ranges, "*/*", 0)),
        GRAPHQL_RESPONSE: _weight(ranges, GRAPHQL_RESPONSE),
    }
    stream = _weight(ranges, EVENT_STREAM)
    media_type = GRAPHQL_RESPONSE if single[GRAPHQL_RESPONSE] >= single[JSON] else JSON
    best = single[media_type]
    if best[0] <= 0 and stream[0] <= 0:
        message = f"POST answers {GRAPHQL_RESPONSE}, {JSON} or {EVENT_STREAM}: name one of them in `Accept`."
        raise RequestRefused(406, ErrorCode.INVALID_REQUEST, message)
    if best[0] <= 0:
        media_type = JSON
    return Negotiated(media_type, takes_stream=stream[0] > 0, prefers_stream=stream[0] > best[0])


def _ranges(accept: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
        try:
            found[name] = max(found.get(name, 0.0), min(float(quality), 1.0))
        except ValueError:
            continue
    return found


def _weight(ranges: dict[str, float], name: str, explicitness: int = 2) -> tuple[float, int]:
    quality = ranges.get(name, 0.0)
    # NaN compares with nothing, so it would win or lose by accident.
    return (quality, explicitness) if quality > 0 else (0.0, -1)
