"""Bank statements as banks write them, and as they come when something went wrong."""

from __future__ import annotations

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.payments.read_statement import read_statement
from domain.payments.statement import BadValue, LineProblem, UnreadableStatement, read_amount

TODAY = date(2023, 12, 11)

CSV = '''Номер операции;Дата;Сумма;Валюта;Плательщик;ИНН;Назначение платежа
b-1;08.12.2023;4 645,00;RUB;"ООО ""Тайга""";7701234567;Оплата по счёту NCR-0134
b-2;2023-12-07;100.50;;Сеть;;Договор К-15/2023
'''

ONE_C = """1CClientBankExchange
ВерсияФормата=1.03
Кодировка=Windows
ДатаНачала=01.12.2023
ДатаКонца=10.12.2023
РасчСчет=40702810900000000001
СекцияРасчСчет
НачальныйОстаток=0.00
КонецРасчСчет
СекцияДокумент=Платежное поручение
Номер=17
Дата=07.12.2023
Сумма=4645.00
ПлательщикСчет=40702810100000000777
ДатаСписано=07.12.2023
Плательщик1=ООО "Тайга"
ПлательщикИНН=7701234567
ПолучательСчет=40702810900000000001
ДатаПоступило=08.12.2023
НазначениеПлатежа=Оплата по счету НЦР–0134, НДС не облагается
КонецДокумента
СекцияДокумент=Платежное поручение
Номер=18
Дата=08.12.2023
Сумма=5.00
ПлательщикСчет=40702810900000000001
ПолучательСчет=40702810100000000999
НазначениеПлатежа=Комиссия банка
КонецДокумента
КонецФайла
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1251"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_csv_statement_is_read(encoding: str, newline: str) -> None:
    statement = read_statement(CSV.replace("\n", newline).encode(encoding), TODAY)
    assert statement.bad == []
    first, second = statement.lines
    assert (first.line, first.bank_ref, first.paid_on, first.amount) == (
        2,
        "b-1",
        date(2023, 12, 8),
        Decimal("4645.00"),
    )
    assert (first.payer, first.payer_tax_number, first.currency) == ('ООО "Тайга"', "7701234567", "RUB")
    assert (second.amount, second.currency, second.purpose) == (Decimal("100.50"), None, "Договор К-15/2023")
    assert statement.covers_until == date(2023, 12, 8)


@pytest.mark.parametrize(("encoding", "word"), [("windows-1251", "Windows"), ("cp866", "DOS"), ("utf-8", "UTF-8")])
def test_a_1c_statement_is_read_without_what_we_paid_ourselves(encoding: str, word: str) -> None:
    text = ONE_C.replace("Кодировка=Windows", f"Кодировка={word}").replace("–", "-")
    statement = read_statement(text.encode(encoding), TODAY)
    assert (statement.account, statement.covers_until) == ("40702810900000000001", date(2023, 12, 10))
    (line,) = statement.lines
    assert (line.line, line.paid_on, line.amount) == (10, date(2023, 12, 8), Decimal("4645.00"))
    assert line.bank_ref == "40702810100000000777/17/07.12.2023/4645.00"
    assert (line.payer, line.payer_tax_number) == ('ООО "Тайга"', "7701234567")
    assert line.purpose.startswith("Оплата по счету НЦР-0134")
    assert statement.bad == []


def test_bad_lines_are_listed_with_their_numbers_and_spoil_no_other() -> None:
    rows = [
        "id;date;amount;currency;purpose",
        "1;08.12.2023;1.234;RUB;three decimals",
        "2;08.12.2023;-5;RUB;negative",
        "3;12.12.2023;5;RUB;tomorrow",
        "4;32.12.2023;5;RUB;no day",
        '5;08.12.2023;5;RUB;"a quote that nobody closes',
        "6;08.12.2023;5;RUB",
        "7;08.12.2023;;RUB;nothing",
        "8;08.12.2023;five;RUB;a word",
        "9;08.12.2023;5;roubles;a word",
        "",
        "10;08.12.2023;1.500;RUB;good after all",
        "11;08.12.2023;0;RUB;nothing",
        "12;08.12.2023;9999999999999;RUB;too much",
    ]
    statement = read_statement("\n".join(rows).encode(), TODAY)
    assert [(line.line, line.bank_ref, line.amount) for line in statement.lines] == [(12, "10", Decimal("1.50"))]
    assert [(line.line, line.problem) for line in statement.bad] == [
        (2, LineProblem.TOO_MANY_DECIMALS),
        (3, LineProblem.NEGATIVE_AMOUNT),
        (4, LineProblem.FUTURE_DATE),
        (5, LineProblem.BAD_DATE),
        (6, LineProblem.BROKEN_LINE),
        (7, LineProblem.BROKEN_LINE),
        (8, LineProblem.MISSING_VALUE),
        (9, LineProblem.BAD_AMOUNT),
        (10, LineProblem.BAD_CURRENCY),
        (13, LineProblem.NEGATIVE_AMOUNT),
        (14, LineProblem.BAD_AMOUNT),
    ]


def test_a_line_in_another_encoding_is_a_bad_line() -> None:
    lines = CSV.encode().split(b"\n")
    lines.insert(2, "b-9;08.12.2023;1;RUB;Кто-то;;Назначение".encode("windows-1251"))
    statement = read_statement(b"\n".join(lines), TODAY)
    assert [line.bank_ref for line in statement.lines] == ["b-1", "b-2"]
    assert [(line.line, line.problem) for line in statement.bad] == [(3, LineProblem.WRONG_ENCODING)]


def test_a_broken_document_of_1c_spoils_no_other() -> None:
    broken = ONE_C.replace("Номер=17", "Номер=").replace("КонецДокумента\nКонецФайла", "КонецФайла")
    good = "СекцияДокумент=Платежное поручение\nНомер=19\nДата=08.12.2023\nСумма=7\nНазначениеПлатежа=x\nКонецДокумента"
    statement = read_statement((broken + good).encode("windows-1251", "replace"), TODAY)
    assert [line.amount for line in statement.lines] == [Decimal("7.00")]
    assert [(line.line, line.problem) for line in statement.bad] == [
        (10, LineProblem.MISSING_VALUE),
        (22, LineProblem.UNFINISHED_DOCUMENT),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        CSV.encode("utf-16"),
        CSV.encode("cp866"),
        b"\x89PNG\r\n\x1a\n\x00",
        b"a;b;c\n1;2;3",
        b"x" * 9_000_000,
    ],
)
def test_a_file_of_which_nothing_can_be_used_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableStatement):
        read_statement(content, TODAY)


def test_equal_lines_without_an_id_are_two_payments_and_stay_themselves() -> None:
    text = b"date;amount;purpose\n08.12.2023;5;x\n08.12.2023;5;x\n"
    first, again = (read_statement(text, TODAY) for _ in range(2))
    refs = [line.bank_ref for line in first.lines]
    assert len(set(refs)) == 2
    assert refs == [line.bank_ref for line in again.lines]


@given(st.decimals(min_value=Decimal("0.01"), max_value=Decimal("999999999"), places=2))
def test_an_amount_is_read_as_people_write_it(amount: Decimal) -> None:
    plain = f"{amount:,.2f}"
    assert read_amount(plain) == amount
    assert read_amount(plain.replace(",", " ").replace(".", ",")) == amount
    assert read_amount(plain.replace(",", "\N{NO-BREAK SPACE}")) == amount


@given(st.binary(max_size=300))
def test_whatever_bytes_come_it_is_read_or_refused(content: bytes) -> None:
    for head in (b"", b"1CClientBankExchange\n", b"id;date;amount;purpose\n"):
        with contextlib.suppress(UnreadableStatement):
            statement = read_statement(head + content, TODAY)
            assert all(line.amount > 0 and line.paid_on <= TODAY for line in statement.lines)


@given(st.text(max_size=20))
def test_whatever_text_comes_an_amount_is_one_or_a_typed_error(text: str) -> None:
    with contextlib.suppress(BadValue):
        assert read_amount(text) > 0
