"""Where the request that is being answered came from: an address, for the audit and for throttles."""

from __future__ import annotations

from contextvars import ContextVar

_address: ContextVar[str | None] = ContextVar("request_address", default=None)


def request_address() -> str | None:
    """The client's address; None in a worker, in the scheduler, and where the transport does not tell one."""
    return _address.get()


def set_request_address(address: str | None) -> None:
    """Said once by the transport, for everything that the current task does from now on."""
    _address.set(address)
