"""What mutations answer."""

from __future__ import annotations

from typing import Self

import strawberry

from domain.errors import DomainError
from schema.enums import ErrorCode
from schema.operation import Operation


@strawberry.type(description="Why a mutation was refused; nothing was changed.")
class UserError:
    """A refusal that the user can act on."""

    code: ErrorCode = strawberry.field(description="The reason.")
    message: str = strawberry.field(description="A sentence that says what to do next.")
    path: list[str] = strawberry.field(description="The place in the arguments that it is about; empty for the whole.")

    @classmethod
    def of(cls, refusal: DomainError) -> Self:
        """The refusal as clients see it."""
        return cls(code=ErrorCode(str(refusal.code)), message=refusal.message, path=list(_place(refusal.path)))


_OF_THE_INPUT = {
    (name,)
    for name in (
        *("selection", "idempotencyKey", "megabytes", "sizeMb", "name", "csv", "reason", "add", "remove"),
        *("createByName", "companyId", "period", "invoiceId", "country", "year", "from", "to", "timeZone"),
    )
}


def _place(path: tuple[str, ...]) -> tuple[str, ...]:
    """Services name an argument by itself; in a mutation it lies deeper."""
    if path[:1] == ("filter",):
        return ("input", "selection", *path)
    if path[:1] in _OF_THE_INPUT:
        return ("input", *path)
    return path


@strawberry.type(description="The operation that was started or changed, or why it was not.")
class OperationPayload:
    """Answer of every mutation about operations."""

    operation: Operation | None = strawberry.field(description="The operation as it stands now; null on a refusal.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")
