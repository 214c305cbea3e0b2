"""Use cases: one verb, one function. The only hall through which the doors reach everything below."""
