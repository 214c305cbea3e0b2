"""The monthly bill: usage rated and frozen, exchange rates, invoices with their numbers and documents, credit notes."""
