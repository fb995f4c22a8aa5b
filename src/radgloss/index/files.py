"""The files of an index, changed all at once or not at all.

    index.json        schema, space, dimension, how much of the other files counts, checksums
    vectors-G.f32     (N, D) little endian float32, the vectors of record
    rows-G.jsonl      uid, text and fields, a line each, in the same order
    ivf-G.faiss       a search structure over the first rows; can be made again from the vectors

An addition appends behind what counts, forces it to disk, and then replaces `index.json`: until
that moment every reader, and every reader after a crash, has the state before. Removed rows stay
in their place and are listed as dead, until a compaction writes the next generation G aside."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from radgloss import disk
from radgloss.types import InputRejected

__all__ = [
    "SCHEMA",
    "Ivf",
    "Manifest",
    "Rows",
    "Vectors",
    "append",
    "aside",
    "create",
    "load",
    "locked",
    "mapped_vectors",
    "publish",
    "read_manifest",
    "rewrite",
    "sweep",
    "take_ivf",
]

SCHEMA = 1
KIND = "radgloss-index"

Vectors = npt.NDArray[np.float32]  # (N, D), on disk
Rows = npt.NDArray[np.uint8]  # the bytes of rows-G.jsonl, on disk


@dataclass(frozen=True)
class Ivf:
    """The inverted file: its name, the first rows, which it covers, and how it is asked.

    trained: how many rows there were when its lists were made.
    recall: measured share of the exact ten nearest that it finds, when it was made."""

    file: str
    rows: int
    trained: int
    lists: int
    probes: int
    recall: float
    bytes: int = 0
    crc: int = 0


@dataclass(frozen=True)
class Manifest:
    """What counts; `dead` are row numbers that were removed or replaced."""

    space: str
    dimension: int
    generation: int = 0
    rows: int = 0
    row_bytes: int = 0
    vectors_crc: int = 0
    rows_crc: int = 0
    dead: tuple[int, ...] = ()
    ivf: Ivf | None = None
    edition: int = 0  # grows with every change
    schema: int = field(default=SCHEMA)
    kind: str = KIND

    @property
    def vectors_file(self) -> str:
        """Name of the file of vectors."""
        return f"vectors-{self.generation}.f32"

    @property
    def rows_file(self) -> str:
        """Name of the file of rows."""
        return f"rows-{self.generation}.jsonl"


def _corrupt(folder: Path, found: str) -> InputRejected:
    do = "Make the index again, or restore it from a backup."
    return InputRejected("index-corrupt", folder.name, found, "an index as it was written", do)


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        do = "Free some space and add again; the index is as it was."
        found = os.strerror(error.errno).lower()
        raise InputRejected("disk-full", "index", found, "room on the disk", do) from None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One writer at a time, whichever process."""
    with open(folder / "lock", "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write_aside(path: Path, data: bytes) -> None:
    disk.write(path, data, aside=aside(path.parent, path.name))


def publish(folder: Path, manifest: Manifest) -> None:
    """Make this state the one that counts; on disk when it returns."""
    body = asdict(manifest)
    body["crc"] = _crc_of(body)
    with _disk():
        _write_aside(folder / "index.json", json.dumps(body, indent=1).encode())
        disk.sync_folder(folder)


def _crc_of(body: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(body, sort_keys=True).encode())


def create(folder: Path, manifest: Manifest) -> None:
    """An empty index; InputRejected `index-exists` where the folder holds anything."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        do = "Choose another folder, or open this one."
        raise InputRejected("index-exists", folder.name, "something there", "an empty folder", do)
    with _disk():
        folder.mkdir(parents=True, exist_ok=True)
        for name in (manifest.vectors_file, manifest.rows_file):
            _write_aside(folder / name, b"")
    publish(folder, manifest)


def read_manifest(folder: Path) -> Manifest:
    """The state that counts.

    Raises InputRejected: no-index, index-foreign, index-schema (of a newer radgloss),
    index-corrupt."""
    try:
        body = json.loads((folder / "index.json").read_bytes())
    except OSError:
        wanted, do = "a folder with index.json", "Make one with `radgloss index`."
        raise InputRejected("no-index", folder.name, "no index", wanted, do) from None
    except (ValueError, RecursionError):
        raise _corrupt(folder, "an index.json that is no JSON") from None
    if not isinstance(body, dict) or body.get("kind") != KIND:
        found, do = "somebody else's index.json", "Choose the folder of an index of radgloss."
        raise InputRejected("index-foreign", folder.name, found, f"kind {KIND}", do)
    if body.get("schema") != SCHEMA:
        found, do = f"schema {body.get('schema')!r:.20}", "Update radgloss, or make it again."
        raise InputRejected("index-schema", folder.name, found, f"schema {SCHEMA}", do)
    crc = body.pop("crc", None)
    if crc != _crc_of(body):
        raise _corrupt(folder, "an index.json that was changed")
    ivf = body.pop("ivf")
    body["dead"] = tuple(body["dead"])
    return Manifest(**body, ivf=Ivf(**ivf) if ivf else None)


def _map(folder: Path, name: str, size: int) -> Rows:
    """The first `size` bytes of a file, mapped."""
    path = folder / name
    if not path.is_file() or path.stat().st_size < size:
        raise _corrupt(folder, f"{name} shorter than {size:,} bytes")
    return np.memmap(path, np.uint8, "r", shape=(size,)) if size else np.empty(0, np.uint8)


def _checked(folder: Path, name: str, size: int, crc: int) -> Rows:
    data = _map(folder, name, size)
    if _crc32(data) != crc:
        raise _corrupt(folder, f"other bytes in {name}")
    return data


def _crc32(data: Rows, crc: int = 0) -> int:
    step = 1 << 24
    for start in range(0, len(data), step):
        crc = zlib.crc32(data[start : start + step].data, crc)
    return crc


def mapped_vectors(folder: Path, manifest: Manifest) -> Vectors:
    """The vectors (N, D) of that state, memory-mapped."""
    data = _map(folder, manifest.vectors_file, manifest.rows * manifest.dimension * 4)
    return data.view("<f4").reshape(-1, manifest.dimension)


def load(folder: Path, manifest: Manifest) -> tuple[Vectors, bytes]:
    """Vectors (N, D), memory-mapped, and rows of that state; every byte has been checked."""
    vectors = mapped_vectors(folder, manifest)
    if _crc32(vectors.reshape(-1).view(np.uint8)) != manifest.vectors_crc:
        raise _corrupt(folder, f"other bytes in {manifest.vectors_file}")
    rows = _checked(folder, manifest.rows_file, manifest.row_bytes, manifest.rows_crc)
    if ivf := manifest.ivf:
        _checked(folder, ivf.file, ivf.bytes, ivf.crc)
    return vectors, bytes(rows)


def aside(folder: Path, name: str) -> Path:
    """Where a file of that name is written before it is whole."""
    return folder / (name + ".part")


def take_ivf(folder: Path, ivf: Ivf) -> Ivf:
    """Force a structure that was written aside to disk, in its place; with its checksum."""
    written = aside(folder, ivf.file)
    size = written.stat().st_size
    crc = _crc32(_map(folder, written.name, size))
    with _disk():
        with open(written, "r+b") as file:
            os.fsync(file.fileno())
        os.replace(written, folder / ivf.file)
    return replace(ivf, bytes=size, crc=crc)


def append(
    folder: Path, manifest: Manifest, vectors: Vectors, lines: bytes, dead: tuple[int, ...]
) -> Manifest:
    """The state with these rows behind the others; forced to disk but not yet published."""
    data = np.ascontiguousarray(vectors, "<f4").view(np.uint8).reshape(-1)
    with _disk():
        start = manifest.rows * manifest.dimension * 4
        _append(folder / manifest.vectors_file, start, data.data)
        _append(folder / manifest.rows_file, manifest.row_bytes, lines)
    return replace(
        manifest,
        rows=manifest.rows + len(vectors),
        row_bytes=manifest.row_bytes + len(lines),
        vectors_crc=_crc32(data, manifest.vectors_crc),
        rows_crc=zlib.crc32(lines, manifest.rows_crc),
        dead=tuple(sorted({*manifest.dead, *dead})),
        edition=manifest.edition + 1,
    )


def _append(path: Path, start: int, data: bytes | memoryview) -> None:
    with open(path, "r+b") as file:
        file.truncate(start)  # what a writer that died had left behind
        file.seek(start)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def rewrite(
    folder: Path, manifest: Manifest, vectors: Vectors, lines: list[bytes], keep: list[int]
) -> Manifest:
    """The next generation, holding only those rows; forced to disk but not yet published."""
    bare = replace(manifest, generation=manifest.generation + 1, rows=0, row_bytes=0)
    bare = replace(bare, vectors_crc=0, rows_crc=0, dead=(), ivf=None)
    with _disk():
        for name in (bare.vectors_file, bare.rows_file):
            _write_aside(folder / name, b"")
    return append(folder, bare, vectors[keep], b"".join(lines[i] for i in keep), ())


def sweep(folder: Path, manifest: Manifest) -> None:
    """Remove what no published state names: other generations, leftovers of the dead."""
    named = {"index.json", "lock", manifest.vectors_file, manifest.rows_file}
    if manifest.ivf:
        named.add(manifest.ivf.file)
    for path in folder.iterdir():
        ours = path.suffix in (".f32", ".jsonl", ".faiss", ".part")
        if ours and path.name not in named:
            path.unlink()
