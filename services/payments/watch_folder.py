"""Statements that a bank, or a person, drops into a folder: one sub-folder for each legal entity, by its code."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from domain.errors import DomainError
from domain.payments.statement import MOST_BYTES
from services.payments.import_statement import import_statement
from settings.dunning import dunning_terms

_log = logging.getLogger("novaconnect.payments")
_MOST_FILES = 100


async def import_folder(calendar: str) -> tuple[int, int]:
    """Import what is new for the entity of a calendar; returns how many files were new, and how many could not be used.

    Files stay where they are: one that was imported before changes nothing.
    """
    folder = dunning_terms().bank_folder
    if folder is None:
        return 0, 0
    imported = refused = 0
    for path in await asyncio.to_thread(_files, Path(folder) / calendar):
        try:
            content = await asyncio.to_thread(path.read_bytes)
            result = await import_statement(None, content, path.name, legal_entity=calendar)
        except (DomainError, OSError) as error:
            refused += 1
            _log.error("statement %s is not imported: %s", path.name, error)
            continue
        imported += not result.again
    return imported, refused


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    files = [path for path in folder.iterdir() if path.is_file() and path.stat().st_size <= MOST_BYTES]
    return sorted(files, key=lambda path: (path.stat().st_mtime, path.name))[-_MOST_FILES:]
