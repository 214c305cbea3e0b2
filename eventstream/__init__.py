"""Live events through Redis: hints that something changed, never the truth itself."""

from eventstream.events import ExportChanged, OperationChanged, SimsChanged, UserNotified
from eventstream.hub import EventHub, Listener
from eventstream.publisher import close_publisher, open_publisher, publish

__all__ = [
    "EventHub",
    "ExportChanged",
    "Listener",
    "OperationChanged",
    "SimsChanged",
    "UserNotified",
    "close_publisher",
    "open_publisher",
    "publish",
]
