"""The fleet as it is read: SIMs, their groups, filters, orders and counts."""
