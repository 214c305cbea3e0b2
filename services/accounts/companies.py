"""Companies: read by their users, changed by staff and by their agent (guide, "Управление профилем компании")."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

import asyncpg

from access import Principal
from domain.clock import clock
from domain.contact_data import country_code, email_address, one_line, phone_number
from domain.errors import Forbidden, InvalidValue, NotFound
from domain.notifications import AccountMail
from models.database import execute, fetch, fetch_row, fetch_value
from models.identity import CompanyState, PaymentSystem, UserRole
from models.tenancy import as_system
from models.where import Where
from services.accounts.letters import mail_to
from services.audit.record import changed, record
from services.fleet.sim_relations import COMPANY_COLUMNS, CompanyRow
from services.keyset import keyset_page
from services.paging import ListOrder, Page, PageRequest
from services.unit_of_work import unit_of_work

_BY_NAME = ListOrder("COMPANY_NAME", "c.id", "lower(c.name COLLATE pg_c_utf8)")
_LIST = f"SELECT {COMPANY_COLUMNS}, {_BY_NAME.selected} FROM company c"  # noqa: S608
_TEXTS = {"name": 200, "tax_number": 40, "contract_number": 60, "responsible_person": 200}
_CARD = (*_TEXTS, "country", "payment_system", "email", "whatsapp")

# The kept number of SIMs, and the reasons for which they are locked: no row of `sim` is read.
_SIMS = "SELECT company_id, sum(change)::bigint AS sims FROM sim_count_change WHERE company_id = ANY($1::bigint[]) GROUP BY 1"
_LOCKED = """
SELECT company_id, count(DISTINCT sim_id) AS locked FROM sim_lock_reason WHERE company_id = ANY($1::bigint[]) GROUP BY 1
"""

_INSERT = """
INSERT INTO company (name, tax_number, contract_number, responsible_person, country, payment_system, email, whatsapp,
                     agent_id, created_at, state, holds_stock)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'ACTIVE', false) RETURNING id
"""


@dataclass(frozen=True, slots=True)
class CompanyFilter:
    """Which companies: part of the name or of the tax number, states, an agent's."""

    search: str | None = None
    states: Collection[CompanyState] | None = None
    agent_id: int | None = None


async def list_companies(principal: Principal, wanted: CompanyFilter, request: PageRequest) -> Page[CompanyRow]:
    """One page of the visible companies, by name."""
    return await keyset_page(
        lambda conditions, tail: f"{_LIST} WHERE {conditions} {tail}",
        _conditions(principal, wanted),
        _BY_NAME,
        request,
        _row,
    )


async def count_companies(principal: Principal, wanted: CompanyFilter) -> int:
    """How many there are."""
    where = _conditions(principal, wanted)
    return int(await fetch_value(f"SELECT count(*) FROM company c WHERE {where.sql}", *where.arguments))  # noqa: S608


async def get_company(principal: Principal, company_id: int) -> CompanyRow | None:
    """A company, or None when there is none that the principal may see."""
    if not principal.sees(company_id):
        return None
    row = await fetch_row(f"SELECT {COMPANY_COLUMNS} FROM company c WHERE c.id = $1", company_id)  # noqa: S608
    return None if row is None else _row(row)


async def sims_of_companies(ids: list[int]) -> dict[int, int]:
    """How many SIMs each company has; those without any are left out."""
    return {row["company_id"]: row["sims"] for row in await fetch(_SIMS, ids)}


async def locked_of_companies(ids: list[int]) -> dict[int, int]:
    """How many of them are locked, for whatever reason."""
    return {row["company_id"]: row["locked"] for row in await fetch(_LOCKED, ids)}


async def create_company(principal: Principal, card: Mapping[str, object]) -> CompanyRow:
    """Make an active company without users; an agent's user makes one of their agent. `Forbidden`, `InvalidValue`."""
    if not principal.is_staff and principal.agent_id is None:
        raise Forbidden("Only NovaConnect's staff and agents make companies: register instead.")
    plain: dict[str, object] = {"country": "KZ", "payment_system": PaymentSystem.POSTPAID.value, **_checked(card)}
    if "name" not in plain:
        raise InvalidValue("A company has a name.", path=("input", "name"))
    values = [plain.get(name) for name in _CARD]
    # What is being made is not among the companies yet that an agent's user acts for.
    with as_system():
        return await _create(principal, plain, values)


async def _create(principal: Principal, plain: Mapping[str, object], values: Sequence[object]) -> CompanyRow:
    async with unit_of_work():
        company_id: int = await fetch_value(
            _INSERT,
            *values,
            principal.agent_id,
            clock.now(),
        )
        await record(principal, "company.created", f"company:{company_id}", company_id=company_id, after=plain)
        row = await fetch_row(f"SELECT {COMPANY_COLUMNS} FROM company c WHERE c.id = $1", company_id)  # noqa: S608
    assert row is not None
    return _row(row)


