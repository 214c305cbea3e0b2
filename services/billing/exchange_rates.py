"""What one EUR costs: asked of the central bank once a day, stored with its answer, held when it jumps, never guessed."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import httpx

from billing_calendar.working_days import KAZAKHSTAN, local_date
from domain.billing.bank_rates import LARGEST_ANSWER, LARGEST_JUMP, OLDEST, BadRate, BankRate, jump, read_cbr, read_nbk
from domain.billing.invoices import HoldReason
from domain.billing.legal_entities import EURO, RUBLE, TENGE
from domain.clock import clock
from models.billing import ExchangeRateState
from models.database import execute, fetch_row
from services.billing.terms import billing_terms

CBR, NBK = "CBR", "NBK"
"""The Central Bank of Russia, the National Bank of Kazakhstan."""

SOURCES = {RUBLE: CBR, TENGE: NBK}
"""Whose rate is taken for a currency."""

KEEP_RATES = "keep_rates"
"""The actor that asks both banks for the day's rates."""

PATIENCE = 15.0
"""Seconds for one answer."""

_log = logging.getLogger("novaconnect.rates")

_STORED = """
SELECT id, rate, rate_on, source, state FROM exchange_rate
WHERE source = $1 AND asked_on = $2 AND state <> 'REJECTED'
"""

_LAST = """
SELECT rate FROM exchange_rate WHERE source = $1 AND state = 'ACCEPTED' AND rate_on <= $2
ORDER BY rate_on DESC, id DESC LIMIT 1
"""

_STORE = """
INSERT INTO exchange_rate (source, currency, asked_on, rate_on, rate, answer, fetched_at, state, jump)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class UsableRate:
    """A rate that invoices may be issued at. Without a conversion it is 1, of nobody, of the day itself."""

    rate: Decimal
    rate_on: date
    source: str | None = None
    id: int | None = None


async def rate_for(currency: str, day: date) -> UsableRate | HoldReason:
    """The rate of a day, asked of the bank unless it is stored; or why invoices in this currency must wait."""
    if currency == EURO:
        return UsableRate(Decimal(1), day)
    source = SOURCES[currency]
    stored = await fetch_row(_STORED, source, day)
    if stored is None:
        if not await _ask(source, currency, day):
            return HoldReason.NO_RATE
        stored = await fetch_row(_STORED, source, day)
        assert stored is not None
    if stored["state"] == ExchangeRateState.HELD:
        return HoldReason.RATE_HELD
    return UsableRate(stored["rate"], stored["rate_on"], stored["source"], stored["id"])


async def _ask(source: str, currency: str, day: date) -> bool:
    """Ask the bank and store what it says; False when no rate can be had."""
    try:
        found, answer = await (_ask_cbr(day) if source == CBR else _ask_nbk(day))
    except (BadRate, httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        _log.warning("no rate of %s for %s: %s", source, day, str(error) or type(error).__name__)
        return False
    before = await fetch_row(_LAST, source, found.rate_on)
    change = jump(before["rate"], found.rate) if before else None
    jumped = change is not None and change > LARGEST_JUMP
    state = ExchangeRateState.HELD if jumped else ExchangeRateState.ACCEPTED
    await execute(_STORE, source, currency, day, found.rate_on, found.rate, answer, clock.now(), state.value, change)
    if jumped:
        _log.warning("the rate of %s for %s jumped by a part of %s: staff must decide", source, day, change)
    return True


async def _ask_cbr(day: date) -> tuple[BankRate, bytes]:
    # Always with the date: without it the afternoon's answer is tomorrow's.
    address = f"{billing_terms().cbr_url}/scripts/XML_daily.asp"
    answer = await _get(address, {"date_req": day.strftime("%d/%m/%Y")})
    return read_cbr(answer, day), answer


async def _ask_nbk(day: date) -> tuple[BankRate, bytes]:
    address = f"{billing_terms().nbk_url}/rss/get_rates.cfm"
    for back in range(OLDEST.days + 1):
        asked = day - timedelta(days=back)
        answer = await _get(address, {"fdate": asked.strftime("%d.%m.%Y")})
        if found := read_nbk(answer, asked):
            if found.rate_on < day - OLDEST:
                break
            return found, answer
    raise BadRate(f"no rate on {day} nor in the {OLDEST.days} days before")


async def _get(address: str, query: dict[str, str]) -> bytes:
    content = b""
    async with (
        asyncio.timeout(PATIENCE),
        httpx.AsyncClient(follow_redirects=False) as client,
        client.stream("GET", address, params=query) as answer,
    ):
        if answer.status_code != 200:
            raise BadRate(f"the bank answered {answer.status_code}")
        async for piece in answer.aiter_bytes():
            content += piece
            if len(content) > LARGEST_ANSWER:
                raise BadRate("the answer is too large")
    return content


async def keep_rates() -> None:
    """Ask both banks for today's rates, once a day: so that a jump is one from yesterday, not from a month ago."""
    for currency in SOURCES:
        await rate_for(currency, local_date(KAZAKHSTAN, clock.now()))
