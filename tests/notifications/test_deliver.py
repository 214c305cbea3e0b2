"""Messages on their way out: over real sockets, each once, whatever goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.notifications import AccountMail, ChannelName
from models import Delivery
from models.database import execute
from services.notifications.channels.channel import Channel, Commit, Lost, Message, Outcome, hookimpl, open_channels
from services.notifications.channels.smtp import Smtp
from services.notifications.deliver import Deliverer, channels_of
from services.notifications.queue_mail import queue_account_mail, queue_mail
from services.unit_of_work import unit_of_work
from settings import BadSetting, Settings, load
from tests.notifications.mail_server import MailServer, mail_server


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A mail server without encryption."""
    with mail_server() as running:
        yield running


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate that it signed itself: `cert.pem`."""
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost -addext"
    )
    subprocess.run([*command.split(), names], cwd=folder, check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return tls


def settings_of(server: MailServer, **changes: Any) -> Settings:
    """The settings that name this server."""
    values: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": "none"}
    return Settings(**(values | {"mail_from": "NovaConnect <robot@example.com>"} | changes))


async def queue(count: int = 1, to: str = "olga@example.com") -> None:
    """Mails with keys 0, 1, 2…"""
    async with unit_of_work():
        for number in range(count):
            assert await queue_mail(to, f"Тема {number}", "Текст: ₸ ₽ €\n.\nҚазақша\n", "ru", f"key-{number}")


async def due_again() -> None:
    """As if the pause before the next attempt were over."""
    await execute("UPDATE delivery SET next_attempt_at = now()")


async def states() -> list[str]:
    """Where all messages stand."""
    return [row.state.value for row in await Delivery.all().order_by("id")]


async def test_a_mail_goes_out_by_smtp_once(database: str, server: MailServer) -> None:
    await queue()
    deliverer = Deliverer(channels_of(settings_of(server)))

    assert [await deliverer.deliver(), await deliverer.deliver()] == [1, 0]

    (letter,) = server.letters
    assert server.recipients == [["olga@example.com"]]
    assert (letter["From"], letter["To"], letter["Subject"]) == (
        "NovaConnect <robot@example.com>",
        "olga@example.com",
        "Тема 0",
    )
    assert letter["Auto-Submitted"] == "auto-generated"
    body = letter.get_body()
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == "Текст: ₸ ₽ €\n.\nҚазақша\n"
    (row,) = await Delivery.all()
    assert (row.state, row.provider_ref, row.attempts) == ("SENT", "taken", 1)


async def test_a_key_is_one_mail_and_a_rolled_back_transaction_none(database: str, server: MailServer) -> None:
    await queue()
    async with unit_of_work():
        assert not await queue_mail("other@example.com", "x", "y", "en", "key-0")
    with contextlib.suppress(RuntimeError):
        async with unit_of_work():
            assert await queue_mail("olga@example.com", "x", "y", "en", "key-1")
            raise RuntimeError
    await Deliverer(channels_of(settings_of(server))).deliver()
    assert [letter["Subject"] for letter in server.letters] == ["Тема 0"]


async def test_many_deliverers_send_each_mail_once(database: str, server: MailServer) -> None:
    await queue(40)
    sent = await asyncio.gather(*(Deliverer(channels_of(settings_of(server))).deliver() for _ in range(4)))
    assert sum(sent) == 40
    assert sorted(letter["Subject"] for letter in server.letters) == sorted(f"Тема {number}" for number in range(40))


async def test_what_a_link_gives_access_to_is_forgotten_once_sent(database: str, server: MailServer) -> None:
    values = {"name": "Ольга", "link": "https://example.com/reset?t=abc", "expires": "01.12.2023 12:00"}
    async with unit_of_work():
        await queue_account_mail(AccountMail.RESET_PASSWORD, "olga@example.com", "kk", "reset:1", values)
    (before,) = await Delivery.all()
    assert "t=abc" in before.body
    await Deliverer(channels_of(settings_of(server))).deliver()
    (after,) = await Delivery.all()
    assert (after.state, after.body) == ("SENT", "")
    assert "t=abc" in server.letters[0].get_content()
    assert "құпиясөз" in server.letters[0]["Subject"]


async def test_a_server_that_is_away_or_busy_is_asked_again(database: str, server: MailServer) -> None:
    await queue(2)
    away = Deliverer(channels_of(settings_of(server, smtp_port=1)))
    assert await away.deliver() == 0
    assert await states() == ["QUEUED", "QUEUED"]
    (first, second) = await Delivery.all().order_by("id")
    assert (first.attempts, second.attempts) == (1, 0), "the whole channel rests: the second is not tried"

    await due_again()
    server.rcpt_answers = ["451 greylisted"]
    server.data_answers = ["452 full"]
    deliverer = Deliverer(channels_of(settings_of(server)))
    assert await deliverer.deliver() == 0
    assert await deliverer.deliver() == 0, "not before their time"
    await due_again()
    assert await deliverer.deliver() == 2
    assert len(server.letters) == 2


async def test_what_the_server_refuses_for_good_fails_alone(database: str, server: MailServer) -> None:
    await queue(3)
    server.rcpt_answers = ["550 no such user"]
    server.data_answers = ["554 spam"]
    assert await Deliverer(channels_of(settings_of(server))).deliver() == 1
    assert await states() == ["FAILED", "FAILED", "SENT"]
    errors = [row.error for row in await Delivery.all().order_by("id")]
    assert errors == [
        "the mail server refused the recipient (550)",
        "the mail server refused the mail (554)",
        None,
    ]


async def test_a_lost_answer_is_not_repeated(database: str, server: MailServer) -> None:
    await queue(2)
    server.hang_up_after_data = 1
    deliverer = Deliverer(channels_of(settings_of(server)))
    assert await deliverer.deliver() == 1
    assert await states() == ["UNKNOWN", "SENT"]
    await due_again()
    assert await deliverer.deliver() == 0
    assert [letter["Subject"] for letter in server.letters] == ["Тема 0", "Тема 1"]


class Killed(Smtp):
    """A process that dies at a moment of its first mail."""

    def __init__(self, settings: Settings, *, before_commit: bool) -> None:
        super().__init__(settings)
        self.before_commit = before_commit

    async def send(self, message: Message, commit: Commit) -> Outcome:
        if not self.before_commit:
            await super().send(message, commit)
        raise asyncio.CancelledError


async def test_a_killed_process_loses_nothing_and_doubles_nothing(database: str, server: MailServer) -> None:
    await queue(2)
    for before_commit in (True, False):
        with pytest.raises(asyncio.CancelledError):
            await Deliverer([Killed(settings_of(server), before_commit=before_commit)]).deliver()
    assert await states() == ["QUEUED", "SENDING"]
    later = Deliverer(channels_of(settings_of(server)))
    assert await later.deliver() == 0, "both still belong to the dead process"

    await execute("UPDATE delivery SET next_attempt_at = now(), sending_since = sending_since - interval '10 minutes'")
    assert await later.deliver() == 1
    assert await states() == ["SENT", "UNKNOWN"]
    assert sorted(letter["Subject"] for letter in server.letters) == ["Тема 0", "Тема 1"]


async def test_a_frozen_process_sends_nothing_after_another_took_over(database: str, server: MailServer) -> None:
    await queue()

    class Frozen(Smtp):
        async def send(self, message: Message, commit: Commit) -> Outcome:
            await due_again()
            await Deliverer(channels_of(settings_of(server))).deliver()
            return await super().send(message, commit)

    assert await Deliverer([Frozen(settings_of(server))]).deliver() == 0
    assert len(server.letters) == 1
    assert await states() == ["SENT"]


async def test_after_three_days_of_trying_a_mail_has_failed(database: str, server: MailServer) -> None:
    await queue()
    deliverer = Deliverer(channels_of(settings_of(server)))
    server.rcpt_answers = ["451 busy"] * 2
    await deliverer.deliver()
    await execute("UPDATE delivery SET next_attempt_at = now(), first_attempt_at = now() - interval '73 hours'")
    await deliverer.deliver()
    assert await states() == ["FAILED"]


async def test_a_password_goes_only_over_tls(database: str, tmp_path: Path) -> None:
    tls = certificate(tmp_path)
    await queue()
    with mail_server(tls_context=tls, auth_require_tls=True) as server:
        access = {"smtp_security": "starttls", "smtp_username": "nova", "smtp_password": "secret"}
        untrusted = Deliverer(channels_of(settings_of(server, **access)))
        assert await untrusted.deliver() == 0
        assert server.logins == [], "an unknown certificate gets no password"
    with pytest.raises(BadSetting, match="in the clear"):
        load({"SMTP_HOST": "x", "SMTP_USERNAME": "a", "SMTP_PASSWORD": "b", "SMTP_SECURITY": "none"})


async def test_a_trusted_server_gets_the_login(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    await queue(2)
    # This server leaves a client without an answer that comes back with LOGIN after a refused PLAIN.
    with mail_server(tls_context=tls, auth_require_tls=True, auth_exclude_mechanism=["LOGIN"]) as server:
        access: dict[str, Any] = {"smtp_security": "starttls", "smtp_username": "nova", "smtp_password": "wrong"}
        assert await Deliverer(channels_of(settings_of(server, **access))).deliver() == 0
        await due_again()
        access["smtp_password"] = "secret"
        assert await Deliverer(channels_of(settings_of(server, **access))).deliver() == 2
        assert server.logins == [b"nova:wrong", b"nova:secret"], "two mails, one connection"


async def test_without_a_server_mail_becomes_files(database: str, tmp_path: Path) -> None:
    await queue(2)
    assert await Deliverer(channels_of(Settings(var_dir=tmp_path))).deliver() == 2
    files = sorted((tmp_path / "outbox").glob("*.eml"))
    letters = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
    assert [letter["Subject"] for letter in letters] == ["Тема 0", "Тема 1"]
    assert await states() == ["WRITTEN", "WRITTEN"]


class Pigeon:
    """A foreign channel that takes e-mail over and fails in its own ways."""

    def __init__(self) -> None:
        self.name = ChannelName.EMAIL
        self.carried: list[str] = []

    async def send(self, message: Message, commit: Commit) -> Outcome:
        if message.subject == "Тема 0":
            raise ValueError("a fault before anything was sent")
        await commit()
        self.carried.append(message.subject)
        if message.subject == "Тема 1":
            raise ValueError("a fault afterwards")
        return Lost("flew away")

    async def close(self) -> None:
        """Nothing is held."""


async def test_a_plugin_brings_a_channel_and_its_faults_stay_its_own(database: str) -> None:
    pigeon = Pigeon()

    class Plugin:
        @hookimpl
        def notification_channel(self, settings: Settings) -> Channel | None:
            return pigeon

    await queue(3)
    deliverer = Deliverer(open_channels(Settings(), Plugin()))
    await deliverer.deliver()
    assert await states() == ["QUEUED", "UNKNOWN", "UNKNOWN"]
    await deliverer.deliver()
    assert pigeon.carried == ["Тема 1", "Тема 2"]
