"""Money that came in: bank statements, what payments are for, their ledger, and crediting them."""
