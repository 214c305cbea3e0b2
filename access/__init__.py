"""Who is asking, and what they may see: every query of the application starts here."""

from access.principal import STAFF_ROLES, PermissionClass, Principal
from access.revalidation import Revalidation
from access.tokens import (
    ACCESS_VERSION,
    SESSION_PREFIX,
    TOKEN_PREFIX,
    Presumed,
    authenticate,
    digest_of,
    is_still_valid,
    new_session,
    new_token,
    presume,
)
from access.visibility import limit_to_companies, limit_to_visible, limit_to_visible_groups, limit_to_visible_operations

__all__ = [
    "ACCESS_VERSION",
    "SESSION_PREFIX",
    "STAFF_ROLES",
    "TOKEN_PREFIX",
    "PermissionClass",
    "Presumed",
    "Principal",
    "Revalidation",
    "authenticate",
    "digest_of",
    "is_still_valid",
    "limit_to_companies",
    "limit_to_visible",
    "limit_to_visible_groups",
    "limit_to_visible_operations",
    "new_session",
    "new_token",
    "presume",
]
