"""How operations, their items and the history of a SIM answer without an object a row."""

from __future__ import annotations

from projection import Beside, Column, Fields, Moment, Nested
from resolvers.bare_objects import bare
from resolvers.sim_projection import ACTION, SIM, global_id_column, global_id_sql
from schema.operation import COUNTERS, Operation, parameters_of

_COUNTED = ("total", *COUNTERS.values())


_BY_COUNTERS = Beside(("o.id", *(f"o.{name}" for name in _COUNTED)), bare(Operation, "id", *_COUNTED))

STARTER: Fields = {
    "id": Column(f"CASE WHEN o.started_by_id IS NOT NULL THEN {global_id_sql('User', 'o.started_by_id')} END"),
    "name": Column(
        "CASE WHEN o.started_by_id IS NULL THEN 'NovaConnect' ELSE coalesce(u.name, '') END", never_null=True
    ),
}

OPERATION: Fields = {
    "id": global_id_column("Operation", "o.id"),
    "kind": Column("o.kind", never_null=True),
    "state": Column("o.state", never_null=True),
    "startedBy": Nested(STARTER),
    "acceptedRisks": Column("o.accepted_risks", never_null=True),
    "parameters": Column("o.parameters::text", convert=parameters_of, never_null=True),
    "createdAt": Moment("o.created_at", never_null=True),
    "finishedAt": Moment("o.finished_at"),
    "processed": Column("o.succeeded + o.failed + o.refused + o.unknown + o.cancelled", never_null=True),
    **{name: Column(f"o.{name}", never_null=True) for name in _COUNTED},
    "eta": _BY_COUNTERS,
    "items": _BY_COUNTERS,
}
"""Of `operation o LEFT JOIN user_account u`, the user who started it."""

ITEM: Fields = {
    **ACTION,
    "sim": Nested(SIM, when="s.id IS NOT NULL"),
    "operation": Nested(OPERATION, when="o.id IS NOT NULL"),
    "startedBy": Nested(STARTER, when="o.id IS NOT NULL"),
    "createdAt": Moment("o.created_at"),
}
"""Of `operation_item i` with its SIM `s` and its operation `o` (and `u`), each joined only if it may be seen."""
