"""Rounding and sums, for any amounts at all."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.billing.invoices import InvoiceState, format_number, may_become
from domain.billing.money import CENT, local_amount, round_half_up, total_of_lines

usage = st.decimals(min_value=0, max_value=10_000, places=4)
amounts = st.decimals(min_value=-1_000_000, max_value=1_000_000, places=4)
quanta = st.sampled_from([Decimal(text) for text in ("0.01", "0.05", "0.5", "1", "5", "100")])
rates = st.decimals(min_value=Decimal("0.0001"), max_value=1000, places=4)


@pytest.mark.parametrize(
    ("eur", "rate", "quantum", "local"),
    [
        ("47.94", "96.8827", "1", "4645"),
        ("53.02", "97.9345", "0.01", "5192.49"),
        ("78.17", "103.1631", "0.01", "8064.26"),
        ("56.81", "104.9407", "0.01", "5961.68"),
    ],
)
def test_the_guides_amounts(eur: str, rate: str, quantum: str, local: str) -> None:
    assert local_amount(Decimal(eur), Decimal(rate), Decimal(quantum)) == Decimal(local)


def test_halves_go_away_from_zero() -> None:
    assert [str(round_half_up(Decimal(text), CENT)) for text in ("0.005", "0.0049", "-0.005", "2.675")] == [
        "0.01",
        "0.00",
        "-0.01",
        "2.68",
    ]
    with pytest.raises(ValueError):
        round_half_up(Decimal(1), Decimal(0))


@given(st.lists(usage, max_size=60))
def test_a_total_is_the_sum_of_its_lines_rounded_once(lines: list[Decimal]) -> None:
    total = total_of_lines(lines)

    assert total == sum(lines, Decimal(0)).quantize(CENT, rounding=ROUND_HALF_UP)
    assert abs(total - sum(lines, Decimal(0))) <= CENT / 2


@given(st.lists(amounts, max_size=60), st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing_and_the_opposite_lines_cancel(lines: list[Decimal], chance) -> None:
    shuffled = list(lines)
    chance.shuffle(shuffled)

    assert total_of_lines(shuffled) == total_of_lines(lines)
    assert total_of_lines(lines) + total_of_lines([-line for line in lines]) == 0


@given(amounts, quanta)
def test_a_rounded_amount_is_a_multiple_no_further_than_half_a_quantum(amount: Decimal, quantum: Decimal) -> None:
    rounded = round_half_up(amount, quantum)

    assert rounded % quantum == 0 and abs(rounded - amount) <= quantum / 2
    assert round_half_up(rounded, quantum) == rounded
    assert round_half_up(-amount, quantum) == -rounded


@given(amounts, rates, quanta)
def test_a_credit_note_in_local_money_takes_back_exactly_what_was_asked(
    eur: Decimal, rate: Decimal, quantum: Decimal
) -> None:
    total = round_half_up(eur, CENT)

    assert local_amount(total, rate, quantum) + local_amount(-total, rate, quantum) == 0


def test_numbers_have_at_least_four_digits() -> None:
    assert [format_number("NCR", value) for value in (1, 134, 12345)] == ["NCR-0001", "NCR-0134", "NCR-12345"]


def test_nothing_becomes_a_draft_again_and_what_was_taken_back_stays_so() -> None:
    assert not any(may_become(state, InvoiceState.DRAFT) for state in InvoiceState)
    assert not any(may_become(InvoiceState.CREDITED, state) for state in InvoiceState)
    assert may_become(InvoiceState.ISSUED, InvoiceState.PAID) and may_become(InvoiceState.PART_PAID, InvoiceState.PAID)
