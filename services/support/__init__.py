"""Writing to technical support, and mail on its way out."""
