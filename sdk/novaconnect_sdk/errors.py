"""Errors of a driver, each named for what the host must do about it."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum


class ErrorCode(StrEnum):
    """The canonical reasons for which an operator call fails (OPERATORS facts §5.9)."""

    CREDENTIALS = "CREDENTIALS"
    FORBIDDEN = "FORBIDDEN"
    SIM_UNKNOWN = "SIM_UNKNOWN"
    INVALID = "INVALID"
    TRANSITION_REFUSED = "TRANSITION_REFUSED"
    UNSUPPORTED = "UNSUPPORTED"
    THROTTLED = "THROTTLED"
    UNAVAILABLE = "UNAVAILABLE"
    PROTOCOL = "PROTOCOL"
    TIMEOUT = "TIMEOUT"


class DriverError(Exception):
    """A read failed, or a driver could not be made. `message` is one redacted sentence; `native_code` the operator's
    own."""

    code: ErrorCode = ErrorCode.UNAVAILABLE

    def __init__(self, message: str, *, native_code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.native_code = native_code


class BadCredentials(DriverError):
    """The operator does not accept the login; staff must look at the settings."""

    code = ErrorCode.CREDENTIALS


class Forbidden(DriverError):
    """The login may not use this command or is not allowed from this address."""

    code = ErrorCode.FORBIDDEN


class SimUnknown(DriverError):
    """The operator does not know this SIM."""

    code = ErrorCode.SIM_UNKNOWN


class InvalidRequest(DriverError):
    """The operator did not understand a value; repeating it is useless."""

    code = ErrorCode.INVALID


class TransitionRefused(DriverError):
    """The SIM is in a state from which the change is not possible."""

    code = ErrorCode.TRANSITION_REFUSED


class Unsupported(DriverError):
    """The operator has no such function."""

    code = ErrorCode.UNSUPPORTED


class Throttled(DriverError):
    """The operator asks to slow down; nothing was changed."""

    code = ErrorCode.THROTTLED

    def __init__(self, message: str, *, after: timedelta, native_code: str | None = None) -> None:
        super().__init__(message, native_code=native_code)
        self.after = after


class NotSent(DriverError):
    """No connection: the request certainly never left; it may be repeated, `after` a while where that is known."""

    code = ErrorCode.UNAVAILABLE

    def __init__(self, message: str, *, after: timedelta | None = None, native_code: str | None = None) -> None:
        super().__init__(message, native_code=native_code)
        self.after = after


class AnswerLost(DriverError):
    """The request left and no answer came (time-out, broken connection, HTTP 5xx): what happened is unknown."""

    code = ErrorCode.TIMEOUT


class AnswerUnreadable(AnswerLost):
    """An answer came that is not the operator's language (HTML, truncated XML, nothing): what happened is unknown."""

    code = ErrorCode.PROTOCOL


class SettingsError(DriverError):
    """A setting in `plugins.toml` is missing or wrong; the message names it."""

    code = ErrorCode.INVALID
