"""Notifications: what there is to tell, by which ways, and what is told unless a user says otherwise."""

from __future__ import annotations

from enum import StrEnum


class NotificationKind(StrEnum):
    """What a notification is about (guide, "Правила выставления и оплаты счетов", "Выгрузка в Excel")."""

    INVOICE_ISSUED = "INVOICE_ISSUED"
    REMINDER_DAY_3 = "REMINDER_DAY_3"
    REMINDER_DAY_5 = "REMINDER_DAY_5"
    LOCKED = "LOCKED"
    UNLOCKED = "UNLOCKED"
    PAYMENT_CREDITED = "PAYMENT_CREDITED"
    REPORT_READY = "REPORT_READY"
    OPERATION_FINISHED = "OPERATION_FINISHED"
    LOW_DEPOSIT = "LOW_DEPOSIT"


class AccountMail(StrEnum):
    """A mail about a user's own account; it goes to one address and to no list."""

    CONFIRM_EMAIL = "CONFIRM_EMAIL"
    ALREADY_REGISTERED = "ALREADY_REGISTERED"
    COMPANY_APPROVED = "COMPANY_APPROVED"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105 - the name of a purpose
    INVITATION = "INVITATION"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - the name of an event


class ChannelName(StrEnum):
    """A way by which something is told. API needs no delivery: who asks the API finds it there."""

    API = "API"
    EMAIL = "EMAIL"
    WHATSAPP = "WHATSAPP"


_MONEY = frozenset(
    {
        NotificationKind.INVOICE_ISSUED,
        NotificationKind.REMINDER_DAY_3,
        NotificationKind.REMINDER_DAY_5,
        NotificationKind.LOCKED,
        NotificationKind.UNLOCKED,
        NotificationKind.PAYMENT_CREDITED,
        NotificationKind.LOW_DEPOSIT,
    }
)

TO_THE_COMPANY = _MONEY
"""Kinds that also go to the company's own e-mail address and WhatsApp number, where it has named them."""

_BY_DEFAULT: dict[ChannelName, frozenset[NotificationKind]] = {
    ChannelName.API: frozenset(NotificationKind),
    ChannelName.EMAIL: _MONEY | {NotificationKind.REPORT_READY},
    ChannelName.WHATSAPP: frozenset(),
}

TEMPLATE_VALUES: dict[NotificationKind, tuple[str, ...]] = {
    NotificationKind.INVOICE_ISSUED: ("number", "period", "amount", "pay_by"),
    NotificationKind.REMINDER_DAY_3: ("number", "amount", "pay_by", "lock_on"),
    NotificationKind.REMINDER_DAY_5: ("number", "amount", "pay_by", "lock_on"),
    NotificationKind.LOCKED: ("invoices", "amount"),
    NotificationKind.UNLOCKED: ("why",),
    NotificationKind.PAYMENT_CREDITED: ("amount", "paid_on", "invoices"),
    NotificationKind.REPORT_READY: ("name",),
    NotificationKind.OPERATION_FINISHED: ("operation", "total", "succeeded"),
    NotificationKind.LOW_DEPOSIT: ("balance", "level"),
}
"""What the places {{1}}, {{2}}… of the WhatsApp template of a kind stand for, in their order."""


def is_told_by_default(kind: NotificationKind, channel: ChannelName) -> bool:
    """Whether a user who has said nothing is told of a kind by a channel."""
    return kind in _BY_DEFAULT[channel]
