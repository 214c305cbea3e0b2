"""Naming what went wrong: the operator's codes and words, over REST and SOAP, as SDK errors."""

from __future__ import annotations

from datetime import timedelta

from drivers.jasper.soap import Fault
from novaconnect_sdk import (
    AnswerLost,
    BadCredentials,
    DriverError,
    Forbidden,
    InvalidRequest,
    SimUnknown,
    Throttled,
    TransitionRefused,
    redacted,
)

THROTTLED_AFTER = timedelta(seconds=2)
"""The operator names no time; its limit is counted per second."""

_REST_THROTTLED = "40000029"
_SOAP_THROTTLED = "400101"
_REST_UNKNOWN_SERVER_ERROR = "30000001"
_WORDS: tuple[tuple[tuple[str, ...], type[DriverError]], ...] = (
    (("transition", "suspended", "change_pending", "fraud"), TransitionRefused),
    (("credential", "license", "licence", "password", "authenticat"), BadCredentials),
    (("unauthorized", "not authorized", "permission", "forbidden"), Forbidden),
    (("not found", "no such terminal", "no terminal", "terminal_unknown", "invalid iccid"), SimUnknown),
    (("invalid", "null", "required", "must be", "cannot be read", "not in queue", "_in_past"), InvalidRequest),
)
_STATUSES: dict[int, type[DriverError]] = {401: BadCredentials, 403: Forbidden, 404: SimUnknown}


def failure_of_fault(fault: Fault, secrets: tuple[str, ...]) -> DriverError:
    """The error for a SOAP fault. A fault of the operator's own side leaves open what happened."""
    message = _message(fault.text, secrets)
    if fault.code == _SOAP_THROTTLED:
        return Throttled("The operator asked to slow down.", after=THROTTLED_AFTER, native_code=fault.code)
    if fault.server_side:
        return AnswerLost(message, native_code=fault.code or None)
    return _by_words(fault.text, fault.code, message)


def failure_of_rest(status: int, code: str, text: str, secrets: tuple[str, ...]) -> DriverError:
    """The error for a REST answer that carries an errorCode or a status other than success."""
    native = redacted(code, secrets) if len(code) > 10 or not code.isalnum() else code
    native = native or f"HTTP {status}"
    message = _message(text, secrets)
    if code == _REST_THROTTLED or status == 429:
        return Throttled("The operator asked to slow down.", after=THROTTLED_AFTER, native_code=native)
    if status >= 500 or code == _REST_UNKNOWN_SERVER_ERROR:
        return AnswerLost(message, native_code=native)
    if status == 401:
        return BadCredentials("The operator does not accept the login, or not from this address.", native_code=native)
    if status in _STATUSES:
        return _STATUSES[status](message, native_code=native)
    return _by_words(text, native, message)


def _by_words(text: str, code: str, message: str) -> DriverError:
    words = text.lower()
    for known, error in _WORDS:
        if any(word in words for word in known):
            return error(message, native_code=code or None)
    return DriverError(message, native_code=code or None)


def _message(text: str, secrets: tuple[str, ...]) -> str:
    return f"The operator answered: {redacted(text, secrets) or 'an error without a text'}"
