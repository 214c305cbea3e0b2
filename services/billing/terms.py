"""The process's settings of the monthly bill; the composition roots say them once."""

from __future__ import annotations

from settings import BillingSettings

_in_use = BillingSettings()


def use_billing_terms(terms: BillingSettings) -> None:
    """From now on these are the process's settings."""
    global _in_use
    _in_use = terms


def billing_terms() -> BillingSettings:
    """The process's settings; the defaults as long as nobody said others."""
    return _in_use
