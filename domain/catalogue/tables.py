"""Reading the files of `data/`."""

from __future__ import annotations

import csv
from decimal import Decimal, InvalidOperation
from importlib.resources import files


class BadCatalogue(Exception):
    """A file of the catalogue cannot be used; the message names file, row and what is wrong."""


def read_text(name: str) -> str:
    """A file of `data/`."""
    return files("domain.catalogue").joinpath("data", name).read_text(encoding="utf-8")


def read_table(name: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of a CSV file by column; raises `BadCatalogue` when the columns are others or a row is short or long."""
    reader = csv.DictReader(read_text(name).splitlines(), strict=True)
    if tuple(reader.fieldnames or ()) != columns:
        raise BadCatalogue(f"{name}: the columns must be {','.join(columns)}.")
    rows = list(reader)
    for row in rows:
        if None in row or None in row.values():
            raise BadCatalogue(f"{name}: a row has not {len(columns)} columns: {row}.")
    return rows


def read_price(name: str, text: str) -> Decimal:
    """An amount that is not negative, exactly as written; raises `BadCatalogue`."""
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or price < 0:
        raise BadCatalogue(f"{name}: {text!r} is no price.")
    return price


def read_flag(name: str, text: str) -> bool:
    """`yes` or `no`; raises `BadCatalogue`."""
    if text not in ("yes", "no"):
        raise BadCatalogue(f"{name}: {text!r} must be yes or no.")
    return text == "yes"
