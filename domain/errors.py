"""Refusals that a caller can act on, as one small tree; the doors translate them, nobody else catches them."""

from __future__ import annotations

from enum import StrEnum


class RefusalCode(StrEnum):
    """Why a request as a whole was refused. The GraphQL enum `ErrorCode` is made of these."""

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


class DomainError(Exception):
    """A refusal the caller can act on: `code` says which, `message` what to do next, `path` names the input."""

    code: str = RefusalCode.INVALID_VALUE

    def __init__(self, message: str, *, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


class Forbidden(DomainError):
    """The caller may see it but not do it."""

    code = RefusalCode.FORBIDDEN


class NotFound(DomainError):
    """There is no such thing, or the caller may not see it: the two are told alike."""

    code = RefusalCode.NOT_FOUND


class InvalidId(DomainError):
    """A text that is not an id of the kind expected."""

    code = RefusalCode.INVALID_ID


class InvalidCursor(DomainError):
    """A text that is not a cursor of this list and order."""

    code = RefusalCode.INVALID_CURSOR


class InvalidValue(DomainError):
    """A value that its field does not take."""

    code = RefusalCode.INVALID_VALUE


class UnknownProfile(DomainError):
    """A profile code that no profile has."""

    code = RefusalCode.UNKNOWN_PROFILE


class UnknownPlan(DomainError):
    """A code that no tariff plan has."""

    code = RefusalCode.UNKNOWN_PLAN


class BadPageSize(DomainError):
    """A page size that is negative, over the maximum, or given twice."""

    code = RefusalCode.PAGE_SIZE


class EmptySelection(DomainError):
    """The selection names no SIM."""

    code = RefusalCode.EMPTY_SELECTION


class TooManySims(DomainError):
    """The selection names more SIMs than one operation takes."""

    code = RefusalCode.TOO_MANY_SIMS


class AmbiguousSelection(DomainError):
    """Both ids and a filter, or neither."""

    code = RefusalCode.AMBIGUOUS_SELECTION


class IdempotencyConflict(DomainError):
    """The idempotency key was used before with another request."""

    code = RefusalCode.IDEMPOTENCY_CONFLICT


class NothingToDo(DomainError):
    """The request is understood and there is nothing it could change."""

    code = RefusalCode.NOTHING_TO_DO


class SizeNotOffered(DomainError):
    """A package size that the operator does not sell."""

    code = RefusalCode.SIZE_NOT_OFFERED


class LimitOutOfRange(DomainError):
    """A traffic limit that is not positive, or beyond what the operator takes."""

    code = RefusalCode.LIMIT_OUT_OF_RANGE


class NameTaken(DomainError):
    """A name that another one of the company has already, whatever its case."""

    code = RefusalCode.NAME_TAKEN


class WrongCredentials(DomainError):
    """No such user, or another password: the two are told alike."""

    code = RefusalCode.WRONG_CREDENTIALS


class WeakPassword(DomainError):
    """A password that is too short, too long, or easy to guess."""

    code = RefusalCode.WEAK_PASSWORD


class TooManyAttempts(DomainError):
    """Too many wrong passwords, links or registrations from one side. `retry_after` is in seconds."""

    code = RefusalCode.TOO_MANY_ATTEMPTS

    def __init__(self, retry_after: int) -> None:
        minutes = max(1, round(retry_after / 60))
        super().__init__(f"Too many attempts: try again in {minutes} min.")
        self.retry_after = retry_after


class LinkNotValid(DomainError):
    """A mailed link that is unknown, used or expired: the three are told alike."""

    code = RefusalCode.LINK_NOT_VALID


class NotConfirmed(DomainError):
    """The password is right, and the e-mail address has not been confirmed yet."""

    code = RefusalCode.NOT_CONFIRMED


class NotApproved(DomainError):
    """The password is right, and the company is not approved yet, or closed."""

    code = RefusalCode.NOT_APPROVED


class LastOwner(DomainError):
    """A company would be left without an owner."""

    code = RefusalCode.LAST_OWNER


class AlreadyExists(DomainError):
    """There is one of this kind already."""

    code = RefusalCode.ALREADY_EXISTS


class TooManyExports(DomainError):
    """So many reports of the company wait to be written that another is not taken."""

    code = RefusalCode.TOO_MANY_EXPORTS


class InvalidStatement(DomainError):
    """A bank statement of which nothing can be used."""

    code = RefusalCode.INVALID_STATEMENT


class InvalidAmount(DomainError):
    """An amount that is not more than 0, or has more than two decimals."""

    code = RefusalCode.INVALID_AMOUNT


class FutureDate(DomainError):
    """A day that has not come, where only one that has makes sense."""

    code = RefusalCode.FUTURE_DATE


class InvalidFile(DomainError):
    """A file that is too large, or not of a kind that is taken."""

    code = RefusalCode.INVALID_FILE


class AlreadyPaid(DomainError):
    """An invoice of which nothing is owed, or a payment that was assigned before."""

    code = RefusalCode.ALREADY_PAID


class OtherCurrency(DomainError):
    """A payment in another currency than that of what it is to pay."""

    code = RefusalCode.OTHER_CURRENCY


class CompanyLocked(DomainError):
    """The company is locked for non-payment: it cannot operate its SIMs."""

    code = RefusalCode.COMPANY_LOCKED
