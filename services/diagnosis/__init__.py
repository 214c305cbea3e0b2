"""One SIM fresh from its operator, and what is wrong with it."""
