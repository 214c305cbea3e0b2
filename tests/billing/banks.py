"""Two central banks on a local address, speaking as the real ones do; what they say is set by the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from services.billing.terms import billing_terms, use_billing_terms
from settings import BillingSettings


class Banks:
    """`rubles` and `tenges` are rates of EUR by day, as the bank writes them. `answers` replaces whole answers by path."""

    def __init__(self) -> None:
        self.rubles: dict[date, str] = {}
        self.tenges: dict[date, str] = {}
        self.nominal = "1"
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        self.url = ""

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, bytes]:
        """Status and content."""
        if path in self.answers:
            return self.answers[path]
        if path == "/scripts/XML_daily.asp":
            return 200, self._russia(day_of(query["date_req"][0], "/"))
        if path == "/rss/get_rates.cfm":
            return 200, self._kazakhstan(day_of(query["fdate"][0], "."))
        return 404, b"<html>404</html>"

    def _russia(self, asked: date) -> bytes:
        """Of the last day that has a rate; its date stands in the answer."""
        day = max((day for day in self.rubles if day <= asked), default=asked)
        text = (
            f'<?xml version="1.0" encoding="windows-1251"?><ValCurs Date="{day:%d.%m.%Y}" name="Foreign Currency Market">'
            '<Valute ID="R01235"><NumCode>840</NumCode><CharCode>USD</CharCode><Nominal>1</Nominal>'
            "<Name>Доллар США</Name><Value>88,8841</Value></Valute>"
        )
        if day in self.rubles:
            text += (
                f'<Valute ID="R01239"><NumCode>978</NumCode><CharCode>EUR</CharCode><Nominal>{self.nominal}</Nominal>'
                f"<Name>Евро</Name><Value>{self.rubles[day].replace('.', ',')}</Value></Valute>"
            )
        return f"{text}</ValCurs>".encode("windows-1251")

    def _kazakhstan(self, asked: date) -> bytes:
        if asked not in self.tenges:
            return f"<?xml version='1.0'?><rates><info>No data for {asked:%d.%m.%Y}</info></rates>".encode()
        return (
            f'<?xml version="1.0" encoding="utf-8"?><rates><generator>Alternate RSS</generator><title>Official rates</title>'
            f"<date>{asked:%d.%m.%Y}</date><item><fullname>ЕВРО</fullname><title>EUR</title>"
            f"<description>{self.tenges[asked]}</description><quant>{self.nominal}</quant><index>UP</index></item></rates>"
        ).encode()

    def every_day(self, first: date, last: date, rubles: str, tenges: str) -> None:
        """The same rates from a day to another."""
        for step in range((last - first).days + 1):
            self.rubles[first + timedelta(days=step)] = rubles
            self.tenges[first + timedelta(days=step)] = tenges


def day_of(text: str, separator: str) -> date:
    """DD/MM/YYYY or DD.MM.YYYY."""
    day, month, year = text.split(separator)
    return date(int(year), int(month), int(day))


@contextmanager
def running_banks() -> Iterator[Banks]:
    """Both banks on one address, which the process's billing settings name for the time of the block."""
    banks = Banks()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            banks.asked.append(self.path)
            status, content = banks.answer(parts.path, parse_qs(parts.query))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    banks.url = f"http://127.0.0.1:{server.server_port}"
    before = billing_terms()
    use_billing_terms(BillingSettings(cbr_url=banks.url, nbk_url=banks.url))
    try:
        yield banks
    finally:
        use_billing_terms(before)
        server.shutdown()
        server.server_close()
