"""Asking the schema as somebody, and tokens that are good for less than everything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from access import authenticate, digest_of, new_token
from domain.scopes import Scope
from eventstream import EventHub
from models import AccessToken, SimGroup
from resolvers.auth_schema import build_auth_schema
from resolvers.context import RequestContext
from resolvers.schema import build_schema
from services.accounts import passwords
from services.accounts.letters import use_portal
from settings import Settings
from tests.accounts.browser import Browser, browsing
from tests.graphql.conftest import ask, drivers_of_the_shipped_file, read
from tests.servers import TestServers
from tests.transport.serving import Endpoint, serving
from tests.worlds import Login
from transport.auth_app import AuthApp
from transport.graphql_app import build

__all__ = ["ask", "drivers_of_the_shipped_file", "read"]


async def with_token(
    login: Login, scopes: Collection[Scope] = tuple(Scope), groups: Iterable[SimGroup] | None = None
) -> Login:
    """The same user with another token."""
    token = new_token()
    await AccessToken.create(
        user=login.user,
        name="narrow",
        prefix=token[:8],
        digest=digest_of(token),
        expires_at=datetime.now(UTC) + timedelta(days=1),
        scopes=[scope.value for scope in scopes],
        group_ids=None if groups is None else [group.id for group in groups],
    )
    principal = await authenticate(token)
    assert principal is not None
    return Login(login.user, token, principal)


def context_of(login: Login) -> RequestContext:
    """The context of one request."""
    return RequestContext(principal=login.principal, hub=EventHub("redis://nobody.invalid"))


@pytest.fixture(scope="session")
async def endpoint_of_the_schema(shared_database: str, servers: TestServers) -> AsyncIterator[Endpoint]:
    """The application's own schema, served."""
    hub = EventHub(servers.redis_url)
    view = build(build_schema(), Settings(), hub)
    hub.start()
    async with serving(Starlette(routes=[Route("/graphql", view), WebSocketRoute("/graphql", view)])) as endpoint:
        yield endpoint
    await hub.stop()


@pytest.fixture(scope="session")
async def doors(shared_database: str, servers: TestServers) -> AsyncIterator[str]:
    """Both endpoints over the application's schemas, served as in development; gives the address."""
    hub = EventHub(servers.redis_url)
    settings = Settings(environment="test", portal_url="https://portal.example.com")
    use_portal(settings)
    view = build(build_schema(), settings, hub)
    auth = AuthApp(build_auth_schema(), view.cookie)
    hub.start()
    routes = [Route("/graphql", view), WebSocketRoute("/graphql", view), Route("/auth/graphql", auth)]
    async with serving(Starlette(routes=routes)) as endpoint:
        yield endpoint.url
    await hub.stop()


@pytest.fixture
async def browser(doors: str) -> AsyncIterator[Browser]:
    """A browser without cookies."""
    async with browsing(doors) as opened:
        yield opened


@pytest.fixture(autouse=True)
def quick_hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed with small parameters, unless a test is marked to take the real ones: there are many of them."""
    passwords._nobody.cache_clear()
    if "real_hashes" not in request.fixturenames:
        monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=256, parallelism=1))


@pytest.fixture
def real_hashes() -> None:
    """As in production."""
