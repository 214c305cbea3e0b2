"""Lantern itself, small enough for a test: a real HTTP server on a real socket, and the suite's world over it."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from novaconnect_sdk import Action, Iccid, Msisdn, Settings, SimRef
from novaconnect_sdk.testing import Fault, Variant

TOKEN = "lantern-token"  # noqa: S105 - the imaginary operator's
PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"


class Lantern(ThreadingHTTPServer):
    """The operator: sixty SIMs, a token, and one fault at a time."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), LanternHandler)
        numbers = range(60)
        self.sims: dict[str, dict[str, Any]] = {
            f"894620460100000{n:04d}": {
                "iccid": f"894620460100000{n:04d}",
                "msisdn": f"467190{n:05d}",
                "suspended": False,
            }
            for n in numbers
        }
        self.requests = 0
        self.applied: Counter[tuple[str, bool]] = Counter()
        self.fault: Fault | None = None
        self.stopping = threading.Event()


class LanternHandler(BaseHTTPRequestHandler):
    """GET /v1/sims?after&size, GET and PUT /v1/sims/{iccid}."""

    protocol_version = "HTTP/1.1"

    @property
    def lantern(self) -> Lantern:
        return cast(Lantern, self.server)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        self._serve({})

    def do_PUT(self) -> None:
        self._serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _serve(self, wish: dict[str, Any]) -> None:
        lantern = self.lantern
        lantern.requests += 1
        fault, lantern.fault = lantern.fault, None
        if fault in (Fault.SERVER_ERROR, Fault.THROTTLED):
            return self._answer(500 if fault is Fault.SERVER_ERROR else 429, b"{}")
        if fault is Fault.HTML:
            return self._answer(200, PAGE)
        if fault is Fault.LOST_BEFORE_APPLYING:
            return self._hang_up()
        status, content = self._work(wish)
        if fault is Fault.SILENCE:
            lantern.stopping.wait()
        if fault in (Fault.SILENCE, Fault.LOST_AFTER_APPLYING):
            return self._hang_up()
        body = json.dumps(content).encode()
        spoilt = {Fault.EMPTY: b"", Fault.TRUNCATED: body[: len(body) // 2]}
        return self._answer(status, spoilt.get(fault, body) if fault else body)

    def _work(self, wish: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.headers.get("X-Token") != TOKEN:
            return 401, {}
        parts = urlsplit(self.path)
        if parts.path == "/v1/sims":
            query = parse_qs(parts.query)
            after, size = query.get("after", [""])[0], int(query["size"][0])
            rest = [sim for iccid, sim in sorted(self.lantern.sims.items()) if iccid > after]
            return 200, {"sims": rest[:size], "more": len(rest) > size}
        sim = self.lantern.sims.get(parts.path.rpartition("/")[2])
        if sim is None:
            return 404, {}
        if wish and sim["suspended"] is not wish["suspended"]:
            sim["suspended"] = wish["suspended"]
            self.lantern.applied[sim["iccid"], wish["suspended"]] += 1
        return 200, sim

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


class LanternWorld:
    """Lantern as the suite arranges and inspects it."""

    def __init__(self, lantern: Lantern) -> None:
        self.lantern = lantern
        self._offset = timedelta(0)
        self._handed_out = iter(lantern.sims)

    def settings(self, variant: Variant = Variant.WORKING) -> Settings:
        port = 9 if variant is Variant.UNREACHABLE else self.lantern.server_address[1]
        token = "wrong-token" if variant is Variant.WRONG_SECRET else TOKEN
        return {"base_url": f"http://127.0.0.1:{port}", "token": token, "timeout_seconds": 2, "page_size": 25}

    def secrets(self) -> Sequence[str]:
        return (TOKEN, "wrong-token")

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    async def known_sim(self) -> SimRef:
        sim = self.lantern.sims[next(self._handed_out)]
        return SimRef(Iccid(sim["iccid"]), None, Msisdn(sim["msisdn"]))

    def unknown_sim(self) -> SimRef:
        return SimRef(Iccid("8946204601000009999"), None, Msisdn("46719099999"))

    async def sim_count(self) -> int:
        return len(self.lantern.sims)

    async def is_blocked(self, sim: SimRef) -> bool:
        return bool(self.lantern.sims[sim.iccid]["suspended"])

    async def block(self, sim: SimRef) -> None:
        self.lantern.sims[sim.iccid]["suspended"] = True

    async def applied(self, sim: SimRef, action: Action) -> int:
        return self.lantern.applied[str(sim.iccid), action is Action.LOCK]

    async def requests(self) -> int:
        return self.lantern.requests

    async def violations(self) -> Sequence[str]:
        return ()

    async def fail_next(self, fault: Fault) -> None:
        self.lantern.fault = fault

    async def pass_time(self, duration: timedelta) -> None:
        self._offset += duration


@pytest.fixture
def lantern_world() -> Iterator[LanternWorld]:
    """A fresh operator for each test."""
    with Lantern() as lantern:
        thread = threading.Thread(target=lantern.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield LanternWorld(lantern)
        lantern.stopping.set()
        lantern.shutdown()
        thread.join()
