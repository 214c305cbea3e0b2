"""How uvicorn is to run the application."""

from __future__ import annotations

import resource
from typing import Any

from settings import Settings
from transport.http_protocol import HttpProtocol
from transport.limits import MAX_SOCKET_MESSAGE, PING_SECONDS, PONG_SECONDS


def server_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments for `uvicorn.run` and `uvicorn.Config`; logging is set up by the application itself."""
    return {
        "host": settings.host,
        "port": settings.port,
        "http": HttpProtocol,
        "log_config": None,
        "access_log": False,  # it would print query strings
        "server_header": False,
        # Whom a request comes from is what the nearest proxy that we trust says, and without any what the socket says.
        "proxy_headers": bool(settings.gates.trusted_proxies),
        "forwarded_allow_ips": list(settings.gates.trusted_proxies),
        "ws_max_size": MAX_SOCKET_MESSAGE,  # a longer message is refused before it is held in memory
        "ws_ping_interval": PING_SECONDS,
        "ws_ping_timeout": PONG_SECONDS,
        # Compressing an event anew for each of thousands of subscribers costs more than everything else together.
        "ws_per_message_deflate": False,
        "timeout_graceful_shutdown": 5,
    }


def allow_many_sockets() -> None:
    """Let this process open as many files as the system lets it: each subscriber is one."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