async def update_company(principal: Principal, company_id: int, card: Mapping[str, object]) -> CompanyRow:
    """Change what is given of a company's card. `Forbidden` for its own users, `NotFound`, `InvalidValue`."""
    plain = _checked(card)
    async with unit_of_work():
        old = await require_changeable(principal, company_id)
        before, after = changed(asdict(old), plain)
        if after:
            names = list(after)
            setters = ", ".join(f"{name} = ${place}" for place, name in enumerate(names, start=2))
            await execute(f"UPDATE company SET {setters} WHERE id = $1", company_id, *after.values())  # noqa: S608 - names of ours
            await record(
                principal, "company.changed", f"company:{company_id}", company_id=company_id, before=before, after=after
            )
        row = await fetch_row(f"SELECT {COMPANY_COLUMNS} FROM company c WHERE c.id = $1", company_id)  # noqa: S608
    assert row is not None
    return _row(row)


async def set_company_state(principal: Principal, company_id: int, state: CompanyState) -> CompanyRow:
    """Approve a registration, close a company, or open it again; staff only. Its owners are told of the approval."""
    principal.require_staff()
    async with unit_of_work():
        old = await require_changeable(principal, company_id)
        if state is CompanyState.PENDING:
            raise InvalidValue("A company does not become pending again: close it.", path=("input", "state"))
        if old.state != state.value:
            await execute("UPDATE company SET state = $2 WHERE id = $1", company_id, state.value)
            await record(
                principal,
                "company.approved" if old.state == CompanyState.PENDING.value else "company.state_changed",
                f"company:{company_id}",
                company_id=company_id,
                before={"state": old.state},
                after={"state": state.value},
            )
            if old.state == CompanyState.PENDING.value and state is CompanyState.ACTIVE:
                for owner in await fetch(_OWNERS, company_id):
                    await mail_to(owner["id"], AccountMail.COMPANY_APPROVED)
        row = await fetch_row(f"SELECT {COMPANY_COLUMNS} FROM company c WHERE c.id = $1", company_id)  # noqa: S608
    assert row is not None
    return _row(row)


async def require_changeable(principal: Principal, company_id: int) -> CompanyRow:
    """The company, locked for this transaction, when the principal is staff or of its agent; `NotFound`, `Forbidden`."""
    row = None
    if principal.sees(company_id):
        row = await fetch_row(
            f"SELECT {COMPANY_COLUMNS} FROM company c WHERE c.id = $1 FOR NO KEY UPDATE",  # noqa: S608
            company_id,
        )
    if row is None:
        raise NotFound("There is no such company: use the id of one that you see.", path=("input", "id"))
    if not principal.is_staff and principal.role is not UserRole.AGENT:
        raise Forbidden("Only NovaConnect's staff and your agent change this: write to technical support.")
    return _row(row)


_OWNERS = "SELECT id FROM user_account WHERE company_id = $1 AND role = 'OWNER' AND disabled_at IS NULL ORDER BY id"


def _conditions(principal: Principal, wanted: CompanyFilter) -> Where:
    where = Where()
    if principal.company_ids is not None:
        where.add(f"c.id = ANY({where.bind(list(principal.company_ids))}::bigint[])")
    if wanted.search:
        text = where.bind(wanted.search.strip()[:200].casefold())
        where.add(f"strpos(lower(c.name), {text}) > 0 OR c.tax_number = {text}")
    if wanted.states is not None:
        where.add(f"c.state = ANY({where.bind([state.value for state in wanted.states])}::text[])")
    if wanted.agent_id is not None:
        where.add(f"c.agent_id = {where.bind(wanted.agent_id)}")
    return where


def _checked(card: Mapping[str, object]) -> dict[str, object]:
    """What is given, in the form that is stored; an empty text takes away what may be missing."""
    plain: dict[str, object] = {}
    for name, longest in _TEXTS.items():
        text = card.get(name)
        if isinstance(text, str):
            what = name.replace("_", " ").capitalize()
            path = ("input", _camel(name))
            plain[name] = one_line(text, longest, what, *path) if text.strip() or name == "name" else None
    if isinstance(country := card.get("country"), str):
        plain["country"] = country_code(country, "input", "country")
    if isinstance(system := card.get("payment_system"), PaymentSystem):
        plain["payment_system"] = system.value
    if isinstance(email := card.get("email"), str):
        plain["email"] = email_address(email, "input", "email") if email.strip() else None
    if isinstance(number := card.get("whatsapp"), str):
        plain["whatsapp"] = phone_number(number, "input", "whatsapp") if number.strip() else None
    return plain


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _row(record: asyncpg.Record) -> CompanyRow:
    return CompanyRow(*(record[name] for name in CompanyRow.__dataclass_fields__))
