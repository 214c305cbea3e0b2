"""What a resolver is given besides its arguments: who asks, and where live events come from."""

from __future__ import annotations

from dataclasses import dataclass, field

import strawberry

from access import Principal
from eventstream import EventHub
from schema.loaders import Loaders


@dataclass(kw_only=True)
class RequestContext:
    """One request, or one WebSocket connection for as long as it lasts; the transport makes it."""

    principal: Principal
    hub: EventHub
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.loaders = Loaders(self.principal)


Info = strawberry.Info[RequestContext, None]
"""What Strawberry hands to a resolver."""
