"""Reading the fleet: filters, pages, CSV reports."""
