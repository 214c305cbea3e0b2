"""What an access token may be used for; a browser session may be used for everything its user may do."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """One thing that a token is good for. Issue of the scopes: the names are a contract with API clients."""

    SIMS_READ = "sims:read"
    SIMS_WRITE = "sims:write"
    BILLING_READ = "billing:read"
    REPORTS_READ = "reports:read"
    ADMIN = "admin"


ALL_SCOPES = frozenset(Scope)
"""What a browser session has, and a token for which nothing else was said."""

OF_GROUPS = frozenset({Scope.SIMS_READ, Scope.SIMS_WRITE, Scope.REPORTS_READ})
"""What a token that is restricted to groups can have: the others speak of a company as a whole."""


def with_implied(scopes: frozenset[Scope]) -> frozenset[Scope]:
    """The scopes and what they bring with them: who may change SIMs may read them."""
    return scopes | {Scope.SIMS_READ} if Scope.SIMS_WRITE in scopes else scopes
