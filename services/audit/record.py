"""Writing an entry of the audit, in the transaction of the change that it tells of."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from access import Principal
from access.origin import request_address
from domain.clock import clock
from models.database import execute

_INSERT = """
INSERT INTO audit_entry (at, company_id, user_id, token_id, agent_id, address, action, subject, before, after, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10::jsonb, $11::jsonb)
"""


async def record(
    principal: Principal | None,
    action: str,
    subject: str,
    *,
    company_id: int | None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write one entry. `action` is a noun and a past participle (`group.renamed`), `subject` a kind and a row (`group:7`).

    Without a principal it was the system. `before` and `after` hold what was changed, never a password, token or link.
    """
    await record_as(
        principal.user_id if principal else None,
        action,
        subject,
        company_id=company_id,
        token_id=principal.token_id if principal else None,
        agent_id=principal.agent_id if principal else None,
        before=before,
        after=after,
        detail=detail,
    )


async def record_as(
    user_id: int | None,
    action: str,
    subject: str,
    *,
    company_id: int | None,
    token_id: int | None = None,
    agent_id: int | None = None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """The same for somebody who has no credential yet, or has just lost it: whoever logs in, or follows a mailed link."""
    await execute(
        _INSERT,
        clock.now(),
        company_id,
        user_id,
        token_id,
        agent_id,
        request_address(),
        action,
        subject,
        _json(before),
        _json(after),
        _json(detail or {}),
    )


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """What differs, as it was and as it is."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def _json(values: Mapping[str, object] | None) -> str | None:
    return None if values is None else orjson.dumps(dict(values), default=str).decode()
