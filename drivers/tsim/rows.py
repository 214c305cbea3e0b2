"""Reading the gate's large documents row by row, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO
from xml.parsers import expat

from drivers.tsim.answers import Row, raise_error_of
from novaconnect_sdk import AnswerUnreadable, DriverError, InvalidRequest

_CHUNK = 64 * 1024
_LONGEST_TEXT = 10_000
_MOST_ROOT_FIELDS = 20


class Rows:
    """The records of one downloaded document, read page by page.

    Pages are asked for by the number of the first row; going back reads the document anew. Pages may be read from
    different threads, one after another (which libxml2's parsers do not allow, so the parser is expat).
    """

    def __init__(self, file: IO[bytes], tags: frozenset[str], secrets: tuple[str, ...]) -> None:
        self._file = file
        self._tags = tags
        self._secrets = secrets
        self._rows = self._read()
        self._next = 0
        self._finished = False

    def page(self, first: int, size: int) -> tuple[list[tuple[str, Row]], bool]:
        """Up to `size` rows from number `first` on, each with its element name, and whether the document has ended.

        Raises `InvalidRequest` when the document was closed meanwhile or another page of it is being read.
        """
        try:
            return self._page(first, size)
        except DriverError:
            self.close()
            raise
        except ValueError:
            raise InvalidRequest("This listing is no longer open: begin it again without a cursor.") from None

    def close(self) -> None:
        """Give back the file."""
        self._file.close()

    def _page(self, first: int, size: int) -> tuple[list[tuple[str, Row]], bool]:
        if first < self._next or self._finished:
            self._rows = self._read()
            self._next = 0
        while self._next < first and next(self._rows, None) is not None:
            self._next += 1
        page: list[tuple[str, Row]] = []
        for row in self._rows:
            page.append(row)
            if len(page) == size:
                break
        self._next += len(page)
        self._finished = len(page) < size
        return page, self._finished

    def _read(self) -> Iterator[tuple[str, Row]]:
        self._file.seek(0)
        builder = _RowBuilder(self._tags)
        try:
            while chunk := self._file.read(_CHUNK):
                builder.parser.Parse(chunk, False)
                yield from builder.taken()
            builder.parser.Parse(b"", True)
        except expat.ExpatError:
            raise AnswerUnreadable("The operator's XML is broken or cut short.") from None
        yield from builder.taken()
        raise_error_of(builder.root, builder.root_fields, self._secrets)


class _RowBuilder:
    """Collects the rows (second level) and their fields (third level) of a document as its parser meets them."""

    def __init__(self, tags: frozenset[str]) -> None:
        self.root = ""
        self.root_fields: Row = {}
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse_document_type
        self._tags = tags
        self._depth = 0
        self._row: Row | None = None
        self._found: list[tuple[str, Row]] = []
        self._letters: list[str] = []
        self._length = 0

    def taken(self) -> list[tuple[str, Row]]:
        """The rows found since the last call."""
        found, self._found = self._found, []
        return found

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self.root = tag
        elif self._depth == 2 and tag in self._tags:
            self._row = {}
        self._letters.clear()
        self._length = 0

    def _end(self, tag: str) -> None:
        if self._depth == 3 and self._row is not None:
            self._row[tag] = "".join(self._letters).strip()
        elif self._depth == 2:
            if self._row is not None:
                self._found.append((tag, self._row))
            elif len(self.root_fields) < _MOST_ROOT_FIELDS:
                self.root_fields[tag] = "".join(self._letters).strip()
            self._row = None
        self._letters.clear()
        self._length = 0
        self._depth -= 1

    def _text(self, letters: str) -> None:
        self._length += len(letters)
        if self._length > _LONGEST_TEXT:
            raise AnswerUnreadable("The operator's XML holds a text longer than any field can be.")
        self._letters.append(letters)

    def _refuse_document_type(self, *declared: object) -> None:
        raise AnswerUnreadable("The operator's XML carries a document type, which is not accepted.")
