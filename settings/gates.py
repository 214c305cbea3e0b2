"""The settings of the gates: who may come how often and by which way, and what the programs tell about themselves."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from settings.bad_setting import BadSetting


@dataclass(frozen=True, slots=True)
class GateSettings:
    """`rate_limit` requests a second per token and API process, 0 for no limit; `metrics_port` None for no server of its own."""

    queries_by_get: bool = False
    trusted_proxies: tuple[str, ...] = ()
    rate_limit: int = 100
    metrics_port: int | None = None
    traces_endpoint: str | None = None


def load_gates(env: Mapping[str, str]) -> GateSettings:
    """Read them; raises `BadSetting`."""
    return GateSettings(
        queries_by_get=_on(env, "QUERIES_BY_GET"),
        trusted_proxies=_networks(env, "TRUSTED_PROXIES"),
        rate_limit=_number(env, "RATE_LIMIT", 100, 0, 1_000_000),
        metrics_port=_number(env, "METRICS_PORT", 0, 0, 65535) or None,
        traces_endpoint=_endpoint(env, "OTEL_EXPORTER_OTLP_ENDPOINT"),
    )


def _networks(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = tuple(each.strip() for each in env.get(name, "").split(",") if each.strip())
    for each in found:
        try:
            ipaddress.ip_network(each)
        except ValueError as error:
            raise BadSetting(f"{name} must be addresses or networks like 10.0.0.0/8, comma-separated.") from error
    return found


def _endpoint(env: Mapping[str, str], name: str) -> str | None:
    text = env.get(name, "").strip()
    if text and (urlsplit(text).scheme not in ("http", "https") or not urlsplit(text).hostname):
        raise BadSetting(f"{name} must be an address that begins with http:// or https://.")
    return text or None


def _number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise BadSetting(f"{name} must be a whole number from {low} to {high}.")
    return int(text)


def _on(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").strip().lower()
    if text not in ("", "1", "0", "true", "false", "yes", "no", "on", "off"):
        raise BadSetting(f"{name} must be on or off.")
    return text in ("1", "true", "yes", "on")
