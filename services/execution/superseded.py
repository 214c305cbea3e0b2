"""Whether a later lock or unlock of the same SIM was sent, so that the SIM's state proves nothing about an earlier one."""

from __future__ import annotations

from domain.operations import LOCK_KINDS


def superseded(item: str) -> str:
    """SQL: true for a lock or unlock, known in the query as `item`, after which another one of its SIM was sent."""
    return f"""({item}.kind IN {LOCK_KINDS} AND EXISTS (
      SELECT 1 FROM operation_item n WHERE n.sim_id = {item}.sim_id AND n.kind IN {LOCK_KINDS}
        AND n.accept_seq > {item}.accept_seq AND n.state <> 'QUEUED' AND n.started_at IS NOT NULL))"""  # noqa: S608
