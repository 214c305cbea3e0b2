"""What the story of four months is told with: a simulator that begins in October 2023, customers, a bank, and its days."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import asyncpg
import pytest

from domain.clock import clock
from domain.operations import OperationKind
from domain.sim_filter import Selection
from models import Company, UserRole
from models.database import execute, fetch, fetch_row, fetch_value
from services.billing.issue_documents import issue_documents
from services.billing.run_billing import run_billing
from services.execution.drain_account import drain_account
from services.files.file_store import open_file_store, use_file_store
from services.inventory.store_inventory import ensure_stock
from services.inventory.synchronise_inventory import synchronise_inventory
from services.operations.accept_operation import accept_operation
from services.payments.import_statement import ImportResult, import_statement
from services.payments.settle_now import settle_now
from services.process.runtime import Runtime, open_runtime
from services.schedule.run_days import run_due_days
from settings import Settings
from tests.billing.world import LONG_AGO
from tests.simulator.running import Simulator, simulator
from tests.worlds import Login, add_company, add_login

PLUGINS = Path(__file__).parents[1] / "operations" / "plugins.toml"
BEGINNING = datetime(2023, 10, 31, 6, 30, tzinfo=UTC)
"""Half past nine in Moscow, half past twelve in Almaty."""


@dataclass
class Customer:
    """A company with its owner and its SIMs at the operator, by ICCID."""

    company: Company
    owner: Login
    sims: dict[int, str]


@dataclass
class Story:
    """Everything that the story needs."""

    simulator: Simulator
    runtime: Runtime
    staff: Login
    customers: dict[str, Customer] = field(default_factory=dict)
    paid: list[tuple[str, str]] = field(default_factory=list)
    """Entity and line of each payment that the bank has and has not told of yet."""
    number: int = 0

    async def add_customer(self, name: str, country: str, sims: list[asyncpg.Record]) -> Customer:
        """A customer with some of the SIMs of the stock."""
        company = await add_company(name, country)
        contract = f"{country}-M2M/2023"
        await execute(
            "UPDATE company SET created_at = $2, contract_number = $3 WHERE id = $1", company.id, LONG_AGO, contract
        )
        await execute(
            "UPDATE sim SET company_id = $1 WHERE id = ANY($2::bigint[])", company.id, [row["id"] for row in sims]
        )
        owner = await add_login(company, UserRole.OWNER, f"Owner {country}")
        customer = Customer(company, owner, {row["id"]: row["iccid"] for row in sims})
        self.customers[country] = customer
        return customer

    def today(self) -> date:
        """The day that it is."""
        return clock.now().date()

    def pay(self, entity: str, amount: Decimal | str, currency: str, purpose: str) -> None:
        """A customer pays today; the bank tells of it tomorrow."""
        self.number += 1
        line = f"ref-{self.number};{self.today():%d.%m.%Y};{amount};{currency};Customer;{purpose}"
        self.paid.append((entity, line))

    async def bank_speaks(self) -> list[ImportResult]:
        """Yesterday's statements of both banks, which are imported whether anything came or not."""
        waiting, self.paid = self.paid, []
        results = []
        for entity in ("RU", "KZ"):
            lines = [line for name, line in waiting if name == entity]
            text = "\n".join(["id;date;amount;currency;payer;purpose", *lines, f";;;;;end of {self.today():%d.%m.%Y}"])
            result = await import_statement(
                self.staff.principal,
                text.encode("windows-1251" if entity == "RU" else "utf-8"),
                f"{entity}-{self.today()}.csv",
                legal_entity=entity,
                covers_until=self.today() - timedelta(days=1),
            )
            assert (result.new_payments, result.queued) == (len(lines), 0), (text, result)
            results.append(result)
        for result in results:
            await settle_now(result.company_ids)
        return results

    async def next_day(self) -> None:
        """A night passes at the operator and here; in the morning the bank speaks, then the day's jobs run."""
        self.simulator.advance(86_400)
        clock.begin_at(timedelta(seconds=self.simulator.admin("clock")["offset_seconds"]))
        if self.today().day == 1:
            month = self.today() - timedelta(days=1)
            await run_billing(month.replace(day=1))
            await issue_documents()
        await self.bank_speaks()
        await run_due_days()
        await self.drain()

    async def until(self, day: date) -> None:
        """Day after day, until it is this one."""
        while self.today() < day:
            await self.next_day()
        assert self.today() == day

    async def drain(self) -> None:
        """Work on what is queued."""
        if not await fetch_value("SELECT count(*) FROM operation_item WHERE state = 'QUEUED'"):
            return
        accounts = [row["id"] for row in await fetch("SELECT id FROM operator_account")]
        await asyncio.gather(*(drain_account(account, self.runtime) for account in accounts))

    async def operate(self, customer: Customer, kind: OperationKind, sims: list[int]) -> int:
        """The owner asks for a change, and it is carried out."""
        from domain.changes import Change

        self.number += 1
        operation_id = await accept_operation(
            customer.owner.principal,
            Change(kind),
            Selection(ids=tuple(sims)),
            idempotency_key=f"story-{self.number}",
            accept_risks=frozenset(),
        )
        await self.drain()
        return operation_id

    def blocked(self, customer: Customer) -> list[bool]:
        """Whether the operator blocks each SIM of a customer, asked of the operator itself."""
        return [bool(self.simulator.sim(iccid)["blocked"]) for iccid in customer.sims.values()]

    async def reasons(self, customer: Customer) -> list[set[str]]:
        """The lock reasons that stand on each SIM."""
        return [
            {row["kind"] for row in await fetch("SELECT kind FROM sim_lock_reason WHERE sim_id = $1", sim)}
            for sim in customer.sims
        ]

    async def invoice(self, customer: Customer, month: str) -> asyncpg.Record:
        """The invoice of a month."""
        row = await fetch_row(
            "SELECT * FROM invoice WHERE company_id = $1 AND period = $2 AND kind = 'INVOICE'",
            customer.company.id,
            date.fromisoformat(f"{month}-01"),
        )
        assert row is not None
        return row

    async def actions(self, customer: Customer, month: str) -> dict[str, str]:
        """What was done about an invoice, by action, and on which day."""
        invoice = await self.invoice(customer, month)
        rows = await fetch("SELECT action, done_on FROM dunning_action WHERE invoice_id = $1", invoice["id"])
        return {row["action"]: row["done_on"].isoformat() for row in rows}


