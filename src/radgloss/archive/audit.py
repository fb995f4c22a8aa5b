"""The audit trail: who did what to which object, chained so that a change shows.

Each row's hash is SHA-256 over the hash before it and the row's own canonical JSON; changing or
removing a row breaks the chain at that place. Cutting rows off the end breaks no link, so the
newest hash is also kept in a second place, the file `audit.head`, sealed with the archive's key.
What stays undetected: rows cut off the end by somebody who also puts back an older copy of that
file, and the rows of the one batch whose process died between its commit and its sealing."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Row, select

from radgloss import disk
from radgloss.archive import schema
from radgloss.archive.pseudonym import seal

__all__ = ["BrokenLink", "Entry", "Head", "append", "entries", "now", "verify"]

_FIRST = "0" * 64  # what the first row follows


@dataclass(frozen=True)
class BrokenLink:
    """A place where the trail is not what was written: the row's number, and why."""

    seq: int
    why: str

    def __str__(self) -> str:
        return f"audit row {self.seq}: {self.why}"


@dataclass(frozen=True)
class Entry:
    """One line of the trail; `detail` is a JSON object."""

    seq: int
    at: str
    act: str
    subject: str
    detail: str


def entries(connection: Connection) -> list[Entry]:
    """The whole trail, the oldest line first."""
    a = schema.audit.c
    query = select(a.seq, a.at, a.act, a.subject, a.detail).order_by(a.seq)
    return [Entry(*row) for row in connection.execute(query)]


def now() -> str:
    """This moment in ISO 8601, UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _hash(previous: str, row: Mapping[str, object]) -> str:
    canonical = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256((previous + canonical).encode()).hexdigest()


def _last(connection: Connection) -> tuple[int, str]:
    a = schema.audit.c
    row = connection.execute(select(a.seq, a.hash).order_by(a.seq.desc()).limit(1)).first()
    return (row.seq, row.hash) if row else (0, _FIRST)


def append(
    connection: Connection, act: str, subject: str, detail: Mapping[str, str | int] | None = None
) -> None:
    """Add one row inside the caller's writing transaction; the caller then advances the head."""
    seq, previous = _last(connection)
    text = json.dumps(dict(detail or {}), sort_keys=True)
    row = {"seq": seq + 1, "at": now(), "act": act, "subject": subject, "detail": text}
    connection.execute(
        schema.audit.insert().values(**row, previous=previous, hash=_hash(previous, row))
    )


@dataclass(frozen=True)
class Head:
    """The second place: `audit.head`, one line `seq hash seal`.

    It may lag behind the table, never lead it; it never moves past a table that contradicts it, so
    that rows written after a manipulation do not hide it."""

    path: Path
    key: bytes

    def read(self) -> tuple[int, str] | None:
        """Number and hash as sealed; None where the file is missing or not sealed by our key."""
        try:
            seq, digest, mark = self.path.read_text("ascii").split()
        except (FileNotFoundError, UnicodeDecodeError, ValueError):
            return None
        if not seq.isdigit() or not hmac.compare_digest(mark, seal(self.key, f"{seq} {digest}")):
            return None
        return int(seq), digest

    def advance(self, connection: Connection) -> None:
        """Seal the table's newest row, on disk when this returns; after the commit, never before.

        The first sealing needs an absent file: a file that does not verify stays as it is."""
        with self._locked():
            kept, (seq, digest) = self.read(), _last(connection)
            first = not self.path.exists() and seq <= 1
            agrees = kept is not None and kept[0] < seq and _hash_at(connection, kept[0]) == kept[1]
            if first or agrees:
                text = f"{seq} {digest}"
                self._replace(f"{text} {seal(self.key, text)}\n")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with open(self.path.with_suffix(".lock"), "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _replace(self, text: str) -> None:
        disk.write(self.path, text, aside=self.path.with_suffix(".part"))


def _hash_at(connection: Connection, seq: int) -> str | None:
    a = schema.audit.c
    return connection.execute(select(a.hash).where(a.seq == seq)).scalar()


def _check_row(row: Row[tuple[int, str, str, str, str, str, str]], before: tuple[int, str]) -> str:
    said = {k: getattr(row, k) for k in ("seq", "at", "act", "subject", "detail")}
    if row.seq != before[0] + 1:
        return f"rows {before[0] + 1} to {row.seq - 1} are missing before it"
    if row.previous != before[1]:
        return "it does not follow the row before it"
    if row.hash != _hash(row.previous, said):
        return "it was changed after it was written"
    return ""


def verify(connection: Connection, head: Head) -> list[BrokenLink]:
    """Every place where the trail was changed, in order; empty where all of it is as written."""
    broken: list[BrokenLink] = []
    before = (0, _FIRST)
    for row in connection.execute(select(schema.audit).order_by(schema.audit.c.seq)):
        if why := _check_row(row, before):
            broken.append(BrokenLink(row.seq, why))
        before = (row.seq, row.hash)
    return broken + _check_head(connection, head, before[0])


def _check_head(connection: Connection, head: Head, last: int) -> list[BrokenLink]:
    kept = head.read()
    if kept is None:
        missing = not head.path.exists()
        if missing and last == 0:
            return []
        return [BrokenLink(last, f"audit.head {'is missing' if missing else 'is not our own'}")]
    if kept[0] > last:
        return [BrokenLink(last + 1, f"rows {last + 1} to {kept[0]} were cut off the end")]
    if _hash_at(connection, kept[0]) != kept[1]:
        return [BrokenLink(kept[0], "it is not the row that audit.head was sealed on")]
    return []
