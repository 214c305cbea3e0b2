"""Root fields of the home page: the fleet in numbers, and technical support."""

from __future__ import annotations

from typing import Annotated

import strawberry

from domain.errors import DomainError
from schema.context import Info
from schema.fleet_summary import FleetSummary
from schema.ids import database_id
from schema.payloads import UserError
from schema.support import ContactSupportInput, ContactSupportPayload, SupportContacts, SupportMessage
from services.fleet.summarise_fleet import summarise_fleet
from services.support.contact_support import contact_support
from services.support.support_contacts import support_contacts


@strawberry.type
class HomeQuery:
    """Reading what a home page shows."""

    @strawberry.field(description="The fleet in numbers.")
    async def fleet_summary(self, info: Info) -> FleetSummary:
        """Counted anew at each question."""
        return FleetSummary.of(await summarise_fleet(info.context.principal))

    @strawberry.field(description="How technical support is reached.")
    def support_contacts(self) -> SupportContacts:
        """As the settings say."""
        return SupportContacts.of(support_contacts())


@strawberry.type
class SupportMutation:
    """Writing to technical support."""

    @strawberry.mutation(
        description="Write to technical support. The mail goes out after the answer, with the diagnosis of the SIM;"
        " a slow operator can delay the answer by up to ten seconds."
    )
    async def contact_support(
        self, info: Info, input: Annotated[ContactSupportInput, strawberry.argument(description="What to write.")]
    ) -> ContactSupportPayload:
        """Store a message."""
        try:
            message = await contact_support(
                info.context.principal,
                input.text,
                sim_id=None if input.sim_id is None else database_id(input.sim_id, "Sim", "input", "simId"),
                idempotency_key=input.idempotency_key,
            )
        except DomainError as refusal:
            return ContactSupportPayload(message=None, user_errors=[UserError.of(refusal)])
        return ContactSupportPayload(message=SupportMessage.of(message), user_errors=[])
