"""Finding an operation that the principal may change."""

from __future__ import annotations

from access import Principal, limit_to_visible_operations
from domain.changes import SYSTEM_ONLY
from domain.errors import Forbidden, NotFound
from domain.operations import OperationKind
from models.database import fetch_row
from models.where import Where


async def require_operation(principal: Principal, operation_id: int) -> int:
    """The company of an operation the principal may change.

    Not locked: workers hold items when they come to their operation, and whoever went the other way would meet them half-way.

    Raises `Forbidden` for those who only look, and `NotFound` alike for no operation and for another company's.
    """
    principal.require_write()
    where = Where()
    limit_to_visible_operations(principal, where, "o")
    where.add(f"o.id = {where.bind(operation_id)}")
    row = await fetch_row(
        f"SELECT o.company_id, o.kind FROM operation o WHERE {where.sql}",  # noqa: S608 - placeholders only
        *where.arguments,
    )
    if row is None:
        raise NotFound("There is no such operation.", path=("id",))
    if OperationKind(row["kind"]) in SYSTEM_ONLY and not principal.is_staff:
        raise Forbidden("This operation is the system's own: it follows from what is paid.", path=("id",))
    company_id: int = row["company_id"]
    return company_id
