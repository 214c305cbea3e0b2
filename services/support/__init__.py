"""Writing to technical support."""
