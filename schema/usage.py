"""What a SIM used: its data sessions, and its usage by day."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Self

import strawberry

from schema.scalars import Bytes
from services.inventory.read_sessions import SessionRow, UsageDay


@strawberry.type(description="A data session, as the operator's records have it.")
class DataSession:
    """A session."""

    started_at: datetime = strawberry.field(description="When it began.")
    ended_at: datetime | None = strawberry.field(description="When it ended; null while it is open.")
    bytes: Bytes = strawberry.field(description="What was received and sent, so far if it is open.")
    operator: str | None = strawberry.field(description="The mobile operator in whose network it was.")
    country: str | None = strawberry.field(description="The country, in the operator's spelling.")
    city: str | None = strawberry.field(description="The city; null where it is not known.")
    plmn: str | None = strawberry.field(description="The code of the network (MCC and MNC); null if it is not told.")
    cost: Decimal | None = strawberry.field(description="What the operator charged for it; null if it is not told.")
    currency: str | None = strawberry.field(description="The currency of the cost, ISO 4217.")

    @classmethod
    def of(cls, row: SessionRow) -> Self:
        """The session of a row."""
        return cls(
            started_at=row.started_at,
            ended_at=row.ended_at,
            bytes=Bytes(row.bytes),
            operator=row.operator,
            country=row.country,
            city=row.city,
            plmn=row.plmn,
            cost=row.cost,
            currency=row.currency,
        )


@strawberry.type(description="What a SIM used on one day.")
class DayOfUsage:
    """A day."""

    day: date = strawberry.field(description="The day (UTC).")
    bytes: Bytes = strawberry.field(description="What the sessions that began on it received and sent.")
    sessions: int = strawberry.field(description="How many sessions began on it.")

    @classmethod
    def of(cls, row: UsageDay) -> Self:
        """The day of a row."""
        return cls(day=row.day, bytes=Bytes(row.bytes), sessions=row.sessions)
