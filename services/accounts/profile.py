"""One's own card: name, language, time zone, telephone (guide, "Управление профилем пользователя")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from access import Principal
from domain.contact_data import one_line, phone_number, time_zone
from domain.diagnosis_texts import Language
from models.database import execute, fetch_row
from services.accounts.sessions import company_of
from services.audit.record import changed, record
from services.unit_of_work import unit_of_work

_READ = """
SELECT u.id, u.name, u.email, u.role, u.language, u.time_zone, u.phone, u.company_id, u.agent_id, a.name AS agent_name,
  u.created_at, u.password_changed_at
FROM user_account u LEFT JOIN agent a ON a.id = u.agent_id WHERE u.id = $1
"""
_WRITE = "UPDATE user_account SET name = $2, language = $3, time_zone = $4, phone = $5 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A user as they see themselves; `language` is an ISO 639-1 code, `phone` E.164 without the plus."""

    id: int
    name: str
    email: str
    role: str
    language: str
    time_zone: str
    phone: str | None
    company_id: int | None
    agent_id: int | None
    agent_name: str | None
    created_at: datetime
    password_changed_at: datetime | None


async def own_profile(principal: Principal) -> ProfileRow:
    """The card of the one who asks."""
    row = await fetch_row(_READ, principal.user_id)
    assert row is not None
    return ProfileRow(*row)


async def update_profile(principal: Principal, changes: Mapping[str, object]) -> ProfileRow:
    """Change what is given of `name`, `language`, `time_zone` and `phone` (None takes the number away). `InvalidValue`."""
    plain = _checked(changes)
    async with unit_of_work():
        row = await fetch_row(
            "SELECT name, language, time_zone, phone FROM user_account WHERE id = $1 FOR UPDATE", principal.user_id
        )
        assert row is not None
        before, after = changed(dict(row), {**dict(row), **plain})
        if after:
            values = {**dict(row), **after}
            await execute(
                _WRITE, principal.user_id, *(values[name] for name in ("name", "language", "time_zone", "phone"))
            )
            await record(
                principal,
                "user.changed",
                f"user:{principal.user_id}",
                company_id=company_of(principal),
                before=before,
                after=after,
            )
    return await own_profile(principal)


def _checked(changes: Mapping[str, object]) -> dict[str, object]:
    plain: dict[str, object] = {}
    if isinstance(name := changes.get("name"), str):
        plain["name"] = one_line(name, 200, "A name", "input", "name")
    if isinstance(zone := changes.get("time_zone"), str):
        plain["time_zone"] = time_zone(zone, "input", "timeZone")
    if isinstance(language := changes.get("language"), Language):
        plain["language"] = language.value.lower()
    if "phone" in changes:
        phone = changes["phone"]
        plain["phone"] = phone_number(phone, "input", "phone") if isinstance(phone, str) and phone.strip() else None
    return plain
