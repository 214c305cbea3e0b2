"""Logs: one JSON object a line on standard error, without what could name a person, a SIM or a secret."""

from __future__ import annotations

import logging
import re
import traceback
from datetime import UTC, datetime

import orjson

_PERSONAL = (
    (re.compile(r"nct_[A-Za-z0-9_-]+"), "<token>"),
    (re.compile(r"(?i)\b(bearer|basic) [^\s\"',]+"), r"\1 <secret>"),
    (re.compile(r"://[^/@\s]+@"), "://<credentials>@"),
    (re.compile(r"\?[^\s\"']*=[^\s\"']*"), "?<query>"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "<address>"),
    (re.compile(r"(?<![A-Za-z0-9_])\+?\d{7,}(?![A-Za-z0-9_])"), "<number>"),
)


def set_up_logging(level: str) -> None:
    """Send everything, uvicorn's messages included, through one handler."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # It prints values that clients sent; what nobody expected is logged by those who mask it, once and with an id.
    logging.getLogger("strawberry.execution").setLevel(logging.CRITICAL)
    # At these levels they print rows, addresses and documents.
    for name in ("tortoise", "asyncio", "httpx", "httpcore", "websockets", "strawberry"):
        logging.getLogger(name).setLevel(logging.WARNING)


def redact(text: str) -> str:
    """The text without tokens, credentials, query strings, mail addresses and long numbers."""
    for pattern, stand_in in _PERSONAL:
        text = pattern.sub(stand_in, text)
    return text


class JsonLines(logging.Formatter):
    """time, level, logger, message; an exception as its type and its frames, because its text may hold anything."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line["error"] = type(error).__name__
            frames = traceback.extract_tb(error.__traceback__)
            line["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return orjson.dumps(line, default=str).decode()
