"""The settings of the monthly bill."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Rating(StrEnum):
    """By what traffic is paid: the cost that the operator puts on a session, or the price list."""

    OPERATOR_COST = "operator_cost"
    PRICE_LIST = "price_list"


@dataclass(frozen=True, slots=True)
class BillingSettings:
    """How the monthly bill is made.

    `cbr_url` and `nbk_url` are where the central banks of Russia and Kazakhstan answer. `rating` says by what traffic is
    paid; a session without a cost in EUR is always paid by the price list. `zero_invoices`: companies that owe nothing get
    an invoice too. `count_issue_day`: the day of issue is day 1 of the deadlines, if it is worked. `late_months`: for so
    many months records that come late, or are corrected, are still billed. `package_days`: as how many days a package counts
    whose end the operator has not told.
    """

    cbr_url: str = "https://www.cbr.ru"
    nbk_url: str = "https://nationalbank.kz"
    rating: Rating = Rating.OPERATOR_COST
    zero_invoices: bool = False
    count_issue_day: bool = False
    late_months: int = 3
    package_days: int = 30
