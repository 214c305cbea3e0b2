"""The one who asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.errors import Forbidden
from domain.scopes import ALL_SCOPES, Scope, with_implied
from models.identity import UserRole
from models.tenancy import scope_of

STAFF_ROLES = frozenset({UserRole.STAFF, UserRole.ADMIN})
"""Roles of the platform's own people: support, and administrators."""

PermissionClass = tuple[str, tuple[int, ...] | None, tuple[int, ...] | None, frozenset[Scope]]


@dataclass(frozen=True, slots=True)
class Principal:
    """A user who came in with a token or with a browser session; `token_id` is the row of either.

    `company_ids` None means every company (platform staff). An agent's user has all companies of `agent_id`, for which they
    act. `scopes` are what the credential is good for; `group_ids`, unless None, are the only groups whose SIMs it reaches.
    """

    user_id: int
    token_id: int
    user_name: str
    role: UserRole
    company_ids: tuple[int, ...] | None
    scopes: frozenset[Scope] = ALL_SCOPES
    group_ids: tuple[int, ...] | None = None
    is_session: bool = False
    agent_id: int | None = None

    @property
    def is_staff(self) -> bool:
        """Whether this is one of the platform's own people."""
        return self.role in STAFF_ROLES

    @property
    def is_admin(self) -> bool:
        """Whether this is an administrator of the platform."""
        return self.role is UserRole.ADMIN

    def sees(self, company_id: int) -> bool:
        """Whether rows of this company exist for the one who asks."""
        return self.company_ids is None or company_id in self.company_ids

    def may(self, scope: Scope) -> bool:
        """Whether the credential is good for it."""
        return scope in self.scopes

    def require_write(self) -> None:
        """Raise `Forbidden` for those who may only look."""
        if self.role is UserRole.VIEWER:
            raise Forbidden("Your role only allows looking: ask an owner or manager of your company to do this.")

    def require_staff(self) -> None:
        """Raise `Forbidden` for everybody but the platform's own people."""
        if not self.is_staff:
            raise Forbidden("Only NovaConnect's staff may do this: write to technical support.")

    def require_whole_company(self) -> None:
        """Raise `Forbidden` for a token that is restricted to groups, where a company as a whole is concerned."""
        if self.group_ids is not None:
            raise Forbidden("This token is restricted to groups of SIMs: use one without that restriction.")

    @property
    def scope(self) -> str:
        """For whom the principal's statements act, as `models.tenancy` has it."""
        return scope_of(self.company_ids, self.agent_id)

    @property
    def permission_class(self) -> PermissionClass:
        """Equal for two principals exactly when every answer they can get is equal; a key for shared renderings."""
        return (self.role.value, self.company_ids, self.group_ids, self.scopes)


def scopes_of(values: Iterable[str]) -> frozenset[Scope]:
    """The scopes as they are stored, with what they bring with them."""
    found = frozenset(map(Scope, values))
    return ALL_SCOPES if len(found) == len(ALL_SCOPES) else with_implied(found)
