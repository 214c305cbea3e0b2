"""Rows of PostgreSQL and the migrations that make them; Tortoise finds its models here."""

from models.fleet import OperatorAccount, Profile, Sim, SimGroup, SimGroupMember, SimLockReason
from models.identity import AccessToken, Company, User, UserRole
from models.journal import AuditEntry, SyncRun
from models.leases import CallSlot, LeaseHolder
from models.mail import Delivery, MailState
from models.notifications import Notification, NotificationPreference
from models.operations import Operation, OperationItem, QueueTurn

__all__ = [
    "AccessToken",
    "AuditEntry",
    "CallSlot",
    "Company",
    "Delivery",
    "LeaseHolder",
    "MailState",
    "Notification",
    "NotificationPreference",
    "Operation",
    "OperationItem",
    "OperatorAccount",
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
