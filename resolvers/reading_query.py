"""Root fields that look closely: fresh information, diagnosis, and the runs of synchronisation."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import strawberry

from domain.diagnosis_texts import Language
from schema.arguments import After, Before, First, Last
from schema.connections import Connection
from schema.context import Info
from schema.diagnosis import DiagnosisCount, SimDiagnosis
from schema.ids import database_id
from schema.inputs import SimSelection
from schema.sim_live import SimLive
from schema.sync_run import SyncRun
from services.diagnosis.diagnose_sim import diagnose_sim
from services.diagnosis.diagnose_sims import diagnose_sims
from services.diagnosis.read_sim_live import read_sim_live
from services.inventory.list_sync_runs import count_sync_runs, list_sync_runs
from services.paging import PageRequest

SimId = Annotated[strawberry.ID, strawberry.argument(description="The global id of the SIM.")]

InLanguage = Annotated[Language, strawberry.argument(description="The language of the sentences.")]


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

    @strawberry.field(
        description="The runs of synchronisation with operators, newest first. For NovaConnect's own staff."
    )
    async def sync_runs(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        profile: Annotated[str | None, strawberry.argument(description="Only those of this profile, by code.")] = None,
    ) -> Connection[SyncRun]:
        """A page of runs."""
        principal = info.context.principal
        page = await list_sync_runs(principal, PageRequest(first, after, last, before), profile)
        return Connection(page=page, make=SyncRun.of, count=lambda: count_sync_runs(principal, profile))

    @strawberry.field(
        description="The guide's checklist on a SIM: it is read fresh, every step has a verdict with its evidence, and the"
        " next action is said in plain words. Null if there is no such SIM or it is not yours."
    )
    async def diagnose_sim(self, info: Info, id: SimId, language: InLanguage = Language.RU) -> SimDiagnosis | None:
        """A diagnosis."""
        value = await diagnose_sim(info.context.principal, database_id(id, "Sim", "id"))
        return SimDiagnosis.of(value, language) if value else None

    @strawberry.field(description="How many SIMs of a selection have what, from what is stored: no operator is asked.")
    async def diagnose_sims(
        self,
        info: Info,
        selection: Annotated[SimSelection, strawberry.argument(description="Which SIMs.")],
        language: InLanguage = Language.RU,
    ) -> list[DiagnosisCount]:
        """Counts by finding, the hardest to mend first."""
        counts = await diagnose_sims(info.context.principal, selection.to_domain())
        return [DiagnosisCount.of(finding, sims, language) for finding, sims in counts.items()]
