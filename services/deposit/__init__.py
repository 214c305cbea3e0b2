"""Companies that pay ahead: a deposit, its top-ups, what usage takes from it, warnings, and the lock at zero."""
