"""Changes carried out: claiming items, calling operators, settling what is unknown, writing results."""
