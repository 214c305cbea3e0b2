"""The `/graphql` endpoint: POST, WebSocket (graphql-transport-ws) and event streams (graphql-sse) over one schema."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import orjson
from cross_web import HTTPException
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry import Schema
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET, UnsetType

from access.origin import set_request_address
from access.token_use import note_use
from eventstream import EventHub
from projection import CompiledSchema
from resolvers.context import RequestContext
from schema.enums import ErrorCode
from settings import BadSetting, Settings
from transport.bearer import credential_of, principal_of, token_of_payload
from transport.client_address import client_address
from transport.documents import Documents, trusted_documents
from transport.fast_path import FastPath, Replayed
from transport.http_request import AdmittedRequest, accept_of, admit
from transport.limits import INIT_SECONDS
from transport.metrics import REFUSED, SOCKETS
from transport.observing import is_tracing, observed, observed_stream, request_span, trace_requests
from transport.rate_limit import RateLimit
from transport.refusals import JSON, RequestRefused, bad_request, only_post
from transport.rendered import Rendered
from transport.request_shape import read_parameters, read_request
from transport.results import is_request_error, log_unexpected, masked
from transport.session_cookie import SessionCookie
from transport.shared_streams import SharedStreams
from transport.socket_handler import ArrivingSocket, SocketAdapter, SocketHandler
from transport.token_watch import TokenWatch

_SINGLE = {OperationType.QUERY, OperationType.MUTATION}


def build(schema: Schema, settings: Settings, hub: EventHub) -> GraphQLApp:
    """The endpoint as an ASGI application; raises `BadSetting` for origins that are none."""
    try:
        return GraphQLApp(schema, settings, hub)
    except ValueError as error:
        raise BadSetting(
            f"ALLOWED_ORIGINS must be origins like https://example.com, comma-separated: {error}"
        ) from error


class GraphQLApp(GraphQL[RequestContext | ArrivingSocket, None]):
    """Strawberry's view with our manners; every hook that is overridden here is one of them."""

    request_adapter_class = AdmittedRequest
    websocket_adapter_class = SocketAdapter
    graphql_transport_ws_handler_class = SocketHandler

    def __init__(self, schema: Schema, settings: Settings, hub: EventHub) -> None:
        super().__init__(
            schema,
            graphql_ide="graphiql" if settings.graphiql else None,
            allow_queries_via_get=settings.gates.queries_by_get,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=timedelta(seconds=INIT_SECONDS),
            max_subscriptions_per_connection=None,  # counted by SocketHandler, which answers with a code
            allowed_origins=settings.allowed_origins,
        )
        fast = schema if isinstance(schema, CompiledSchema) else None
        self._execute = fast.execute_fast if fast else schema.execute
        self.cookie = SessionCookie(secure=settings.environment == "production")
        self.documents = Documents(trusted_documents(settings.trusted_documents))
        self.rate_limit = RateLimit(settings.gates.rate_limit)
        self._fast_path = FastPath(fast, hub, self.documents, self.rate_limit, self.cookie) if fast else None
        self.hub = hub
        self.streams = SharedStreams(schema, hub)
        self.token_watch = TokenWatch()
        trace_requests(on=settings.gates.traces_endpoint is not None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        set_request_address(client_address(scope))
        if scope["type"] == "http":
            if is_tracing():
                with request_span(scope, send) as told:
                    await self._serve(scope, receive, told)
            else:
                await self._serve(scope, receive, send)
        else:
            with SOCKETS.track_inprogress():
                await super().__call__(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        replayed = Replayed(receive)
        if self._fast_path is not None and await self._fast_path.answered(scope, replayed, send):
            return
        response = await self._answer(Request(scope, replayed))
        await response(scope, replayed, send)

    async def _answer(self, request: Request) -> Response:
        media_type = JSON
        try:
            if request.method != "POST" and not self._is_query_by_get(request):
                return self._page_or_refusal(request)
            with suppress(RequestRefused):  # who may not ask is told so, whatever they accept
                media_type = accept_of(request).media_type
            await admit(request, self.cookie)
            self.rate_limit.count(request.state.principal.token_id)
            return await self.run(request)
        except RequestRefused as refused:
            REFUSED.labels(refused.code.value).inc()
            return refused.response(media_type)
        except HTTPException as error:
            return RequestRefused(error.status_code, ErrorCode.INVALID_REQUEST, str(error.reason)).response(media_type)
        except Exception as error:  # the last wall: whatever happens, the client gets a GraphQL error
            mask = masked(log_unexpected(error, "a request"))
            headers = {"Cache-Control": "no-store"}
            return Response(orjson.dumps({"errors": [mask]}), 500, headers, f"{media_type}; charset=utf-8")

    def _is_query_by_get(self, request: Request) -> bool:
        return request.method == "GET" and bool(self.allow_queries_via_get) and "query" in request.query_params

    def _page_or_refusal(self, request: Request) -> Response:
        if request.method == "GET" and self.graphql_ide and "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(self.graphql_ide_html, headers={"Cache-Control": "no-store"})
        return only_post("Only POST is accepted here: send the operation as a JSON body.").response()

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> RequestContext | ArrivingSocket:
        """Who asks: known for HTTP, still to be told for a socket."""
        if isinstance(request, WebSocket):
            headers = request.headers
            credential = credential_of(headers.getlist("authorization"), headers.getlist("cookie"), self.cookie)
            return ArrivingSocket(credential)
        return RequestContext(principal=request.state.principal, hub=self.hub)

    async def on_ws_connect(self, context: RequestContext | ArrivingSocket) -> UnsetType | dict[str, object] | None:
        """Authenticate a socket by the payload of its first message, or by the header it came with."""
        assert isinstance(context, ArrivingSocket)
        token = token_of_payload(context.connection_params) or context.header_token
        context.principal = await principal_of(token)
        if context.principal is None:
            raise ConnectionRejectionError
        note_use(context.principal)
        return UNSET

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """The headers of the answer to come."""
        response = await super().get_sub_response(request)
        response.headers["Cache-Control"] = "no-store"
        if isinstance(request, Request):
            response.headers["Content-Type"] = f"{accept_of(request).media_type}; charset=utf-8"
        return response

    async def parse_http_body(self, request: AdmittedRequest) -> GraphQLRequestData:  # type: ignore[override]
        """The operation of the body, and whether it is to be streamed."""
        if request.method == "GET":
            return read_parameters(request.query_params, self.documents)
        operation = read_request(await request.get_body(), self.documents)
        if request.accept.prefers_stream:
            operation.protocol = "sse"
        return operation

    async def execute_operation(  # type: ignore[override]
        self,
        request: Request,
        request_adapter: AdmittedRequest,
        request_data: GraphQLRequestData,
        context: RequestContext,
        root_value: None,
        sub_response: Response,
    ) -> Any:
        """Run it. A client that takes both a single answer and a stream gets a stream for subscriptions only."""
        operation: dict[str, Any] = {
            "variable_values": request_data.variables,
            "context_value": context,
            "root_value": root_value,
            "operation_name": request_data.operation_name,
            "operation_extensions": request_data.extensions,
        }
        if request_data.protocol == "sse":
            return await self._stream(request_data, operation)
        try:
            allowed = _SINGLE if request.method == "POST" else {OperationType.QUERY}
            with observed("http", self.kind_of(request_data.query, request_data.operation_name)) as seen:
                result = await self._execute(request_data.query, allowed_operation_types=allowed, **operation)
                seen.result(result)
        except InvalidOperationTypeError as error:
            if request.method != "POST":
                raise only_post("Only queries are accepted by GET: send this by POST.") from error
            if not request_adapter.accept.takes_stream:
                message = "A subscription needs `Accept: text/event-stream`, or a WebSocket with graphql-transport-ws."
                raise bad_request(message) from error
            request_data.protocol = "sse"
            return await self._stream(request_data, operation)
        except CannotGetOperationTypeError as error:
            code = {"code": ErrorCode.INVALID_REQUEST.value}
            result = PreExecutionError(None, [GraphQLError(error.as_http_error_reason(), extensions=code)])
        if request_adapter.accept.strict and is_request_error(result):
            sub_response.status_code = 400
        return result

    async def _stream(self, request_data: GraphQLRequestData, operation: dict[str, Any]) -> AsyncGenerator[Any, None]:
        asked = (request_data.query, request_data.variables, request_data.operation_name)
        kind = self.kind_of(request_data.query, request_data.operation_name)
        if subscription := self.streams.subscription(*asked):
            return observed_stream("sse", kind, self.streams.follow(subscription, operation["context_value"].principal))
        return observed_stream("sse", kind, await self.schema.stream(request_data.query, **operation))

    def kind_of(self, query: str | None, operation_name: str | None) -> str:
        """query, mutation or subscription; `unknown` for what is not known to be valid."""
        document = self.schema.document(query) if query and isinstance(self.schema, CompiledSchema) else None
        operation = document.operation(operation_name) if document else None
        return operation.node.operation.value if operation else "unknown"

    async def _process_stream_result(self, request: Request, value: Any, all_pending: list[Any]) -> Any:
        if isinstance(value, Rendered):
            return value, all_pending
        return await super()._process_stream_result(request, value, all_pending)

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """The result as it is sent: without `data` where nothing ran."""
        response = await super().process_result(request, result)
        if is_request_error(result):
            del response["data"]
        return response

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        """A single answer."""
        return Response(
            self.encode_json(response_data), sub_response.status_code or 200, headers=dict(sub_response.headers)
        )

    async def create_streaming_response(
        self,
        request: Request | WebSocket,
        stream: Callable[[], AsyncIterator[str]],
        sub_response: Response,
        headers: Mapping[str, str],
    ) -> Response:
        """An event stream; one that breaks says so before it ends."""

        async def guarded() -> AsyncGenerator[str, None]:
            events = stream()
            try:
                async for event in events:
                    yield event
            except Exception as error:
                mask = masked(log_unexpected(error, "an event stream"))
                payload = self.encode_json_string({"errors": [mask]})
                yield f"event: next\r\ndata: {payload}\r\n\r\nevent: complete\r\ndata: \r\n\r\n"
            finally:
                if isinstance(events, AsyncGenerator):
                    await events.aclose()

        no_store = {"Cache-Control": "no-store, no-transform"}
        return StreamingResponse(guarded(), headers={**headers, **no_store})

    def decode_json(self, data: str | bytes) -> object:
        """Strict and bounded in depth; what it raises is a `json.JSONDecodeError`."""
        return orjson.loads(data)

    def encode_json(self, data: object) -> bytes:
        """Compact UTF-8; moments that a projection left to be written end in Z as the DateTime scalar's do."""
        if isinstance(data, Rendered):
            return data.streamed.encode()
        return orjson.dumps(data, option=orjson.OPT_UTC_Z)
