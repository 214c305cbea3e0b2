"""Who is told of what, by which ways, in which language; in the API each sees their own."""

from __future__ import annotations

from typing import Any

import pytest
from jinja2 import UndefinedError

from domain.notifications import AccountMail, NotificationKind
from eventstream import EventHub
from models import Company, Delivery, Notification, User
from models.database import execute
from resolvers.context import RequestContext
from resolvers.schema import build_schema
from schema.ids import global_id
from services.notifications.notify import About, notify
from services.notifications.tell_finished import tell_finished_operations
from services.notifications.texts import LANGUAGES, text_of, whatsapp_parameters
from services.unit_of_work import unit_of_work
from tests.graphql.conftest import Ask
from tests.graphql.test_live import Stream
from tests.worlds import BEGINNING, Login, TwoCompanies

K = NotificationKind

MONEY = {"company": "Astana Telematics", "amount": "4645.00", "currency": "RUB", "number": "NCR-0134"}
DAYS = {"pay_by": "2023-12-08", "lock_on": "2023-12-11", "period": "2023-11-01", "paid_on": "2023-12-08"}
COUNTS = dict.fromkeys(("total", "succeeded", "refused", "failed", "unknown", "cancelled"), 7)
VALUES: dict[str, Any] = {
    **MONEY,
    **DAYS,
    **COUNTS,
    "invoices": ["NCR-0134", "NCR-0135"],
    "why": "PAID",
    "until": "2023-12-20",
    "carried": "10.5",
    "name": "По сессиям",
    "link": "https://example.com/x",
    "operation": "LOCK",
    "balance": "12.30",
    "level": "50",
    "expires": "01.12.2023",
}
INVOICE = {**MONEY, **DAYS}
LIST = """query ($unread: Boolean, $kinds: [NotificationKind!], $language: Language) { unreadNotifications
  notifications(unread: $unread, kinds: $kinds) {
    totalCount nodes { id kind title(language: $language) body aboutId readAt company { name } } } }"""
MARK = "mutation ($input: MarkReadInput!) { markRead(input: $input) { marked unread userErrors { code path } } }"
PREFER = """mutation ($input: SetNotificationPreferencesInput!) { setNotificationPreferences(input: $input) {
  preferences { kind channel enabled isDefault } userErrors { code path } } }"""


async def tell(kind: NotificationKind, key: str = "k", **more: Any) -> int:
    """Tell it with values that fit every kind."""
    async with unit_of_work() as uow:
        return await notify(uow, kind, key=key, values={**VALUES, "company": more.pop("name", "Astana")}, **more)


async def sent() -> set[tuple[str, str | None, str]]:
    """Channel, address and language of every message."""
    return {(row.channel, row.recipient, row.language) for row in await Delivery.all()}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [*NotificationKind, *AccountMail])
def test_every_kind_has_its_words_in_every_language(kind: NotificationKind | AccountMail, language: str) -> None:
    text = text_of(kind, language, VALUES)
    others = {text_of(kind, other, VALUES) for other in LANGUAGES if other != language}
    assert text.title and text.body and text not in others
    assert "{{" not in text.title + text.body
    if isinstance(kind, NotificationKind):
        assert all(value and "\n" not in value for value in whatsapp_parameters(kind, language, VALUES))
    with pytest.raises(UndefinedError):
        text_of(kind, language, {})


def test_amounts_and_days_are_written_as_the_language_does() -> None:
    russian, english = (text_of(K.INVOICE_ISSUED, language, VALUES) for language in ("ru", "en"))
    assert russian.title == "Счёт NCR-0134 за ноябрь 2023: 4 645,00 ₽"
    assert english.title == "Invoice NCR-0134 for November 2023: 4,645.00 ₽"
    assert "08.12.2023" in russian.body and "11.12.2023" in russian.body


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{7*7}}", "{% raw %}", "ТОО «Алма»\r\nBcc: x@y"])
def test_a_name_is_printed_literally(name: str) -> None:
    text = text_of(K.LOCKED, "ru", {**VALUES, "company": name})
    assert name.replace("\r", "") in text.body.replace("\r", "")
    assert "\n" not in text.title and "49" not in text.body


