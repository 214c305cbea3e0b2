"""A look at a GraphQL document before it is parsed: one linear pass that bounds what parsing and validating it can cost."""

from __future__ import annotations

import re

from schema.enums import ErrorCode
from transport.limits import MAX_FRAGMENTS, MAX_NESTING, MAX_QUERY, MAX_TOKENS
from transport.refusals import RequestRefused, bad_request, too_large

# Possessive (++) and with optional ends, so that whatever begins a token is one and is never looked at twice.
_TOKEN = re.compile(
    r'(?P<string>"""(?>[^"\\]++|\\"""|\\|"(?!""))*+(?:""")?+|"(?>[^"\\\n]++|\\.)*+"?+)'
    r"|(?P<comment>\#[^\n]*+)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*+)"
    r"|(?P<open>[{\[(])"
    r"|(?P<close>[)\]}])"
    r"|(?P<other>\.\.\.|-?[0-9][0-9A-Za-z_.+-]*+|[!$&=:@|])",
    re.DOTALL,
)
_NUL = re.compile(r"\x00|\\u0000|\\u\{0+\}")


def check_document(query: str, max_tokens: int = MAX_TOKENS) -> None:
    """Raise `RequestRefused` for a document that is too long, too deep, too wide, or smuggles in a NUL character."""
    if is_longer(query, MAX_QUERY):
        raise too_large(f"The query text is over {MAX_QUERY // 1024} KB: send values as variables.")
    if _NUL.search(query):
        raise bad_request("The query text holds a NUL character: remove it.")
    depth = tokens = fragments = 0
    for token in _TOKEN.finditer(query):
        match token.lastgroup:
            case "open":
                depth += 1
            case "close":
                depth -= 1
            case "name":
                fragments += token.group() == "fragment"
            case "comment":
                continue
        tokens += 1
        if depth > MAX_NESTING or tokens > max_tokens or fragments > MAX_FRAGMENTS:
            raise _too_complex(max_tokens)


def is_longer(text: str, limit: int) -> bool:
    """Whether the text takes more than `limit` bytes; it is encoded only when its length does not tell."""
    if len(text) > limit:
        return True
    return len(text) * 4 > limit and len(text.encode()) > limit


def _too_complex(max_tokens: int) -> RequestRefused:
    message = (
        f"The query is too complex: at most {MAX_NESTING} nested brackets, {max_tokens:,} tokens and "
        f"{MAX_FRAGMENTS} fragments. Ask for less at once."
    )
    return RequestRefused(400, ErrorCode.QUERY_TOO_COMPLEX, message)
