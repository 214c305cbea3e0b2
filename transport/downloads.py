"""`/downloads/…`: a file by its signed link, streamed."""

from __future__ import annotations

import logging
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from models.database import DATABASE_AWAY
from services.files.download_links import PATH, Download, DownloadLinks, LinkExpired, LinkUnknown
from services.files.file_store import STORE_AWAY, FileStore
from transport.bearer import principal_of, token_of_headers
from transport.refusals import RequestRefused

_log = logging.getLogger("novaconnect.transport")

_NOT_FOUND = "There is no such file: open the list of downloads and take its link from there."
_EXPIRED = "This link has expired: open the list of downloads and take a new one."
_AWAY = "Files cannot be read at the moment: try again in a minute."

_SAFE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def download_routes(store: FileStore, links: DownloadLinks) -> list[Route]:
    """The route; it needs no token, because a link is opened out of a mail. A token that comes along is heeded."""
    downloads = _Downloads(store, links)
    return [Route(f"{PATH}{{key:path}}", downloads.answer, methods=["GET", "HEAD"])]


class _Downloads:
    def __init__(self, store: FileStore, links: DownloadLinks) -> None:
        self._store = store
        self._links = links

    async def answer(self, request: Request) -> Response:
        """200 with the file, 404 for what was never given out or is gone, 410 for a link that has expired."""
        try:
            download = self._links.read(request.path_params["key"], request.query_params.get("signature", ""))
            if not await _may_fetch(request, download):
                raise LinkUnknown
            return await self._file(request, download)
        except LinkUnknown:
            return _refused(404, _NOT_FOUND)
        except LinkExpired:
            return _refused(410, _EXPIRED)
        except RequestRefused as refused:
            return _refused(refused.status, refused.message)
        except (*STORE_AWAY, *DATABASE_AWAY) as error:
            _log.error("a file cannot be read: %s", type(error).__name__)
            return _refused(503, _AWAY)

    async def _file(self, request: Request, download: Download) -> Response:
        headers = _SAFE | {"Content-Disposition": _disposition(download.file_name)}
        if request.method == "HEAD":
            size = await self._store.size(download.key)
            if size is None:
                raise LinkUnknown
            return Response(None, 200, headers | {"Content-Length": str(size)}, download.media_type)
        opened = await self._store.open(download.key)
        if opened is None:
            raise LinkUnknown
        headers["Content-Length"] = str(opened.size)
        return StreamingResponse(opened.pieces, 200, headers, download.media_type)


async def _may_fetch(request: Request, download: Download) -> bool:
    """A link suffices; but whoever says who they are must be one who sees the company that it is bound to."""
    token = token_of_headers(request.headers.getlist("authorization"))
    if token is None:
        return True
    principal = await principal_of(token)
    return principal is not None and principal.sees(download.key.company_id)


def _disposition(file_name: str) -> str:
    """RFC 6266: a plain name for old clients, and the real one in UTF-8."""
    plain = "".join(char if char.isascii() and (char.isalnum() or char in " ._-") else "_" for char in file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


def _refused(status: int, message: str) -> Response:
    return PlainTextResponse(message, status, _SAFE)
