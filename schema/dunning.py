"""Dunning: what comes for an unpaid invoice, promises, payment orders, runs by hand, and the daily jobs."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Self

import strawberry

from domain.clock import clock
from domain.dunning import DunningAction, DunningStage, LockGuard
from schema.company import Company
from schema.context import Info
from schema.describing import describe
from schema.ids import global_id
from schema.payloads import UserError
from services.dunning.payment_orders import PaymentOrder as PaymentOrderRow
from services.dunning.preview_invoice import DunningPreview as DunningPreviewValue
from services.dunning.promises import Promise
from services.dunning.run_dunning import DueAction
from services.dunning.run_dunning import DunningDay as DunningDayValue
from services.files.download_links import SHORT, Download, download_links
from services.files.file_store import FileKey
from services.schedule.list_jobs import ScheduledJobRow

_ERRORS = "Why it was refused; empty when it was not."

describe(
    DunningAction,
    "What is done about an invoice that is not paid.",
    {
        "REMIND_DAY_3": "A reminder on the third working day.",
        "REMIND_DAY_5": "A reminder on the fifth working day, the last one to pay.",
        "LOCK": "The financial lock of the company's SIMs and operations on the sixth working day.",
    },
)
describe(
    DunningStage,
    "How far it has come with an invoice by its dates.",
    {
        "SETTLED": "Nothing is owed.",
        "WAITING": "Nothing is due yet, or the money is on its way.",
        "REMINDED_DAY_3": "Day 3 is over, or it is.",
        "REMINDED_DAY_5": "It is day 5 or the days until the lock, or a promise holds.",
        "OVERDUE": "The lock is due, or stands.",
    },
)
describe(
    LockGuard,
    "Why nobody is locked though it is due.",
    {
        "BANK_IMPORT_MISSING": "The bank's statement of the last working day has not been imported.",
        "YEAR_NOT_CONFIRMED": "The official calendar of the year is not entered, and staff has not accepted it.",
        "TOO_MANY_COMPANIES": "More than a set share of all companies would be locked at once.",
    },
)


@strawberry.type(description="What will be done about an invoice on a day if nothing is paid.")
class DunningStep:
    """A step."""

    on: date = strawberry.field(description="The day.")
    action: DunningAction = strawberry.field(description="What is done.")


@strawberry.type(description="How it stands with an invoice, and what comes if nothing is paid.")
class DunningPreview:
    """A preview."""

    stage: DunningStage = strawberry.field(description="How far it has come.")
    outstanding: Decimal = strawberry.field(description="What is still owed, as credited.")
    currency: str = strawberry.field(description="The currency of that.")
    steps: list[DunningStep] = strawberry.field(description="What comes, with exact days; empty when nothing is owed.")
    promised_until: date | None = strawberry.field(description="Until when staff believes a promise.")
    credited_on_if_paid_today: date = strawberry.field(description="When a payment of today would count.")
    company_locked: bool = strawberry.field(description="Whether the company is locked for non-payment now.")
    sims_to_lock: int = strawberry.field(description="SIMs that the lock would lock.")
    live_sims: int = strawberry.field(
        description="Those of them in live devices, where a lock may raise MSU up to an irrevocable lock."
    )

    @classmethod
    def of(cls, value: DunningPreviewValue) -> Self:
        """The preview of a service."""
        return cls(
            stage=value.stage,
            outstanding=value.outstanding,
            currency=value.currency,
            steps=[DunningStep(on=day, action=action) for day, action in value.steps],
            promised_until=value.promised_until,
            credited_on_if_paid_today=value.credited_on_if_paid_today,
            company_locked=value.company_locked,
            sims_to_lock=value.sims_to_lock,
            live_sims=value.live_sims,
        )


@strawberry.type(description="Something that is due, or was done, about a company.")
class DunningDue:
    """An action."""

    row: strawberry.Private[DueAction]
    action: str = strawberry.field(
        description="REMIND_DAY_3, REMIND_DAY_5, LOCK, UNLOCK, or LOCK-AFTER- with the day of a promise that was broken;"
        " -REVERSAL- and a number follow where payments of the invoice were taken back."
    )
    invoice_id: strawberry.ID | None = strawberry.field(description="The invoice; null where a lock is lifted.")
    number: str | None = strawberry.field(description="Its number.")

    @classmethod
    def of(cls, row: DueAction) -> Self:
        """The action of a service."""
        invoice_id = None if row.invoice_id is None else global_id("Invoice", row.invoice_id)
        return cls(row=row, action=row.action, invoice_id=invoice_id, number=row.number)

    @strawberry.field(description="The company.")
    async def company(self, info: Info) -> Company | None:
        """Read for all actions at once."""
        found = await info.context.loaders.companies.load(self.row.company_id)
        return Company.of(found) if found else None


@strawberry.type(description="Dunning of a day for the companies of one calendar.")
class DunningDay:
    """A day."""

    calendar: str = strawberry.field(description="RU, or KZ for all other countries.")
    day: date = strawberry.field(description="The day there.")
    actions: list[DunningDue] = strawberry.field(description="What was done, or in a dry run would be.")
    held_locks: list[DunningDue] = strawberry.field(description="Locks that are due and held back.")
    guards: list[LockGuard] = strawberry.field(description="What holds them back.")

    @classmethod
    def of(cls, value: DunningDayValue) -> Self:
        """The day of a service."""
        return cls(
            calendar=value.calendar,
            day=value.day,
            actions=[DunningDue.of(each) for each in value.actions],
            held_locks=[DunningDue.of(each) for each in value.held_locks],
            guards=list(value.guards),
        )


@strawberry.input(description="How to run dunning.")
class DunningRunInput:
    """Input of `dunningRun`."""

    dry_run: bool = strawberry.field(default=True, description="Only say what would be done.")
    accept_share: bool = strawberry.field(
        default=False, description="Lock also when more than the set share of all companies would be: staff has looked."
    )


@strawberry.type(description="What was done, or why it was refused.")
class DunningRunPayload:
    """Answer of `dunningRun`."""

    days: list[DunningDay] = strawberry.field(description="One for each calendar; empty on a refusal.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.input(description="Until when staff believes that an invoice will be paid.")
class GrantPromiseInput:
    """Input of `grantPaymentPromise`."""

    invoice_id: strawberry.ID = strawberry.field(description="The invoice.")
    until: date = strawberry.field(description="The last day, today or up to 60 days ahead.")
    reason: str = strawberry.field(description="Why: 3 to 500 characters; kept in the audit.")


@strawberry.type(description="A promise that staff believes.")
class PaymentPromise:
    """A promise."""

    invoice_id: strawberry.ID = strawberry.field(description="The invoice.")
    until: date = strawberry.field(description="Its last day; on the next one the lock returns if nothing came.")
    reason: str = strawberry.field(description="Why it was granted.")
    unlocked: bool = strawberry.field(description="Whether it lifted the company's lock.")

    @classmethod
    def of(cls, value: Promise) -> Self:
        """The promise of a service."""
        invoice_id = global_id("Invoice", value.invoice_id)
        return cls(invoice_id=invoice_id, until=value.until_on, reason=value.reason, unlocked=value.unlocked)


@strawberry.type(description="The promise, or why it was refused.")
class GrantPromisePayload:
    """Answer of `grantPaymentPromise`."""

    promise: PaymentPromise | None = strawberry.field(description="The promise; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.input(description="A payment order with the bank's mark.")
class UploadPaymentOrderInput:
    """Input of `uploadPaymentOrder`."""

    invoice_id: strawberry.ID = strawberry.field(description="The invoice that it pays.")
    content: str = strawberry.field(description="The file in base64: a PDF or JPG of at most 5 MB before that.")
    file_name: str = strawberry.field(default="", description="What the file is called.")


@strawberry.type(description="A payment order that was uploaded to an invoice.")
class PaymentOrder:
    """An order."""

    row: strawberry.Private[PaymentOrderRow]
    id: strawberry.ID = strawberry.field(description="Its id.")
    file_name: str = strawberry.field(description="What the file is called.")
    content_type: str = strawberry.field(description="application/pdf or image/jpeg, by its content.")
    bytes: int = strawberry.field(description="Its size.")
    uploaded_at: datetime = strawberry.field(description="When it was uploaded.")

    @classmethod
    def of(cls, row: PaymentOrderRow) -> Self:
        """The order of a row."""
        return cls(
            row=row,
            id=global_id("PaymentOrder", row.id),
            file_name=row.file_name,
            content_type=row.content_type,
            bytes=row.bytes,
            uploaded_at=row.uploaded_at,
        )

    @strawberry.field(description="Where to download it: a link that is good for an hour.")
    def url(self) -> str:
        """Signed anew at each question."""
        key = FileKey.parse(self.row.file_key)
        download = Download(key, self.row.file_name, self.row.content_type)
        return download_links().link(download, clock.now() + SHORT)


@strawberry.type(description="The order, or why it was refused.")
class UploadPaymentOrderPayload:
    """Answer of `uploadPaymentOrder`."""

    order: PaymentOrder | None = strawberry.field(description="The order; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(description="A daily job of a calendar: its last run and its next one.")
class ScheduledJob:
    """A job."""

    name: str = strawberry.field(description="Its name; jobs run in the order of this list, one after the other.")
    calendar: str = strawberry.field(description="RU, or KZ for all other countries.")
    description: str = strawberry.field(description="What it does.")
    next_run_at: datetime = strawberry.field(description="When it runs next.")
    last_day: date | None = strawberry.field(description="The last day that it ran for; null before its first run.")
    last_state: str | None = strawberry.field(
        description="RUNNING, DONE, HELD (it could not do all and is tried again) or FAILED (tried again every minute)."
    )
    last_outcome: str | None = strawberry.field(description="What it came to, in a sentence.")
    attempts: int | None = strawberry.field(description="How often it was tried for that day.")
    started_at: datetime | None = strawberry.field(description="When it last began.")
    finished_at: datetime | None = strawberry.field(description="When it last ended.")

    @classmethod
    def of(cls, row: ScheduledJobRow) -> Self:
        """The job of a row."""
        return cls(
            name=row.name,
            calendar=row.calendar,
            description=row.description,
            next_run_at=row.next_run_at,
            last_day=row.day,
            last_state=row.state,
            last_outcome=row.outcome,
            attempts=row.attempts,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )
