"""Deposits of companies that pay ahead."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Self

import strawberry

from schema.describing import describe
from schema.ids import global_id
from schema.payloads import UserError
from services.deposit.deposit_entries import DepositEntry as DepositEntryRow
from services.deposit.deposit_entries import EntryKind
from services.deposit.top_up import Deposit as DepositValue

describe(
    EntryKind,
    "What an entry of a deposit is.",
    {
        "TOP_UP": "Money that came, by the bank or by staff.",
        "CHARGE": "What was used, or a correction of it.",
        "REVERSAL": "A payment that was taken back.",
    },
    name="DepositEntryKind",
)


@strawberry.type(description="How a company's deposit stands. Amounts are in EUR.")
class Deposit:
    """A deposit."""

    company_id: strawberry.ID = strawberry.field(description="The company.")
    is_prepaid: bool = strawberry.field(description="Whether the company pays ahead; otherwise it gets invoices.")
    balance: Decimal = strawberry.field(description="What is left; at 0 the company is locked.")
    warning_levels: list[Decimal] = strawberry.field(description="Below which balances the company is warned.")
    locked_since: datetime | None = strawberry.field(description="Since when it is locked for an empty deposit.")

    @classmethod
    def of(cls, value: DepositValue) -> Self:
        """The deposit of a service."""
        return cls(
            company_id=global_id("Company", value.company_id),
            is_prepaid=value.prepaid,
            balance=value.balance,
            warning_levels=list(value.warning_levels),
            locked_since=value.locked_since,
        )


@strawberry.type(description="An entry of a deposit's ledger; it is never changed.")
class DepositEntry:
    """An entry."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    company_id: strawberry.ID = strawberry.field(description="The company.")
    kind: EntryKind = strawberry.field(description="What it is.")
    amount: Decimal = strawberry.field(description="In EUR: positive for what came, negative for what was used.")
    balance: Decimal = strawberry.field(description="What was left after it.")
    booked_on: date = strawberry.field(description="The day that it counts for.")
    booked_at: datetime = strawberry.field(description="When it was booked.")
    note: str = strawberry.field(description="What it is for; of a payment its own amount and the rate.")

    @classmethod
    def of(cls, row: DepositEntryRow) -> Self:
        """The entry of a row."""
        return cls(
            id=global_id("DepositEntry", row.id),
            company_id=global_id("Company", row.company_id),
            kind=EntryKind(row.kind),
            amount=row.amount,
            balance=row.balance,
            booked_on=row.booked_on,
            booked_at=row.booked_at,
            note=row.note,
        )


@strawberry.input(description="Money for a deposit, booked by hand.")
class TopUpDepositInput:
    """Input of `topUpDeposit`."""

    company_id: strawberry.ID = strawberry.field(description="The company; it must be one that pays ahead.")
    amount: Decimal = strawberry.field(description="In EUR, more than 0, at most two decimals.")
    paid_on: date = strawberry.field(description="The day that it counts for, not later than today.")
    note: str = strawberry.field(description="What for: 1 to 200 characters.")
    idempotency_key: str = strawberry.field(
        description="Any text of 1 to 100 characters, made anew for each top-up that is meant."
    )


@strawberry.input(description="Below which balances a company is warned.")
class SetDepositLevelsInput:
    """Input of `setDepositLevels`."""

    company_id: strawberry.ID = strawberry.field(description="The company.")
    levels: list[Decimal] = strawberry.field(description="Amounts in EUR, at most 10; none for no warnings.")


@strawberry.type(description="The deposit as it stands now, or why it was not changed.")
class DepositPayload:
    """Answer of mutations about deposits."""

    deposit: Deposit | None = strawberry.field(description="The deposit; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")
