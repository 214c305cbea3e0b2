"""What a user wants to be told, and by which ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from access import Principal
from domain.errors import InvalidValue
from domain.notifications import ChannelName, NotificationKind, is_told_by_default
from models.database import execute, fetch
from services.audit.record import record
from services.unit_of_work import unit_of_work


@dataclass(frozen=True, slots=True)
class Preference:
    """Whether a kind is told by a channel; `is_default` while the user has said nothing."""

    kind: NotificationKind
    channel: ChannelName
    enabled: bool
    is_default: bool


_SET = """
INSERT INTO notification_preference (user_id, kind, channel, enabled)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bool[])
ON CONFLICT (user_id, kind, channel) DO UPDATE SET enabled = excluded.enabled
"""


async def list_preferences(principal: Principal) -> list[Preference]:
    """Every kind by every channel, in the order of the enums."""
    rows = await fetch(
        "SELECT kind, channel, enabled FROM notification_preference WHERE user_id = $1", principal.user_id
    )
    said = {(row["kind"], row["channel"]): row["enabled"] for row in rows}
    return [
        Preference(
            kind,
            channel,
            said.get((kind.value, channel.value), is_told_by_default(kind, channel)),
            (kind.value, channel.value) not in said,
        )
        for kind in NotificationKind
        for channel in ChannelName
    ]


async def set_preferences(
    principal: Principal, wanted: Sequence[tuple[NotificationKind, ChannelName, bool]]
) -> list[Preference]:
    """Say it for some; raises `InvalidValue` when one is said twice. Everybody may, viewers too: it is about themselves."""
    if len({(kind, channel) for kind, channel, _ in wanted}) < len(wanted):
        raise InvalidValue("A kind and a channel are named twice: say each once.", path=("input", "preferences"))
    async with unit_of_work():
        if wanted:
            columns = zip(*((kind.value, channel.value, enabled) for kind, channel, enabled in wanted), strict=True)
            await execute(_SET, principal.user_id, *(list(column) for column in columns))
            await record(
                principal,
                "preferences.changed",
                f"user:{principal.user_id}",
                company_id=principal.company_ids[0] if principal.company_ids and principal.agent_id is None else None,
                after={f"{kind.value}.{channel.value}": enabled for kind, channel, enabled in wanted},
            )
    return await list_preferences(principal)
