"""Payments, dunning, deposits."""
