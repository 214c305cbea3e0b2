"""Two central banks: exchange rates in the formats of the Bank of Russia and of the National Bank of Kazakhstan."""

import hashlib
from datetime import UTC, date, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.world import World

_LEVELS = {"RUB": {"EUR": 98.0, "USD": 90.0}, "KZT": {"EUR": 500.0, "USD": 450.0}}
_WALK_DAYS = 40
_STEP = 0.004
"""The largest change from one day to the next, as a part of the level."""


class BankFaces:
    """Rates wander a little from day to day and are the same whenever they are asked for."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[Route]:
        """The addresses below /cbr and /nbk."""
        return [
            Route("/cbr/scripts/XML_daily.asp", self.russia, methods=["GET"]),
            Route("/nbk/rss/get_rates.cfm", self.kazakhstan, methods=["GET"]),
        ]

    async def russia(self, request: Request) -> Response:
        """windows-1251, decimal comma; without a date the answer is tomorrow's, and Sundays and Mondays have Saturday's."""
        asked = _day(request.query_params.get("date_req", ""), "/") or self._today() + timedelta(days=1)
        day = min(asked, self._today() + timedelta(days=1))
        while day.weekday() in (6, 0):
            day -= timedelta(days=1)
        rows = "".join(
            f'<Valute ID="{number}"><NumCode>{code}</NumCode><CharCode>{name}</CharCode><Nominal>1</Nominal>'
            f"<Name>{title}</Name><Value>{_rate('RUB', name, day):.4f}</Value></Valute>".replace(".", ",")
            for number, code, name, title in (
                ("R01235", "840", "USD", "Доллар США"),
                ("R01239", "978", "EUR", "Евро"),
            )
        )
        text = (
            f'<?xml version="1.0" encoding="windows-1251"?><ValCurs Date="{day:%d.%m.%Y}" name="Foreign Currency Market">'
            f"{rows}</ValCurs>"
        )
        return Response(text.encode("windows-1251"), media_type="application/xml; charset=windows-1251")

    async def kazakhstan(self, request: Request) -> Response:
        """UTF-8, decimal point; for days to come there is only an `info`."""
        asked = _day(request.query_params.get("fdate", ""), ".")
        if asked is None or asked > self._today() + timedelta(days=1):
            body = "<info>No data for the requested date</info>"
        else:
            body = f"<date>{asked:%d.%m.%Y}</date>" + "".join(
                f"<item><fullname>{title}</fullname><title>{name}</title>"
                f"<description>{_rate('KZT', name, asked):.2f}</description><quant>1</quant></item>"
                for name, title in (("USD", "ДОЛЛАР США"), ("EUR", "ЕВРО"))
            )
        text = f'<?xml version="1.0" encoding="utf-8"?><rates><title>Official exchange rates</title>{body}</rates>'
        return Response(text.encode(), media_type="text/xml; charset=utf-8")

    def _today(self) -> date:
        return datetime.fromtimestamp(self.world.clock.now(), UTC).date()


def _day(text: str, separator: str) -> date | None:
    parts = text.split(separator)
    try:
        return date(int(parts[2]), int(parts[1]), int(parts[0]))
    except (IndexError, ValueError):
        return None


def _rate(bank: str, name: str, day: date) -> float:
    """The level plus the mean of some weeks of chance: so that neighbours differ by less than `_STEP`."""
    total = sum(_chance(bank, name, day - timedelta(days=back)) for back in range(_WALK_DAYS))
    return _LEVELS[bank][name] * (1 + total * _STEP)


def _chance(bank: str, name: str, day: date) -> float:
    digest = hashlib.sha256(f"{bank} {name} {day}".encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32 - 0.5
