"""What is on the paper: letters of three languages, amounts in words, the payment code, and names as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO

import pypdf
import pypdfium2
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from domain.billing.invoices import InvoiceKind, Service
from domain.billing.legal_entities import shipped_entities
from domain.billing.money import total_of_lines
from services.documents.amount_in_words import amount_in_words, figures
from services.documents.document import DetailLine, Document, SummaryLine
from services.documents.invoice_pdf import draw_invoice
from services.documents.payment_code import payment_code, payment_text
from services.documents.words import WORDS

KAZAKH_LETTERS = "ӘәҒғҚқҢңӨөҰұҮүҺһІі"
NOVEMBER = date(2023, 11, 1)
ENTITIES = {entity.code: entity for entity in shipped_entities()}


def document(entity: str = "RU", currency: str = "RUB", language: str = "ru", **changes: object) -> Document:
    """The guide's invoice of November, or one like it."""
    issuer = ENTITIES[entity]
    plain = Document(
        kind=InvoiceKind.INVOICE,
        number="NCR-0134",
        issued_on=date(2023, 12, 1),
        period=NOVEMBER,
        language=language,
        currency=currency,
        eur_total=Decimal("47.94"),
        rate=Decimal("96.88270000"),
        rate_on=date(2023, 12, 1),
        rate_source={"RUB": "CBR", "KZT": "NBK"}.get(currency),
        local_amount=Decimal("4645.00"),
        day5_on=date(2023, 12, 8),
        day6_on=date(2023, 12, 11),
        company={
            "name": f"ТОО {KAZAKH_LETTERS}",
            "country": "KZ",
            "tax_number": "123456789012",
            "contract_number": "Д-77",
        },
        entity={
            "name": issuer.name,
            "country": issuer.country,
            "details": dict(issuer.details),
            "is_sample": issuer.sample,
        },
        summary=[
            SummaryLine("TC_PayPerUse", Service.DATA, NOVEMBER, 2, 123_456_789, Decimal("40.0000")),
            SummaryLine("TD_Lite", Service.PACKAGE, date(2023, 10, 1), 3, 3, Decimal("7.9400")),
        ],
        lines=[DetailLine("8937204000000000017", "TC_PayPerUse", Service.DATA, NOVEMBER, 3_000_000, Decimal("1.2000"))],
        line_count=1,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def text_of(content: bytes) -> str:
    """All text, with every kind of blank as one blank."""
    pages = pypdf.PdfReader(BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def codes_of(content: bytes) -> Sequence[str]:
    """What a telephone reads from the first page."""
    image = pypdfium2.PdfDocument(content)[0].render(scale=3).to_pil()
    return [code.text for code in zxingcpp.read_barcodes(image)]


def test_a_russian_invoice_has_number_amounts_words_and_a_code_that_banks_read() -> None:
    content = draw_invoice(document())
    text = text_of(content)

    assert "Счёт на оплату № NCR-0134 от 01.12.2023" in text
    assert "Всего к оплате: 4 645,00 ₽" in text and "47,94 €" in text
    assert "Четыре тысячи шестьсот сорок пять рублей, ноль копеек" in text
    assert "Курс Банка России на 01.12.2023: 1 EUR = 96.8827 RUB" in text
    assert "Оплатить до 08.12.2023 включительно. С 11.12.2023" in text
    assert "Оплата по счету NCR-0134 от 01.12.2023 за услуги связи, договор Д-77" in text
    assert "ОБРАЗЕЦ" in text and "123,46 МБ" in text and "Пакеты трафика (за 10.2023)" in text
    assert KAZAKH_LETTERS in text
    (code,) = codes_of(content)
    kind, *pairs = code.split("|")
    fields = dict(pair.split("=", 1) for pair in pairs)
    assert kind == "ST00012"
    assert fields == {
        "Name": "ООО «НоваКоннект (образец)»",
        "PersonalAcc": "40702810900000000001",
        "BankName": "АО «Образцовый банк», г. Москва",
        "BIC": "044525000",
        "CorrespAcc": "30101810400000000225",
        "PayeeINN": "7700000016",
        "KPP": "770001001",
        "Sum": "464500",
        "Purpose": "Оплата по счету NCR-0134 от 01.12.2023 за услуги связи, договор Д-77",
    }


def test_a_kazakh_invoice_is_in_kazakh_and_has_no_russian_code() -> None:
    content = draw_invoice(document("KZ", "KZT", "kk", number="NCK-0007", local_amount=Decimal("23350.50")))
    text = text_of(content)

    assert "01.12.2023 күнгі № NCK-0007 төлем шоты" in text and KAZAKH_LETTERS in text
    assert "Төлеуге барлығы: 23 350,50 ₸" in text
    assert "Жиырма үш мың үш жүз елу теңге, елу тиын" in text
    assert "KZ000000000000000001" in text and codes_of(content) == []


def test_an_english_invoice_in_euros_names_the_account_in_euros() -> None:
    content = draw_invoice(document("KZ", "EUR", "en", rate=Decimal(1), local_amount=Decimal("47.94")))
    text = text_of(content)

    assert "Invoice No. NCR-0134 of 01.12.2023" in text and "Amount due: € 47.94" in text
    assert "Forty-seven euro, ninety-four cents" in text and "Rate of" not in text
    assert "KZ000000000000000002" in text and "KZ000000000000000001" not in text


def test_a_credit_note_says_what_it_takes_back_and_asks_for_nothing() -> None:
    content = draw_invoice(
        document(
            kind=InvoiceKind.CREDIT_NOTE,
            number="NCRC-0001",
            eur_total=Decimal("-47.94"),
            local_amount=Decimal("-4645.00"),
            day5_on=None,
            day6_on=None,
            corrects_number="NCR-0134",
            corrects_on=date(2023, 12, 1),
            reason="Неверный тариф",
        )
    )
    text = text_of(content)

    assert "(сторно) № NCRC-0001" in text and "К счёту № NCR-0134 от 01.12.2023. Причина: Неверный тариф" in text
    assert "Всего к возврату: 4 645,00 ₽" in text and "Оплатить до" not in text and codes_of(content) == []


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "{{7*7}} {number}", "<b>ТОО</b> & %s |Sum=1|", "%PDF-1.4 \\(" * 3]
)
def test_a_name_is_printed_as_it_is(name: str) -> None:
    company = {"name": name, "country": "RU", "tax_number": None, "contract_number": name}
    content = draw_invoice(document(company=company))

    assert name in text_of(content)
    (code,) = codes_of(content)
    purpose = dict(pair.split("=", 1) for pair in code.split("|")[1:])["Purpose"]
    assert purpose.endswith(f"договор {name.replace('|', '/')}")


