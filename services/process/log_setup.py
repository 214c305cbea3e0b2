"""Logs of every program: JSON or readable lines on standard error, without what could name a person, a SIM or a secret."""

from __future__ import annotations

import logging
import re
import traceback
from datetime import UTC, datetime

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.orjson import OrjsonFormatter

from settings import Settings

_PERSONAL = (
    (re.compile(r"nc[ts]_[A-Za-z0-9_-]+"), "<token>"),
    (re.compile(r"(?i)\b(bearer|basic) [^\s\"',]+"), r"\1 <secret>"),
    (re.compile(r"://[^/@\s]+@"), "://<credentials>@"),
    (re.compile(r"\?[^\s\"']*=[^\s\"']*"), "?<query>"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "<address>"),
    (re.compile(r"(?<![A-Za-z0-9_])\+?\d{7,}(?![A-Za-z0-9_])"), "<number>"),
)
_RESERVED = frozenset((*RESERVED_ATTRS, "message", "color_message"))


def set_up_logging(settings: Settings, program: str) -> None:
    """Send everything, messages of libraries included, through one handler: readable in development, JSON elsewhere."""
    handler = logging.StreamHandler()
    handler.setFormatter(ReadableLines() if settings.environment == "development" else JsonLines(program))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in ("uvicorn", "uvicorn.error", "dramatiq"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # It prints values that clients sent; what nobody expected is logged by those who mask it, once and with an id.
    logging.getLogger("strawberry.execution").setLevel(logging.CRITICAL)
    # At these levels they print rows, addresses (one operator wants its password there), documents and messages.
    for name in ("tortoise", "asyncio", "httpx", "httpcore", "websockets", "strawberry", "dramatiq", "opentelemetry"):
        logging.getLogger(name).setLevel(logging.WARNING)


def redact(text: str) -> str:
    """The text without tokens, credentials, query strings, mail addresses and long numbers."""
    for pattern, stand_in in _PERSONAL:
        text = pattern.sub(stand_in, text)
    return text


class JsonLines(OrjsonFormatter):
    """time, level, program, logger, message and what stands in `extra`; an exception as its type and its frames, because
    its text may hold anything."""

    def __init__(self, program: str) -> None:
        super().__init__(json_default=str)
        self._program = program

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "program": self._program,
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        for name, value in vars(record).items():
            if name not in _RESERVED:
                line[name] = redact(value) if isinstance(value, str) else value
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = type(record.exc_info[1]).__name__
            line["frames"] = _frames(record.exc_info[1])
        return self.jsonify_log_record(line)


class ReadableLines(logging.Formatter):
    """The same for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the frames of an exception beneath it."""
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        line = f"{at} {record.levelname:<7} {record.name}: {redact(record.getMessage())}"
        if record.exc_info and record.exc_info[1] is not None:
            frames = "".join(f"\n    {frame}" for frame in _frames(record.exc_info[1]))
            line = f"{line} ({type(record.exc_info[1]).__name__}){frames}"
        return line


def _frames(error: BaseException) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
