"""Documents that a client names by their hash: automatic persisted queries, and a list of the only ones to be taken."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from projection import BoundedCache
from schema.enums import ErrorCode
from settings import BadSetting
from transport.refusals import RequestRefused, bad_request

MAX_REMEMBERED = 1024 * 1024
"""Characters of all documents together that clients have made known by their hash."""

_HASH = re.compile(r"[0-9a-f]{64}")


class Documents:
    """What hashes stand for. A text is known by its hash alone, so it does not matter who made it known.

    With `trusted` documents, only those are taken, by text or by hash, and none is added.
    """

    def __init__(self, trusted: Mapping[str, str] | None = None) -> None:
        self._trusted = trusted
        self._known: BoundedCache[str, str] = BoundedCache(MAX_REMEMBERED)

    def complete(self, request: dict[str, Any]) -> None:
        """Put the text into a request that only names it; raises `RequestRefused` for what may not be executed."""
        query, given = request.get("query"), _hash_of(request.get("extensions"))
        if query is None and given is not None:
            request["query"] = self._text(given)
            return
        if not isinstance(query, str) or (given is None and self._trusted is None):
            return
        own = hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest()
        if given not in (None, own):
            raise bad_request("`extensions.persistedQuery.sha256Hash` is not the SHA-256 of the query: send its own.")
        if self._trusted is None:
            self._known.put(own, query, len(query))
        elif own not in self._trusted:
            raise bad_request("Only documents of the server's list are executed: have this one added to it.")

    def _text(self, given: str) -> str:
        text = self._known.get(given) if self._trusted is None else self._trusted.get(given)
        if text is None:
            # Message and code are those that clients of the Apollo protocol look for before they send the text.
            raise RequestRefused(200, ErrorCode.PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
        return text


def trusted_documents(path: Path | None) -> Mapping[str, str] | None:
    """The documents of a JSON file `{"<sha256>": "<text>"}`; None without a file. Raises `BadSetting`."""
    if path is None:
        return None
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise BadSetting(f"TRUSTED_DOCUMENTS must be a readable JSON file, and {path} is not.") from error
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise BadSetting("TRUSTED_DOCUMENTS must be a JSON object of document texts by their SHA-256.")
    for key, text in found.items():
        if key != hashlib.sha256(text.encode()).hexdigest():
            raise BadSetting(f"TRUSTED_DOCUMENTS: {key[:80]} is not the SHA-256 of its text.")
    return found


def _hash_of(extensions: object) -> str | None:
    """The hash in Apollo's `persistedQuery` extension; raises `RequestRefused` when it is malformed."""
    if not isinstance(extensions, dict) or "persistedQuery" not in extensions:
        return None
    asked = extensions["persistedQuery"]
    if not isinstance(asked, dict) or asked.get("version") != 1:
        raise bad_request("`extensions.persistedQuery` must be an object with version 1 and sha256Hash.")
    given = asked.get("sha256Hash")
    if not isinstance(given, str) or not _HASH.fullmatch(given):
        raise bad_request("`extensions.persistedQuery.sha256Hash` must be a SHA-256 in small hexadecimal digits.")
    return given
