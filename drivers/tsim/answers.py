"""Reading the gate's XML safely: small answers as a tree, large ones row by row, and its three shapes of errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import IO

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

_CHUNK = 64 * 1024
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


def safe_parser() -> etree.XMLParser:
    """A parser that loads no DTD, expands no entity and reaches for nothing on the network."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def tree_of(body: bytes, secrets: tuple[str, ...]) -> etree._Element:
    """The root element of a small answer; raises what the answer says went wrong, or `AnswerUnreadable`."""
    refuse_foreign(body)
    try:
        root = etree.fromstring(body, safe_parser())
    except etree.XMLSyntaxError:
        raise AnswerUnreadable("The operator's XML is broken or cut short.") from None
    _refuse_dtd(root)
    raise_error_of(root, secrets)
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


def raise_error_of(root: etree._Element, secrets: tuple[str, ...]) -> None:
    """Raise if the answer is an error in any of the gate's shapes; an error nobody knows is a failure too."""
    row = row_of(root)
    if root.tag == "error":
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
    if any(word in words for word in ("unblocked", "not blocked", "active")):
        return False
    return True if "blocked" in words else None


def _refuse_dtd(root: etree._Element) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise AnswerUnreadable("The operator's XML carries a document type, which is not accepted.")


@dataclass(slots=True)
class _Position:
    row: int
    finished: bool = False


class Rows:
    """The records of one downloaded document, read page by page in bounded memory.

    `file` is rewound and closed by `close`. Pages are asked for by the number of the first row; going back reads anew.
    """

    def __init__(self, file: IO[bytes], tags: frozenset[str], secrets: tuple[str, ...]) -> None:
        self._file = file
        self._tags = tags
        self._secrets = secrets
        self._rows = self._read()
        self._at = _Position(0)

    def page(self, first: int, size: int) -> tuple[list[tuple[str, Row]], bool]:
        """Up to `size` rows from number `first` on, each with its element name, and whether the document has ended.

        Raises `InvalidRequest` when the document was closed meanwhile or another page of it is being read.
        """
        try:
            return self._page(first, size)
        except DriverError:
            self.close()
            raise
        except ValueError:
            raise InvalidRequest("This listing is no longer open: begin it again without a cursor.") from None

    def close(self) -> None:
        """Give back the file."""
        self._file.close()

    def _page(self, first: int, size: int) -> tuple[list[tuple[str, Row]], bool]:
        if first < self._at.row or self._at.finished:
            self._rows = self._read()
            self._at = _Position(0)
        while self._at.row < first and next(self._rows, None) is not None:
            self._at.row += 1
        page: list[tuple[str, Row]] = []
        for row in self._rows:
            page.append(row)
            if len(page) == size:
                break
        self._at.row += len(page)
        self._at.finished = len(page) < size
        return page, self._at.finished

    def _read(self) -> Iterator[tuple[str, Row]]:
        self._file.seek(0)
        parser = etree.XMLPullParser(
            events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        )
        root: etree._Element | None = None
        try:
            while chunk := self._file.read(_CHUNK):
                parser.feed(chunk)
                for event, element in parser.read_events():
                    if not isinstance(element, etree._Element):
                        continue
                    if root is None:
                        root = element
                        _refuse_dtd(root)
                    if event == "end" and element.tag in self._tags and element.getparent() is root:
                        yield element.tag, row_of(element)
                        _forget(element)
            parser.close()
        except etree.XMLSyntaxError:
            raise AnswerUnreadable("The operator's XML is broken or cut short.") from None
        if root is not None:
            raise_error_of(root, self._secrets)


def _forget(element: etree._Element) -> None:
    """Free an element that has been read and everything before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
