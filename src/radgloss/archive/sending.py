"""What was sent: a file, the files of a folder, or the members of a zip, one after the other.

Names are told back to the sender and used for nothing else: no path is ever made of one."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from radgloss.dicom.files import is_hidden
from radgloss.types import InputRejected

__all__ = ["Readable", "Sent", "reading_of", "sent_files"]

_ZIP_MEMBERS = 100_000
_ZIP_RATIO = 200  # of real archives of studies: below 10
_ZIP_FREE = 64 << 20  # bytes that any zip may unpack to, whatever its size


class Readable(Protocol):
    """The part of an open binary file that is used here."""

    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Sent:
    """One file as it was sent: its name, how to open it, and the size that it claims."""

    name: Path
    open: Callable[[], Readable]
    size: int
    alone: bool = False  # named by itself, not found in a folder or zip


def _rejected(error: OSError, name: str) -> InputRejected:
    found = os.strerror(error.errno or 0).lower()
    return InputRejected("unreadable", name, found, "a readable file", "Check its mode and disk.")


def reading_of(readable: Readable, size: int, name: str) -> bytes:
    """The next bytes; every failure of the sender's medium or zip becomes an InputRejected."""
    try:
        return readable.read(size)
    except OSError as error:
        raise _rejected(error, name) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        if isinstance(error, InputRejected):
            raise
        found = "a damaged or encrypted member"
        do = "Make the zip again."
        raise InputRejected("bad-zip-member", name, found, "readable bytes", do) from None


def _regular(path: Path) -> Readable:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe must not make us wait
    except OSError as error:
        raise _rejected(error, path.name) from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        found = "a pipe, device or socket"
        raise InputRejected("not-a-file", path.name, found, "a file", "Leave it out.")
    return os.fdopen(handle, "rb", buffering=0)


def sent_files(path: Path) -> Iterator[Sent]:
    """The files at that path, in the order of their names.

    Folders are walked whole, hidden ones aside; links to folders are not followed. Raises
    InputRejected: no-such-path, empty-folder, not-a-zip, zip-bomb."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        do = "Check the path."
        raise InputRejected("no-such-path", str(path), "nothing", "a file or folder", do) from None
    if stat.S_ISDIR(mode):
        yield from _folder(path)
    elif stat.S_ISREG(mode) and _is_zip(path):
        yield from _zip(path)
    else:
        yield _file(path, alone=True)


def _file(path: Path, alone: bool = False) -> Sent:
    size = path.stat().st_size if path.exists() else 0
    return Sent(path, lambda: _regular(path), size, alone)


def _folder(path: Path) -> Iterator[Sent]:
    empty = True
    for folder, subfolders, names in os.walk(path):
        subfolders[:] = sorted(f for f in subfolders if not is_hidden(f))
        for name in sorted(names):
            empty = False
            yield _file(Path(folder) / name)
    if empty:
        do = "Check the path."
        raise InputRejected("empty-folder", str(path), "no file", "a folder with files", do)


def _is_zip(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError:
        return False  # said when it is opened


@dataclass
class _Budget:
    """How many bytes a zip may still unpack to."""

    left: int


@dataclass
class _Member:
    """An open member whose bytes count against the whole zip's budget."""

    stream: BinaryIO
    budget: _Budget
    name: str

    def read(self, size: int, /) -> bytes:
        data = self.stream.read(size)
        self.budget.left -= len(data)
        if self.budget.left < 0:
            raise _bomb(self.name)
        return data

    def close(self) -> None:
        self.stream.close()


def _bomb(name: str) -> InputRejected:
    found = f"a zip that unpacks to more than {_ZIP_RATIO} times its size"
    return InputRejected("zip-bomb", name, found, "an honest zip", "Unpack it by hand and look.")


def _zip(path: Path) -> Iterator[Sent]:
    try:
        bundle = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        found, do = "a damaged zip", "Send it again."
        raise InputRejected("not-a-zip", path.name, found, "a whole zip", do) from None
    with bundle:
        members = sorted((m for m in bundle.infolist() if not m.is_dir()), key=lambda m: m.filename)
        if len(members) > _ZIP_MEMBERS:
            found, wanted = f"{len(members):,} members", f"{_ZIP_MEMBERS:,} at most"
            raise InputRejected("zip-bomb", path.name, found, wanted, "Send it in parts.")
        budget = _Budget(_ZIP_FREE + _ZIP_RATIO * path.stat().st_size)
        for member in members:
            name = Path(path.name) / member.filename.lstrip("/")
            yield Sent(name, lambda m=member: _opened(bundle, m, budget), 0)  # type: ignore[misc]


def _opened(bundle: zipfile.ZipFile, member: zipfile.ZipInfo, budget: _Budget) -> Readable:
    try:
        return _Member(bundle.open(member), budget, member.filename)  # type: ignore[arg-type]
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError):
        found, do = "a damaged or encrypted member", "Make the zip again."
        wanted = "readable bytes"
        raise InputRejected("bad-zip-member", member.filename, found, wanted, do) from None
