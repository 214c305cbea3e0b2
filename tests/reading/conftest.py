"""The operation engine's world and the GraphQL door, for stories about looking."""

from __future__ import annotations

from tests.graphql.conftest import ask, read
from tests.operations.conftest import engine, operator_settings, operators

__all__ = ["ask", "engine", "operator_settings", "operators", "read"]
