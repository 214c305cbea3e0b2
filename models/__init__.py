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
from models.identity import AccessToken, Company, User, UserRole
from models.journal import AuditEntry, SyncRun
from models.leases import CallSlot, LeaseHolder
from models.mail import MailState, OutgoingMail
from models.operations import Operation, OperationItem, QueueTurn

__all__ = [
    "AccessToken",
    "AuditEntry",
    "BillingRun",
    "CalendarAcceptance",
    "CallSlot",
    "Charge",
    "Company",
    "ExchangeRate",
    "ExchangeRateState",
    "Invoice",
    "LeaseHolder",
    "LegalEntity",
    "MailState",
    "Operation",
    "OperationItem",
    "OperatorAccount",
    "OutgoingMail",
    "PackageConnection",
    "Profile",
    "QueueTurn",
    "Sim",
    "SimGroup",
    "SimGroupMember",
    "SimLockReason",
    "SyncRun",
    "User",
    "UserRole",
]
