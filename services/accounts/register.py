"""Registration: a company with its first owner, whose address is confirmed by a mailed link and whom staff approve."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from domain.clock import clock
from domain.contact_data import country_code, email_address, one_line, phone_number
from domain.diagnosis_texts import Language
from domain.notifications import AccountMail
from models.database import execute, fetch_row, fetch_value
from models.identity import LinkKind
from services.accounts.even_time import even_time
from services.accounts.letters import mail_to
from services.accounts.links import make_link, use_link
from services.accounts.passwords import checked_password, hash_password, require_bounded
from services.accounts.throttle import account_key, note_attempt
from services.audit.record import record_as
from services.unit_of_work import unit_of_work

MAILS_PER_ACCOUNT = 5
"""Letters that one address can be sent in a quarter of an hour because somebody asks for them."""

_COMPANY = """
INSERT INTO company (name, country, tax_number, responsible_person, email, state, created_at, holds_stock)
VALUES ($1, $2, $3, $4, $5, 'PENDING', $6, false) RETURNING id
"""
_OWNER = """
INSERT INTO user_account (company_id, email, name, role, created_at, language, phone, password_hash, password_changed_at)
VALUES ($1, $2, $3, 'OWNER', $4, $5, $6, $7, $4) RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Registration:
    """What a newcomer says of themselves and of their company, as typed."""

    company_name: str
    country: str
    tax_number: str
    name: str
    email: str
    password: str
    language: Language
    phone: str | None = None


async def register(asked: Registration) -> None:
    """Store a pending company and its owner, and mail a link. A known address gets another mail and the same answer.

    Raises `InvalidValue`, `WeakPassword` and `TooManyAttempts`; none of them tells whether the address is known.
    """
    require_bounded(asked.password, "input", "password")
    plain = _checked(asked)
    await note_attempt(account_key("mail", plain.email), per_account=MAILS_PER_ACCOUNT)
    hashed = await hash_password(plain.password)
    try:
        async with even_time(), unit_of_work():
            known = await fetch_value("SELECT id FROM user_account WHERE lower(email) = $1", plain.email)
            if known is None:
                await _store(plain, hashed)
            else:
                await mail_to(known, AccountMail.ALREADY_REGISTERED)
    except asyncpg.UniqueViolationError:
        return  # registered by another request at this moment, which has sent the mail


async def confirm_email(secret: str) -> bool:
    """Confirm the address that a link was mailed to; whether staff still have to approve the company. `LinkNotValid`."""
    async with unit_of_work():
        user = await use_link(secret, LinkKind.CONFIRM_EMAIL, "token")
        await execute(
            "UPDATE user_account SET email_confirmed_at = coalesce(email_confirmed_at, $2) WHERE id = $1",
            user.user_id,
            clock.now(),
        )
        await record_as(user.user_id, "email.confirmed", f"user:{user.user_id}", company_id=user.company_id)
    return user.company_state == "PENDING"


def _checked(asked: Registration) -> Registration:
    email = email_address(asked.email, "input", "email")
    return Registration(
        company_name=one_line(asked.company_name, 200, "The name of a company", "input", "companyName"),
        country=country_code(asked.country, "input", "country"),
        tax_number=one_line(asked.tax_number, 40, "A tax number", "input", "taxNumber"),
        name=one_line(asked.name, 200, "A name", "input", "name"),
        email=email,
        password=checked_password(asked.password, email, "input", "password"),
        language=asked.language,
        phone=None if asked.phone is None else phone_number(asked.phone, "input", "phone"),
    )


async def _store(plain: Registration, hashed: str) -> None:
    now = clock.now()
    company_id: int = await fetch_value(
        _COMPANY, plain.company_name, plain.country, plain.tax_number, plain.name, plain.email, now
    )
    row = await fetch_row(
        _OWNER, company_id, plain.email, plain.name, now, plain.language.value.lower(), plain.phone, hashed
    )
    assert row is not None
    await record_as(
        row["id"],
        "company.registered",
        f"company:{company_id}",
        company_id=company_id,
        after={"name": plain.company_name, "country": plain.country},
    )
    await mail_to(row["id"], AccountMail.CONFIRM_EMAIL, await make_link(row["id"], LinkKind.CONFIRM_EMAIL))
