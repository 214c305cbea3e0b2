"""Who is asking, and what they may see: every query of the application starts here."""

from access.principal import Principal
from access.revalidation import Revalidation
from access.tokens import ACCESS_VERSION, Presumed, authenticate, digest_of, is_still_valid, new_token, presume
from access.visibility import limit_to_visible

__all__ = [
    "ACCESS_VERSION",
    "Presumed",
    "Principal",
    "Revalidation",
    "authenticate",
    "digest_of",
    "is_still_valid",
    "limit_to_visible",
    "new_token",
    "presume",
]
