"""The web application: the wire faces and the admin API over one world."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.admin_face import AdminFace, problem
from simulator.bank_faces import BankFaces
from simulator.jasper_rest_face import JasperRestFace
from simulator.jasper_soap_face import JasperSoapFace
from simulator.persistence import Journal
from simulator.tsim_face import TsimFace
from simulator.world import World

TICK_SECONDS = 0.5
REST = "/rws/api/v1/devices"


def build(world: World, journal: Journal | None) -> Starlette:
    """The application over this world; with a journal the state is kept on disk."""
    tsim, rest, soap, admin = TsimFace(world), JasperRestFace(world), JasperSoapFace(world), AdminFace(world)

    @asynccontextmanager
    async def running(app: Starlette) -> AsyncIterator[None]:
        background = asyncio.create_task(journal.keep() if journal is not None else _tick(world))
        try:
            yield
        finally:
            background.cancel()
            with suppress(asyncio.CancelledError):
                await background
            if journal is not None:
                journal.save_now()

    return Starlette(
        routes=[
            Route("/tsim_xml/service/xmlgate", tsim.serve, methods=["GET"]),
            Route(REST, rest.devices, methods=["GET"]),
            Route(REST + "/{iccid}", rest.device, methods=["GET"]),
            Route(REST + "/{iccid}", rest.edit, methods=["PUT"]),
            Route(REST + "/{iccid}/sessionInfo", rest.session, methods=["GET"]),
            Route(REST + "/{iccid}/ctdUsages", rest.usage, methods=["GET"]),
            Route("/ws/service/terminal", soap.terminal_service, methods=["POST"]),
            Route("/ws/service/billing", soap.billing_service, methods=["POST"]),
            *BankFaces(world).routes(),
            *admin.routes(),
            Route("/{anything:path}", _not_here),
        ],
        exception_handlers={HTTPException: problem},
        lifespan=running,
    )


async def _tick(world: World) -> None:
    """Let due events happen although nobody asks."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        world.engine.settle()


async def _not_here(request: Request) -> Response:
    """A wrong address answers an HTML page, as the operators' hosts do."""
    return Response("<html><body><h1>404 Not Found</h1></body></html>", 404, media_type="text/html")
