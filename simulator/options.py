"""Command line of the simulator."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from simulator.clock import parsed_instant

DOCUMENTED_RATE, DOCUMENTED_CONCURRENCY, DOCUMENTED_LATENCY_MS = 5, 1, 10
RAISED_RATE, RAISED_CONCURRENCY = 2000, 64


@dataclass(frozen=True, slots=True)
class Options:
    """How the simulator runs. `port` 0 takes a free one; without `state_dir` nothing is kept.

    `starts_at` is when the virtual clock begins, in epoch seconds; None is now.
    """

    port: int
    host: str
    sims: int
    lively: int
    seed: int
    state_dir: Path | None
    jasper_rate: int
    jasper_concurrency: int
    jasper_latency_ms: int
    tsim_timezone: str
    starts_at: float | None


def _whole(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError("must be 0 to 65535")
    return number


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise argparse.ArgumentTypeError("must be a time zone such as Europe/Tallinn") from error
    return text


def _instant(text: str) -> float:
    try:
        return parsed_instant(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("must be a time such as 2023-11-01T00:00:00+00:00") from error


def read_options(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; argparse ends the program with a usage line when it is wrong."""
    parser = argparse.ArgumentParser(prog="simulator", description="A fleet of SIMs behind simulated operators.")
    parser.add_argument("--port", type=_port, default=8090, help="0 takes a free port")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--sims", type=_whole, default=2000, help="size of the fleet, half TC, half TD")
    parser.add_argument("--lively", type=_whole, default=2000, help="SIMs that begin and end sessions by themselves")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state-dir", type=Path, default=None, help="folder that keeps fleet and clock")
    parser.add_argument("--raised-limits", action="store_true", help="quick demo: generous limits, no latency")
    parser.add_argument("--jasper-rate", type=_whole, default=None, help="calls per second per account")
    parser.add_argument("--jasper-concurrency", type=_whole, default=None, help="calls at a time per account")
    parser.add_argument("--jasper-latency-ms", type=_whole, default=None, help="time a Jasper call takes")
    parser.add_argument("--tsim-timezone", type=_zone, default="UTC", help="zone of the times in TSIM answers")
    parser.add_argument("--starts-at", type=_instant, default=None, help="when a new fleet's clock begins (ISO 8601)")
    given = parser.parse_args(arguments)
    raised = given.raised_limits
    return Options(
        port=given.port,
        host=given.host,
        sims=given.sims,
        lively=given.lively,
        seed=given.seed,
        state_dir=given.state_dir,
        jasper_rate=_or(given.jasper_rate, RAISED_RATE if raised else DOCUMENTED_RATE),
        jasper_concurrency=_or(given.jasper_concurrency, RAISED_CONCURRENCY if raised else DOCUMENTED_CONCURRENCY),
        jasper_latency_ms=_or(given.jasper_latency_ms, 0 if raised else DOCUMENTED_LATENCY_MS),
        tsim_timezone=given.tsim_timezone,
        starts_at=given.starts_at,
    )


def _or(given: int | None, default: int) -> int:
    return default if given is None else given
