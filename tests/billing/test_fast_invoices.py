"""Invoices answer by projection as they do with objects."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from eventstream import EventHub
from models import Invoice as InvoiceModel
from models import UserRole
from resolvers.context import RequestContext
from resolvers.invoice_projection import INVOICE, LINE
from resolvers.schema import build_schema
from schema.ids import global_id
from schema.invoice import Invoice, InvoiceLine
from services.billing.credit_notes import issue_credit_note
from services.billing.run_billing import run_billing
from tests.billing.banks import Banks
from tests.billing.world import add_customer, add_session, add_used_sim, first_of, on_the_first, set_time
from tests.worlds import Login, add_login, add_profiles

SCHEMA = build_schema()
FIELDS = """__typename id kind state number period issuedOn creditedOn amountEur rate rateOn rateSource currency localAmount
  paidAmount outstanding reason holdReason deadlines { day3 day5 day6 calendarVersion } company { id name }
  legalEntity { id name } planSummary { plan sims quantity amountEur }
  lines(first: 1) { totalCount pageInfo { hasNextPage endCursor } nodes { iccid amountEur } }
  all: lines { edges { cursor node { __typename simId iccid plan service usageMonth quantity amountEur } } }
  last: lines(last: 1) { pageInfo { hasPreviousPage startCursor } nodes { iccid } } document { fileName }"""
LIST = f"""{{ invoices {{ totalCount pageInfo {{ hasNextPage endCursor }} edges {{ cursor node {{ {FIELDS} }} }} }}
  some: invoices(first: 1, state: [ISSUED]) {{ nodes {{ number }} pageInfo {{ endCursor }} }} }}"""
OTHERS = "{ invoices { nodes { id creditNote { number } corrects { number state } } } }"


@pytest.fixture
async def logins(database: str, banks: Banks) -> dict[str, Login]:
    """A customer with an invoice, one taken back, and a draft that waits for a rate; its owner and staff."""
    profiles = await add_profiles()
    company = await add_customer("Taiga Monitoring", "RU")
    sims = [await add_used_sim(company, profiles["TC"], serial) for serial in (1, 2)]
    staff = await add_login(None, UserRole.STAFF, "Staff")
    for month in (8, 9, 10):
        for sim, cost in zip(sims, ("12.3456", "7.5"), strict=True):
            await add_session(sim, datetime(2023, month, 3, tzinfo=UTC), cost)
    banks.rubles |= {date(2023, 9, 1): "104.9407", date(2023, 10, 1): "100.0000"}
    for period, issued in (("2023-08", "2023-09"), ("2023-09", "2023-10")):
        set_time(on_the_first(issued))
        await run_billing(first_of(period))
    first = await InvoiceModel.all().order_by("id").first()
    assert first is not None
    await issue_credit_note(staff.principal, first.id, "A mistake", bill_again=False)
    set_time(on_the_first("2023-11"))
    banks.rubles.clear()
    await run_billing(first_of("2023-10"))
    return {"owner": await add_login(company, UserRole.OWNER, "Owner"), "staff": staff}


async def answer(execute: Any, hub: EventHub, login: Login, query: str) -> Any:
    result = await execute(query, context_value=RequestContext(principal=login.principal, hub=hub))
    assert result.errors is None
    return orjson.loads(orjson.dumps(result.data, option=orjson.OPT_UTC_Z))


@pytest.mark.parametrize("name", ["owner", "staff"])
async def test_invoices_are_projected_and_equal(
    logins: dict[str, Login], hub: EventHub, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = logins[name]
    expected = await answer(SCHEMA.execute, hub, login, LIST)
    others = await answer(SCHEMA.execute, hub, login, OTHERS)
    ids = [edge["node"]["id"] for edge in expected["invoices"]["edges"]]
    one = f'{{ invoice(id: "{ids[-1]}") {{ {FIELDS} }} none: invoice(id: "{global_id("Invoice", 999)}") {{ id }} }}'
    expected_one = await answer(SCHEMA.execute, hub, login, one)

    assert await answer(SCHEMA.execute_fast, hub, login, OTHERS) == others
    for kind in (Invoice, InvoiceLine):
        monkeypatch.setattr(kind, "of", None)  # nothing makes an object any more
    assert await answer(SCHEMA.execute_fast, hub, login, LIST) == expected
    assert await answer(SCHEMA.execute_fast, hub, login, one) == expected_one
    states = [edge["node"]["state"] for edge in expected["invoices"]["edges"]]
    assert ("DRAFT" in states) is (name == "staff")
    assert Decimal(expected_one["invoice"]["rate"]) == Decimal("104.9407")


def test_every_field_is_declared() -> None:
    for name, declared in (("Invoice", INVOICE), ("InvoiceLine", LINE)):
        found: Any = SCHEMA._schema.get_type(name)

        assert set(found.fields) == set(declared)
