"""The language of the universal search field: what the typed text asks for.

The text is cut into terms, and a SIM is found when at least one term fits at least one of its ICCID, number, external
number and name.

- A term is a run of ASCII digits and letters of the Latin and Cyrillic scripts (é, ё, қ, ә…) with the combining marks
  that belong to the letters. Every other character separates terms, `%` and `_` among them.
- A phrase in double quotes is one term, its inner text taken literally. A quote without a partner separates, and so
  does an empty pair of quotes.
- By default a term fits when a value contains it, and `*` separates like any other character.
- A `!` before everything else makes the whole query strict: a term fits only a whole value. There a `*` that touches a
  term (or the outer side of its quotes) opens that side: `123*` starts with, `*123` ends with, `*123*` contains. A star
  between two terms touches both: `!12*34` is `12*` or `*34`.
- Case does not matter (see `fold`).
- A blank text is no search: everything fits. A text that is not blank but holds no term (`!!!`, `%`, `""`) fits
  nothing: showing the whole fleet instead would invite an action on SIMs that nobody asked for.

Source: the customer's guide, section on the universal search field; quoted phrases are an addition.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from domain.errors import DomainError, RefusalCode

MAX_TERMS = 1_000
MAX_TEXT_BYTES = 64 * 1024


class SearchTooLong(DomainError):
    """The search text exceeds 64 KB of UTF-8 or asks for more than 1,000 different terms."""

    code = RefusalCode.INVALID_SEARCH


class MatchMode(Enum):
    """Which part of a value a term has to be."""

    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    EQUALS = "equals"


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for: its text as typed (in Unicode form NFC, never empty) and where it may stand in a value."""

    text: str
    mode: MatchMode


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What a search text asks for: the alternatives, without repetitions, in the order of the text.

    With no terms it means everything when `is_blank` and nothing otherwise.
    """

    terms: tuple[Term, ...]
    is_blank: bool = False

    @property
    def matches_everything(self) -> bool:
        """Whether no search is asked for."""
        return self.is_blank

    @property
    def matches_nothing(self) -> bool:
        """Whether the text holds characters but not one term, so that no SIM can fit."""
        return not self.terms and not self.is_blank


# Each character of the text has a shape; the terms are found in the string of shapes.
_DIGIT, _LETTER, _MARK, _QUOTE, _STAR, _SEPARATOR = "dlmq*."
_TERM_SHAPE = re.compile(r"q(?P<phrase>[^q]*)q|(?P<word>(?:lm*|d)+)")

# Letters of the two scripts whose Unicode name does not begin with the script (the file Scripts.txt of Unicode):
# feminine and masculine ordinals, phonetic modifier letters, turned letters, full-width forms.
_OTHER_LETTERS = re.compile(
    "[\u00aa\u00ba\u02b0-\u02b8\u02e0-\u02e4\u1d2c-\u1d5c\u1d78\u1d9b-\u1dbe\u2071\u207f\u2132\u214e\u2183\u2c7d"
    "\ua69c\ua69d\ua770\ua7f2-\ua7f4\ua7f8\ua7f9\uab5c-\uab5f\uab69\uff21-\uff3a\uff41-\uff5a"
    "\U00010780-\U00010785\U00010787-\U000107b0\U000107b2-\U000107ba]"
)
# PostgreSQL stores neither, so a phrase that holds one can fit no value.
_NEVER_STORED = re.compile("[\x00\ud800-\udfff]")


def parse(text: str, *, path: tuple[str, ...] = ()) -> SearchQuery:
    """Read a search text.

    Every text has a meaning; the only refusal is SearchTooLong, which carries `path`, the place of the text in the
    caller's input.
    """
    if len(text) > MAX_TEXT_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT_BYTES:
        raise SearchTooLong(
            f"The search text is longer than {MAX_TEXT_BYTES // 1024} KB: search for fewer values, "
            "or use the CSV filter for long lists.",
            path=path,
        )
    visible = _without_leading_blanks(unicodedata.normalize("NFC", text))
    if not visible:
        return SearchQuery(terms=(), is_blank=True)
    if visible.startswith("!"):
        terms = _terms(visible[1:], strict=True)
    else:
        terms = _terms(visible, strict=False)
    if len(terms) > MAX_TERMS:
        raise SearchTooLong(
            f"The search asks for {len(terms)} different values and may ask for {MAX_TERMS}: "
            "use the CSV filter for long lists.",
            path=path,
        )
    return SearchQuery(terms=terms)


def fold(text: str) -> str:
    """The text as it is compared: Unicode form NFC, then lower case letter by letter.

    Equal to PostgreSQL's `lower(x COLLATE "pg_c_utf8")` (and to `lower` of a database in the locale C.UTF-8) for text
    stored in NFC, but not to `lower` in the locale C, which leaves everything but ASCII alone, nor in ICU locales.
    Letters newer than Python's Unicode tables are the one exception. `str.lower` alone would differ in two letters: it
    makes two characters of İ and looks at the neighbours of Σ. As a lower case it keeps ß and ss apart.
    """
    return unicodedata.normalize("NFC", text).replace("İ", "i").replace("Σ", "σ").lower()


def to_like_pattern(term: Term) -> str:
    r"""The term as a pattern for SQL `LIKE` over folded values.

    The escape character is `\`, PostgreSQL's default. Bind the pattern as a parameter: `lower(name) LIKE $1`.
    """
    literal = fold(term.text).replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    opens_left = term.mode in (MatchMode.CONTAINS, MatchMode.ENDS_WITH)
    opens_right = term.mode in (MatchMode.CONTAINS, MatchMode.STARTS_WITH)
    return "%" * opens_left + literal + "%" * opens_right


def to_like_patterns(terms: Iterable[Term]) -> list[str]:
    """The patterns of several terms, for `lower(name) LIKE ANY($1::text[])`."""
    return [to_like_pattern(term) for term in terms]


def matches(query: SearchQuery, iccid: str, msisdn: str | None, external_msisdn: str | None, name: str | None) -> bool:
    """Whether a SIM with these values fits the query; a missing value fits no term.

    The definition that the SQL search has to agree with, one SIM at a time.
    """
    if query.is_blank:
        return True
    values = [fold(value) for value in (iccid, msisdn, external_msisdn, name) if value is not None]
    return any(_fits(term, value) for term in query.terms for value in values)


def _fits(term: Term, folded_value: str) -> bool:
    wanted = fold(term.text)
    match term.mode:
        case MatchMode.CONTAINS:
            return wanted in folded_value
        case MatchMode.STARTS_WITH:
            return folded_value.startswith(wanted)
        case MatchMode.ENDS_WITH:
            return folded_value.endswith(wanted)
        case MatchMode.EQUALS:
            return folded_value == wanted


def _without_leading_blanks(text: str) -> str:
    """Drop leading white space and invisible characters: pasted text often brings a byte order mark along."""
    for position, character in enumerate(text):
        if not character.isspace() and unicodedata.category(character) not in ("Cf", "Cc"):
            return text[position:]
    return ""


def _terms(text: str, *, strict: bool) -> tuple[Term, ...]:
    """The different terms of a text from which the mark of the strict mode is already taken."""
    shapes = "".join(map(_shape, text))
    found: dict[tuple[str, MatchMode], Term] = {}
    for piece in _TERM_SHAPE.finditer(shapes):
        start, end = piece.span("phrase") if piece["word"] is None else piece.span("word")
        inner = text[start:end]
        if not inner or _NEVER_STORED.search(inner):
            continue
        mode = _strict_mode(shapes, piece.start(), piece.end()) if strict else MatchMode.CONTAINS
        found.setdefault((fold(inner), mode), Term(inner, mode))
    return tuple(found.values())


def _strict_mode(shapes: str, start: int, end: int) -> MatchMode:
    opens_left = shapes[max(start - 1, 0) : start] == _STAR
    opens_right = shapes[end : end + 1] == _STAR
    if opens_left and opens_right:
        return MatchMode.CONTAINS
    if opens_left:
        return MatchMode.ENDS_WITH
    return MatchMode.STARTS_WITH if opens_right else MatchMode.EQUALS


@lru_cache(maxsize=4096)
def _shape(character: str) -> str:
    if character.isascii():
        if character.isalpha():
            return _LETTER
        if character.isdigit():
            return _DIGIT
        return {'"': _QUOTE, "*": _STAR}.get(character, _SEPARATOR)
    category = unicodedata.category(character)
    if category.startswith("M"):
        return _MARK
    if category.startswith("L") and _is_latin_or_cyrillic(character):
        return _LETTER
    return _SEPARATOR


def _is_latin_or_cyrillic(letter: str) -> bool:
    """Whether a letter belongs to one of the two scripts, by its Unicode name: the standard library has no scripts."""
    name = unicodedata.name(letter, "")
    return name.startswith(("LATIN ", "CYRILLIC ")) or _OTHER_LETTERS.match(letter) is not None
