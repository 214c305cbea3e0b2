"""Tariff plans, coverage, prices, the home page and support."""
