"""What a Control Center account can do, as data."""

from __future__ import annotations

from datetime import timedelta

from drivers.jasper.settings import JasperSettings
from novaconnect_sdk import Action, Capability, ConfirmedBy, Idempotency, Mode, SideEffect, Support

CANCEL_LOCATION_WINDOW = timedelta(hours=10)
"""How long a device may take to come back; a second cancel location within it would be a repeat."""

CANCEL_LOCATION_FIRST_LOOK = timedelta(minutes=2)
"""No device comes back sooner, so looking earlier only costs calls."""

STATUS_FIRST_LOOK = timedelta(seconds=5)
STATUS_DEADLINE = timedelta(minutes=10)
"""How long a status change that was only accepted may take."""

ROAMING_FIRST_LOOK = timedelta(hours=6)

_AT_ONCE = timedelta(seconds=2)


def declared(settings: JasperSettings) -> tuple[Capability, ...]:
    """All actions of an account."""
    return (*_of_service(), Capability(Action.SET_LIMIT, Support.UNSUPPORTED), *_of_packages(settings))


def _of_service() -> tuple[Capability, ...]:
    return (
        Capability(
            Action.LOCK,
            typical=_AT_ONCE,
            maximum=STATUS_DEADLINE,
            side_effects=frozenset({SideEffect.LEAVES_NETWORK}),
            confirmed_by=ConfirmedBy.STATE,
        ),
        Capability(Action.UNLOCK, typical=_AT_ONCE, maximum=STATUS_DEADLINE, confirmed_by=ConfirmedBy.STATE),
        Capability(
            Action.CANCEL_LOCATION,
            mode=Mode.ACCEPTED_THEN_CONFIRMED,
            typical=timedelta(minutes=30),
            maximum=CANCEL_LOCATION_WINDOW,
            side_effects=frozenset({SideEffect.LEAVES_NETWORK}),
            idempotency=Idempotency.NONE,
            confirmed_by=ConfirmedBy.REGISTRATION,
            once_per=CANCEL_LOCATION_WINDOW,
        ),
    )


def _of_packages(settings: JasperSettings) -> tuple[Capability, ...]:
    plans = settings.plans
    sizes = {
        "unit": "MB",
        "bytes_per_unit": settings.bytes_per_mb,
        "minimum": plans.smallest,
        "maximum": plans.largest,
        "takes_effect": "NEXT_TERM",
    }
    once = Idempotency.NONE
    return (
        Capability(
            Action.CHANGE_PACKAGE, parameters=sizes, typical=_AT_ONCE, maximum=STATUS_DEADLINE, idempotency=once
        ),
        Capability(Action.RECONNECT_PACKAGE, typical=_AT_ONCE, maximum=STATUS_DEADLINE, idempotency=once),
        Capability(
            Action.SET_ROAMING,
            mode=Mode.ACCEPTED_THEN_CONFIRMED,
            parameters={"plan_on": plans.roaming, "plan_off": plans.base},
            typical=timedelta(days=3),
            maximum=settings.roaming_deadline,
            confirmed_by=ConfirmedBy.HANDLE,
        ),
    )
