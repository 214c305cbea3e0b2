"""How technical support is reached, as the settings say."""

from __future__ import annotations

from dataclasses import dataclass

from settings import Settings


@dataclass(frozen=True, slots=True)
class SupportContacts:
    """Each is None when the settings do not name it."""

    email: str | None = None
    phone: str | None = None
    telegram: str | None = None
    hours: str | None = None


_current = SupportContacts()


def use_support_contacts(settings: Settings) -> None:
    """Make these the contacts that this process shows; done once at its start."""
    global _current
    _current = SupportContacts(
        settings.support_email, settings.support_phone, settings.support_telegram, settings.support_hours
    )


def support_contacts() -> SupportContacts:
    """The contacts."""
    return _current
