"""A browser: it keeps its cookie, and asks both endpoints."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from models import User
from models.database import fetch
from services.accounts.passwords import hash_password
from tests.worlds import Login

PASSWORD = "correct horse battery"

_SECRET = re.compile(r"#([A-Za-z0-9_-]{20,})")


class Browser:
    """One at an address; `client.cookies` are its cookies."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def auth(self, document: str, **variables: Any) -> dict[str, Any]:
        """Ask `/auth/graphql` for what must run: its `data`."""
        answer = await self.client.post("/auth/graphql", json={"query": document, "variables": variables})
        body = answer.json()
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data

    async def ask(self, document: str, **variables: Any) -> httpx.Response:
        """Ask `/graphql` with whatever cookie there is."""
        return await self.client.post("/graphql", json={"query": document, "variables": variables})

    async def read(self, document: str, **variables: Any) -> dict[str, Any]:
        """The same for what must run: its `data`."""
        body = (await self.ask(document, **variables)).json()
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data

    async def log_in(self, email: str, password: str = PASSWORD, *, remember: bool = False) -> dict[str, Any]:
        """The answer of `logIn`."""
        document = """mutation ($input: LogInInput!) { logIn(input: $input) {
          user { name role } userErrors { code message path retryAfter } } }"""
        answer = await self.auth(document, input={"email": email, "password": password, "rememberMe": remember})
        payload: dict[str, Any] = answer["logIn"]
        return payload


@asynccontextmanager
async def browsing(url: str) -> AsyncIterator[Browser]:
    """A new browser without cookies."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        yield Browser(client)


async def give_password(login: Login, password: str = PASSWORD) -> str:
    """Let a user of a world log in; gives their address."""
    hashed = await hash_password(password)
    await User.filter(id=login.user.id).update(password_hash=hashed, email_confirmed_at=login.user.created_at)
    return login.user.email


async def mails_to(email: str) -> list[tuple[str, str]]:
    """Subjects and bodies of what was sent to an address, the oldest first."""
    rows = await fetch("SELECT subject, body FROM delivery WHERE recipient = $1 ORDER BY id", email)
    return [(row["subject"], row["body"]) for row in rows]


async def link_to(email: str) -> str:
    """The secret of the last link that was mailed to an address."""
    secrets = [found.group(1) for _, body in await mails_to(email) if (found := _SECRET.search(body))]
    return secrets[-1]