def test_the_same_document_is_the_same_file() -> None:
    assert draw_invoice(document()) == draw_invoice(document())
    assert draw_invoice(document()) != draw_invoice(document(number="NCR-0135"))


def test_long_lists_go_over_pages_and_say_what_is_left_out() -> None:
    line = DetailLine("8937204000000000017", "TC_PayPerUse", Service.DATA, NOVEMBER, 3_000_000, Decimal("1.2000"))
    content = draw_invoice(document(lines=[line] * 120, line_count=150))

    assert len(pypdf.PdfReader(BytesIO(content)).pages) > 2
    assert text_of(content).count("8937204000000000017") == 120
    assert "Показаны первые 120 строк из 150" in text_of(content)


def test_every_language_has_every_word_with_the_same_places_to_fill() -> None:
    def shape(words: object) -> dict[str, list[str]]:
        return {name: sorted(part.split("}")[0] for part in text.split("{")[1:]) for name, text in words.items()}  # type: ignore[attr-defined]

    assert shape(WORDS["ru"]) == shape(WORDS["kk"]) == shape(WORDS["en"])


@pytest.mark.parametrize(
    ("amount", "currency", "language", "words"),
    [
        ("1.01", "RUB", "ru", "Один рубль, одна копейка"),
        ("5961.68", "KZT", "ru", "Пять тысяч девятьсот шестьдесят один тенге, шестьдесят восемь тиынов"),
        ("5961.68", "RUB", "kk", "Пять тысяч девятьсот шестьдесят один рубль, шестьдесят восемь копеек"),
        ("5961.68", "KZT", "kk", "Бес мың тоғыз жүз алпыс бір теңге, алпыс сегіз тиын"),
        ("5961.68", "KZT", "en", "Пять тысяч девятьсот шестьдесят один тенге, шестьдесят восемь тиынов"),
        ("21", "EUR", "en", "Twenty-one euro, zero cents"),
    ],
)
def test_amounts_in_words(amount: str, currency: str, language: str, words: str) -> None:
    assert amount_in_words(Decimal(amount), currency, language) == words


def test_amounts_in_figures() -> None:
    assert figures(Decimal("1234567.5"), "KZT", "kk") == "1\xa0234\xa0567,50\xa0₸".replace("\xa0₸", " ₸")
    assert figures(Decimal("1234567.5"), "EUR", "en") == "€ 1,234,567.50"


@given(
    st.decimals(min_value=0, max_value=10_000_000, places=2),
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=60),
)
def test_a_code_has_a_sum_in_kopecks_and_fields_that_no_text_can_break(amount: Decimal, purpose: str) -> None:
    text = payment_text("ООО", {"account": "4", "bank": "Б|анк", "bank_code": "0", "tax_number": "7"}, amount, purpose)
    fields = [pair.partition("=")[0] for pair in text.split("|")[1:]]

    assert f"Sum={int(amount * 100)}|" in f"{text}|"
    assert fields[: fields.index("Sum") + 1] == [
        "Name",
        "PersonalAcc",
        "BankName",
        "BIC",
        "CorrespAcc",
        "PayeeINN",
        "Sum",
    ]
    assert set(fields[fields.index("Sum") + 1 :]) <= {"Purpose"}


def test_a_code_is_square() -> None:
    modules = payment_code(payment_text("ООО", {}, Decimal("1.10"), "Оплата"))

    assert len({len(row) for row in modules} | {len(modules)}) == 1


@given(st.lists(st.decimals(min_value=Decimal("0.0001"), max_value=500, places=4), min_size=1, max_size=4))
def test_the_total_is_the_sum_of_the_printed_lines(amounts: list[Decimal]) -> None:
    plans = [f"PLAN{place}" for place in range(len(amounts))]
    summary = [
        SummaryLine(plan, Service.DATA, NOVEMBER, 1, 1, amount) for plan, amount in zip(plans, amounts, strict=True)
    ]
    total = total_of_lines(amounts)
    text = text_of(
        draw_invoice(document("KZ", "EUR", "en", summary=summary, lines=[], eur_total=total, local_amount=total))
    )

    printed = [Decimal(text.split(f"{plan} 1 0.00 MB ")[1].split(" ")[0].replace(",", "")) for plan in plans]
    asked = Decimal(text.split("Total, EUR: € ")[1].split(" ")[0].replace(",", ""))
    assert asked == total_of_lines(printed) == total
