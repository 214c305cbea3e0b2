"""The one who asks."""

from __future__ import annotations

from dataclasses import dataclass

from domain.errors import Forbidden
from models.identity import UserRole


@dataclass(frozen=True, slots=True)
class Principal:
    """A user acting through a token. `company_ids` None means every company (platform staff)."""

    user_id: int
    token_id: int
    user_name: str
    role: UserRole
    company_ids: tuple[int, ...] | None

    @property
    def is_staff(self) -> bool:
        """Whether this is the platform's own staff."""
        return self.role is UserRole.STAFF

    def sees(self, company_id: int) -> bool:
        """Whether rows of this company exist for the one who asks."""
        return self.company_ids is None or company_id in self.company_ids

    def require_write(self) -> None:
        """Raise `Forbidden` for those who may only look."""
        if self.role is UserRole.VIEWER:
            raise Forbidden("Your role only allows looking: ask an owner or manager of your company to do this.")

    @property
    def permission_class(self) -> tuple[str, tuple[int, ...] | None]:
        """Equal for two principals exactly when every answer they can get is equal; a key for shared renderings."""
        return (self.role.value, self.company_ids)
