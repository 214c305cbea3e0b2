"""How soon thousands of WebSocket subscribers of one API process get an event, what they cost, and what slow ones do."""

from benchmarks.live.run import main

__all__ = ["main"]
