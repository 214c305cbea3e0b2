"""What a resolver is given besides its arguments: who asks, and where live events come from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import strawberry

from access import Principal
from eventstream import EventHub
from projection import Plan, plan_of
from schema.loaders import Loaders
from services.streams.audience import Alone, Audience, Delivery


@dataclass(kw_only=True)
class RequestContext:
    """One request, or one WebSocket connection for as long as it lasts; the transport makes it."""

    principal: Principal
    hub: EventHub
    shared_with: Audience | None = None
    """Everybody who gets the same live stream; None for a stream of the principal's own."""
    delivery: Delivery | None = None
    """Whom the event is for that a live stream has just told; for whoever shares the stream out."""

    @property
    def audience(self) -> Audience:
        """Those to whom a live stream speaks."""
        return self.shared_with or Alone(self.principal)

    @cached_property
    def loaders(self) -> Loaders:
        """Made when a field needs one: most requests do without."""
        return Loaders(self.principal)


Info = strawberry.Info[RequestContext, None]
"""What Strawberry hands to a resolver."""

SHARED = {"shared": True}
"""Metadata of a subscription that speaks to the context's `audience` and says the `delivery` of each event."""


def plan_for(info: Info) -> Plan | None:
    """How a list can answer with a projection; None when it has to answer with objects.

    A projection knows no principal, and a token of groups is shown no other groups of its SIMs.
    """
    return plan_of(info) if info.context.principal.group_ids is None else None
