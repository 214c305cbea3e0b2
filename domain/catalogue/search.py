"""Looking networks up: by code, country, plan, or a text in any of the spellings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from domain.catalogue.countries import find_country, fold
from domain.catalogue.coverage import Network, networks
from domain.catalogue.tariff_plans import TariffPlan
from domain.errors import InvalidValue

MAX_SEARCH = 200
"""The longest search text."""

_MCC = re.compile(r"[0-9]{3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NetworkFilter:
    """Conditions that a network must all meet; None, or a text of white space only, is no condition.

    `search` is a part of the operator's name, of the country's in any spelling, or the beginning of the PLMN. `country`
    is a code or a whole name.
    """

    search: str | None = None
    plmn: str | None = None
    mcc: str | None = None
    country: str | None = None
    plan: TariffPlan | None = None


def search_networks(wanted: NetworkFilter) -> tuple[Network, ...]:
    """The networks that meet the filter, in the order of `networks`; raises `InvalidValue`."""
    if wanted.mcc is not None and not _MCC.fullmatch(wanted.mcc):
        raise InvalidValue("mcc is a string of exactly three digits, such as 401.", path=("mcc",))
    if wanted.search is not None and len(wanted.search) > MAX_SEARCH:
        raise InvalidValue(f"A search text has at most {MAX_SEARCH} characters: shorten it.", path=("search",))
    found = networks(wanted.plan)
    if wanted.plmn is not None:
        found = tuple(row for row in found if row.plmn == wanted.plmn)
    if wanted.mcc is not None:
        found = tuple(row for row in found if row.plmn.mcc == wanted.mcc)
    if wanted.country and fold(wanted.country):
        country = find_country(wanted.country)
        found = tuple(row for row in found if row.country == country)
    if wanted.search and (text := fold(wanted.search)):
        found = tuple(row for row in found if row.plmn.startswith(text) or text in _texts(row))
    return found


@lru_cache(maxsize=2048)
def _texts(network: Network) -> str:
    """What a search looks into; the line feed keeps a match within one of the texts."""
    return "\n".join((fold(network.operator), *network.country.spellings))
