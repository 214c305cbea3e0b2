"""People: registration, log-in, passwords, sessions, tokens, companies and their users, agents."""
