"""WhatsApp in the format of the Cloud API, against a server on a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from domain.notifications import NotificationKind
from models import Company, Delivery
from models.database import execute
from services.notifications.deliver import Deliverer, channels_of
from services.notifications.notify import notify
from services.unit_of_work import unit_of_work
from settings import BadSetting, Settings, load
from tests.notifications.test_notify import VALUES
from tests.worlds import TwoCompanies

OK = (200, {"messaging_product": "whatsapp", "contacts": [], "messages": [{"id": "wamid.1"}]})


class CloudApi:
    """Remembers what was asked; `answers` are given one each, None means hanging up."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str | None, Any]] = []
        self.answers: list[tuple[int, Any] | None] = []
        self.url = ""


@pytest.fixture
def cloud() -> Iterator[CloudApi]:
    """The Cloud API of this test."""
    api = CloudApi()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            api.requests.append((self.path, self.headers["Authorization"], body))
            answer = api.answers.pop(0) if api.answers else OK
            if answer is None:
                self.close_connection = True
                return
            content = json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}/v20.0"
    yield api
    server.shutdown()
    thread.join()
    server.server_close()


def deliverer(cloud: CloudApi) -> Deliverer:
    """A deliverer by WhatsApp alone."""
    settings = Settings(whatsapp_url=cloud.url, whatsapp_number_id="4711", whatsapp_token="token-of-a-business")
    return Deliverer([channel for channel in channels_of(settings) if channel.name == "WHATSAPP"])


async def tell(world: TwoCompanies, key: str = "k") -> Delivery:
    """An invoice was issued to a company with a WhatsApp number."""
    await Company.filter(id=world.company.id).update(whatsapp="77010000000")
    async with unit_of_work() as uow:
        await notify(uow, NotificationKind.INVOICE_ISSUED, key=key, values=VALUES, company_id=world.company.id)
    found = await Delivery.filter(channel="WHATSAPP").order_by("-id").first()
    assert found is not None
    return found


async def test_a_template_message_is_sent_once(world: TwoCompanies, cloud: CloudApi) -> None:
    row = await tell(world)
    sender = deliverer(cloud)
    assert [await sender.deliver(), await sender.deliver()] == [1, 0]
    ((path, authorization, body),) = cloud.requests
    assert (path, authorization) == ("/v20.0/4711/messages", "Bearer token-of-a-business")
    assert body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "77010000000",
        "type": "template",
        "template": {
            "name": "invoice_issued",
            "language": {"code": "ru"},
            "components": [
                {
                    "type": "body",
                    "parameters": [
                        {"type": "text", "text": text}
                        for text in ("NCR-0134", "ноябрь 2023", "4 645,00 ₽", "08.12.2023")
                    ],
                }
            ],
        },
        "biz_opaque_callback_data": f"message-{row.id}",
    }
    await row.refresh_from_db()
    assert (row.state, row.provider_ref) == ("SENT", "wamid.1")


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((429, {"error": {"code": 130429, "message": "rate"}}), "QUEUED"),
        ((400, {"error": {"code": 131056, "message": "pair rate"}}), "QUEUED"),
        ((401, {"error": {"code": 190, "message": "token"}}), "QUEUED"),
        ((500, {"error": {"code": 131000, "message": "something"}}), "QUEUED"),
        ((400, {"error": {"code": 131026, "message": "undeliverable"}}), "FAILED"),
        ((404, "nothing here"), "FAILED"),
        ((502, "bad gateway"), "UNKNOWN"),
        ((200, {"odd": True}), "UNKNOWN"),
        (None, "UNKNOWN"),
    ],
)
async def test_what_becomes_of_other_answers(world: TwoCompanies, cloud: CloudApi, answer: Any, state: str) -> None:
    row = await tell(world)
    cloud.answers = [answer]
    assert await deliverer(cloud).deliver() == 0
    await row.refresh_from_db()
    assert row.state == state
    await execute("UPDATE delivery SET next_attempt_at = now()")
    assert await deliverer(cloud).deliver() == (1 if state == "QUEUED" else 0)
    assert row.error is not None and "7701" not in row.error


async def test_nobody_there_is_tried_again(world: TwoCompanies, cloud: CloudApi) -> None:
    row = await tell(world)
    there, cloud.url = cloud.url, "http://127.0.0.1:1"
    assert await deliverer(cloud).deliver() == 0
    await row.refresh_from_db()
    assert row.state == "QUEUED"
    cloud.url = there
    await execute("UPDATE delivery SET next_attempt_at = now()")
    assert await deliverer(cloud).deliver() == 1


def test_an_address_needs_number_and_token() -> None:
    with pytest.raises(BadSetting, match="WHATSAPP_NUMBER_ID"):
        load({"WHATSAPP_URL": "https://graph.example.com/v20.0", "WHATSAPP_TOKEN": "x"})
