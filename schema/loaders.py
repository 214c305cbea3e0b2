"""Related rows of a page, fetched in one set query a relation instead of one a row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

import asyncpg
from strawberry.dataloader import DataLoader

from access import Principal
from projection import Plan
from services.accounts.agents import AgentRow, agents_by_id
from services.accounts.companies import locked_of_companies, sims_of_companies
from services.billing.legal_entities import LegalEntityRow, entities_by_id, entities_of_companies
from services.billing.open_invoices import debts_of
from services.billing.read_invoices import InvoiceRow, invoices_by_id
from services.billing.read_lines import LineRow, SummaryRow, count_lines, pages_of_lines, summaries_of
from services.fleet.list_groups import GroupRow, groups_of_sims, sizes_of_groups
from services.fleet.sim_capabilities import capabilities_of_sims
from services.fleet.sim_relations import CompanyRow, LockRow, ProfileRow, companies, locks_of_sims, profiles
from services.fleet.sim_rows import SimRow, sims_by_id
from services.inventory.read_sessions import (
    SessionRow,
    UsageDay,
    count_sessions_of_sims,
    pages_of_sessions,
    record_pages_of_sessions,
    usage_of_sims,
)
from services.operations.read_items import (
    ItemParent,
    ItemRow,
    count_items_of_sims,
    pages_of_items,
    record_pages_of_items,
)
from services.operations.read_operations import OperationRow, operations_by_id
from services.paging import Page, PageRequest

if TYPE_CHECKING:
    from schema.profile import SimCapability

Found = TypeVar("Found")

ItemsKey = tuple[int, tuple[str, ...] | None, PageRequest]
"""A parent's database id, states if only some are asked for, and the page."""


ItemRecordsKey = tuple[int, tuple[str, ...] | None, PageRequest, Plan]
"""The same for a projection."""

SessionsKey = tuple[int, PageRequest]
SessionRecordsKey = tuple[int, PageRequest, Plan]
"""A SIM's database id and the page."""

UsageKey = tuple[int, date, date]
"""A SIM's database id, the first and the last day."""


LinesKey = tuple[int, PageRequest]
"""An invoice's database id and the page."""


def _loader(read: Callable[[list[int]], Awaitable[Mapping[int, Found]]], default: Found) -> DataLoader[int, Found]:
    async def load(keys: list[int]) -> list[Found]:
        found = await read(list(dict.fromkeys(keys)))
        return [found.get(key, default) for key in keys]

    # Nothing is remembered between batches: a subscription lives long on one context.
    return DataLoader(load, cache=False)


