"""One request on its way through the simulator: limits, faults, the work itself, the log, the answer."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from simulator.faults import Fault
from simulator.sim import Sim
from simulator.world import World

# Under this key the HTTP protocol leaves the connection, so that a fault can cut it without a byte.
TRANSPORT_KEY = "simulator.transport"
MAXIMUM_BODY = 1_000_000

HTML_PAGE = b"<!DOCTYPE html><html><head><title>Portal</title></head><body><h1>Please log in</h1></body></html>"


@dataclass(slots=True)
class Call:
    """A request as understood: whose face, which command, which SIMs it is about."""

    face: str
    command: str
    sims: Sequence[Sim] = ()
    arguments: dict[str, str] = field(default_factory=dict)
    account: str = ""


@dataclass(slots=True)
class Answer:
    """What goes back: status, body (bytes, or pieces for a long document), media type and a word for the log."""

    status: int
    body: bytes | Iterator[bytes]
    media_type: str
    outcome: str = "ok"


class Dialect(Protocol):
    """How one face says the things every operator can say."""

    limited: bool

    def throttled(self, call: Call) -> Answer:
        """Too many calls."""

    def server_error(self, call: Call) -> Answer:
        """Something broke inside, HTTP 500."""

    def error_in_success(self, call: Call) -> Answer:
        """HTTP 200 around an error."""


Work = Callable[[Fault | None], Answer]


class Cut(Response):
    """No answer: the connection is cut."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the connection without a byte and wait until the server has noticed."""
        scope[TRANSPORT_KEY].abort()
        while (await receive())["type"] != "http.disconnect":
            pass


async def exchange(world: World, request: Request, dialect: Dialect, call: Call, work: Work) -> Response:
    """Answer one request; the body must have been read before."""
    entry = world.requests.add(call.face, call.command, [sim.iccid for sim in call.sims[:50]], call.arguments)
    if not dialect.limited:
        return await _faulty(world, request, dialect, call, work, entry)
    broken = world.gate.enter(call.account)
    if broken is not None:
        first = call.sims[0].iccid if call.sims else None
        world.violations.add(broken, call.face, call.command, first, f"limits: {world.gate.describe()}")
        entry["outcome"] = "throttled"
        return _response(dialect.throttled(call))
    try:
        if world.options.jasper_latency_ms:
            await asyncio.sleep(world.options.jasper_latency_ms / 1000)
        return await _faulty(world, request, dialect, call, work, entry)
    finally:
        # Before the answer leaves: a client may call again the moment it has it.
        world.gate.leave(call.account)


async def _faulty(
    world: World, request: Request, dialect: Dialect, call: Call, work: Work, entry: dict[str, Any]
) -> Response:
    fault = world.faults.draw(call.face, call.command, call.sims) if world.faults.rules else None
    if fault is None:
        answer = work(None)
        entry["outcome"] = answer.outcome
        return _response(answer)
    entry["fault"] = fault.fault
    done = work(fault) if fault.apply or fault.fault == "accepted_never_done" else None
    entry["outcome"] = done.outcome if done is not None else "not_applied"
    if fault.fault.startswith("timeout"):
        await _client_gives_up(request, fault.seconds)
        return Cut()
    if fault.fault == "disconnect":
        return Cut()
    return _response(_spoilt(fault.fault, done, dialect, call))


def _spoilt(kind: str, done: Answer | None, dialect: Dialect, call: Call) -> Answer:
    if kind == "http_500":
        return dialect.server_error(call)
    if kind == "throttle":
        return dialect.throttled(call)
    if kind == "error_body_200":
        return dialect.error_in_success(call)
    if kind == "html":
        return Answer(200, HTML_PAGE, "text/html")
    if done is None:
        return dialect.server_error(call)
    if kind == "empty":
        return Answer(done.status, b"", done.media_type)
    if kind == "truncated_xml":
        whole = done.body if isinstance(done.body, bytes) else b"".join(done.body)
        return Answer(done.status, whole[: len(whole) * 2 // 3], done.media_type)
    return done


async def _client_gives_up(request: Request, seconds: float) -> None:
    """Wait until the client hangs up, at most so long."""
    try:
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        pass
    except asyncio.CancelledError:
        # The simulator is stopping: the server would answer 500 in our place.
        request.scope[TRANSPORT_KEY].abort()
        raise


def _response(answer: Answer) -> Response:
    if isinstance(answer.body, bytes):
        return Response(answer.body, answer.status, media_type=answer.media_type)
    return StreamingResponse(_pieces(answer.body), answer.status, media_type=answer.media_type)


async def _pieces(body: Iterator[bytes]) -> Any:
    for piece in body:
        yield piece
        # Other requests are answered between two pieces of a long document.
        await asyncio.sleep(0)