async def test_the_users_of_a_company_are_told_each_in_their_language(world: TwoCompanies) -> None:
    await User.filter(id=world.owner.user.id).update(language="kk")
    await User.filter(id=world.viewer.user.id).update(language="en", disabled_at=BEGINNING)
    assert await tell(K.REMINDER_DAY_3, company_id=world.company.id) == 2
    assert await sent() == {
        ("EMAIL", "olga.owner@example.com", "kk"),
        ("EMAIL", "marat.manager@example.com", "ru"),
    }
    mail = await Delivery.get(recipient="olga.owner@example.com")
    assert mail.subject == "Еске салу: NCR-0134 шоты төленбеген"
    assert await tell(K.REMINDER_DAY_3, company_id=world.company.id) == 0, "the same occasion is told once"
    assert await tell(K.REMINDER_DAY_3, "other", company_id=world.company.id) == 2


async def test_money_also_goes_to_the_companys_own_addresses_once(world: TwoCompanies) -> None:
    await Company.filter(id=world.company.id).update(email="office@example.com", whatsapp="77010000000")
    await tell(K.INVOICE_ISSUED, company_id=world.company.id)
    await tell(K.INVOICE_ISSUED, company_id=world.company.id)
    assert {("EMAIL", "office@example.com", "ru"), ("WHATSAPP", "77010000000", "ru")} <= await sent()
    assert await Delivery.all().count() == 5
    await Company.filter(id=world.company.id).update(email="Olga.Owner@example.com")
    await tell(K.LOCKED, "l", company_id=world.company.id)
    assert await Delivery.filter(topic="locked", channel="EMAIL").count() == 3, (
        "an owner's address gets one mail, not two"
    )
    await tell(K.REPORT_READY, "r", company_id=world.company.id, user_ids=[world.owner.user.id])
    assert await Delivery.filter(topic="report_ready").count() == 1


async def test_preferences_decide(world: TwoCompanies, ask: Ask, read: Ask) -> None:
    await User.filter(id=world.viewer.user.id).update(phone="77017777777")
    wanted = [
        {"kind": "LOCKED", "channel": "EMAIL", "enabled": False},
        {"kind": "LOCKED", "channel": "WHATSAPP", "enabled": True},
        {"kind": "UNLOCKED", "channel": "API", "enabled": False},
    ]
    payload = (await read(world.viewer, PREFER, input={"preferences": wanted}))["setNotificationPreferences"]
    assert payload["userErrors"] == []
    assert len(payload["preferences"]) == 27
    said = [each for each in payload["preferences"] if not each["isDefault"]]
    assert sorted((each["kind"], each["channel"], each["enabled"]) for each in said) == [
        ("LOCKED", "EMAIL", False),
        ("LOCKED", "WHATSAPP", True),
        ("UNLOCKED", "API", False),
    ]
    twice = await read(world.viewer, PREFER, input={"preferences": [wanted[0], wanted[0]]})
    assert twice["setNotificationPreferences"]["userErrors"][0]["code"] == "INVALID_VALUE"

    await tell(K.LOCKED, user_ids=[world.viewer.user.id], company_id=world.company.id)
    assert await sent() == {("WHATSAPP", "77017777777", "ru")}
    await tell(K.UNLOCKED, "u", user_ids=[world.viewer.user.id, world.owner.user.id], company_id=world.company.id)
    assert (await read(world.viewer, LIST))["unreadNotifications"] == 1
    assert (await read(world.owner, LIST))["unreadNotifications"] == 1


