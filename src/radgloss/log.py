"""Structured logs on stderr: one JSON object a line, with a level and without identifiers.

Messages are fixed sentences; what varies goes into fields, and fields hold counts, codes, digests
and our own names, never what a file says about a person."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

__all__ = ["configure", "event"]

_ROOT = "radgloss"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "room": record.name.removeprefix(f"{_ROOT}."),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: str) -> None:
    """Send the house's own log to stderr from `level` on; other libraries only from ERROR."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json())
    logging.basicConfig(level=logging.ERROR, handlers=[handler], force=True)
    logging.getLogger(_ROOT).setLevel(level.upper())


def event(room: str, message: str, level: int = logging.INFO, **fields: object) -> None:
    """Log one event of a room.

    >>> event("wiring", "drafted", studies=1)
    """
    logging.getLogger(f"{_ROOT}.{room}").log(level, message, extra={"fields": fields})
