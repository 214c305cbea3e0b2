"""Dividing payments: nothing is lost, nothing is paid twice, and the order of payments changes nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.payments.divide import Money, Owed, Share, divide

DAY = date(2023, 12, 1)
amounts = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(1000), places=2)


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Owed], list[Money]]:
    """Some invoices, and payments that name some of them."""
    owed = [
        Owed(n, DAY + timedelta(days=draw(st.integers(0, 3))), draw(amounts)) for n in range(draw(st.integers(0, 4)))
    ]
    ids = st.lists(st.integers(0, 5), max_size=3, unique=True).map(tuple)
    money = [
        Money(n, DAY + timedelta(days=draw(st.integers(0, 3))), str(draw(st.integers(0, 9))), draw(amounts), draw(ids))
        for n in range(draw(st.integers(0, 5)))
    ]
    return owed, money


def totals(shares: list[Share], by: str) -> dict[int, Decimal]:
    """Sums by payment or by invoice."""
    found: dict[int, Decimal] = {}
    for share in shares:
        key = getattr(share, by)
        found[key] = found.get(key, Decimal(0)) + share.amount
    return found


@given(situations())
def test_nothing_is_lost_or_paid_twice(situation: tuple[list[Owed], list[Money]]) -> None:
    owed, money = situation
    shares = divide(owed, money)
    spent, settled = totals(shares, "payment_id"), totals(shares, "invoice_id")
    assert all(spent.get(each.id, Decimal(0)) <= each.amount for each in money)
    assert all(settled.get(invoice.id, Decimal(0)) <= invoice.outstanding for invoice in owed)
    left = sum((each.amount for each in money), Decimal(0)) - sum(spent.values(), Decimal(0))
    unpaid = sum((invoice.outstanding for invoice in owed), Decimal(0)) - sum(settled.values(), Decimal(0))
    assert left == 0 or unpaid == 0, "credit is only carried on when nothing is owed"


@given(situations(), st.randoms(use_true_random=False))
def test_the_order_of_payments_does_not_change_the_end(situation: tuple[list[Owed], list[Money]], chance: Any) -> None:
    owed, money = situation
    before = sorted(divide(owed, money), key=lambda share: (share.payment_id, share.invoice_id))
    chance.shuffle(owed)
    chance.shuffle(money)
    assert sorted(divide(owed, money), key=lambda share: (share.payment_id, share.invoice_id)) == before


def test_named_invoices_come_first_then_the_oldest() -> None:
    owed = [Owed(1, DAY, Decimal(100)), Owed(2, DAY + timedelta(days=30), Decimal(50))]
    shares = divide(owed, [Money(7, DAY, "a", Decimal(120), (2,))])
    assert shares == [Share(7, 2, Decimal(50)), Share(7, 1, Decimal(70))]