@asynccontextmanager
async def story_of(database: str, redis_url: str, folder: Path, patch: pytest.MonkeyPatch) -> AsyncIterator[Story]:
    """Three customers with two parked SIMs each, on the last day of October 2023."""
    begins = BEGINNING - timedelta(hours=1)
    with simulator("--sims", "12", "--lively", "0", "--raised-limits", "--starts-at", begins.isoformat()) as operators:
        address = str(operators.http.base_url).rstrip("/")
        for name in ("TSIM_BASE_URL", "JASPER_BASE_URL"):
            patch.setenv(name, address)
        for name, secret in (
            ("TSIM_PASSWORD", "tsim"),
            ("JASPER_API_KEY", "jasper"),
            ("JASPER_LICENSE_KEY", "license"),
        ):
            patch.setenv(name, f"demo-{secret}")
        for sim in operators.sims(profile="TC"):
            operators.admin(f"sims/{sim['iccid']}", {"in_session": False, "idle_hours": 48})
        operators.advance(3600)
        clock.begin_at(timedelta(seconds=operators.admin("clock")["offset_seconds"]))
        settings = Settings(
            database_url=database, redis_url=redis_url, environment="test", plugins_file=PLUGINS, var_dir=folder
        )
        use_file_store(open_file_store(settings))
        runtime = await open_runtime(settings, "story")
        try:
            await ensure_stock()
            async for _ in synchronise_inventory("TC", runtime):
                pass
            stock = await fetch("SELECT id, iccid FROM sim ORDER BY id LIMIT 6")
            story = Story(operators, runtime, await add_login(None, UserRole.STAFF, "Saule Staff"))
            for place, (name, country) in enumerate(
                [("Тайга", "RU"), ("Steppe Telematics", "KZ"), ("Tbilisi Cargo", "GE")]
            ):
                await story.add_customer(name, country, list(stock[2 * place : 2 * place + 2]))
            yield story
        finally:
            await runtime.close()
            use_file_store(None)
