"""GraphQL types, inputs, enums and scalars: declarations only."""

import schema.enums  # noqa: F401 - an enum must be described before the first type that has it is made
