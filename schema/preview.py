"""What a change would do before anything is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated, Self

import strawberry

from domain.outcomes import OutcomeCode
from schema.arguments import After, First
from schema.connections import Connection
from schema.context import Info
from schema.sim import Sim
from services.operations.preview_operation import OperationPreview as PreviewRow
from services.operations.preview_operation import PreviewGroup as GroupRow
from services.operations.preview_operation import PreviewItem as ItemRow
from services.operations.preview_operation import PreviewVerdict
from services.paging import Page, PageRequest

ItemReader = Callable[[PageRequest], Awaitable[Page[ItemRow]]]


@strawberry.type(description="SIMs that would get the same answer.")
class PreviewGroup:
    """A verdict and how many SIMs get it."""

    verdict: PreviewVerdict = strawberry.field(description="What would become of them.")
    code: OutcomeCode | None = strawberry.field(description="Why; null where they simply run.")
    message: str | None = strawberry.field(description="The same in a sentence.")
    count: int = strawberry.field(description="How many SIMs.")

    @classmethod
    def of(cls, row: GroupRow) -> Self:
        """The group of a row."""
        return cls(
            verdict=row.verdict, code=OutcomeCode(row.code) if row.code else None, message=row.message, count=row.count
        )


@strawberry.type(description="What would become of one SIM.")
class PreviewItem:
    """A SIM with its verdict."""

    row: strawberry.Private[ItemRow]
    verdict: PreviewVerdict = strawberry.field(description="What would become of it.")
    code: OutcomeCode | None = strawberry.field(description="Why; null where it simply runs.")
    message: str | None = strawberry.field(description="The same in a sentence.")
    evidence: str = strawberry.field(description="The stored facts that this rests on.")

    @classmethod
    def of(cls, row: ItemRow) -> Self:
        """The item of a row."""
        code = OutcomeCode(row.code) if row.code else None
        return cls(row=row, verdict=row.verdict, code=code, message=row.message, evidence=row.evidence)

    @strawberry.field(description="The SIM.")
    async def sim(self, info: Info) -> Annotated[Sim, strawberry.lazy("schema.sim")] | None:
        """Read for all items of a page at once."""
        row = await info.context.loaders.sims.load(self.row.sim_id)
        return Sim.of(row) if row else None


@strawberry.type(description="What a change would do: nothing is stored and no operator is called.")
class OperationPreview:
    """The whole selection in figures, and SIM by SIM."""

    read_items: strawberry.Private[ItemReader]
    total: int = strawberry.field(description="How many SIMs the selection names.")
    will_run: int = strawberry.field(description="How many would run.")
    refused: int = strawberry.field(description="How many would be refused.")
    risky: int = strawberry.field(description="How many would be refused unless their risk is accepted.")
    eta_seconds: int = strawberry.field(
        description="In how many seconds the last would be sent, behind everything that is queued now."
    )
    cost_eur: Decimal | None = strawberry.field(
        description="What the SIMs that would run cost together, in EUR; null for a change that costs nothing."
    )
    unpriced_sims: int = strawberry.field(
        description="How many of those that would run are not in `costEur`, because it is not known what package they have."
    )
    groups: list[PreviewGroup] = strawberry.field(description="SIMs with the same answer, the largest group first.")

    @classmethod
    def of(cls, row: PreviewRow, read_items: ItemReader) -> Self:
        """The preview of a row; `read_items` reads a page of its SIMs."""
        return cls(
            read_items=read_items,
            total=row.total,
            will_run=row.will_run,
            refused=row.refused,
            risky=row.risky,
            eta_seconds=row.eta_seconds,
            cost_eur=row.cost.eur if row.cost else None,
            unpriced_sims=row.cost.unpriced_sims if row.cost else 0,
            groups=[PreviewGroup.of(group) for group in row.groups],
        )

    @strawberry.field(description="The SIMs one by one, in a fixed order.")
    async def items(self, first: First = None, after: After = None) -> Connection[PreviewItem]:
        """Judged again for the page."""
        return Connection(page=await self.read_items(PageRequest(first, after)), make=PreviewItem.of, count=self._count)

    async def _count(self) -> int:
        return self.total
