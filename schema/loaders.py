"""Related rows of a page, fetched in one set query a relation instead of one a SIM."""

from __future__ import annotations


class Loaders:
    """The set reads of one request. Nothing is remembered between batches: a subscription lives long on one context."""
