"""Run the simulator: `python -m simulator --port 8090 --sims 2000 --state-dir DIR`.

Prints one JSON line {"port": n} on standard output when it answers. SIGTERM and Ctrl-C end it with exit code 0.
"""

import asyncio
import gc
import json
import signal
import socket
import sys
import time
from typing import cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from simulator import persistence
from simulator.application import build
from simulator.clock import VirtualClock
from simulator.exchange import TRANSPORT_KEY
from simulator.fleet import grown
from simulator.options import Options, read_options
from simulator.persistence import Journal, StateUnreadable
from simulator.world import World


class CuttableProtocol(HttpToolsProtocol):
    """HTTP whose requests carry their connection, so that a fault can cut it."""

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        cast("dict[str, object]", self.scope)[TRANSPORT_KEY] = self.transport


class AnnouncingServer(uvicorn.Server):
    """Says on standard output which port it answers on."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, then say so."""
        await super().startup(sockets)
        if self.started and sockets:
            print(json.dumps({"port": sockets[0].getsockname()[1]}), flush=True)


def open_world(options: Options) -> tuple[World, Journal | None]:
    """The world as it was saved, or a new one. Raises StateUnreadable."""
    lines = persistence.saved_lines(options.state_dir) if options.state_dir else []
    head = lines[0] if lines else {}
    begins = 0.0 if options.starts_at is None else options.starts_at - time.time()
    clock = VirtualClock(persistence.last_offset(lines) if lines else begins)
    # Saved SIMs differ from newborn ones of their own seed and birth only, so those are kept too.
    seed = int(head.get("seed", options.seed))
    birth = float(head.get("birth", clock.now()))
    world = World(options, clock, seed, birth)
    size = max(options.sims, int(head.get("sims", 0)))
    sims = list(grown(seed, birth, 0, size, int(head.get("lively", options.lively))))
    touched = persistence.restore(sims, lines)
    world.engine.load(sims)
    if options.state_dir is None:
        return world, None
    journal = Journal(world, options.state_dir)
    journal.rewrite(touched)
    return world, journal


def main() -> int:
    """Run until told to stop; returns the exit code."""
    options = read_options()
    # Named as TCP, or the event loop does not switch off Nagle's delay on its connections.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((options.host, options.port))
        world, journal = open_world(options)
    except OSError as error:
        print(f"simulator: cannot use port {options.port} or the state folder: {error}", file=sys.stderr)
        return 1
    except StateUnreadable as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 1
    # A hundred thousand SIMs live as long as the program: the collector need not look at them again.
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        build(world, journal), http=CuttableProtocol, ws="none", log_level="critical", access_log=False,
        timeout_graceful_shutdown=1, server_header=False,
    )  # fmt: skip
    server = AnnouncingServer(config)
    # The server raises the signal again when it has stopped; by then all is saved and the exit code shall be 0.
    signal.signal(signal.SIGTERM, server.handle_exit)
    signal.signal(signal.SIGINT, server.handle_exit)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
