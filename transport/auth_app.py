"""The `/auth/graphql` endpoint: small, anonymous, one answer a request; it sets and clears the cookie of a session."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry import Schema
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from access.origin import set_request_address
from models.tenancy import as_system
from schema.auth import AuthContext
from schema.enums import ErrorCode
from transport.accept import negotiate
from transport.client_address import client_address
from transport.documents import Documents
from transport.http_request import accept_of, body_of, check_length, check_media_type
from transport.limits import MAX_ANONYMOUS_BODY, MAX_AUTH_TOKENS
from transport.query_gate import check_document
from transport.refusals import JSON, RequestRefused, bad_request
from transport.request_shape import read_request
from transport.results import is_request_error, log_unexpected, masked
from transport.session_cookie import SessionCookie

_ALLOWED = {OperationType.QUERY, OperationType.MUTATION}


class AuthApp:
    """An ASGI application over the schema of those who are not logged in."""

    def __init__(self, schema: Schema, cookie: SessionCookie) -> None:
        self._schema = schema
        self._cookie = cookie
        self._documents = Documents()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        set_request_address(client_address(scope))
        with as_system():  # who comes in is not known before the answer
            response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        media_type = JSON
        try:
            if request.method != "POST":
                message = "Only POST is accepted here: send the operation as a JSON body."
                raise RequestRefused(405, ErrorCode.INVALID_REQUEST, message, headers={"Allow": "POST"})
            media_type = negotiate(",".join(request.headers.getlist("accept"))).media_type
            check_length(request, MAX_ANONYMOUS_BODY)
            check_media_type(request)
            return await self._run(request, media_type)
        except RequestRefused as refused:
            return refused.response(media_type)
        except Exception as error:  # the last wall: whatever happens, the client gets a GraphQL error
            body = orjson.dumps({"errors": [masked(log_unexpected(error, "a request to log in"))]})
            return Response(body, 500, {"Cache-Control": "no-store"}, f"{media_type}; charset=utf-8")

    async def _run(self, request: Request, media_type: str) -> Response:
        operation = read_request(await body_of(request, MAX_ANONYMOUS_BODY), self._documents)
        check_document(operation.query or "", MAX_AUTH_TOKENS)
        context = AuthContext(
            user_agent=request.headers.get("user-agent"),
            session_secret=self._cookie.secret_of(request.headers.getlist("cookie")),
        )
        try:
            result = await self._schema.execute(
                operation.query,
                operation.variables,
                context_value=context,
                operation_name=operation.operation_name,
                allowed_operation_types=_ALLOWED,
            )
        except (CannotGetOperationTypeError, InvalidOperationTypeError, MissingQueryError) as error:
            raise bad_request("The document has no operation of that name that could be run here.") from error
        answer: dict[str, object] = {}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        refused = is_request_error(result)
        if not refused:
            answer["data"] = result.data
        status = 400 if refused and accept_of(request).strict else 200
        return Response(orjson.dumps(answer), status, self._headers(context), f"{media_type}; charset=utf-8")

    def _headers(self, context: AuthContext) -> dict[str, str]:
        headers = {"Cache-Control": "no-store"}
        if context.opened is not None:
            headers["Set-Cookie"] = self._cookie.to_set(context.opened)
        elif context.closed:
            headers["Set-Cookie"] = self._cookie.to_clear()
        return headers
