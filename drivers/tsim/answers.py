"""Reading the gate's small answers safely, and its three shapes of errors."""

from __future__ import annotations

from datetime import timedelta

from lxml import etree

from novaconnect_sdk import (
    AnswerUnreadable,
    BadCredentials,
    DriverError,
    Forbidden,
    InvalidRequest,
    SimUnknown,
    Throttled,
    TransitionRefused,
    Unsupported,
    redacted,
)

Row = dict[str, str]
"""One record of the wire: element name to text, whatever the order; empty elements are empty strings."""

_CODES: dict[str, type[DriverError]] = {"1": SimUnknown, "2": SimUnknown, "4": InvalidRequest}
_WORDS: tuple[tuple[tuple[str, ...], type[DriverError]], ...] = (
    (("not found", "no such card", "unknown card", "unknown onum"), SimUnknown),
    (("unknown command", "no such command", "not implemented"), Unsupported),
    (("login", "password", "authoriz", "authentic", "access denied"), BadCredentials),
    (("permission", "not permitted", "forbidden"), Forbidden),
    (("msu", "cannot", "can not", "permanently", "not possible", "impossible", "not allowed"), TransitionRefused),
    (("missing", "invalid", "wrong", "argument", "incorrect"), InvalidRequest),
)
_THROTTLE_WORDS = ("too many", "too fast", "slow down", "throttl", "rate limit", "try again later")


class AlreadyStands(TransitionRefused):
    """The gate says that the SIM already is as asked; `blocked` is the state it names, None if it names none."""

    def __init__(self, message: str, *, blocked: bool | None) -> None:
        super().__init__(message)
        self.blocked = blocked


def tree_of(body: bytes, secrets: tuple[str, ...]) -> etree._Element:
    """The root element of a small answer; raises what the answer says went wrong, or `AnswerUnreadable`."""
    refuse_foreign(body)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        raise AnswerUnreadable("The operator's XML is broken or cut short.") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise AnswerUnreadable("The operator's XML carries a document type, which is not accepted.")
    raise_error_of(root.tag, row_of(root), secrets)
    return root


def refuse_foreign(head: bytes) -> None:
    """Raise `AnswerUnreadable` when the first bytes show that this is no XML of the gate."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if not start:
        raise AnswerUnreadable("The operator answered with nothing.")
    if start.startswith((b"<!doctype html", b"<html")):
        raise AnswerUnreadable("The operator answered with a web page instead of XML.")
    if not start.startswith(b"<"):
        raise AnswerUnreadable("The operator answered with something that is not XML.")


def row_of(element: etree._Element) -> Row:
    """The texts of an element's children by name."""
    return {child.tag: (child.text or "").strip() for child in element if isinstance(child.tag, str)}


def raise_error_of(root: str, row: Row, secrets: tuple[str, ...]) -> None:
    """Raise if the answer is an error in any of the gate's shapes; an error nobody knows is a failure too.

    `root` is the name of the root element and `row` the texts of its children.
    """
    if root == "error":
        raise failure_of(row.get("text", ""), row.get("error_code") or None, secrets)
    code = row.get("error_code", "")
    if code not in ("", "0"):
        raise failure_of(row.get("error_text", ""), code, secrets)
    if not code and row.get("error_text"):
        raise failure_of(row["error_text"], None, secrets)


def failure_of(text: str, code: str | None, secrets: tuple[str, ...]) -> DriverError:
    """The error for the gate's own words and code."""
    words = text.lower()
    native = redacted(code, secrets) if code else None
    message = f"The operator answered: {redacted(text, secrets) or 'an error without a text'}"
    if code in _CODES:
        return _CODES[code](message, native_code=native)
    if "already" in words:
        return AlreadyStands(message, blocked=_state_named(words))
    if any(word in words for word in _THROTTLE_WORDS):
        return Throttled(message, after=timedelta(seconds=5), native_code=native)
    for known, error in _WORDS:
        if any(word in words for word in known):
            return error(message, native_code=native)
    return DriverError(message, native_code=native)


def _state_named(words: str) -> bool | None:
    if any(word in words for word in ("inactive", "deactivated", "not active")):
        return True
    if any(word in words for word in ("unblocked", "not blocked", "active")):
        return False
    return True if "blocked" in words else None
