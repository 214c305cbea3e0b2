"""The settings of the driver `tsim`, typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from novaconnect_sdk import Action, Settings, SettingsError, SettingsReader

_CONFIRMABLE = {"cancel_location": Action.CANCEL_LOCATION, "limit": Action.SET_LIMIT}


@dataclass(frozen=True, slots=True)
class Commands:
    """Names of the commands that no public program shows; an empty name means that this gate has no such command."""

    cancel_location: str = "cnl"
    set_limit: str = "setlimit"
    get_limit: str = "getlimit"
    get_msu: str = "getmsu"


@dataclass(frozen=True, slots=True)
class TsimSettings:
    """How to reach one login of a gate. `zone` is the zone of all times on the wire, which names none.

    `block_word` and `unblock_word` are the values of `sblock`, `no_limit_word` the megabytes that mean no limit;
    `confirmed` are the actions whose assumed commands a deployment has seen work; `last_session_days` is how far back
    the end of the last session is looked for; `largest_limit` is the largest monthly limit in MB (a caution of ours: the
    operator publishes none).
    """

    base_url: str
    path: str
    login: str
    password: str
    zone: ZoneInfo
    block_word: str
    unblock_word: str
    no_limit_word: str
    commands: Commands
    confirmed: frozenset[Action]
    call_timeout: timedelta
    download_timeout: timedelta
    largest_download: int
    page_size: int
    last_session_days: int
    largest_limit: int
    calls_per_second: float
    max_concurrency: int

    @property
    def account_key(self) -> str:
        """The login that the budget belongs to."""
        return f"tsim:{self.login}@{urlsplit(self.base_url).netloc}"


def parse(settings: Settings) -> TsimSettings:
    """Read a profile's settings; raises `SettingsError` naming the key."""
    read = SettingsReader(settings)
    parsed = TsimSettings(
        base_url=read.address("base_url"),
        path=read.text("path", "/tsim_xml/service/xmlgate"),
        login=read.text("login"),
        password=read.text("password"),
        zone=read.zone("zone", "UTC"),
        block_word=read.text("block_word", "t"),
        unblock_word=read.text("unblock_word", "f"),
        no_limit_word=read.text("no_limit_word", "-1"),
        commands=Commands(
            cancel_location=read.text("command_cancel_location", "cnl"),
            set_limit=read.text("command_set_limit", "setlimit"),
            get_limit=read.text("command_get_limit", "getlimit"),
            get_msu=read.text("command_get_msu", "getmsu"),
        ),
        confirmed=_confirmed(read.words("confirmed")),
        call_timeout=read.seconds("timeout_seconds", 10, 0.1, 300),
        download_timeout=read.seconds("download_timeout_seconds", 900, 1, 7200),
        largest_download=read.integer("largest_download_mb", 256, 1, 4096) * 1_000_000,
        page_size=read.integer("page_size", 1000, 1, 10_000),
        last_session_days=read.integer("last_session_days", 7, 1, 62),
        largest_limit=read.integer("largest_limit_mb", 1_000_000, 1, 1_000_000_000),
        calls_per_second=read.number("calls_per_second", 10, 0.01, 10_000),
        max_concurrency=read.integer("max_concurrency", 4, 1, 1000),
    )
    read.refuse_unknown()
    if parsed.block_word == parsed.unblock_word:
        raise SettingsError("`block_word` and `unblock_word` must differ.")
    return parsed


def _confirmed(words: tuple[str, ...]) -> frozenset[Action]:
    unknown = [word for word in words if word not in _CONFIRMABLE]
    if unknown:
        raise SettingsError(f"`confirmed` may hold {', '.join(sorted(_CONFIRMABLE))} only.")
    return frozenset(_CONFIRMABLE[word] for word in words)
