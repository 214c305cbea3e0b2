"""GraphQL types, inputs, enums and scalars: declarations only."""

# An enum must be described before the first type that has it is made.
import schema.billing_enums
import schema.enums
import schema.operation_enums  # noqa: F401
