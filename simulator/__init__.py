"""Operator simulator: one fleet of SIMs seen through several operators' wire formats.

A program of its own. It imports nothing of the application and the application imports nothing of it.
"""