class Loaders:
    """The set reads of one request; what needs permission is read as the principal."""

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self.profiles: DataLoader[int, ProfileRow | None] = _loader(profiles, None)
        self.companies: DataLoader[int, CompanyRow | None] = _loader(companies, None)
        self.locks: DataLoader[int, Sequence[LockRow]] = _loader(locks_of_sims, ())
        self.groups: DataLoader[int, Sequence[GroupRow]] = _loader(self._groups, ())
        self.group_sizes: DataLoader[int, int] = _loader(sizes_of_groups, 0)
        self.sims: DataLoader[int, SimRow | None] = _loader(self._sims, None)
        self.operations: DataLoader[int, OperationRow | None] = _loader(self._operations, None)
        self.capabilities: DataLoader[int, list[SimCapability]] = _loader(self._capabilities, [])
        self.actions: DataLoader[int, int] = _loader(self._actions, 0)
        self.sessions: DataLoader[SessionsKey, Page[SessionRow]] = DataLoader(self._sessions_of, cache=False)
        self.session_records: DataLoader[SessionRecordsKey, Page[asyncpg.Record]] = DataLoader(
            self._session_records_of, cache=False
        )
        self.session_counts: DataLoader[int, int] = _loader(self._session_counts, 0)
        self.usage: DataLoader[UsageKey, Sequence[UsageDay]] = DataLoader(self._usage_of, cache=False)
        self.legal_entities: DataLoader[int, LegalEntityRow | None] = _loader(entities_by_id, None)
        self.agents: DataLoader[int, AgentRow | None] = _loader(agents_by_id, None)
        self.company_sims: DataLoader[int, int] = _loader(sims_of_companies, 0)
        self.company_locked: DataLoader[int, int] = _loader(locked_of_companies, 0)
        self.company_debts: DataLoader[int, Mapping[str, Decimal]] = _loader(debts_of, {})
        self.entities_of_companies: DataLoader[int, LegalEntityRow | None] = _loader(entities_of_companies, None)
        self.invoices: DataLoader[int, InvoiceRow | None] = _loader(self._invoices, None)
        self.invoice_lines: DataLoader[LinesKey, Page[LineRow]] = DataLoader(_lines_of, cache=False)
        self.invoice_line_counts: DataLoader[int, int] = _loader(count_lines, 0)
        self.invoice_summaries: DataLoader[int, Sequence[SummaryRow]] = _loader(summaries_of, ())
        self.items_of_operation: DataLoader[ItemsKey, Page[ItemRow]] = _items_loader(principal, ItemParent.OPERATION)
        self.items_of_sim: DataLoader[ItemsKey, Page[ItemRow]] = _items_loader(principal, ItemParent.SIM)
        self.item_records_of_operation = self._item_records_loader(ItemParent.OPERATION)
        self.item_records_of_sim = self._item_records_loader(ItemParent.SIM)

    async def _sessions_of(self, keys: list[SessionsKey]) -> list[Page[SessionRow]]:
        pages: dict[SessionsKey, Page[SessionRow]] = {}
        for request in dict.fromkeys(request for _, request in keys):
            ids = list(dict.fromkeys(sim_id for sim_id, asked in keys if asked == request))
            found = await pages_of_sessions(self.principal, ids, request)
            pages |= {(sim_id, request): page for sim_id, page in found.items()}
        return [pages[key] for key in keys]

    async def _session_records_of(self, keys: list[SessionRecordsKey]) -> list[Page[asyncpg.Record]]:
        pages: dict[SessionRecordsKey, Page[asyncpg.Record]] = {}
        for request, plan in dict.fromkeys(key[1:] for key in keys):
            ids = list(dict.fromkeys(key[0] for key in keys if key[1:] == (request, plan)))
            found = await record_pages_of_sessions(self.principal, ids, request, plan)
            pages |= {(sim_id, request, plan): page for sim_id, page in found.items()}
        return [pages[key] for key in keys]

    async def _session_counts(self, ids: list[int]) -> dict[int, int]:
        return await count_sessions_of_sims(self.principal, ids)

    async def _usage_of(self, keys: list[UsageKey]) -> list[Sequence[UsageDay]]:
        days: dict[UsageKey, Sequence[UsageDay]] = {}
        for first, last in dict.fromkeys(key[1:] for key in keys):
            ids = list(dict.fromkeys(key[0] for key in keys if key[1:] == (first, last)))
            found = await usage_of_sims(self.principal, ids, first, last)
            days |= {(sim_id, first, last): rows for sim_id, rows in found.items()}
        return [days.get(key, ()) for key in keys]

    async def _invoices(self, ids: list[int]) -> dict[int, InvoiceRow]:
        return await invoices_by_id(self.principal, ids)

    async def _sims(self, ids: list[int]) -> dict[int, SimRow]:
        return await sims_by_id(self.principal, ids)

    async def _groups(self, ids: list[int]) -> dict[int, list[GroupRow]]:
        return await groups_of_sims(self.principal, ids)

    async def _actions(self, ids: list[int]) -> dict[int, int]:
        return await count_items_of_sims(self.principal, ids)

    async def _capabilities(self, ids: list[int]) -> dict[int, list[SimCapability]]:
        from schema.profile import SimCapability

        judged = await capabilities_of_sims(self.principal, ids)
        shown = {id(values): [SimCapability.judged(value) for value in values] for values in judged.values()}
        return {sim_id: shown[id(values)] for sim_id, values in judged.items()}

    async def _operations(self, ids: list[int]) -> dict[int, OperationRow]:
        return await operations_by_id(self.principal, ids)

    def _item_records_loader(self, parent: ItemParent) -> DataLoader[ItemRecordsKey, Page[asyncpg.Record]]:
        async def load(keys: list[ItemRecordsKey]) -> list[Page[asyncpg.Record]]:
            pages: dict[ItemRecordsKey, Page[asyncpg.Record]] = {}
            for shape in dict.fromkeys(key[1:] for key in keys):
                ids = list(dict.fromkeys(key[0] for key in keys if key[1:] == shape))
                states, request, plan = shape
                found = await record_pages_of_items(self.principal, parent, ids, states, request, plan.columns)
                pages |= {(parent_id, *shape): page for parent_id, page in found.items()}
            return [pages[key] for key in keys]

        return DataLoader(load, cache=False)


async def _lines_of(keys: list[LinesKey]) -> list[Page[LineRow]]:
    pages: dict[LinesKey, Page[LineRow]] = {}
    for request in dict.fromkeys(request for _, request in keys):
        ids = list(dict.fromkeys(invoice_id for invoice_id, asked in keys if asked == request))
        found = await pages_of_lines(ids, request)
        pages |= {(invoice_id, request): page for invoice_id, page in found.items()}
    return [pages[key] for key in keys]


def _items_loader(principal: Principal, parent: ItemParent) -> DataLoader[ItemsKey, Page[ItemRow]]:
    async def load(keys: list[ItemsKey]) -> list[Page[ItemRow]]:
        pages: dict[ItemsKey, Page[ItemRow]] = {}
        # Fields with the same arguments share a query; a document has few different ones.
        for shape in dict.fromkeys((states, request) for _, states, request in keys):
            ids = list(dict.fromkeys(key[0] for key in keys if key[1:] == shape))
            found = await pages_of_items(principal, parent, ids, *shape)
            pages |= {(parent_id, *shape): page for parent_id, page in found.items()}
        return [pages[key] for key in keys]

    return DataLoader(load, cache=False)
