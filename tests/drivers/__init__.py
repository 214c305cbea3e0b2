"""Bundled drivers against the operator simulator, and what the suite cannot know of them."""
