"""Exchange rates through the banks' real formats, and everything that keeps a wrong one out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from domain.billing.bank_rates import BadRate, BankRate, read_cbr, read_nbk
from domain.billing.invoices import HoldReason
from domain.errors import Forbidden, NotFound, NothingToDo
from models import AuditEntry, ExchangeRate, ExchangeRateState
from services.billing.exchange_rates import UsableRate, keep_rates, rate_for
from services.billing.held_rates import decide_rate
from tests.billing.banks import Banks
from tests.billing.world import on_the_first, set_time
from tests.worlds import TwoCompanies

DAY = date(2024, 1, 8)


async def test_the_bank_of_russia_is_asked_with_the_date_and_may_answer_with_an_earlier_one(
    database: str, banks: Banks
) -> None:
    set_time(on_the_first("2024-01"))
    banks.rubles[date(2023, 12, 30)] = "99.1919"

    found = await rate_for("RUB", DAY)

    assert isinstance(found, UsableRate)
    assert (found.rate, found.rate_on, found.source) == (Decimal("99.1919"), date(2023, 12, 30), "CBR")
    assert banks.asked == ["/scripts/XML_daily.asp?date_req=08%2F01%2F2024"]
    stored = await ExchangeRate.get(id=found.id)
    assert stored.asked_on == DAY and "Евро".encode("windows-1251") in stored.answer


async def test_a_rate_is_asked_once_a_day(database: str, banks: Banks) -> None:
    banks.rubles[DAY] = "99.1919"

    first = await rate_for("RUB", DAY)
    banks.rubles[DAY] = "101"

    assert await rate_for("RUB", DAY) == first and len(banks.asked) == 1


async def test_the_nominal_divides(database: str, banks: Banks) -> None:
    banks.nominal = "100"
    banks.rubles[DAY], banks.tenges[DAY] = "9919.19", "49999"

    rubles, tenges = await rate_for("RUB", DAY), await rate_for("KZT", DAY)

    assert isinstance(rubles, UsableRate) and rubles.rate == Decimal("99.1919")
    assert isinstance(tenges, UsableRate) and tenges.rate == Decimal("499.99")


async def test_kazakhstans_bank_is_asked_day_by_day_backwards_and_a_comma_is_understood(
    database: str, banks: Banks
) -> None:
    banks.tenges[date(2024, 1, 5)] = "498,52"

    found = await rate_for("KZT", DAY)

    assert isinstance(found, UsableRate)
    assert (found.rate, found.rate_on, found.source) == (Decimal("498.52"), date(2024, 1, 5), "NBK")
    assert [path.rpartition("=")[2] for path in banks.asked] == ["08.01.2024", "07.01.2024", "06.01.2024", "05.01.2024"]


async def test_after_twelve_days_without_data_there_is_no_rate(database: str, banks: Banks) -> None:
    banks.tenges[date(2023, 12, 26)] = "498.52"

    assert await rate_for("KZT", DAY) is HoldReason.NO_RATE
    assert len(banks.asked) == 13
    assert await ExchangeRate.all().count() == 0


async def test_euros_need_no_bank(database: str, banks: Banks) -> None:
    assert await rate_for("EUR", DAY) == UsableRate(Decimal(1), DAY)
    assert banks.asked == []


CBR_HEAD = b'<?xml version="1.0" encoding="windows-1251"?>'
EUR = b"<Valute><CharCode>EUR</CharCode><Nominal>1</Nominal><Value>99,5</Value></Valute>"


def cbr(day: str = "08.01.2024", content: bytes = EUR, head: bytes = CBR_HEAD) -> bytes:
    return head + f'<ValCurs Date="{day}">'.encode() + content + b"</ValCurs>"


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, cbr()),
        (302, b""),
        (200, b""),
        (200, b"<html>We are closed</html>"),
        (200, cbr()[:-9]),
        (200, cbr(content=b"")),
        (200, cbr(day="27.12.2023")[:0] + cbr(day="26.12.2023")),
        (200, cbr(day="09.01.2024")),
        (200, cbr(day="2024-01-08")),
        (200, cbr(content=EUR.replace(b"99,5", b"0"))),
        (200, cbr(content=EUR.replace(b"99,5", b"-99,5"))),
        (200, cbr(content=EUR.replace(b"99,5", b"NaN"))),
        (200, cbr(content=EUR.replace(b"<Nominal>1<", b"<Nominal>0<"))),
        (200, cbr(head=CBR_HEAD + b'<!DOCTYPE ValCurs [<!ENTITY a "99,5">]>', content=EUR.replace(b"99,5", b"&a;"))),
        (200, cbr(head=CBR_HEAD + b'<!DOCTYPE ValCurs SYSTEM "http://127.0.0.1:9/x.dtd">')),
        (200, cbr() + b" " * 1_000_001),
    ],
)
async def test_an_answer_that_is_not_to_be_trusted_gives_no_rate(
    database: str, banks: Banks, status: int, answer: bytes
) -> None:
    banks.answers["/scripts/XML_daily.asp"] = (status, answer)

    assert await rate_for("RUB", DAY) is HoldReason.NO_RATE
    assert await ExchangeRate.all().count() == 0


def test_the_formats_by_themselves() -> None:
    assert read_cbr(cbr(), DAY) == BankRate(DAY, Decimal("99.5"))
    assert read_cbr(cbr(day="27.12.2023"), DAY).rate_on == date(2023, 12, 27)
    assert read_nbk(b"<rates><info>No data</info></rates>", DAY) is None
    with pytest.raises(BadRate, match="document type"):
        read_nbk(b'<!DOCTYPE rates [<!ENTITY x SYSTEM "file:///etc/passwd">]><rates><item>&x;</item></rates>', DAY)


async def test_a_bank_that_cannot_be_reached_gives_no_rate(database: str, banks: Banks) -> None:
    from services.billing.terms import use_billing_terms
    from settings import BillingSettings

    use_billing_terms(BillingSettings(cbr_url="http://127.0.0.1:9", nbk_url=banks.url))

    assert await rate_for("RUB", DAY) is HoldReason.NO_RATE


async def test_a_jump_waits_for_staff(world: TwoCompanies, banks: Banks) -> None:
    banks.rubles = {date(2024, 1, 5): "100", date(2024, 1, 6): "105", DAY: "110.26"}
    for day in (5, 6):
        assert isinstance(await rate_for("RUB", date(2024, 1, day)), UsableRate)

    assert await rate_for("RUB", DAY) is HoldReason.RATE_HELD

    held = await ExchangeRate.get(state=ExchangeRateState.HELD)
    assert held.jump == Decimal("0.050095")
    with pytest.raises(Forbidden):
        await decide_rate(world.owner.principal, held.id, accept=True)
    decided = await decide_rate(world.staff.principal, held.id, accept=True)
    assert decided == await decide_rate(world.staff.principal, held.id, accept=True)
    assert isinstance(found := await rate_for("RUB", DAY), UsableRate) and found.rate == Decimal("110.26")
    assert await AuditEntry.filter(action="exchange_rate.decided").count() == 1
    with pytest.raises(NothingToDo):
        await decide_rate(world.staff.principal, held.id, accept=False)
    with pytest.raises(NotFound):
        await decide_rate(world.staff.principal, 10_000, accept=True)


async def test_a_refused_rate_is_asked_again(world: TwoCompanies, banks: Banks) -> None:
    banks.rubles = {date(2024, 1, 5): "100", DAY: "1000"}
    await rate_for("RUB", date(2024, 1, 5))
    assert await rate_for("RUB", DAY) is HoldReason.RATE_HELD
    await decide_rate(world.staff.principal, (await ExchangeRate.get(state=ExchangeRateState.HELD)).id, accept=False)
    banks.rubles[DAY] = "100.1"

    found = await rate_for("RUB", DAY)

    assert isinstance(found, UsableRate) and found.rate == Decimal("100.1")


async def test_both_banks_are_asked_every_day(database: str, banks: Banks) -> None:
    set_time(on_the_first("2024-02"))
    banks.every_day(date(2024, 2, 1), date(2024, 2, 1), "98.5", "487.1")

    await keep_rates()

    assert {row.currency: row.rate for row in await ExchangeRate.all()} == {
        "RUB": Decimal("98.5"),
        "KZT": Decimal("487.1"),
    }
