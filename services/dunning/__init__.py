"""Unpaid invoices: reminders, promises, the financial lock and its end."""
