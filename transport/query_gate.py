"""A look at a GraphQL document before it is parsed: one linear pass that bounds what parsing and validating it can cost."""

from __future__ import annotations

import re

from schema.enums import ErrorCode
from transport.limits import MAX_FRAGMENTS, MAX_NAMES, MAX_NESTING, MAX_QUERY
from transport.refusals import RequestRefused, bad_request, too_large

# Possessive (++) and with optional ends, so that whatever begins a token is one and is never looked at twice.
_TOKEN = re.compile(
    r'"""(?>[^"\\]++|\\"""|\\|"(?!""))*+(?:""")?+'
    r'|"(?>[^"\\\n]++|\\.)*+"?+'
    r"|\#[^\n]*+"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*+)"
    r"|(?P<open>[{\[(])"
    r"|(?P<close>[)\]}])",
    re.DOTALL,
)
_NUL = re.compile(r"\x00|\\u0000|\\u\{0+\}")


def check_document(query: str) -> None:
    """Raise `RequestRefused` for a document that is too long, too deep, too wide, or smuggles in a NUL character."""
    if is_longer(query, MAX_QUERY):
        raise too_large(f"The query text is over {MAX_QUERY // 1024} KB: send values as variables.")
    if _NUL.search(query):
        raise bad_request("The query text holds a NUL character: remove it.")
    depth = names = fragments = 0
    for token in _TOKEN.finditer(query):
        match token.lastgroup:
            case "open":
                depth += 1
            case "close":
                depth -= 1
            case "name":
                names += 1
                fragments += token.group() == "fragment"
        if depth > MAX_NESTING or names > MAX_NAMES or fragments > MAX_FRAGMENTS:
            raise _too_complex()


def is_longer(text: str, limit: int) -> bool:
    """Whether the text takes more than `limit` bytes; it is encoded only when its length does not tell."""
    if len(text) > limit:
        return True
    return len(text) * 4 > limit and len(text.encode()) > limit


def _too_complex() -> RequestRefused:
    message = (
        f"The query is too complex: at most {MAX_NESTING} nested brackets, {MAX_NAMES} names and "
        f"{MAX_FRAGMENTS} fragments. Ask for less at once."
    )
    return RequestRefused(400, ErrorCode.INVALID_REQUEST, message)
