"""Typed reading of a driver's settings, with errors that name the key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from novaconnect_sdk.errors import SettingsError
from novaconnect_sdk.values import Settings

_YES = frozenset({"true", "1", "yes", "on"})
_NO = frozenset({"false", "0", "no", "off"})


class SettingsReader:
    """Reads one profile's settings key by key; every failure is a `SettingsError` naming the key, never its value.

    Values that come from references (`env:NAME`) are strings, so numbers and truth values are accepted as text too.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._read: set[str] = set()

    def text(self, key: str, default: str | None = None) -> str:
        """A string; without a default it must be there and not be empty."""
        value = self._value(key)
        if value is None:
            if default is None:
                raise SettingsError(f"`{key}` is missing: add it to the profile's settings.")
            return default
        if not isinstance(value, str):
            raise SettingsError(f"`{key}` must be a string.")
        if not value.strip() and default is None:
            raise SettingsError(f"`{key}` is empty: give it a value.")
        return value.strip()

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """A number from `low` to `high`."""
        value = self._value(key)
        if value is None:
            return default
        try:
            if isinstance(value, bool) or not isinstance(value, int | float | str):
                raise ValueError
            number = float(value)
        except ValueError:
            raise SettingsError(f"`{key}` must be a number.") from None
        if not low <= number <= high:
            raise SettingsError(f"`{key}` must be from {low:g} to {high:g}.")
        return number

    def integer(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        number = self.number(key, default, low, high)
        if number != int(number):
            raise SettingsError(f"`{key}` must be a whole number.")
        return int(number)

    def seconds(self, key: str, default: float, low: float, high: float) -> timedelta:
        """A duration given in seconds."""
        return timedelta(seconds=self.number(key, default, low, high))

    def flag(self, key: str, default: bool) -> bool:
        """A truth value: true or false, or the usual words for them."""
        value = self._value(key)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        word = value.strip().lower() if isinstance(value, str) else ""
        if word not in _YES | _NO:
            raise SettingsError(f"`{key}` must be true or false.")
        return word in _YES

    def address(self, key: str) -> str:
        """An http or https address without a query, a login or a trailing slash."""
        value = self.text(key)
        try:
            parts = urlsplit(value)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise SettingsError(f"`{key}` is not an address.") from None
        if parts.scheme not in ("http", "https") or not host or port == 0 or any(blank in value for blank in " \t\n"):
            raise SettingsError(f"`{key}` must be an http:// or https:// address.")
        if parts.query or parts.fragment or parts.username or parts.password:
            raise SettingsError(f"`{key}` must have no query and no login in it.")
        return value.rstrip("/")

    def zone(self, key: str, default: str) -> ZoneInfo:
        """A time zone by its IANA name, for example Europe/Tallinn."""
        name = self.text(key, default)
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise SettingsError(f"`{key}` is not a time zone name such as Europe/Tallinn.") from None

    def words(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Several strings: a list, or one string with commas."""
        value = self._value(key)
        if value is None:
            return default
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        if isinstance(value, list | tuple) and all(isinstance(word, str) for word in value):
            return tuple(value)
        raise SettingsError(f"`{key}` must be a list of strings.")

    def table(self, key: str) -> Mapping[str, object] | None:
        """A table of its own, or None when it is not there."""
        value = self._value(key)
        if value is None or isinstance(value, Mapping):
            return value
        raise SettingsError(f"`{key}` must be a table.")

    def refuse_unknown(self) -> None:
        """Raise on a key that nobody read: most often a spelling mistake."""
        unknown = sorted(set(self._settings) - self._read)
        if unknown:
            raise SettingsError(f"`{unknown[0]}` is not a setting of this driver: correct or remove it.")

    def _value(self, key: str) -> object:
        self._read.add(key)
        return self._settings.get(key)
