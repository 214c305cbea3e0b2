"""One WebSocket: what it may send, how it is let in, and when it is closed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import orjson
from graphql import GraphQLError
from starlette.websockets import WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import ErrorMessage, Message

from access import Principal
from resolvers.context import RequestContext
from schema.enums import ErrorCode
from transport.bearer import may_continue
from transport.limits import MAX_SOCKET_MESSAGE, MAX_SUBSCRIPTIONS
from transport.observing import observed_stream
from transport.query_gate import is_longer
from transport.refusals import RequestRefused
from transport.request_shape import read_operation
from transport.results import log_unexpected, says_unauthenticated
from transport.shared_streams import Subscription

if TYPE_CHECKING:
    from transport.graphql_app import GraphQLApp

BAD_REQUEST, FORBIDDEN, TRY_AGAIN, MESSAGE_TOO_BIG = 4400, 4403, 1013, 1009
_CLIENT_MESSAGES = ("connection_init", "ping", "pong", "subscribe", "complete")
_MAX_REASON = 123
"""Bytes of a reason in a close frame, by RFC 6455."""


@dataclass
class ArrivingSocket:
    """A socket before `connection_init`; Strawberry puts that message's payload into `connection_params`."""

    header_token: str | None
    connection_params: dict[str, object] = field(default_factory=dict)
    principal: Principal | None = None


class SocketAdapter(ASGIWebSocketAdapter):
    """Text frames of bounded JSON in both directions."""

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        """Messages until the socket is closed by either side."""
        while self.ws.application_state != WebSocketState.DISCONNECTED:
            try:
                text = await self.ws.receive_text()
            except KeyError as error:
                raise NonTextMessageReceived from error
            except WebSocketDisconnect:
                return
            if is_longer(text, MAX_SOCKET_MESSAGE):
                await self.close(MESSAGE_TOO_BIG, f"A message may have {MAX_SOCKET_MESSAGE // 1024} KB")
                return
            try:
                message = self.view.decode_json(text)
            except ValueError as error:
                raise NonJsonMessageReceived from error
            yield message

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send, or raise `WebSocketDisconnected` when there is nobody any more."""
        await self.send_text(self.view.encode_json_string(message))

    async def send_text(self, text: str) -> None:
        """The same for a message that is written already. Waits while the client is slow to read."""
        if self.ws.application_state == WebSocketState.DISCONNECTED:
            raise WebSocketDisconnected
        try:
            await self.ws.send_text(text)
        except WebSocketDisconnect as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        """Close, unless it is closed; a long reason is cut, as the frame has no room for it."""
        if WebSocketState.DISCONNECTED in (self.ws.application_state, self.ws.client_state):
            return
        await self.ws.close(code, reason.encode()[:_MAX_REASON].decode(errors="ignore"))


class SocketHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """Strawberry's protocol handler with checked messages, our tokens and our limits."""

    view: GraphQLApp
    websocket: SocketAdapter

    async def handle(self) -> None:
        """Serve the socket until it ends."""
        async with AsyncExitStack() as self._while_open:
            await super().handle()

    async def handle_message(self, message: Any) -> None:
        """Refuse what is not a message of the protocol before anything reads it."""
        if not isinstance(message, dict) or message.get("type") not in _CLIENT_MESSAGES:
            await self.handle_invalid_message("Not a message of graphql-transport-ws")
            return
        if message.get("payload") is None:
            message.pop("payload", None)
        if message["type"] in ("subscribe", "complete") and not (isinstance(message.get("id"), str) and message["id"]):
            await self.handle_invalid_message("The message needs an `id`, a string")
            return
        try:
            await super().handle_message(cast("Message", message))
        except RequestRefused as refused:
            code = TRY_AGAIN if refused.status == 503 else BAD_REQUEST
            await self.websocket.close(code, refused.message)

    async def handle_connection_init(self, message: Any) -> None:
        """Let the socket in; from then on its token is watched."""
        arriving = self.context
        await super().handle_connection_init(message)
        if self.connection_acknowledged and isinstance(arriving, ArrivingSocket) and arriving.principal:
            self.context = RequestContext(principal=arriving.principal, hub=self.view.hub)
            await self._while_open.enter_async_context(
                self.view.token_watch.watching(arriving.principal, self._close_forbidden)
            )

    async def handle_subscribe(self, message: Any) -> None:
        """Start an operation, unless it is refused: then the other operations of the socket go on."""
        if not self.connection_acknowledged:
            await super().handle_subscribe(message)
            return
        payload = message.get("payload")
        if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
            await self.handle_invalid_message("The payload needs a `query`, a string")
            return
        if not await may_continue(self.context.principal):
            await self._close_forbidden()
            return
        try:
            self._count(message["id"])
            self.view.rate_limit.count(self.context.principal.token_id)
            operation = read_operation(payload, self.view.documents)
        except RequestRefused as refused:
            await self.send_message(ErrorMessage(id=message["id"], type="error", payload=[refused.error]))
            return
        payload["operationName"] = operation.operation_name
        await super().handle_subscribe(message)

    def _count(self, operation_id: str) -> None:
        if len(self.operations) >= MAX_SUBSCRIPTIONS and operation_id not in self.operations:
            message = f"At most {MAX_SUBSCRIPTIONS} operations run on one socket: complete one first."
            raise RequestRefused(429, ErrorCode.INVALID_REQUEST, message)

    async def _send_result_stream(self, operation: Any, result_source: Any) -> None:
        kind = self.view.kind_of(operation.query, operation.operation_name)
        subscription = self.view.streams.subscription(operation.query, operation.variables, operation.operation_name)
        if subscription is not None:
            await result_source.aclose()
            await self._send_shared(operation, subscription)
            return
        async with aclosing(self._finished(observed_stream("ws", kind, result_source))) as results:
            await super()._send_result_stream(operation, results)

    async def _send_shared(self, operation: Any, subscription: Subscription) -> None:
        begin = f'{{"id":{orjson.dumps(operation.id).decode()},"type":"next","payload":'
        followed = self.view.streams.follow(subscription, self.context.principal)
        async with aclosing(observed_stream("ws", "subscription", followed)) as events:
            async for event in events:
                if event.ends_access:
                    await self._close_forbidden()
                    return
                if event.refused is not None:
                    refusal = ErrorMessage(id=operation.id, type="error", payload=event.refused)
                    await operation.send_operation_message(refusal)
                    return
                await self.websocket.send_text(f"{begin}{event.text}}}")

    async def _finished(self, results: Any) -> AsyncGenerator[Any, None]:
        async for result in results:
            if says_unauthenticated(result):
                await self._close_forbidden()
                return
            yield result

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:
        """None: a document that is wrong ends its own operation, not those beside it."""
        return None

    async def handle_task_exception(self, error: Exception) -> None:
        """An operation broke. That its client has gone is no news."""
        if not isinstance(error, WebSocketDisconnected):
            log_unexpected(error, "a socket")

    async def _close_forbidden(self) -> None:
        await self.websocket.close(FORBIDDEN, "Forbidden")
