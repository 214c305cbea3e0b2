"""Asking the schema, as elsewhere."""

from tests.graphql.conftest import ask, drivers_of_the_shipped_file, read

__all__ = ["ask", "drivers_of_the_shipped_file", "read"]
