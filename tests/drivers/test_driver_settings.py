"""A wrong setting is named, and its value is never repeated."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drivers.jasper.settings import parse as parse_jasper
from drivers.tsim.settings import parse as parse_tsim
from novaconnect_sdk import Action, SettingsError

TSIM = {"base_url": "https://gate.example", "login": "me", "password": "hush-hush"}
JASPER = {"base_url": "https://pod.example", "login": "me", "api_key": "hush-hush", "license_key": "hush-too"}

Parse = Callable[[dict[str, object]], object]


@pytest.mark.parametrize(
    ("parse", "good", "key", "value"),
    [
        (parse_tsim, TSIM, "base_url", None),
        (parse_tsim, TSIM, "base_url", "gate.example"),
        (parse_tsim, TSIM, "base_url", "ftp://gate.example"),
        (parse_tsim, TSIM, "base_url", "https://gate.example/?upass=hush-hush"),
        (parse_tsim, TSIM, "base_url", "https://me:hush-hush@gate.example"),
        (parse_tsim, TSIM, "base_url", "https://gate.example:port"),
        (parse_tsim, TSIM, "login", ""),
        (parse_tsim, TSIM, "password", 5),
        (parse_tsim, TSIM, "zone", "Mars/Olympus"),
        (parse_tsim, TSIM, "zone", "../etc/passwd"),
        (parse_tsim, TSIM, "unblock_word", "t"),
        (parse_tsim, TSIM, "confirmed", ["lock"]),
        (parse_tsim, TSIM, "timeout_seconds", "soon"),
        (parse_tsim, TSIM, "timeout_seconds", 0),
        (parse_tsim, TSIM, "timeout_seconds", "nan"),
        (parse_tsim, TSIM, "page_size", 1.5),
        (parse_tsim, TSIM, "max_concurrency", True),
        (parse_tsim, TSIM, "pasword", "hush-hush"),
        (parse_jasper, JASPER, "api_key", None),
        (parse_jasper, JASPER, "license_key", " "),
        (parse_jasper, JASPER, "lock_status", "RETIRED"),
        (parse_jasper, JASPER, "unlock_status", "DEACTIVATED"),
        (parse_jasper, JASPER, "package_plan", "lite"),
        (parse_jasper, JASPER, "page_size", 51),
        (parse_jasper, JASPER, "package_largest_mb", 10),
        (parse_jasper, JASPER, "cycle_day", 31),
    ],
)
def test_a_wrong_setting_is_named(parse: Parse, good: dict[str, object], key: str, value: object) -> None:
    with pytest.raises(SettingsError) as caught:
        parse({**good, key: value})
    assert f"`{key}`" in caught.value.message
    assert "hush" not in caught.value.message


def test_numbers_may_come_as_text_because_references_are_text() -> None:
    parsed = parse_tsim(
        {**TSIM, "calls_per_second": "2.5", "max_concurrency": "3", "confirmed": "limit, cancel_location"}
    )
    assert (parsed.calls_per_second, parsed.max_concurrency) == (2.5, 3)
    assert parsed.confirmed == {Action.SET_LIMIT, Action.CANCEL_LOCATION}


def test_the_account_is_login_and_host() -> None:
    assert parse_tsim(TSIM).account_key == "tsim:me@gate.example"
    assert parse_jasper({**JASPER, "base_url": "https://pod.example:8443/"}).account_key == "jasper:me@pod.example:8443"


def test_jaspers_documented_limits_hold_unless_the_settings_say_otherwise() -> None:
    parsed = parse_jasper(JASPER)
    assert (parsed.calls_per_second, parsed.max_concurrency) == (5, 1)
    assert parsed.soap_password == "hush-hush"
