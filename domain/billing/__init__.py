"""Pure rules of money: rounding, states of invoices, numbers, rates."""
