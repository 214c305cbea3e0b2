"""What failed or may not have arrived: staff sees it, has it sent again, or settles it."""

from __future__ import annotations

from typing import Any

from models import Delivery
from models.database import execute, fetch_value
from schema.ids import global_id
from services.notifications.deliver import Deliverer, channels_of
from services.notifications.messages import recognisable
from services.notifications.queue_mail import queue_mail
from services.unit_of_work import unit_of_work
from settings import Settings
from tests.graphql.conftest import Ask, ask, drivers_of_the_shipped_file, read
from tests.notifications.mail_server import mail_server
from tests.worlds import TwoCompanies

__all__ = ["ask", "drivers_of_the_shipped_file", "read"]

LIST = """query ($state: [SupportMessageState!], $settled: Boolean) { messages(state: $state, settled: $settled) {
  totalCount nodes { id channel topic recipient state error attempts sentAt company { name } } } }"""
AGAIN = """mutation ($input: SendMessageAgainInput!) { sendMessageAgain(input: $input) {
  message { state attempts settledAt } userErrors { code path } } }"""
SETTLE = """mutation ($input: SettleMessageInput!) { settleMessage(input: $input) {
  message { settledAt } userErrors { code path } } }"""


async def failed(world: TwoCompanies, state: str = "UNKNOWN") -> str:
    """A message that was tried once, and its id."""
    async with unit_of_work():
        await queue_mail("olga@example.com", "Secret subject", "Secret text", "ru", "key", company_id=world.company.id)
    await execute("UPDATE delivery SET state = $1, attempts = 1, error = '550 no such user'", state)
    return global_id("OutgoingMessage", await fetch_value("SELECT max(id) FROM delivery"))


async def payload(ask: Ask, login: Any, text: str, **given: Any) -> tuple[Any, list[str]]:
    """The message and the codes of the errors."""
    answer = await ask(login, text, input=given)
    assert answer["errors"] == []
    (found,) = answer["data"].values()
    return found["message"], [error["code"] for error in found["userErrors"]]


async def test_an_unknown_message_is_sent_again_once(world: TwoCompanies, ask: Ask, read: Ask) -> None:
    message = await failed(world)
    (node,) = (await read(world.staff, LIST))["messages"]["nodes"]
    assert node == {
        "id": message,
        "channel": "EMAIL",
        "topic": "account",
        "recipient": "o…@example.com",
        "state": "UNKNOWN",
        "error": "550 no such user",
        "attempts": 1,
        "sentAt": None,
        "company": {"name": world.company.name},
    }

    for _ in range(2):
        again, errors = await payload(ask, world.staff, AGAIN, id=message, attempts=1)
        assert (again["state"], errors) == ("QUEUED", [])
    assert await fetch_value("SELECT count(*) FROM audit_entry WHERE action = 'message.sent_again'") == 1

    with mail_server() as server:
        settings = Settings(smtp_host="127.0.0.1", smtp_port=server.port, smtp_security="none")
        deliverer = Deliverer(channels_of(settings))
        assert [await deliverer.deliver(), await deliverer.deliver()] == [1, 0]
        assert len(server.letters) == 1
    assert (await Delivery.get()).state == "SENT"
    assert await payload(ask, world.staff, AGAIN, id=message, attempts=2) == (None, ["NOTHING_TO_DO"])
    assert (await read(world.staff, LIST))["messages"]["totalCount"] == 0
    assert (await read(world.staff, LIST, state=["SENT"]))["messages"]["totalCount"] == 1


async def test_a_request_of_before_sends_nothing_that_failed_again(world: TwoCompanies, ask: Ask) -> None:
    message = await failed(world, "FAILED")
    await execute("UPDATE delivery SET attempts = 2")

    again, errors = await payload(ask, world.staff, AGAIN, id=message, attempts=1)

    assert (again["state"], errors) == ("FAILED", [])


async def test_what_is_settled_is_out_of_the_way(world: TwoCompanies, ask: Ask, read: Ask) -> None:
    message = await failed(world, "FAILED")

    for _ in range(2):
        settled, errors = await payload(ask, world.staff, SETTLE, id=message)
        assert settled["settledAt"] is not None and errors == []

    assert await fetch_value("SELECT count(*) FROM audit_entry WHERE action = 'message.settled'") == 1
    assert (await read(world.staff, LIST))["messages"]["totalCount"] == 0
    assert (await read(world.staff, LIST, settled=True))["messages"]["totalCount"] == 1
    again, _ = await payload(ask, world.staff, AGAIN, id=message, attempts=1)
    assert again == {"state": "QUEUED", "attempts": 1, "settledAt": None}
    assert await payload(ask, world.staff, SETTLE, id=message) == (None, ["NOTHING_TO_DO"])


async def test_only_staff_sees_messages(world: TwoCompanies, ask: Ask) -> None:
    message = await failed(world)
    assert (await ask(world.owner, LIST))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await payload(ask, world.owner, AGAIN, id=message, attempts=1) == (None, ["FORBIDDEN"])
    assert await payload(ask, world.owner, SETTLE, id=message) == (None, ["FORBIDDEN"])
    unknown = global_id("OutgoingMessage", 10**9)
    assert await payload(ask, world.staff, AGAIN, id=unknown, attempts=1) == (None, ["NOT_FOUND"])
    assert await payload(ask, world.staff, SETTLE, id="x") == (None, ["INVALID_ID"])
    assert (await Delivery.get()).state == "UNKNOWN"


def test_an_address_is_recognised_and_not_read() -> None:
    assert [recognisable(each) for each in ("olga@example.com", "+77011234567", None)] == [
        "o…@example.com",
        "…567",
        None,
    ]
