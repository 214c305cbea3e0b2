"""Where a request or a socket comes from."""

from __future__ import annotations

from starlette.types import Scope

MAX_ADDRESS = 45
"""Characters of an address: IPv6 with an embedded IPv4."""


def client_address(scope: Scope) -> str | None:
    """The address of the client of an ASGI scope; None where the server does not know one (a Unix socket)."""
    client = scope.get("client")
    return str(client[0])[:MAX_ADDRESS] if client else None
