"""Composition root of the API: what uvicorn serves as `asgi:app`."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.catalogue import check_catalogue
from eventstream import EventHub, close_publisher, open_publisher
from models.database import close_database, open_database
from models.tenancy import as_system
from resolvers.auth_schema import build_auth_schema
from resolvers.schema import build_schema
from services.accounts.letters import use_portal
from services.accounts.passwords import prepare as prepare_passwords
from services.accounts.record_uses import keep_recording_uses
from services.billing.terms import use_billing_terms
from services.execution.hints import open_hints
from services.files.download_links import open_download_links, use_download_links
from services.files.file_store import open_file_store, use_file_store
from services.process.clock_follower import start_clock_follower
from services.process.log_setup import set_up_logging
from services.process.runtime import CallsOnDemand, call_on_demand, load_drivers
from services.process.tracing import start_tracing
from services.support.support_contacts import use_support_contacts
from settings import Settings, load
from settings.dunning import use_dunning_terms
from transport.auth_app import AuthApp
from transport.downloads import download_routes
from transport.graphql_app import build
from transport.health import health_routes
from transport.limits import STATEMENT_SECONDS
from transport.metrics import metrics_routes


class Application(Starlette):
    """Starlette, save that without middleware there is nothing between the server and the one busy endpoint."""

    def __init__(self, graphql: ASGIApp, *, middleware: list[Middleware], **options: Any) -> None:
        super().__init__(middleware=middleware, **options)
        self._direct = None if middleware else graphql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._direct is not None and scope["type"] == "http" and scope["path"] == "/graphql":
            await self._direct(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(settings: Settings) -> Starlette:
    """The application; raises `BadSetting` for what can be known to be wrong before anything is opened."""
    settings.require_database()
    check_catalogue()
    use_support_contacts(settings)
    use_billing_terms(settings.billing)
    use_dunning_terms(settings.dunning)
    store, links = open_file_store(settings), open_download_links(settings)
    use_file_store(store)
    use_download_links(links)
    hub = EventHub(settings.require_redis())
    use_portal(settings)
    graphql = build(build_schema(), settings, hub)
    auth = AuthApp(build_auth_schema(), graphql.cookie)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        set_up_logging(settings, "api")
        async with AsyncExitStack() as opened:
            if provider := start_tracing(settings, "api"):
                opened.callback(provider.shutdown)
            with as_system():
                await _open(settings, hub, opened)
            _settle_memory()
            yield

    return Application(
        graphql,
        routes=[
            Route("/graphql", graphql),
            WebSocketRoute("/graphql", graphql),
            Route("/auth/graphql", auth),
            *health_routes(settings),
            *metrics_routes(),
            *download_routes(store, links),
        ],
        middleware=_browsers_of(settings.allowed_origins),
        lifespan=lifespan,
    )


async def _open(settings: Settings, hub: EventHub, opened: AsyncExitStack) -> None:
    """Open everything a request needs; `opened` closes it in the opposite order, also when the rest fails."""
    await open_database(
        settings.require_database(), pool_size=settings.database_pool_size, statement_seconds=STATEMENT_SECONDS
    )
    opened.push_async_callback(close_database)
    open_publisher(settings.require_redis())
    opened.push_async_callback(close_publisher)
    open_hints(settings.broker_url)
    hub.start()
    opened.push_async_callback(hub.stop)
    calls = CallsOnDemand(settings, await load_drivers(settings), "api")
    opened.push_async_callback(calls.close)
    call_on_demand(calls)
    await prepare_passwords()
    opened.push_async_callback(_stop, asyncio.create_task(keep_recording_uses(), name="token-use"))
    follower = await start_clock_follower(settings)
    if follower is not None:
        opened.push_async_callback(_stop, follower)


def _settle_memory() -> None:
    """What is there after the start stays: a collection that walks through it stops every request for milliseconds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _browsers_of(origins: tuple[str, ...]) -> list[Middleware]:
    """Pages of these origins may read answers, and send the cookie of a session if they are of the same site."""
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_credentials=True,
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Retry-After"],
            max_age=600,
        )
    ]


def __getattr__(name: str) -> Starlette:
    """`app` is made when uvicorn asks for it, so that the module can be imported without an environment."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return create_app(load())
