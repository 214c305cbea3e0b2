"""Asking the schema as its own tests do."""

from __future__ import annotations

from tests.graphql.conftest import ask, drivers_of_the_shipped_file, read

__all__ = ["ask", "drivers_of_the_shipped_file", "read"]
