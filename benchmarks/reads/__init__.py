"""How many reads a second our API answers, beside other GraphQL servers and a hand-written floor on the same PostgreSQL."""
