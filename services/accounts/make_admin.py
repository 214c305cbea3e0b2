"""The first administrator of a new installation, made by whoever has its command line."""

from __future__ import annotations

from domain.clock import clock
from domain.contact_data import email_address, one_line
from domain.errors import AlreadyExists
from models.database import fetch_row, fetch_value
from models.identity import UserRole
from services.accounts.log_in import store_password
from services.accounts.passwords import checked_password, hash_password
from services.audit.record import record_as
from services.unit_of_work import unit_of_work

_INSERT = """
INSERT INTO user_account (email, name, role, created_at, email_confirmed_at) VALUES ($1, $2, 'ADMIN', $3, $3) RETURNING id
"""


async def make_admin(email: str, name: str, password: str) -> bool:
    """Make one (True), or give an administrator of this address another password (False).

    Raises `InvalidValue`, `WeakPassword`, and `AlreadyExists` for the address of anybody else.
    """
    plain, name = email_address(email, "email"), one_line(name, 200, "A name", "name")
    hashed = await hash_password(checked_password(password, plain, "password"))
    async with unit_of_work():
        known = await fetch_row("SELECT id, role FROM user_account WHERE lower(email) = $1 FOR UPDATE", plain)
        if known is not None and known["role"] != UserRole.ADMIN.value:
            raise AlreadyExists("This address belongs to a user who is no administrator: use another one.")
        user_id = known["id"] if known else await fetch_value(_INSERT, plain, name, clock.now())
        if known is None:
            await record_as(None, "user.created", f"user:{user_id}", company_id=None, after={"role": "ADMIN"})
        await store_password(user_id, None, hashed, None)
    return known is None
