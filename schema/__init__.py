"""GraphQL types, inputs, enums and scalars: declarations only."""
