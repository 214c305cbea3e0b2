"""Countries: the guide's spelling, ISO 3166 code, English and Russian names; found again by any of them.

Names come from CLDR (the library Babel) except where `data/country_names.csv` says otherwise.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale

from domain.catalogue.tables import BadCatalogue, read_table

_FILE = "country_names.csv"
_APOSTROPHES = str.maketrans("’ʼ`´", "''''")


@dataclass(frozen=True, slots=True)
class Country:
    """A country or territory. `name` is the guide's spelling, or CLDR's English name where the guide has none.

    `iso` is ISO 3166 alpha-2: None for French West Indies, the user-assigned XK for Kosovo.
    """

    name: str
    iso: str | None
    name_en: str
    name_ru: str

    @property
    def spellings(self) -> tuple[str, ...]:
        """Everything that it is found by, folded."""
        cldr = (_names("en").get(self.iso), _names("ru").get(self.iso)) if self.iso else ()
        texts = (self.name, self.iso, self.name_en, self.name_ru, *cldr)
        return tuple(dict.fromkeys(fold(text) for text in texts if text))


def fold(text: str) -> str:
    """A text for comparison: case, accents (ё as е), kinds of apostrophe and white space make no difference."""
    plain = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES))
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).casefold().split())


def find_country(text: str) -> Country | None:
    """The country with this code or name in any of the spellings, covered or not; None when there is none."""
    return _by_spelling().get(fold(text))


@lru_cache(maxsize=1)
def _by_spelling() -> Mapping[str, Country]:
    named = _guide_countries()
    by_iso = {country.iso: country for country in named if country.iso}
    rest = [_from_cldr(name, iso) for iso, name in _names("en").items() if iso not in by_iso and iso in _names("ru")]
    found: dict[str, Country] = {}
    # The guide's countries first: a spelling belongs to the first that has it.
    for country in (*named, *rest):
        for spelling in country.spellings:
            found.setdefault(spelling, country)
    return found


def _guide_countries() -> list[Country]:
    countries = []
    for row in read_table(_FILE, ("name", "iso", "name_en", "name_ru")):
        iso = row["iso"] or None
        if iso is None and not (row["name_en"] and row["name_ru"]):
            raise BadCatalogue(f"{_FILE}: {row['name']} has no code, so it needs both names.")
        if iso is not None and iso not in _names("en"):
            raise BadCatalogue(f"{_FILE}: {iso} of {row['name']} is no code of a country.")
        plain = _from_cldr(row["name"], iso) if iso else None
        name_en = row["name_en"] or (plain.name_en if plain else "")
        name_ru = row["name_ru"] or (plain.name_ru if plain else "")
        countries.append(Country(row["name"], iso, name_en, name_ru))
    if len({fold(country.name) for country in countries}) != len(countries):
        raise BadCatalogue(f"{_FILE}: a country stands there twice.")
    return countries


def _from_cldr(name: str, iso: str) -> Country:
    return Country(name, iso, _names("en")[iso], _names("ru")[iso])


@lru_cache(maxsize=2)
def _names(language: str) -> Mapping[str, str]:
    """CLDR's names by alpha-2 code; its groupings (EU, UN, …) and pseudo-territories are no countries."""
    territories: Mapping[str, str] = Locale(language).territories
    return {
        code: name for code, name in territories.items() if len(code) == 2 and code.isalpha() and code not in _GROUPS
    }


_GROUPS = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
