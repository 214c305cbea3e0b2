"""The events and how they travel: only database ids, nothing personal, one channel a company."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

CHANNEL = "novaconnect:company:"
"""Channel names are this and the company's id."""


@dataclass(frozen=True, slots=True)
class OperationChanged:
    """An operation was accepted, moved on or ended."""

    company_id: int
    operation_id: int


@dataclass(frozen=True, slots=True)
class SimsChanged:
    """Something shown of these SIMs changed."""

    company_id: int
    sim_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UserNotified:
    """A user has a new notification, or has read some. `company_id` is the user's, 0 for those without one."""

    company_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class ExportChanged:
    """A report on its way to a file was asked for, moved on, ended or is gone."""

    company_id: int
    export_id: int


Event = OperationChanged | SimsChanged | UserNotified | ExportChanged


def encode(event: Event) -> bytes:
    """The event as it travels."""
    if isinstance(event, OperationChanged):
        return orjson.dumps(["operation", event.company_id, event.operation_id])
    if isinstance(event, UserNotified):
        return orjson.dumps(["user", event.company_id, event.user_id])
    if isinstance(event, ExportChanged):
        return orjson.dumps(["export", event.company_id, event.export_id])
    return orjson.dumps(["sims", event.company_id, event.sim_ids])


def decode(payload: bytes) -> Event | None:
    """The event that came, or None for one of a newer version."""
    kind, company_id, body = orjson.loads(payload)
    if kind == "operation":
        return OperationChanged(company_id, body)
    if kind == "sims":
        return SimsChanged(company_id, tuple(body))
    if kind == "user":
        return UserNotified(company_id, body)
    if kind == "export":
        return ExportChanged(company_id, body)
    return None
