"""Root fields that look closely: fresh information, diagnosis, and the runs of synchronisation."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import strawberry

from schema.context import Info
from schema.ids import database_id
from schema.sim_live import SimLive
from services.read_sim_live import read_sim_live

SimId = Annotated[strawberry.ID, strawberry.argument(description="The global id of the SIM.")]


@strawberry.type
class ReadingQuery:
    """Looking closely at SIMs."""

    @strawberry.field(
        description="Fresh information straight from the operator, within ten seconds; if it cannot be had, the last known"
        " with its age and the reason. Null if there is no such SIM or it is not yours."
    )
    async def sim_live(
        self,
        info: Info,
        id: SimId,
        max_age: Annotated[
            int,
            strawberry.argument(
                description="A reading that is not older than so many seconds (0 to 86400) is shown again instead of asking"
                " the operator anew; all viewers share it."
            ),
        ] = 60,
    ) -> SimLive | None:
        """A live reading."""
        view = await read_sim_live(info.context.principal, database_id(id, "Sim", "id"), timedelta(seconds=max_age))
        return SimLive.of(view) if view else None
