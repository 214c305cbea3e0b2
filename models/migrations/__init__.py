"""Migrations, forward and reversible; never edited once they landed."""
