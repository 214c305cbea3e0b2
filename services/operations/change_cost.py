"""What a change costs, from the prices that profiles declare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.changes import Change, ChangePackage, SetRoaming
from domain.errors import UnknownProfile
from domain.look_alikes import fold_profile_code
from domain.operations import OperationKind
from drivers.registry import registry
from novaconnect_sdk import Action
from services.catalogue.list_profiles import list_profiles
from services.operations.judge_selection import JudgedSims


@dataclass(frozen=True, slots=True)
class PackageOption:
    """A package on sale: size in MB, price in EUR, whether it is of the roaming plan, and whether the price is a sample."""

    size_mb: int
    price_eur: Decimal
    roaming: bool
    is_sample: bool


@dataclass(frozen=True, slots=True)
class ChangeCost:
    """EUR for the SIMs whose price is known, and how many others there are."""

    eur: Decimal
    unpriced_sims: int


def package_options(profile_code: str, *, roaming: bool | None = None) -> list[PackageOption]:
    """The packages of a profile by size, base plan first; `roaming` limits them to one plan. Empty without packages."""
    capability = registry().capability(profile_code, Action.CHANGE_PACKAGE)
    offers = capability.parameters.get("packages") if capability.usable else None
    options = [_option(offer) for offer in offers] if isinstance(offers, Sequence) else []
    return sorted(
        (option for option in options if roaming is None or option.roaming is roaming),
        key=lambda option: (option.roaming, option.size_mb),
    )


async def options_of_profile(code: str, *, roaming: bool | None = None) -> list[PackageOption]:
    """The same for a code as a user writes it; raises `UnknownProfile`."""
    folded = fold_profile_code(code)
    known = [profile.code for profile in await list_profiles()]
    if folded not in known:
        raise UnknownProfile(f"There is no such profile: the profiles are {', '.join(known)}.", path=("profile",))
    return package_options(folded, roaming=roaming)


def _option(offer: dict[str, object]) -> PackageOption:
    return PackageOption(
        int(str(offer["mb"])), Decimal(str(offer["price_eur"])), bool(offer["roaming"]), bool(offer["sample"])
    )


def cost_of(change: Change, groups: Sequence[JudgedSims]) -> ChangeCost | None:
    """The price of a package for each SIM of the groups; None for a change that buys nothing."""
    if change.kind not in (OperationKind.CHANGE_PACKAGE, OperationKind.RECONNECT_PACKAGE, OperationKind.SET_ROAMING):
        return None
    total, unpriced = Decimal(0), 0
    for group in groups:
        price = _price(change, group)
        if price is None:
            unpriced += len(group.sim_ids)
        else:
            total += price * len(group.sim_ids)
    return ChangeCost(total, unpriced)


def _price(change: Change, group: JudgedSims) -> Decimal | None:
    roaming, size = group.roaming, group.package_mb
    if isinstance(change, ChangePackage):
        size = change.size_mb
    elif isinstance(change, SetRoaming):
        # The change begins with the smallest package of the plan.
        options = package_options(group.profile_code, roaming=change.enabled)
        return options[0].price_eur if options else None
    prices = {option.size_mb: option.price_eur for option in package_options(group.profile_code, roaming=roaming)}
    return None if size is None else prices.get(size)
