"""What a channel is: something that hands one message on and says what became of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import pluggy

from domain.notifications import ChannelName
from settings import Settings

PROJECT = "novaconnect-channels"
"""The pluggy project name, and the group of entry points by which installed packages bring channels."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a channel gets it. `reference` is the same for every attempt and differs between messages.

    `recipient` is None for technical support without an address. `attachments` are contents by file name; `topic` and
    `parameters` name and fill the template of channels that send templates only.
    """

    reference: str
    recipient: str | None
    subject: str
    body: str
    language: str
    created_at: datetime
    topic: str = "support"
    reply_to: str | None = None
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    parameters: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """It was taken over; `ref` is what the other side calls it. `to_folder` when it was only written to the outbox folder."""

    ref: str | None = None
    to_folder: bool = False


@dataclass(frozen=True, slots=True)
class Later:
    """It certainly did not go out, and may another time. `all_of_them`: nothing of this channel will for now."""

    why: str
    after: timedelta | None = None
    all_of_them: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """It will never go out: the address or the message was refused."""

    why: str


@dataclass(frozen=True, slots=True)
class Lost:
    """It may have gone out: the answer was lost. It is not sent again by itself, because each message goes out once."""

    why: str


Outcome = Sent | Later | Rejected | Lost

Commit = Callable[[], Awaitable[None]]
"""Awaited by a channel right before the step after which a message may have gone out."""


class Superseded(Exception):
    """Somebody else has taken the message over; raised by `Commit`, and nothing is sent then."""


class Channel(Protocol):
    """A way out. Messages come one at a time."""

    name: ChannelName

    async def send(self, message: Message, commit: Commit) -> Outcome:
        """Hand a message on; `commit` is awaited once, before the first step that cannot be taken back."""

    async def close(self) -> None:
        """Let go of connections; also between two bursts of messages."""


class ChannelHooks:
    """What a channel plugin implements."""

    @hookspec
    def notification_channel(self, settings: Settings) -> Channel | None:
        """The plugin's channel, or None where the settings do not ask for it."""


def open_channels(settings: Settings, *plugins: object) -> list[Channel]:
    """The channels of `plugins` and of installed packages, one for each name; the first one that wants a name has it."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(ChannelHooks)
    manager.load_setuptools_entrypoints(PROJECT)
    for plugin in plugins:
        manager.register(plugin)
    # pluggy asks the plugin that was registered last first.
    found: list[Channel | None] = manager.hook.notification_channel(settings=settings)
    channels: dict[ChannelName, Channel] = {}
    for channel in reversed(found):
        if channel is not None:
            channels.setdefault(channel.name, channel)
    return list(channels.values())
