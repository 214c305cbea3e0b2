"""Pure rules of payments: reading bank statements, finding what a payment is for, dividing it among invoices."""
