"""`python -m benchmarks NAME`: run one benchmark, or all of them."""

from __future__ import annotations

import asyncio
import importlib
from typing import Annotated

import typer

from benchmarks.report import Report
from models.tenancy import process_acts_as_system

NAMES = ("billing", "fleet", "live", "operations", "records", "reports", "sync")


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Which of {', '.join(NAMES)}; all by default.")] = None,
    sims: Annotated[int, typer.Option(help="SIMs in the generated world.")] = 1_000_000,
) -> None:
    """Run benchmarks and print their figures."""
    process_acts_as_system()
    for name in names or NAMES:
        if name not in NAMES:
            raise typer.BadParameter(f"there is no benchmark {name}")
        asyncio.run(importlib.import_module(f"benchmarks.{name}").main(sims, Report(name)))


if __name__ == "__main__":
    typer.run(main)
