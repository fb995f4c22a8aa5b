"""Bytes onto the disk, whole or not at all: written aside, forced, renamed, the folder forced.

A rename within one folder is atomic (POSIX rename), so no reader, and nobody after a killed
process, meets half a file; without forcing the folder as well, the rename itself may be lost with
the power (Linux fsync(2), notes)."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["replace_folder", "sync_folder", "whole", "write"]


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def whole(path: Path, mode: int = 0o666, aside: Path | None = None) -> Iterator[BinaryIO]:
    """A file to write into, which becomes `path` only when the block ends without an error.

    mode: permissions before the umask. aside: where it is written first, in the same folder; None:
    a hidden name of its own, so that two writers do not meet. A leftover there is overwritten."""
    aside = aside or path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    aside.unlink(missing_ok=True)
    handle = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write(path: Path, content: str | bytes, mode: int = 0o666, aside: Path | None = None) -> Path:
    """That content (text as UTF-8, its newlines untouched) at `path`; see `whole`."""
    with whole(path, mode, aside) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def replace_folder(aside: Path, folder: Path) -> None:
    """Put a finished folder in the place of `folder`; both have one parent.

    What lay there is removed only when the new one is in its place: a process killed in between
    leaves the old one as `.NAME.old`, never nothing."""
    for path in (*sorted(aside.rglob("*")), aside):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)
    os.replace(aside, folder)
    sync_folder(folder.parent)
    shutil.rmtree(old, ignore_errors=True)
