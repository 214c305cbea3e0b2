"""The country of a registration where the operator names only the network."""

from __future__ import annotations

from dataclasses import replace

from domain.catalogue import networks
from novaconnect_sdk import LiveReading


def with_country(live: LiveReading) -> LiveReading:
    """The reading with the country of its network, where the operator told none and the code serves only one."""
    found = live.registration.value
    if found is None or found.country is not None or found.plmn is None:
        return live
    countries = {network.country.name for network in networks() if network.plmn == found.plmn}
    if len(countries) != 1:
        return live
    return replace(live, registration=replace(live.registration, value=replace(found, country=countries.pop())))
