"""What a resolver is given besides its arguments: who asks, and where live events come from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import strawberry

from access import Principal
from eventstream import EventHub
from schema.loaders import Loaders


@dataclass(kw_only=True)
class RequestContext:
    """One request, or one WebSocket connection for as long as it lasts; the transport makes it."""

    principal: Principal
    hub: EventHub

    @cached_property
    def loaders(self) -> Loaders:
        """Made when a field needs one: most requests do without."""
        return Loaders(self.principal)


Info = strawberry.Info[RequestContext, None]
"""What Strawberry hands to a resolver."""
