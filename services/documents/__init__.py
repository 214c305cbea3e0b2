"""Invoices and credit notes on paper: their words in three languages, amounts in words, payment codes, PDF."""
