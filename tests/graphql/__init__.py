"""The GraphQL schema, asked as the door asks it, over real PostgreSQL and Valkey."""
