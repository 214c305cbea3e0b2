"""Notifications and the ways out."""
