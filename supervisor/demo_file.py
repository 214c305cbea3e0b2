"""`var/demo.json` and what a start prints at its end: all that a script or a person needs for the first query."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from settings import Settings
from supervisor.json_file import write_atomically
from supervisor.narration import Narrator
from supervisor.ports import local_host

_FIRST_QUERY = "{ sims(first: 5) { totalCount edges { node { iccid msisdn profile { code } isLocked } } } }"


def demo_content(
    settings: Settings, tokens: Mapping[str, str], emails: Mapping[str, str], password: str
) -> dict[str, object]:
    """What the file says; the addresses of the two databases are for scripts that look behind the API."""
    place = f"{local_host(settings.host)}:{settings.port}"
    return {
        "graphql_url": f"http://{place}/graphql",
        "ws_url": f"ws://{place}/graphql",
        "tokens": dict(tokens),
        "auth_url": f"http://{place}/auth/graphql",
        "users": {name: {"email": email, "password": password} for name, email in emails.items()},
        "simulator_admin_url": settings.simulator_admin_url,
        "database_url": settings.database_url,
        "redis_url": settings.redis_url,
    }


@contextlib.contextmanager
def demo_file(path: Path, content: Mapping[str, object]) -> Iterator[None]:
    """Write the file as the last step of ready and remove it as the first step of stopping."""
    write_atomically(path, content, mode=0o600)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def print_welcome(narrator: Narrator, content: Mapping[str, object], path: Path) -> None:
    """The address, the tokens and a query to paste."""
    tokens = content["tokens"]
    assert isinstance(tokens, dict)
    narrator.plain()
    narrator.plain(f"NovaConnect is ready: {content['graphql_url']}")
    narrator.plain()
    for name, token in tokens.items():
        narrator.plain(f"  token {name:<20} {token}")
    narrator.plain()
    users = content["users"]
    assert isinstance(users, dict)
    narrator.plain("To log in as one of them, an e-mail address and the password of this start:")
    for name, user in users.items():
        narrator.plain(f"  {name:<20} {user['email']:<28} {user['password']}")
    narrator.plain()
    narrator.plain("A first query to paste:")
    narrator.plain(
        f"  curl -s {content['graphql_url']} -H 'Content-Type: application/json' "
        f"-H 'Authorization: Bearer {tokens.get('owner', '')}' "
        f"""-d '{{"query": "{_FIRST_QUERY}"}}'"""
    )
    narrator.plain()
    narrator.plain(f"Scripts find all this in {path}. Ctrl-C stops everything; the data stays for the next start.")
