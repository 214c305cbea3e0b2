"""Rows of PostgreSQL and the migrations that make them; Tortoise finds its models here."""

from models.billing import (
    BillingRun,
    CalendarAcceptance,
    Charge,
    ExchangeRate,
    ExchangeRateState,
    Invoice,
    LegalEntity,
    PackageConnection,
)
from models.fleet import OperatorAccount, Profile, Sim, SimGroup, SimGroupMember, SimLockReason
from models.identity import (
    AccessToken,
    AccountLink,
    Agent,
    Company,
    CompanyState,
    LinkKind,
    LoginAttempt,
    PaymentSystem,
    SavedView,
    TokenKind,
    TokenUse,
    User,
    UserLanguage,
    UserRole,
)
from models.journal import AuditEntry, SyncRun
from models.leases import CallSlot, LeaseHolder
from models.mail import Delivery, MailState
from models.notifications import Notification, NotificationPreference
from models.operations import Operation, OperationItem, QueueTurn

__all__ = [
    "AccessToken",
    "AccountLink",
    "Agent",
    "AuditEntry",
    "BillingRun",
    "CalendarAcceptance",
    "CallSlot",
    "Charge",
    "Company",
    "CompanyState",
    "Delivery",
    "ExchangeRate",
    "ExchangeRateState",
    "Invoice",
    "LeaseHolder",
    "LegalEntity",
    "LinkKind",
    "LoginAttempt",
    "MailState",
    "Notification",
    "NotificationPreference",
    "Operation",
    "OperationItem",
    "OperatorAccount",
    "PackageConnection",
    "PaymentSystem",
    "Profile",
    "QueueTurn",
    "SavedView",
    "Sim",
    "SimGroup",
    "SimGroupMember",
    "SimLockReason",
    "SyncRun",
    "TokenKind",
    "TokenUse",
    "User",
    "UserLanguage",
    "UserRole",
]
