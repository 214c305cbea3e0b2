"""Mobile networks a simulated SIM can be registered on, read from the coverage tables in `data/`."""

import csv
from dataclasses import dataclass
from importlib.resources import files

# Most devices of this fleet stand in a few countries; the rest is spread over the whole coverage.
HOME_PLMNS = ("40101", "40177", "25001", "25099", "43404", "43701", "24801", "24007", "26201", "22201")

COUNTRY_CODES = {
    "Austria": "AT", "Belarus Rep of": "BY", "Belgium": "BE", "Bulgaria": "BG", "Canada": "CA", "China": "CN",
    "Croatia": "HR", "Czech Republic": "CZ", "Denmark": "DK", "Estonia": "EE", "Finland": "FI", "France": "FR",
    "Georgia": "GE", "Germany": "DE", "Greece": "GR", "Hungary": "HU", "India": "IN", "Ireland": "IE",
    "Israel": "IL", "Italy": "IT", "Japan": "JP", "Kazakhstan": "KZ", "Kyrgyzstan": "KG", "Latvia": "LV",
    "Lithuania": "LT", "Moldova Republic of": "MD", "Mongolia": "MN", "Netherlands": "NL", "Norway": "NO",
    "Poland": "PL", "Portugal": "PT", "Romania": "RO", "Russia": "RU", "Serbia": "RS", "Slovakia": "SK",
    "Slovenia": "SI", "Spain": "ES", "Sweden": "SE", "Switzerland": "CH", "Tajikistan": "TJ", "Turkey": "TR",
    "USA": "US", "Ukraine": "UA", "United Arab Emirates": "AE", "United Kingdom": "GB", "Uzbekistan": "UZ",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Network:
    """One network: `plmn` is mcc+mnc as a string, `wide_only` marks those of the mega plan alone."""

    plmn: str
    country: str
    operator: str
    country_code: str | None
    wide_only: bool


def _table(name: str, wide_only: bool) -> list[Network]:
    text = files("simulator").joinpath("data", name).read_text(encoding="utf-8")
    return [
        Network(row["mccmnc"], row["country"], row["operator"], COUNTRY_CODES.get(row["country"]), wide_only)
        for row in csv.DictReader(text.splitlines())
    ]


NETWORKS: tuple[Network, ...] = tuple(
    _table("coverage_td_lite.csv", wide_only=False) + _table("coverage_td_mega_extra.csv", wide_only=True)
)
LITE_COUNT = sum(not network.wide_only for network in NETWORKS)
HOME_INDEXES: tuple[int, ...] = tuple(
    index for index, network in enumerate(NETWORKS) if network.plmn in HOME_PLMNS
) or (0,)


def home_or_abroad(chance: float, other: int) -> int:
    """Index of a network: at home for most values of `chance` in [0, 1), else anywhere in the base coverage."""
    if chance < 0.8:
        return HOME_INDEXES[other % len(HOME_INDEXES)]
    return other % LITE_COUNT
