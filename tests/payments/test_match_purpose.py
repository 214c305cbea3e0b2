"""What a payment is for, as customers write it."""

from __future__ import annotations

import pytest

from domain.payments.match_purpose import KnownInvoice, Match, QueueReason, fold, invoice_values, match_purpose

PREFIXES = ("NCR", "NCK", "NCRC")
INVOICES = {
    ("NCR", 134): KnownInvoice(1, 10, "NCR-0134", "RUB", True),
    ("NCR", 135): KnownInvoice(2, 10, "NCR-0135", "RUB", True),
    ("NCR", 97): KnownInvoice(3, 10, "NCR-0097", "RUB", False),
    ("NCK", 134): KnownInvoice(4, 20, "NCK-0134", "KZT", True),
}
CONTRACTS = {fold(n): ids for n, ids in {"К-15/2023": [10], "M2M-7": [20], "42": [30], "ДВОЙНОЙ-1": [10, 20]}.items()}
CURRENCIES = {10: "RUB", 20: "KZT", 30: "EUR"}


def match(purpose: str, currency: str = "RUB") -> Match:
    """The answer for these companies."""
    return match_purpose(purpose, currency, INVOICES, CONTRACTS, PREFIXES, CURRENCIES)


@pytest.mark.parametrize(
    "purpose",
    [
        "NCR-0134",
        "Оплата по счёту №NCR-0134 от 01.12.2023",
        "сч. нцр-0134",
        "НСР—0134 без НДС",
        "НЦР – 0134",
        "NСR 0134",
        "оплата(NCR0134)",
        "Счет NCR-134, ндс 0",
        "NCR\N{NON-BREAKING HYPHEN}0134.",
    ],
)
def test_a_number_is_found_however_it_is_typed(purpose: str) -> None:
    assert match(purpose) == Match(10, (1,))


@pytest.mark.parametrize(
    "purpose",
    [
        "NCR-01345",
        "NCR-0134A",
        "XNCR-0134",
        "ANCR0134",
        "CR-0134",
        "0134",
        "NCR",
        "",
        "NCRC-0134",
        "К-15/20231",
        "К-15/2023-2",
    ],
)
def test_what_is_not_the_number_is_nothing(purpose: str) -> None:
    assert match(purpose) == Match(reason=QueueReason.NOTHING_FOUND)


def test_several_invoices_by_one_payment() -> None:
    assert match("Счета NCR-0134, NCR-0135") == Match(10, (1, 2))


def test_a_contract_means_the_oldest_and_a_named_invoice_wins() -> None:
    assert match("оплата по договору K-15/2023") == Match(10)
    assert match("Договор № К–15/2023, счёт NCR-0135") == Match(10, (2,))
    assert match("M2M-7", "KZT") == Match(20)


def test_a_short_contract_number_is_only_believed_after_the_word() -> None:
    assert match("оплата 42 за связь", "EUR").reason is QueueReason.NOTHING_FOUND
    assert match("по договору № 42", "EUR") == Match(30)
    assert match("шарт 42", "EUR") == Match(30)
    assert match("по договору № 421", "EUR").reason is QueueReason.NOTHING_FOUND


def test_what_is_not_clear_is_for_a_person() -> None:
    assert match("NCR-0134 и NCK-0134").reason is QueueReason.SEVERAL_COMPANIES
    assert match("NCR-0134 договор M2M-7").reason is QueueReason.SEVERAL_COMPANIES
    assert match("договор ДВОЙНОЙ-1").reason is QueueReason.SEVERAL_COMPANIES
    assert match("NCR-0097") == Match(10, reason=QueueReason.PAID_INVOICE)
    assert match("NCR-0097, NCR-0134").reason is QueueReason.PAID_INVOICE
    assert match("NCR-0134", "EUR") == Match(10, reason=QueueReason.OTHER_CURRENCY)
    assert match("договор К-15/2023", "KZT").reason is QueueReason.OTHER_CURRENCY


def test_folding_goes_both_ways() -> None:
    assert fold("к—15") == fold("K-15") == "K-15"
    assert invoice_values("НЦК-7 NCK-0008", ["NCK"]) == {("NCK", 7), ("NCK", 8)}
