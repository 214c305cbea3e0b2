"""What a credential must be good for to ask a field: the one place where this is decided, for every root field.

A root field that is not named here needs every scope; a test finds it. Types that tell of money or of use have a scope of
their own, whichever way one comes to them.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.scopes import ALL_SCOPES, Scope

ANY: frozenset[Scope] = frozenset()
"""For everybody who has a credential at all."""

_READ, _WRITE = frozenset({Scope.SIMS_READ}), frozenset({Scope.SIMS_WRITE})
_BILLING, _REPORTS, _ADMIN = (
    frozenset({Scope.BILLING_READ}),
    frozenset({Scope.REPORTS_READ}),
    frozenset({Scope.ADMIN}),
)

_QUERIES: Mapping[frozenset[Scope], tuple[str, ...]] = {
    ANY: (
        *("viewer", "node", "profiles", "packageOptions", "tariffPlans", "coverage", "coverageDiff", "priceList"),
        *("me", "savedViews"),
        *("supportContacts", "unreadNotifications", "notificationPreferences", "workingDays", "invoiceDeadlines"),
    ),
    _READ: (
        *("sims", "sim", "groups", "csvFilterReport", "operation", "operations", "previewOperation", "simLive"),
        *("syncRuns", "diagnoseSim", "diagnoseSims", "simsOutsideCoverage", "fleetSummary"),
    ),
    _ADMIN: ("company", "companies", "users", "agents", "auditLog", "accessTokens"),
    # What is told to a user is about SIMs and about money.
    _READ | _BILLING: ("notifications",),
    _BILLING: ("invoices", "invoice", "payments", "dunningPreview", "paymentOrders", "deposit", "depositEntries"),
    _BILLING | _ADMIN: (
        *(
            "messages",
            "legalEntities",
            "previewBilling",
            "billingRuns",
            "exchangeRates",
            "calendarYears",
            "unmatchedPayments",
            "scheduledJobs",
        ),
    ),
    _REPORTS: (
        "sessionReport",
        "dailyReport",
        "callsAndMessagesReport",
        "usageOverview",
        "topSims",
        "downloads",
        "savedReports",
    ),
}
_MUTATIONS: Mapping[frozenset[Scope], tuple[str, ...]] = {
    ANY: ("contactSupport", "markRead", "setNotificationPreferences"),
    _WRITE: (
        *("lockSims", "unlockSims", "cancelLocation", "setLimit", "changePackage", "reconnectPackage", "setRoaming"),
        *(
            "renameSim",
            "renameSims",
            "assignGroups",
            "moveSims",
            "setViolationLock",
            "liftViolationLock",
            "cancelOperation",
        ),
        *("retryFailedItems", "createGroup", "renameGroup", "deleteGroup"),
    ),
    _ADMIN: (
        *(
            "updateProfile",
            "saveView",
            "deleteView",
            "changePassword",
            "endSession",
            "logOutEverywhere",
            "createAccessToken",
            "deleteAccessToken",
        ),
        *("reissueAccessToken", "createCompany", "updateCompany", "setCompanyState", "assignAgent", "createAgent"),
        *("inviteUser", "inviteUserAgain", "changeUserRole", "disableUser", "enableUser"),
    ),
    _BILLING: ("uploadPaymentOrder",),
    _BILLING | _ADMIN: (
        *("runBilling", "issueCreditNote", "decideExchangeRate", "acceptCalendarYear", "importBankStatement"),
        *(
            "sendMessageAgain",
            "settleMessage",
            "setLegalEntity",
            "setRoundingQuantum",
            "reversePayment",
            "dismissPayment",
            "takeUpPayment",
        ),
        *("assignPayment", "grantPaymentPromise", "dunningRun", "topUpDeposit", "setDepositLevels"),
    ),
    _REPORTS: ("requestExport", "deleteDownload", "saveReport", "runSavedReport", "deleteSavedReport"),
}
_SUBSCRIPTIONS: Mapping[frozenset[Scope], tuple[str, ...]] = {
    _READ: ("operationProgress", "operationsChanged", "simsChanged"),
    _READ | _BILLING: ("notificationReceived",),
    _REPORTS: ("downloadsChanged",),
}


def _by_field(root: str, fields: Mapping[frozenset[Scope], tuple[str, ...]]) -> dict[str, frozenset[Scope]]:
    return {f"{root}.{name}": needed for needed, names in fields.items() for name in names}


ROOT_FIELDS: Mapping[str, frozenset[Scope]] = {
    **_by_field("Query", _QUERIES),
    **_by_field("Mutation", _MUTATIONS),
    **_by_field("Subscription", _SUBSCRIPTIONS),
}
"""Scopes that a root field needs, all of them, by `Query.name`, `Mutation.name` and `Subscription.name`."""

FIELDS: Mapping[str, frozenset[Scope]] = {
    "FleetSummary.unpaidInvoices": _BILLING,
    "Company.debts": _BILLING,
    **{
        f"Company.{name}": _ADMIN
        for name in ("taxNumber", "contractNumber", "responsiblePerson", "paymentSystem", "email", "whatsapp", "agent")
    },
}
"""The same for a field of another type, by `Type.field`."""

TYPES: Mapping[str, frozenset[Scope]] = {
    "Sim": _READ,
    "SimGroup": _READ,
    "Operation": _READ,
    "Invoice": _BILLING,
    "Payment": _BILLING,
    "Session": _ADMIN,
    "AccessToken": _ADMIN,
    "User": _ADMIN,
    "AuditEntry": _ADMIN,
    "DataSession": _REPORTS,
    "DayOfUsage": _REPORTS,
    "Download": _REPORTS,
    "SavedReport": _REPORTS,
}
"""The same for a type and for pages of it."""

ROOTS = ("Query", "Mutation", "Subscription")


def needed_for(parent: str, field: str, returned: str) -> frozenset[Scope]:
    """What a field of a type needs, that returns (a list of, a page of) another type."""
    name = f"{parent}.{field}"
    if parent in ROOTS and not field.startswith("__"):
        own = ROOT_FIELDS.get(name, ALL_SCOPES)
    else:
        own = FIELDS.get(name, ANY)
    return own | of_type(returned)


def of_type(name: str) -> frozenset[Scope]:
    """What a type needs."""
    return TYPES.get(name.removesuffix("Connection").removesuffix("Edge"), ANY)
