"""Bytes on their way in: copied aside, hashed, forced to disk, and only then put in their place.

The folder of an archive:

    archive.db      the rows (and -wal, -shm)
    files/ab/abcd…  the untouched bytes, named by their SHA-256, never by anything they say
    incoming/T/     what one open archive is copying, in T/parts; `lock` is held while it lives
    unidentified/   what the repair found and could not read

A dead process leaves a folder in incoming/ whose lock is free. Its `batch` names the files that it
was about to put in place: those without a row were never acknowledged, and are taken out again."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from radgloss import disk
from radgloss.archive.sending import Sent, reading_of
from radgloss.types import InputRejected

__all__ = [
    "Copy",
    "Stage",
    "abandoned",
    "check_watermark",
    "exclusively",
    "file_digest",
    "file_path",
    "full_disk",
    "open_stage",
]

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Copy:
    """One copied file, on disk under a name of ours but not yet in its place."""

    path: Path
    sha256: str
    size: int


def file_path(home: Path, sha256: str) -> Path:
    """Where the bytes of that hash lie."""
    return home / "files" / sha256[:2] / sha256


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _disk_full(found: str) -> InputRejected:
    do = "Free some space and send the rest again; what was acknowledged is safe."
    return InputRejected("disk-full", "archive", found, "room on the disk", do)


@contextmanager
def full_disk() -> Iterator[None]:
    """Turns the system's word for a full disk into `InputRejected` with code disk-full."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise _disk_full(os.strerror(error.errno)) from None


@contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Hold that lock file; waits for whoever holds it. The system frees it when a process dies."""
    with open(path, "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class Stage:
    """One open archive's own corner of incoming/."""

    folder: Path
    lock: BinaryIO
    reserve: int  # bytes that must stay free, whatever is being received

    @property
    def parts(self) -> Path:
        """The folder of the copies."""
        return self.folder / "parts"

    def clear(self) -> None:
        """Remove the copies that were not put in place."""
        for part in self.parts.iterdir():
            part.unlink()

    def copy(self, sent: Sent) -> Copy:
        """Copy and hash a file; its bytes are on disk only after `force`.

        Raises InputRejected: unreadable, not-a-file, bad-zip-member, zip-bomb, disk-full."""
        target = self.parts / f"{secrets.token_hex(8)}.part"
        digest, size = hashlib.sha256(), 0
        with closing(sent.open()) as incoming:
            try:
                self._check_room(sent.size)
                with full_disk(), open(target, "xb") as out:
                    while chunk := reading_of(incoming, _CHUNK, sent.name.name):
                        digest.update(chunk)
                        out.write(chunk)
                        size += len(chunk)
            except BaseException:
                target.unlink(missing_ok=True)
                raise
        return Copy(target, digest.hexdigest(), size)

    def force(self, copies: Iterable[Copy]) -> None:
        """Force the bytes of those copies to disk; in a row, so that the disk can order them."""
        for copy in copies:
            with full_disk(), open(copy.path, "rb") as file:
                os.fsync(file.fileno())

    def _check_room(self, needed: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < needed + self.reserve:
            raise _disk_full(f"{free:,} bytes free, {needed:,} needed and {self.reserve:,} kept")

    def announce(self, sha256s: list[str]) -> None:
        """Write down what is about to be put in place, for whoever finds us dead."""
        with full_disk():
            disk.write(self.folder / "batch", "".join(f"{s}\n" for s in sha256s))

    def settled(self) -> None:
        """What was announced has its rows, or was taken back."""
        (self.folder / "batch").unlink(missing_ok=True)

    def close(self) -> None:
        """Leave nothing behind, unless an announced batch could not be settled: the next opening
        of the archive does that."""
        if not (self.folder / "batch").exists():
            shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.close()


def check_watermark(home: Path, watermark: float) -> None:
    """Refuse to begin where more of the disk is used than that share; as df counts it.

    What has begun may go on down to the reserve; so whoever is refused loses nothing, and as soon
    as there is room again, the next import is taken."""
    usage = shutil.disk_usage(home)
    share = usage.used / max(1, usage.used + usage.free)
    if share > watermark:
        raise InputRejected(
            "disk-full",
            "archive",
            f"a disk that is {share:.0%} full",
            f"{watermark:.0%} at most when an import begins",
            "Free some space and send again, or set archive_watermark higher.",
        )


def open_stage(home: Path, reserve: int) -> Stage:
    """A new corner, locked; the caller holds the archive's opening lock."""
    folder = home / "incoming" / secrets.token_hex(8)
    (folder / "parts").mkdir(parents=True)
    lock = open(folder / "lock", "xb")  # noqa: SIM115 - held until the archive is closed
    fcntl.flock(lock, fcntl.LOCK_EX)
    return Stage(folder, lock, reserve)


def abandoned(home: Path) -> Iterator[tuple[Path, list[str]]]:
    """Every corner whose process is gone, with the hashes it had announced.

    The caller holds the archive's opening lock, so nobody is between mkdir and flock."""
    for folder in sorted((home / "incoming").iterdir()):
        try:
            with open(folder / "lock", "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue  # alive
        except FileNotFoundError:
            pass  # died before it had a lock
        batch = folder / "batch"
        yield folder, batch.read_text("ascii").split() if batch.exists() else []
