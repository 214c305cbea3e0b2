"""What the gate can do, as data."""

from __future__ import annotations

from datetime import timedelta

from drivers.tsim.settings import TsimSettings
from novaconnect_sdk import Action, Capability, ConfirmedBy, Idempotency, Mode, SideEffect, Support

CANCEL_LOCATION_WINDOW = timedelta(hours=10)
"""How long a device may take to come back; a second cancel location within it would be a repeat."""

FIRST_LOOK = timedelta(minutes=2)
"""No device comes back sooner, so looking earlier only costs calls."""

_AT_ONCE = timedelta(seconds=5)
_MINUTES = timedelta(minutes=5)
_LIMIT_PARAMETERS = {"unit": "MB", "bytes_per_unit": 1_000_000, "period": "MONTH", "minimum": 1, "removable": True}


def declared(settings: TsimSettings) -> tuple[Capability, ...]:
    """All actions. Those whose command is assumed read unconfirmed until the settings say that it was seen to work."""
    return (
        Capability(
            Action.LOCK,
            typical=_AT_ONCE,
            maximum=_MINUTES,
            side_effects=frozenset({SideEffect.RAISES_MSU, SideEffect.LEAVES_NETWORK}),
            confirmed_by=ConfirmedBy.STATE,
        ),
        Capability(Action.UNLOCK, typical=_AT_ONCE, maximum=_MINUTES, confirmed_by=ConfirmedBy.STATE),
        Capability(
            Action.CANCEL_LOCATION,
            _assumed(settings, Action.CANCEL_LOCATION, settings.commands.cancel_location),
            Mode.ACCEPTED_THEN_CONFIRMED,
            typical=timedelta(minutes=30),
            maximum=CANCEL_LOCATION_WINDOW,
            side_effects=frozenset({SideEffect.LEAVES_NETWORK}),
            idempotency=Idempotency.NONE,
            confirmed_by=ConfirmedBy.DATA_SESSION,
            once_per=CANCEL_LOCATION_WINDOW,
        ),
        Capability(
            Action.SET_LIMIT,
            _assumed(settings, Action.SET_LIMIT, settings.commands.set_limit),
            parameters=_LIMIT_PARAMETERS | {"maximum": settings.largest_limit},
            typical=_AT_ONCE,
            maximum=_MINUTES,
        ),
        *(
            Capability(action, Support.UNSUPPORTED)
            for action in (Action.CHANGE_PACKAGE, Action.RECONNECT_PACKAGE, Action.SET_ROAMING)
        ),
    )


def _assumed(settings: TsimSettings, action: Action, command: str) -> Support:
    if not command:
        return Support.UNSUPPORTED
    return Support.SUPPORTED if action in settings.confirmed else Support.UNCONFIRMED
