"""Accounts told as stories: who may come in, and what they may do then."""