async def test_the_list_is_ones_own(world: TwoCompanies, ask: Ask, read: Ask) -> None:
    about = About("Invoice", 5)
    await tell(K.INVOICE_ISSUED, company_id=world.company.id, about=about)
    await tell(K.LOCKED, "l", company_id=world.company.id)
    shown = await read(world.owner, LIST, language="EN")
    assert shown["unreadNotifications"] == shown["notifications"]["totalCount"] == 2
    locked, issued = shown["notifications"]["nodes"]
    assert (locked["kind"], locked["title"]) == ("LOCKED", "SIM cards are locked for non-payment")
    assert (issued["aboutId"], issued["company"]["name"]) == (global_id("Invoice", 5), "Astana Telematics")
    for stranger in (world.other_owner, world.staff):
        nothing = await read(stranger, LIST)
        assert (nothing["unreadNotifications"], nothing["notifications"]["nodes"]) == (0, [])
        foreign = (await read(stranger, MARK, input={"ids": [locked["id"]]}))["markRead"]
        assert foreign == {"marked": 0, "unread": 0, "userErrors": [{"code": "NOT_FOUND", "path": ["input", "ids"]}]}
        assert (await ask(stranger, "query ($id: ID!) { node(id: $id) { id } }", id=locked["id"]))["data"] == {
            "node": None
        }

    marked = (await read(world.owner, MARK, input={"ids": [locked["id"]]}))["markRead"]
    assert marked == {"marked": 1, "unread": 1, "userErrors": []}
    assert [node["kind"] for node in (await read(world.owner, LIST, unread=True))["notifications"]["nodes"]] == [
        "INVOICE_ISSUED"
    ]
    assert (await read(world.owner, LIST, kinds=["LOCKED"]))["notifications"]["totalCount"] == 1
    assert (await read(world.viewer, MARK, input={}))["markRead"] == {"marked": 2, "unread": 0, "userErrors": []}
    assert (await read(world.manager, LIST))["unreadNotifications"] == 2


async def test_a_notification_is_heard_at_once(world: TwoCompanies, hub: EventHub) -> None:
    async def listen(login: Login) -> Stream:
        document = "subscription { notificationReceived { snapshot unread notifications { kind title } } }"
        context = RequestContext(principal=login.principal, hub=hub)
        results: Any = await build_schema().subscribe(document, context_value=context)
        return Stream(results)

    await tell(K.INVOICE_ISSUED, company_id=world.company.id)
    stream, stranger = await listen(world.owner), await listen(world.other_owner)
    first = await stream.event()
    assert (first["snapshot"], first["unread"], len(first["notifications"])) == (True, 1, 1)
    assert (await stranger.event())["unread"] == 0

    await tell(K.LOCKED, "l", company_id=world.company.id)
    second = await stream.event()
    assert (second["snapshot"], second["unread"]) == (False, 2)
    assert [each["kind"] for each in second["notifications"]] == ["LOCKED"]
    assert await stranger.is_silent()

    context = RequestContext(principal=world.owner.principal, hub=hub)
    await build_schema().execute(MARK, {"input": {}}, context_value=context)
    assert await stream.event() == {"snapshot": False, "unread": 0, "notifications": []}


async def test_who_started_an_operation_is_told_that_it_ended_once(world: TwoCompanies, read: Ask) -> None:
    made = """INSERT INTO operation (company_id, kind, state, started_by_id, idempotency_key, request_digest,
        accepted_risks, created_at, finished_at, total, queued, succeeded, failed) VALUES
        ($1, 'LOCK', $2::text, $3, $4, '', '{}', now(), CASE WHEN $2::text = 'DONE' THEN now() END, $5::int, 0, $5::int - 1, 1)"""
    for key, (state, total) in enumerate([("DONE", 3), ("RUNNING", 3), ("DONE", 1)]):
        await execute(made, world.company.id, state, world.owner.user.id, str(key), total)
    assert [await tell_finished_operations(), await tell_finished_operations()] == [1, 0]
    (told,) = await Notification.all()
    assert (told.user_id, told.about_type) == (world.owner.user.id, "Operation")
    (shown,) = (await read(world.owner, LIST))["notifications"]["nodes"]
    assert shown["title"] == "Операция завершена: блокировка, 3 SIM"
    assert "успешно 2" in shown["body"]
    assert await Delivery.all().count() == 0, "by e-mail only to those who ask for it"
