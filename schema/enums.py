"""Enums: the closed sets of the domain and the SDK, each value with what it means to a client."""

from __future__ import annotations

from enum import Enum

from domain.catalogue import Billing
from domain.diagnosis import DiagnosisStep, Finding
from domain.diagnosis import Verdict as DiagnosisVerdict
from domain.diagnosis_texts import Language
from domain.locks import LockKind
from domain.scopes import Scope
from domain.sim_filter import LockFilter
from models.identity import CompanyState, PaymentSystem, UserRole
from models.mail import MailState
from novaconnect_sdk import Action, Availability, ConfirmedBy, Idempotency, Mode, SideEffect, SimStatus, Support
from schema.describing import describe
from services.fleet.csv_filter_report import CsvRowStatus
from services.fleet.sim_order import SimColumn
from services.inventory.sync_runs import SyncKind, SyncPhase


class OrderDirection(Enum):
    """Which end of an order comes first."""

    ASC = "ASC"
    DESC = "DESC"


class ErrorCode(Enum):
    """Every `code` that an error can have: those of `domain.errors.RefusalCode`, and those of the door itself."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    INVALID_ID = "INVALID_ID"
    INVALID_CURSOR = "INVALID_CURSOR"
    INVALID_VALUE = "INVALID_VALUE"
    INVALID_CSV = "INVALID_CSV"
    INVALID_SEARCH = "INVALID_SEARCH"
    UNKNOWN_PROFILE = "UNKNOWN_PROFILE"
    UNKNOWN_PLAN = "UNKNOWN_PLAN"
    PAGE_SIZE = "PAGE_SIZE"
    EMPTY_SELECTION = "EMPTY_SELECTION"
    TOO_MANY_SIMS = "TOO_MANY_SIMS"
    AMBIGUOUS_SELECTION = "AMBIGUOUS_SELECTION"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    NOTHING_TO_DO = "NOTHING_TO_DO"
    SIZE_NOT_OFFERED = "SIZE_NOT_OFFERED"
    LIMIT_OUT_OF_RANGE = "LIMIT_OUT_OF_RANGE"
    NAME_TAKEN = "NAME_TAKEN"
    TOO_MANY_EXPORTS = "TOO_MANY_EXPORTS"
    WRONG_CREDENTIALS = "WRONG_CREDENTIALS"
    WEAK_PASSWORD = "WEAK_PASSWORD"  # noqa: S105 - the name of a refusal
    TOO_MANY_ATTEMPTS = "TOO_MANY_ATTEMPTS"
    LINK_NOT_VALID = "LINK_NOT_VALID"
    NOT_CONFIRMED = "NOT_CONFIRMED"
    NOT_APPROVED = "NOT_APPROVED"
    LAST_OWNER = "LAST_OWNER"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    INVALID_STATEMENT = "INVALID_STATEMENT"
    INVALID_AMOUNT = "INVALID_AMOUNT"
    FUTURE_DATE = "FUTURE_DATE"
    INVALID_FILE = "INVALID_FILE"
    ALREADY_PAID = "ALREADY_PAID"
    OTHER_CURRENCY = "OTHER_CURRENCY"
    COMPANY_LOCKED = "COMPANY_LOCKED"
    INVALID_REQUEST = "INVALID_REQUEST"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    RATE_LIMITED = "RATE_LIMITED"
    TIMED_OUT = "TIMED_OUT"
    INTERNAL_ERROR = "INTERNAL_ERROR"


describe(
    ErrorCode,
    "Why a request was refused: `code` of `userErrors` in mutations and `extensions.code` of errors elsewhere.",
    {
        "UNAUTHENTICATED": "There is no valid access token, or it ended while a subscription was running.",
        "FORBIDDEN": "Your role does not allow this, or the token lacks a scope, or is restricted to groups.",
        "NOT_FOUND": "There is no such thing, or you may not see it.",
        "INVALID_ID": "A text is not an id of the kind expected: use ids as this API gives them.",
        "INVALID_CURSOR": "A text is not a cursor of this list in this order.",
        "INVALID_VALUE": "A value is not one that its field or argument takes.",
        "INVALID_CSV": "A pasted table is too long or has rows that cannot be read.",
        "INVALID_SEARCH": "A search text is too long or asks for too many values.",
        "UNKNOWN_PROFILE": "There is no profile with this code.",
        "UNKNOWN_PLAN": "There is no tariff plan with this code.",
        "PAGE_SIZE": "A page size is negative, over 500, or given from both ends.",
        "EMPTY_SELECTION": "The selection names no SIM.",
        "TOO_MANY_SIMS": "The selection names more SIMs than may be taken at once.",
        "AMBIGUOUS_SELECTION": "Both ids and a filter are given, or neither.",
        "IDEMPOTENCY_CONFLICT": "The idempotency key was used before with another request.",
        "NOTHING_TO_DO": "The request is understood and there is nothing it could change.",
        "SIZE_NOT_OFFERED": "The operator does not sell packages of this size: see `packageOptions`.",
        "LIMIT_OUT_OF_RANGE": "A traffic limit is not positive, or beyond what the operator takes.",
        "NAME_TAKEN": "Another one has this name already, whatever its case.",
        "TOO_MANY_EXPORTS": "So many reports of the company wait already that another is not taken.",
        "WRONG_CREDENTIALS": "The e-mail address or the password is wrong; which of both is not told.",
        "WEAK_PASSWORD": "A password is too short, too long, or easy to guess.",
        "TOO_MANY_ATTEMPTS": "Too many wrong passwords or requests: wait as long as the answer says.",
        "LINK_NOT_VALID": "A mailed link is unknown, used or expired: ask for a new one.",
        "NOT_CONFIRMED": "The e-mail address has not been confirmed yet: open the link in the mail.",
        "NOT_APPROVED": "The company has not been approved by NovaConnect yet, or it is closed.",
        "LAST_OWNER": "A company keeps at least one owner: make another one first.",
        "ALREADY_EXISTS": "There is one of this kind already.",
        "INVALID_STATEMENT": "Nothing of the bank statement can be used; the message says why.",
        "INVALID_AMOUNT": "The amount is not more than 0, or has more than two decimals.",
        "FUTURE_DATE": "The day has not come yet.",
        "INVALID_FILE": "The file is too large, broken, or not of a kind that is taken.",
        "ALREADY_PAID": "Nothing is owed of the invoice, or the payment was assigned before.",
        "OTHER_CURRENCY": "The payment came in another currency than what it is to pay.",
        "COMPANY_LOCKED": "The company is locked for non-payment and cannot operate its SIMs; the message names the invoices.",
        "INVALID_REQUEST": "The request is not one that this API can answer: bad JSON, GraphQL, method or media type.",
        "PERSISTED_QUERY_NOT_FOUND": "No text is known for this hash (Apollo's persisted queries): send it along once.",
        "REQUEST_TOO_LARGE": "The request, its query text or one of its values is too large.",
        "QUERY_TOO_COMPLEX": "The document is too deep or too wide, or asks for too many rows at once: see docs/gates.md.",
        "RATE_LIMITED": "Too many requests with this token: `extensions.retryAfter` says for how many seconds to wait.",
        "TIMED_OUT": "The operation took longer than 15 seconds and was stopped.",
        "INTERNAL_ERROR": "Something broke on our side; `extensions.errorId` names it to support.",
    },
)
describe(
    OrderDirection,
    "Which end of an order comes first. Rows without a value come last in both directions.",
    {"ASC": "Smallest, earliest or first letter first.", "DESC": "Largest, latest or last letter first."},
)
describe(
    SimColumn,
    "A column that SIMs can be ordered by; SIMs with equal values follow in the order of their ids.",
    {
        "CREATED_AT": "When the SIM came to NovaConnect.",
        "UPDATED_AT": "When anything of it last changed.",
        "ICCID": "The ICCID.",
        "IMSI": "The IMSI.",
        "MSISDN": "The number.",
        "EXTERNAL_MSISDN": "The external number.",
        "NAME": "The name, whatever its case.",
        "PROFILE": "The code of the profile.",
        "COMPANY": "The name of the company.",
        "LOCKED": "Unlocked before locked.",
        "MSU_COUNT": "The number of MSU.",
        "BALANCE": "The operator's balance.",
        "INTERNAL_BALANCE": "Our balance.",
        "CURRENCY": "The currency of the balances.",
        "STATUS": "The status as the operator last said.",
        "OBSERVED_AT": "When the operator last said it.",
        "DRIFT": "SIMs in the state we want before those that are not.",
        "LIMIT": "The megabytes of the limit; SIMs without one come last.",
        "PACKAGE_SIZE": "The megabytes of the package in force; SIMs without one come last.",
    },
    name="SimOrderField",
)
describe(
    LockFilter,
    "Which SIMs to show by their locks.",
    {
        "UNLOCKED": "SIMs without any lock.",
        "LOCKED": "SIMs with at least one lock, of whatever kind.",
        "MSU_LOCKED": "SIMs locked for MSU.",
    },
)
describe(
    Availability,
    "Whether a value could be read fresh.",
    {
        "OK": "The operator answered.",
        "UNSUPPORTED": "The operator does not tell it.",
        "UNAVAILABLE": "The operator could not be asked or did not answer; what is shown is older, see `asOf`.",
    },
)
describe(
    Language,
    "A language of people (ISO 639-1).",
    {"RU": "Russian.", "KK": "Kazakh.", "EN": "English."},
)
describe(
    DiagnosisVerdict,
    "What a step of a diagnosis, or the whole, came to.",
    {
        "OK": "All is well.",
        "PROBLEM": "This keeps the SIM from working, or shows that it does not.",
        "UNKNOWN": "It cannot be said: the evidence is missing or not in yet.",
        "NOT_APPLICABLE": "There is no such thing with this SIM.",
    },
    name="DiagnosisVerdict",
)
describe(
    DiagnosisStep,
    "The steps of the guide's checklist, in its order.",
    {
        "FINANCIAL_LOCK": "Is it locked because invoices are not paid?",
        "UNPAID_INVOICES": "Are there invoices to pay?",
        "VOLUNTARY_LOCK": "Did somebody lock it?",
        "MSU_LOCK": "Is it locked for signalling?",
        "OTHER_BLOCK": "Is it locked for a violation, blocked by the operator, or gone from it?",
        "PACKAGE": "Is there something left of its package?",
        "LIMIT": "Is its limit reached?",
        "SESSION": "Is it in session, or when was it last?",
        "REGISTRATION": "Where and since when is it registered?",
        "LAST_RESET": "Did the last reset bring it back?",
        "COVERAGE": "Is the last network in its plan?",
    },
)
describe(
    Finding,
    "What a SIM has; of several the one that is hardest to mend, which comes first here.",
    {
        "LEFT_OPERATOR": "Its operator no longer lists it.",
        "MSU_LOCKED": "Locked for MSU, irrevocably.",
        "VIOLATION_LOCKED": "Locked for a violation of the rules.",
        "FINANCIAL_LOCKED": "Locked because invoices are not paid.",
        "PACKAGE_LOCKED": "Its package is used up.",
        "VOLUNTARILY_LOCKED": "Somebody locked it.",
        "BLOCKED_BY_OPERATOR": "The operator blocks it although no lock of ours stands.",
        "LIMIT_REACHED": "Its monthly limit is used up.",
        "WORKING": "It is in session, or was within the last 24 hours.",
        "UNKNOWN": "Nothing is known of its sessions.",
        "OUTSIDE_COVERAGE": "No session lately, and the last network is not in its plan.",
        "RESET_UNDER_WAY": "No session lately; a reset is under way.",
        "RESET_WITHOUT_EFFECT": "No session lately; a reset did not bring it back.",
        "NO_SESSION": "No session lately, for no reason that can be seen.",
    },
    name="DiagnosisFinding",
)
describe(
    SyncKind,
    "How much of an operator's inventory a run reads.",
    {
        "FULL": "All of it; only such a run can tell that a SIM has left.",
        "INCREMENTAL": "What changed since the last run, where the operator can tell.",
    },
)
describe(
    SyncPhase,
    "What a run of synchronisation is at.",
    {"INVENTORY": "SIMs and their statuses.", "RECORDS": "Usage records."},
)
describe(
    LockKind,
    "Why a SIM is locked. The operator blocks it while at least one reason stands.",
    {
        "VOLUNTARY": "Somebody locked it; unlocking lifts it.",
        "FINANCIAL": "Invoices are not paid; lifted when all are.",
        "PACKAGE": "Its package is used up; lifted by reconnecting the package.",
        "MSU": "Too many signalling messages; irrevocable, the SIM must be replaced.",
        "VIOLATION": "A violation of the rules; only technical support lifts it.",
    },
)
describe(
    SimStatus,
    "The status of a SIM at its operator, translated from the operator's own word.",
    {
        "INVENTORY": "In stock, never activated.",
        "ACTIVE": "In service.",
        "BLOCKED": "Blocked.",
        "RETIRED": "Out of service for ever.",
        "UNKNOWN": "Not known, or a word of the operator that we do not know.",
    },
)
describe(
    Action,
    "What can be done to a SIM through its operator.",
    {
        "LOCK": "Block the SIM.",
        "UNLOCK": "Lift the block.",
        "CANCEL_LOCATION": "Reset: make the network forget where the SIM is, so that it registers anew.",
        "SET_LIMIT": "Set a traffic limit.",
        "CHANGE_PACKAGE": "Change to another package.",
        "RECONNECT_PACKAGE": "Begin the package anew.",
        "SET_ROAMING": "Allow or forbid networks.",
    },
    name="SimAction",
)
describe(
    Support,
    "Whether an action can be used.",
    {
        "SUPPORTED": "Yes.",
        "UNSUPPORTED": "No: the operator does not offer it.",
        "UNCONFIRMED": "It is sent, but has not yet been seen to work with this operator.",
    },
    name="CapabilitySupport",
)
describe(
    Mode,
    "How an action ends.",
    {
        "SYNC": "The operator answers at once.",
        "ACCEPTED_THEN_CONFIRMED": "The operator accepts it, and it is confirmed later.",
        "MANUAL": "A person at the operator does it.",
    },
    name="CapabilityMode",
)
describe(
    SideEffect,
    "What else an action may do.",
    {
        "RAISES_MSU": "A live device raises the MSU count, up to an irrevocable lock.",
        "LEAVES_NETWORK": "The device leaves the network for a while.",
    },
)
describe(
    ConfirmedBy,
    "By what an accepted action is confirmed.",
    {
        "REGISTRATION": "A registration on the network that began after it.",
        "DATA_SESSION": "A data session that began after it.",
        "STATE": "The state that the operator shows.",
        "HANDLE": "The operator's own answer about the request.",
    },
)
describe(
    Idempotency,
    "What a repeat of an action does.",
    {
        "NATIVE_KEY": "The operator recognises the repeat by a key.",
        "NATURAL": "Nothing: it already stands.",
        "NONE": "It acts a second time.",
    },
    name="CapabilityIdempotency",
)
describe(
    Billing,
    "How traffic is paid.",
    {
        "PACKAGE": "By packages of traffic that are bought ahead.",
        "PAY_PER_USE": "By the traffic that was used.",
    },
    name="TariffBilling",
)
describe(
    CsvRowStatus,
    "What a row of a pasted table stands for among the SIMs you may see.",
    {
        "FOUND": "Exactly one SIM.",
        "NOT_FOUND": "No SIM.",
        "AMBIGUOUS": "Several SIMs have this number.",
        "DIFFERENT_SIMS": "The ICCID and the number do not belong to one SIM.",
        "BAD_ROW": "The row cannot be read; `problem` says why.",
    },
)
describe(
    MailState,
    "Where a message stands that goes out, to technical support or to customers.",
    {
        "QUEUED": "Stored; it goes out in a moment.",
        "SENDING": "On its way at this moment.",
        "SENT": "The mail server has it.",
        "WRITTEN": "Written to the outbox folder.",
        "FAILED": "It could not be sent: a message to technical support is written again.",
        "UNKNOWN": "It was on its way when the connection broke: it may have arrived.",
    },
    name="SupportMessageState",
)
describe(
    UserRole,
    "What a user may do.",
    {
        "OWNER": "Everything in their company.",
        "MANAGER": "Everything with the SIMs of their company.",
        "VIEWER": "Only look.",
        "AGENT": "A reseller: everything with the SIMs of the companies of their agent, and the cards of those companies.",
        "STAFF": "NovaConnect's support: sees every company.",
        "ADMIN": "NovaConnect's administration: what STAFF may do, and besides the people and agents of the platform.",
    },
)
describe(
    PaymentSystem,
    "When a company pays.",
    {
        "POSTPAID": "By invoice, after the month.",
        "PREPAID": "From a deposit made before.",
    },
)
describe(
    CompanyState,
    "Whether the users of a company can come in.",
    {
        "PENDING": "Registered; NovaConnect's staff has not approved it yet, so they cannot.",
        "ACTIVE": "They can.",
        "CLOSED": "They cannot any more.",
    },
)
describe(
    Scope,
    "What a token is good for.",
    {
        "SIMS_READ": "`sims:read`: SIMs, groups, operations, live or not.",
        "SIMS_WRITE": "`sims:write`: changing them; brings SIMS_READ with it.",
        "BILLING_READ": "`billing:read`: invoices and debts.",
        "REPORTS_READ": "`reports:read`: sessions, usage, calls and messages.",
        "ADMIN": "`admin`: users, tokens, the company's card, the audit.",
    },
    name="TokenScope",
)
