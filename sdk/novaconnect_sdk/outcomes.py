"""From a classified failure to the outcome of a write, and words that may be shown: the part every driver shares."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from novaconnect_sdk.errors import AnswerLost, DriverError, ErrorCode, NotSent, Throttled
from novaconnect_sdk.results import Refused, TryLater, Unknown, WriteResult

NOT_CONNECTED_RETRY = timedelta(seconds=30)
"""How long to wait after a connection could not be made."""

_REPEATABLE = frozenset({ErrorCode.UNAVAILABLE, ErrorCode.CREDENTIALS, ErrorCode.FORBIDDEN})
_LONG_NUMBER = re.compile(r"\d{5,}", re.ASCII)
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_BLANKS = re.compile(r"\s+")
_LONGEST_TEXT = 200


def outcome_of(error: DriverError) -> WriteResult:
    """The outcome of a write that ended in this error.

    An answer that was lost or unreadable is `Unknown`; throttling and no connection are `TryLater`; anything else the
    operator said is `Refused`, for ever unless the cause lies in the login or the operator's availability.
    """
    if isinstance(error, AnswerLost):
        return Unknown(error.code, error.message)
    if isinstance(error, Throttled):
        return TryLater(error.after, error.code, error.message)
    if isinstance(error, NotSent):
        return TryLater(error.after or NOT_CONNECTED_RETRY, error.code, error.message)
    return Refused(error.code, error.message, error.code not in _REPEATABLE, error.native_code)


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """An operator's own words without addresses, secrets and numbers of five digits or more; at most 200 characters."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "[secret]")
    text = _LONG_NUMBER.sub("[number]", _ADDRESS.sub("[address]", text))
    text = _BLANKS.sub(" ", "".join(letter if letter.isprintable() else " " for letter in text)).strip()
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
