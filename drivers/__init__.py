"""Operators: the plugins that speak to them, the gate they pass, and the budget of calls that each operator allows."""
