"""Paper: lines of text, tables and codes from top to bottom, and a new page when one is full."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from itertools import groupby

from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
WIDTH, HEIGHT = A4
MARGIN = 42.0
_LEADING = 1.35


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: where it begins and ends (points from the left margin), and whether numbers stand in it."""

    left: float
    right: float
    numbers: bool = False


class Sheet:
    """A document that is being written. All text is drawn as it is: nothing in it is markup."""

    def __init__(self, title: str, footer: Callable[[int], str]) -> None:
        _register()
        self._buffer = BytesIO()
        # Invariant: the same document is the same file, byte for byte, whenever it is drawn.
        self._canvas = Canvas(self._buffer, pagesize=A4, invariant=1, pageCompression=1)
        self._canvas.setTitle(title)
        self._footer = footer
        self._page = 1
        self.y = HEIGHT - MARGIN

    def text(
        self, text: str, *, size: float = 9, bold: bool = False, indent: float = 0, width: float | None = None
    ) -> None:
        """A paragraph, broken where it is too wide."""
        font = BOLD if bold else PLAIN
        for line in wrapped(text, font, size, (width or WIDTH - 2 * MARGIN) - indent):
            self.room(size * _LEADING)
            self.y -= size * _LEADING
            self._draw(MARGIN + indent, line, font, size)

    def pair(self, label: str, text: str, *, width: float | None = None) -> None:
        """A label and what it is for."""
        self.text(f"{label}: {text}", width=width)

    def row(self, columns: Sequence[Column], cells: Sequence[str], *, size: float = 8, bold: bool = False) -> None:
        """A row of a table; cells that are too wide are broken."""
        font = BOLD if bold else PLAIN
        broken = [
            wrapped(cell, font, size, column.right - column.left - 4)
            for column, cell in zip(columns, cells, strict=True)
        ]
        height = max(len(lines) for lines in broken) * size * _LEADING + 3
        self.room(height)
        for column, lines in zip(columns, broken, strict=True):
            for number, line in enumerate(lines):
                base = self.y - (number + 1) * size * _LEADING
                if column.numbers:
                    self._canvas.setFont(font, size)
                    self._canvas.drawRightString(MARGIN + column.right - 2, base, line)
                else:
                    self._draw(MARGIN + column.left + 2, line, font, size, base)
        self.y -= height
        self._canvas.setLineWidth(0.4)
        self._canvas.line(MARGIN, self.y, WIDTH - MARGIN, self.y)

    def rule(self) -> None:
        """A line across."""
        self._canvas.setLineWidth(0.8)
        self._canvas.line(MARGIN, self.y - 4, WIDTH - MARGIN, self.y - 4)
        self.y -= 8

    def gap(self, points: float) -> None:
        """Nothing."""
        self.y -= points

    def code(self, modules: Sequence[Sequence[bool]], side: float, top: float) -> None:
        """A QR code at the right margin, `side` points wide."""
        unit = side / len(modules)
        # In units of a module, whole numbers only: written here, because formatting them one by one would take most of the time.
        runs = [
            f"{start} {len(modules) - number - 1} {length} 1 re"
            for number, line in enumerate(modules)
            for start, length in _runs(line)
        ]
        self._canvas.saveState()
        self._canvas.translate(WIDTH - MARGIN - side, top - side)
        self._canvas.scale(unit, unit)
        self._canvas.drawPath(PDFPathObject(runs), stroke=0, fill=1)
        self._canvas.restoreState()

    def room(self, height: float) -> None:
        """Go to a new page unless so much is left of this one."""
        if self.y - height < MARGIN + 14:
            self.new_page()

    def new_page(self) -> None:
        """Finish the page."""
        self._foot()
        self._canvas.showPage()
        self._page += 1
        self.y = HEIGHT - MARGIN

    def finish(self) -> bytes:
        """The file."""
        self._foot()
        self._canvas.showPage()
        self._canvas.save()
        return self._buffer.getvalue()

    @property
    def pages(self) -> int:
        """How many there are so far."""
        return self._page

    def _foot(self) -> None:
        if text := self._footer(self._page):
            self._draw(MARGIN, text, PLAIN, 7, MARGIN - 14)

    def _draw(self, x: float, text: str, font: str, size: float, y: float | None = None) -> None:
        self._canvas.setFont(font, size)
        self._canvas.drawString(x, self.y if y is None else y, text)


def _runs(line: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where dark modules begin in a row, and how many follow each other."""
    start = 0
    for dark, modules in groupby(line):
        length = len(list(modules))
        if dark:
            yield start, length
        start += length


def wrapped(text: str, font: str, size: float, width: float) -> list[str]:
    """Lines that are no wider than `width` points; a word that is wider is cut."""
    lines: list[str] = []
    line = ""
    for word in _pieces(text.replace("\n", " "), font, size, width):
        trial = f"{line} {word}" if line else word
        if line and pdfmetrics.stringWidth(trial, font, size) > width:
            lines.append(line)
            line = word
        else:
            line = trial
    return [*lines, line]


def _pieces(text: str, font: str, size: float, width: float) -> list[str]:
    pieces: list[str] = []
    for word in text.split(" "):
        while len(word) > 1 and pdfmetrics.stringWidth(word, font, size) > width:
            fits = next(
                n
                for n in range(len(word) - 1, 0, -1)
                if n == 1 or pdfmetrics.stringWidth(word[:n], font, size) <= width
            )
            pieces.append(word[:fits])
            word = word[fits:]
        pieces.append(word)
    return pieces


@lru_cache(maxsize=1)
def _register() -> None:
    """Make the bundled fonts known, once a process. Streams stay bytes: as text they take a quarter more, and long to write."""
    rl_config.useA85 = 0
    folder = files("services.documents").joinpath("fonts")
    for name in (PLAIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, BytesIO(folder.joinpath(f"{name}.ttf").read_bytes())))
