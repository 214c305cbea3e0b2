"""How uvicorn is to run the application."""

from __future__ import annotations

from typing import Any

from settings import Settings
from transport.limits import MAX_SOCKET_MESSAGE


def server_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments for `uvicorn.run` and `uvicorn.Config`; logging is set up by the application itself."""
    return {
        "host": settings.host,
        "port": settings.port,
        "log_config": None,
        "access_log": False,  # it would print query strings
        "server_header": False,
        "ws_max_size": MAX_SOCKET_MESSAGE,  # a longer message is refused before it is held in memory
        "timeout_graceful_shutdown": 5,
    }
