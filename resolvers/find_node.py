"""Finding anything by its global id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from domain.errors import Forbidden, InvalidId
from resolvers.scope_policy import of_type
from schema.billing import ExchangeRate
from schema.company import Company
from schema.connections import Node
from schema.context import RequestContext
from schema.download import Download, SavedReport
from schema.group import SimGroup
from schema.ids import parse_id
from schema.invoice import Invoice
from schema.legal_entity import LegalEntity
from schema.notification import Notification
from schema.operation import Operation
from schema.profile import Profile
from schema.sim import Sim
from services.billing.held_rates import get_rate
from services.billing.read_invoices import get_invoice
from services.exports.export_rows import get_export
from services.exports.saved_reports import get_saved_report
from services.fleet.get_sim import get_sim
from services.fleet.list_groups import get_group
from services.notifications.read_notifications import get_notification
from services.operations.read_operations import get_operation


async def _sim(context: RequestContext, row_id: int) -> Node | None:
    row = await get_sim(context.principal, row_id)
    return Sim.of(row) if row else None


async def _operation(context: RequestContext, row_id: int) -> Node | None:
    row = await get_operation(context.principal, row_id)
    return Operation.of(row) if row else None


async def _group(context: RequestContext, row_id: int) -> Node | None:
    row = await get_group(context.principal, row_id)
    return SimGroup.of(row) if row else None


async def _company(context: RequestContext, row_id: int) -> Node | None:
    row = await context.loaders.companies.load(row_id) if context.principal.sees(row_id) else None
    return Company.of(row) if row else None


async def _profile(context: RequestContext, row_id: int) -> Node | None:
    row = await context.loaders.profiles.load(row_id)
    return Profile.of(row) if row else None


async def _invoice(context: RequestContext, row_id: int) -> Node | None:
    row = await get_invoice(context.principal, row_id)
    return Invoice.of(row) if row else None


async def _legal_entity(context: RequestContext, row_id: int) -> Node | None:
    row = await context.loaders.legal_entities.load(row_id)
    return LegalEntity.of(row) if row else None


async def _exchange_rate(context: RequestContext, row_id: int) -> Node | None:
    row = await get_rate(context.principal, row_id)
    return ExchangeRate.of(row) if row else None


async def _notification(context: RequestContext, row_id: int) -> Node | None:
    row = await get_notification(context.principal, row_id)
    return Notification.of(row) if row else None


async def _download(context: RequestContext, row_id: int) -> Node | None:
    row = await get_export(context.principal, row_id)
    return Download.of(row) if row else None


async def _saved_report(context: RequestContext, row_id: int) -> Node | None:
    row = await get_saved_report(context.principal, row_id)
    return SavedReport.of(row) if row else None


_FINDERS: dict[str, Callable[[RequestContext, int], Awaitable[Node | None]]] = {
    "Sim": _sim,
    "Operation": _operation,
    "SimGroup": _group,
    "Company": _company,
    "Profile": _profile,
    "Invoice": _invoice,
    "LegalEntity": _legal_entity,
    "ExchangeRate": _exchange_rate,
    "Notification": _notification,
    "Download": _download,
    "SavedReport": _saved_report,
}


async def find_node(context: RequestContext, text: str) -> Node | None:
    """The node with a global id, or None when it is not visible; raises `InvalidId`."""
    type_name, row_id = parse_id(text, "id")
    finder = _FINDERS.get(type_name)
    if finder is None:
        raise InvalidId("Things of this type are not found by id.", path=("id",))
    if not of_type(type_name) <= context.principal.scopes:
        raise Forbidden("This token lacks the scope for things of this type: use one that has it.", path=("id",))
    return await finder(context, row_id)
