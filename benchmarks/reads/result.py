"""The tables of a run, as Markdown for docs/performance.md."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks.reads.load import Measured
from benchmarks.reads.questions import FAR, FLOOR, ONE_AT_A_TIME, OURS

Results = dict[tuple[str, str, int], list[Measured]]
"""What was measured by server, question and number of connections."""

_GOALS = {
    FLOOR: "pages 0.65 (aim 0.85), one SIM 0.5 (aim 0.65)",
    "Yoga + jit": "page 1.3 (aim 2)",
    "PostGraphile 5": "pages 3 (aim 5), search 2.3, one SIM 0.7 (aim 1)",
}


def tables(results: Results, names: Sequence[str], servers: Sequence[str], memory: dict[str, float]) -> str:
    """All tables, with a sentence before each."""
    return "\n\n".join(
        (
            "Requests a second at 16 connections (milliseconds p50 / p99):",
            _table(
                ["server", *names], [[each, *(_cell(results, each, name, 16) for name in names)] for each in servers]
            ),
            "NovaConnect's requests a second as a multiple of:",
            _table(
                ["server", *names, "to reach"],
                [
                    [each, *(_ratio(results, each, name) for name in names), _GOALS.get(each, "-")]
                    for each in servers
                    if each != OURS
                ],
            ),
            "One connection (milliseconds; p50 of a page to be under 2 × the floor's, p99 under 2.5 × p50):",
            _one_at_a_time(results),
            "Memory at the end: " + ", ".join(f"{each} {memory[each]:.0f} MB" for each in servers) + ".",
        )
    )


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _median(taken: list[Measured], of: str) -> float:
    return statistics.median(getattr(each, of) for each in taken)


def _cell(results: Results, server: str, name: str, connections: int) -> str:
    taken = results.get((server, name, connections))
    if not taken:
        return "-"
    return f"{_median(taken, 'per_second'):,.0f} ({_median(taken, 'p50'):.1f} / {_median(taken, 'p99'):.1f})"


def _ratio(results: Results, other: str, name: str) -> str:
    ours, theirs = results.get((OURS, name, 16)), results.get((other, name, 16))
    if not ours or not theirs:
        return "-"
    ratio = _median(ours, "per_second") / _median(theirs, "per_second")
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2f}"


def _one_at_a_time(results: Results) -> str:
    rows = []
    for name in ONE_AT_A_TIME:
        ours, floor = results.get((OURS, name, 1)), results.get((FLOOR, name, 1))
        if ours and floor:
            own, least = _median(ours, "p50"), _median(floor, "p50")
            tail, least_tail = _median(ours, "p99") / own, _median(floor, "p99") / least
            rows.append(
                [
                    name,
                    f"{own:.2f} / {_median(ours, 'p99'):.2f}",
                    f"{least:.2f} / {_median(floor, 'p99'):.2f}",
                    f"{own / least:.2f}",
                    f"{tail:.1f} (floor {least_tail:.1f})",
                ]
            )
    head = ["question", "NovaConnect p50 / p99", "floor p50 / p99", "p50 : floor's p50", "p99 : p50"]
    return _table(head, rows) + f"\n\n`{FAR}` is the same page behind nine tenths of the company's SIMs."
