"""Amounts: `Decimal` only, half-up, to a quantum that is stored with what was rounded."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal

CENT = Decimal("0.01")
"""The quantum of EUR, and of any currency where nothing else is set."""

USAGE_QUANTUM = Decimal("0.0001")
"""The quantum of the cost of one usage record (the guide's reports show four places)."""

# More digits than any sum of ours has, so that nothing is rounded before it is meant to be.
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


def round_half_up(amount: Decimal, quantum: Decimal) -> Decimal:
    """The multiple of `quantum` nearest to `amount`, halves away from zero; any positive quantum (0.01, 1, 0.05)."""
    if quantum <= 0:
        raise ValueError("a quantum is more than 0")
    units = _EXACT.divide(amount, quantum).quantize(Decimal(1), rounding=ROUND_HALF_UP, context=_EXACT)
    return _EXACT.multiply(units, quantum)


def total_of_lines(amounts: Iterable[Decimal]) -> Decimal:
    """The total in EUR of line amounts: summed exactly, then rounded once to a cent."""
    total = Decimal(0)
    for amount in amounts:
        total = _EXACT.add(total, amount)
    return round_half_up(total, CENT)


def local_amount(eur: Decimal, rate: Decimal, quantum: Decimal) -> Decimal:
    """What a total in EUR (already rounded) is in another currency, at a rate per EUR, rounded to the quantum."""
    return round_half_up(_EXACT.multiply(eur, rate), quantum)
