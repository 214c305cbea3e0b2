"""Root fields of the GraphQL schema: read the input, call one service, translate the answer."""
