"""How much a request may bring; sizes in bytes, times in seconds."""

from __future__ import annotations

MAX_BODY = 8 * 1024 * 1024
"""A request body: room for a CSV filter of 100,000 rows."""

MAX_ANONYMOUS_BODY = 16 * 1024
"""A request body that comes without a valid token; it is never read."""

MAX_QUERY = 100 * 1024
"""The text of a GraphQL document."""

MAX_STRING = 64 * 1024
"""A string anywhere in the variables, except under `LONG_STRING_KEYS`."""

LONG_STRING_KEYS = frozenset({"csv", "content"})
"""The keys whose strings are bounded by the body alone: tables, and files in base64."""

MAX_SOCKET_MESSAGE = 64 * 1024
"""A WebSocket message from a client."""

MAX_SUBSCRIPTIONS = 20
"""Operations that run at the same time on one socket."""

MAX_NESTING = 50
"""Brackets inside brackets in a GraphQL document."""

MAX_AUTH_TOKENS = 200
"""Tokens of a GraphQL document at `/auth/graphql`, where nobody is known yet."""

MAX_TOKENS = 2_000
"""Names, values and signs in a GraphQL document."""

MAX_FRAGMENTS = 100
"""The word `fragment` in a GraphQL document: a chain of fragments is walked recursively."""

OPERATION_SECONDS, STATEMENT_SECONDS = 15.0, 16.0
"""How long a query or mutation may take in all, and how long PostgreSQL works on one statement of the API.

The second stands behind the first, for statements that nobody waits for any more.
"""

BODY_SECONDS = 60.0
"""How long a client may take to send a body."""

INIT_SECONDS = 10.0
"""How long a socket may stay open without `connection_init`."""

LINGER_BYTES, LINGER_SECONDS = 16 * 1024 * 1024, 2.0
"""How much of an unwanted body is thrown away after the answer, and for how long, before the connection is closed."""

TOKEN_WATCH_SECONDS = 3.0
"""How often open sockets are checked for a revoked token; the promise is five seconds."""

CLOSE_SECONDS = 1.0
"""How long closing a socket may wait for a client that reads nothing; the next look tries again."""

PING_SECONDS, PONG_SECONDS = 20.0, 120.0
"""How often a socket is asked whether it lives, and how long it may take to say so: a slow reader answers late."""
