"""Writing to technical support, from the mutation to the file in the outbox."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from models import AuditEntry, Delivery
from models.database import execute
from schema.ids import global_id
from services.notifications.channels.folder import OutboxFolder
from services.notifications.deliver import Deliverer
from services.support.contact_support import contact_support
from services.support.support_contacts import use_support_contacts
from settings import load
from tests.graphql.conftest import Ask
from tests.worlds import TwoCompanies, add_company

CONTACT = """
mutation ($input: ContactSupportInput!) { contactSupport(input: $input) {
  message { id state subject attachments createdAt } userErrors { code message path } } }
"""


@dataclass(frozen=True)
class Outbox:
    """The folder that mail is written to."""

    folder: Path


async def deliver_mail(outbox: Outbox) -> int:
    """What a scheduler does in a round."""
    channel = OutboxFolder(outbox.folder, "NovaConnect <robot@example.com>")
    return await Deliverer([channel], "support@example.com").deliver()


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    """An outbox whose folder is not there yet."""
    return Outbox(tmp_path / "var" / "outbox")


def letters(outbox: Outbox) -> list[EmailMessage]:
    """The mails of the folder, oldest first."""
    files = sorted(outbox.folder.glob("*.eml"))
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]


async def write(ask: Ask, login: Any, **message: Any) -> dict[str, Any]:
    """The payload of one message."""
    answer = await ask(login, CONTACT, input=message)
    assert answer["errors"] == []
    payload: dict[str, Any] = answer["data"]["contactSupport"]
    return payload


async def test_a_question_about_a_sim_becomes_a_mail(world: TwoCompanies, ask: Ask, outbox: Outbox) -> None:
    combine = world.sims["combine"]
    text = "Комбайн не выходит в сеть.\n€ ₸ — проверьте, пожалуйста."

    payload = await write(ask, world.manager, simId=global_id("Sim", combine.id), text=f"  {text}\n")

    assert payload["userErrors"] == []
    subject = f"[NovaConnect] Astana Telematics: SIM {combine.iccid}"
    message = payload["message"]
    assert (message["state"], message["subject"], message["attachments"]) == (
        "QUEUED",
        subject,
        ["diagnosis.txt", "sim.json"],
    )
    assert await deliver_mail(outbox) == 1
    (letter,) = letters(outbox)
    assert (letter["From"], letter["To"]) == ("NovaConnect <robot@example.com>", "support@example.com")
    assert (letter["Reply-To"], letter["Subject"]) == ("marat.manager@example.com", subject)
    assert letter["Date"].datetime.tzinfo is not None
    body = letter.get_body()
    assert body is not None
    assert text in body.get_content()
    assert "Marat Manager <marat.manager@example.com>, manager" in body.get_content()
    diagnosis, attachment = letter.iter_attachments()
    assert diagnosis.get_filename() == "diagnosis.txt"
    assert diagnosis.get_content().startswith("MSU_LOCKED: ")
    assert "Блокировка по MSU: PROBLEM" in diagnosis.get_content()
    facts = json.loads(attachment.get_content())
    assert attachment.get_filename() == "sim.json"
    assert (facts["iccid"], facts["profile"], facts["msu_count"]) == (combine.iccid, "TC", 120)
    assert {lock["kind"] for lock in facts["locks"]} == {"MSU", "FINANCIAL"}


async def test_the_outbox_is_for_nobody_elses_eyes(world: TwoCompanies, outbox: Outbox) -> None:
    await contact_support(world.owner.principal, "A question")
    await deliver_mail(outbox)
    (file,) = outbox.folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_question_about_no_sim(world: TwoCompanies, ask: Ask, outbox: Outbox) -> None:
    payload = await write(ask, world.owner, text="How do I add a user?")
    assert payload["message"]["attachments"] == []
    await deliver_mail(outbox)
    (letter,) = letters(outbox)
    assert letter["Subject"] == "[NovaConnect] Astana Telematics: a question"
    assert list(letter.iter_attachments()) == []


async def test_what_happened_is_in_the_audit_without_the_text(world: TwoCompanies, ask: Ask) -> None:
    await write(ask, world.owner, simId=global_id("Sim", world.sims["truck"].id), text="Secret of the truck")
    (entry,) = await AuditEntry.all()
    (mail,) = await Delivery.all()
    assert (entry.action, entry.subject) == ("support.contacted", f"mail:{mail.id}")
    assert (entry.company_id, entry.user_id) == (world.company.id, world.owner.user.id)
    assert entry.detail == {"sim_id": world.sims["truck"].id, "characters": 19}


@pytest.mark.parametrize(
    ("message", "code", "path"),
    [
        ({"text": ""}, "INVALID_VALUE", ["input", "text"]),
        ({"text": " \n\t"}, "INVALID_VALUE", ["input", "text"]),
        ({"text": "x" * 5001}, "INVALID_VALUE", ["input", "text"]),
        ({"text": "a\x00b"}, "INVALID_VALUE", ["input", "text"]),
        ({"text": "a", "simId": "nonsense"}, "INVALID_ID", ["input", "simId"]),
        ({"text": "a", "simId": global_id("Operation", 1)}, "INVALID_ID", ["input", "simId"]),
        ({"text": "a", "simId": global_id("Sim", 10**9)}, "NOT_FOUND", ["input", "simId"]),
        ({"text": "a", "idempotencyKey": ""}, "INVALID_VALUE", ["input", "idempotencyKey"]),
    ],
)
async def test_bad_input_is_refused_and_stores_nothing(
    world: TwoCompanies, ask: Ask, message: dict[str, Any], code: str, path: list[str]
) -> None:
    payload = await write(ask, world.owner, **message)
    assert payload["message"] is None
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [(code, path)]
    assert (await Delivery.all().count(), await AuditEntry.all().count()) == (0, 0)


async def test_a_foreign_sim_answers_like_an_unknown_one(world: TwoCompanies, ask: Ask) -> None:
    taxi = global_id("Sim", world.others["taxi"].id)
    foreign = await write(ask, world.owner, text="a", simId=taxi)
    unknown = await write(ask, world.owner, text="a", simId=global_id("Sim", 10**9))
    assert foreign == unknown
    assert (await write(ask, world.staff, text="a", simId=taxi))["message"] is not None


async def test_those_who_may_only_look_are_refused(world: TwoCompanies, ask: Ask) -> None:
    payload = await write(ask, world.viewer, text="Hello")
    assert [error["code"] for error in payload["userErrors"]] == ["FORBIDDEN"]
    assert await Delivery.all().count() == 0


async def test_one_key_is_one_mail(world: TwoCompanies, ask: Ask, outbox: Outbox) -> None:
    first = await write(ask, world.owner, text="Once", idempotencyKey="k")
    again = await write(ask, world.owner, text="Once", idempotencyKey="k")
    other_text = await write(ask, world.owner, text="Twice", idempotencyKey="k")
    other_user = await write(ask, world.other_owner, text="Once", idempotencyKey="k")
    assert first == again
    assert [error["code"] for error in other_text["userErrors"]] == ["IDEMPOTENCY_CONFLICT"]
    assert other_user["message"]["id"] != first["message"]["id"]
    assert await deliver_mail(outbox) == 2


async def test_one_key_at_one_moment_is_one_mail(world: TwoCompanies) -> None:
    messages = await asyncio.gather(
        *(contact_support(world.owner.principal, "Once", idempotency_key="k") for _ in range(8))
    )
    assert len({message.id for message in messages}) == 1
    assert await Delivery.all().count() == 1


async def test_two_schedulers_write_each_mail_once(world: TwoCompanies, outbox: Outbox) -> None:
    for number in range(12):
        await contact_support(world.owner.principal, f"Question {number}")
    written = await asyncio.gather(*(deliver_mail(outbox) for _ in range(3)))
    assert sum(written) == len(letters(outbox)) == 12
    assert {mail.state for mail in await Delivery.all()} == {"WRITTEN"}
    assert await deliver_mail(outbox) == 0


async def test_a_folder_that_cannot_be_written_is_tried_again(world: TwoCompanies, outbox: Outbox) -> None:
    await contact_support(world.owner.principal, "Hello")
    outbox.folder.parent.mkdir()
    outbox.folder.write_text("a file where the folder should be")

    assert await deliver_mail(outbox) == 0

    (mail,) = await Delivery.all()
    assert (mail.state, mail.attempts, mail.written_at) == ("QUEUED", 1, None)
    assert await deliver_mail(outbox) == 0, "not before its time"
    outbox.folder.unlink()
    await execute("UPDATE delivery SET next_attempt_at = now()")
    assert await deliver_mail(outbox) == 1


async def test_a_name_with_a_line_break_makes_no_header(world: TwoCompanies, outbox: Outbox) -> None:
    company = await add_company("Evil\r\nBcc: everybody@example.com " + "x" * 150)
    world.owner.user.company = company
    await world.owner.user.save()
    await contact_support(world.owner.principal, "Hello")
    await deliver_mail(outbox)
    (letter,) = letters(outbox)
    assert letter["Bcc"] is None
    assert letter["Subject"].startswith("[NovaConnect] Evil Bcc: everybody@example.com x")


async def test_contacts_are_those_of_the_settings(world: TwoCompanies, read: Ask) -> None:
    document = "{ supportContacts { email phone telegram hours } }"
    nothing = {"email": None, "phone": None, "telegram": None, "hours": None}
    assert (await read(world.viewer, document))["supportContacts"] == nothing
    use_support_contacts(load({"SUPPORT_EMAIL": "help@example.com", "SUPPORT_HOURS": "Mon-Fri 9:00-18:00 UTC+5"}))
    try:
        shown = (await read(world.viewer, document))["supportContacts"]
    finally:
        use_support_contacts(load({}))
    assert shown == nothing | {"email": "help@example.com", "hours": "Mon-Fri 9:00-18:00 UTC+5"}
