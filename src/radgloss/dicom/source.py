"""Bytes of a file, a zip's member, or a deflated or gzipped stream, under a budget. Child only.

Zip members are inflated into memory and never written to disk, so no name in a zip can reach a
path outside it (zip slip) by construction; such names are refused all the same."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import struct
import zlib
from typing import IO, cast

from radgloss.dicom.limits import Limits, MiB
from radgloss.types import InputRejected

__all__ = ["DEFLATED", "Source", "body", "inflate", "inflated", "members"]

DEFLATED = "1.2.840.10008.1.2.1.99"

_SMALL = 16 * MiB


class Source:
    """An open file, or an open member of a zip, with its size."""

    def __init__(self, path: str, member: str, limits: Limits) -> None:
        self.name = member or path
        self.preamble = False  # whether it starts as PS3.10 says; found by the parser
        self.file: IO[bytes] = _member(path, member, limits) if member else _regular(path)
        self.size = self.file.seek(0, os.SEEK_END)
        self.file.seek(0)
        self.whole = b""  # the bytes, once `load` has read them
        if self.size > limits.file_bytes:
            self.file.close()
            raise _refused("too-large", f"{self.size} bytes", f"at most {limits.file_bytes} bytes")
        if self.size == 0:
            self.file.close()
            raise _refused("empty", "an empty file", "a DICOM file")

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    @property
    def is_nifti(self) -> bool:
        """By name; the content is checked when it is read."""
        return self.name.lower().endswith((".nii", ".nii.gz"))

    def load(self) -> None:
        """Read a small file once and whole, so that what is hashed is what is decoded."""
        if self.size <= _SMALL and not isinstance(self.file, io.BytesIO):
            self.whole = os.pread(self.file.fileno(), self.size, 0)
            self.file.close()
            self.file = io.BytesIO(self.whole)

    def digest(self) -> str:
        """SHA-256 of the bytes as they lie on disk; no position is moved."""
        if self.whole:
            return hashlib.sha256(self.whole).hexdigest()
        if isinstance(self.file, io.BytesIO):
            return hashlib.sha256(self.file.getbuffer()).hexdigest()
        value, at = hashlib.sha256(), 0
        while part := os.pread(self.file.fileno(), 4 * MiB, at):
            value.update(part)
            at += len(part)
        return value.hexdigest()

    def gunzipped(self) -> IO[bytes]:
        """The bytes, inflated on the way where the name ends in .gz; forward reading only."""
        self.file.seek(0)
        if self.name.lower().endswith(".gz"):
            import gzip

            return cast(IO[bytes], gzip.GzipFile(fileobj=self.file, mode="rb"))
        return self.file


def _regular(path: str) -> IO[bytes]:
    """Open a regular file; a FIFO, socket or device is refused without waiting for it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _refused("not-a-file", "a device, pipe or socket", "a regular file")
    return os.fdopen(descriptor, "rb")


def _member(path: str, member: str, limits: Limits) -> IO[bytes]:
    import zipfile  # where there is one: a child's start is imports

    with _regular(path) as outer, zipfile.ZipFile(outer) as archive:
        info = archive.getinfo(member)
        if info.file_size > limits.inflated_bytes:
            raise _bomb(limits)
        with archive.open(info) as stream:
            data = stream.read(limits.inflated_bytes + 1)  # the stated size may lie
    if len(data) > limits.inflated_bytes:
        raise _bomb(limits)
    return io.BytesIO(data)


def members(path: str, limits: Limits) -> tuple[list[str], list[list[str]]]:
    """Names of the members of a zip worth reading, and `[name, code]` of those refused."""
    import zipfile

    size = os.stat(path).st_size
    with _regular(path) as outer:
        try:
            infos = [i for i in zipfile.ZipFile(outer).infolist() if not i.is_dir()]
        except (zipfile.BadZipFile, NotImplementedError, ValueError):
            raise _refused("damaged", "a zip whose directory cannot be read", "a zip") from None
    if len(infos) > limits.files:
        raise _refused("too-many", f"{len(infos)} members", f"at most {limits.files}")
    total = sum(i.file_size for i in infos)
    if total > max(limits.zip_ratio * size, 64 * MiB) or total > 4 * limits.file_bytes:
        raise _bomb(limits)
    good, refused, seen = [], [], set()
    for info in infos:
        name = info.filename
        parts = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or ".." in parts or ":" in name or name in seen:
            refused.append([name[:200], "zip-slip"])
        elif info.flag_bits & 1:
            refused.append([name[:200], "encrypted"])
        else:
            good.append(name)
        seen.add(name)
    return good, refused


def inflate(data: bytes, limits: Limits) -> bytes:
    """Raw deflate (PS3.5 A.5), stopped at the budget."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    out = stream.decompress(data, limits.inflated_bytes)
    if stream.unconsumed_tail:
        raise _bomb(limits)
    return out


def body(source: Source, syntax: str, limits: Limits) -> IO[bytes]:
    """The file in which pixel offsets count: itself, or what it inflates to (PS3.5 A.5)."""
    if syntax != DEFLATED:
        return source.file
    source.file.seek(0)
    return io.BytesIO(inflated(source.file.read(), limits))


def inflated(data: bytes, limits: Limits) -> bytes:
    """Meta information as it is, then the deflated rest inflated."""
    if data[128:132] != b"DICM" or data[132:140] != b"\x02\x00\x00\x00UL\x04\x00":
        raise _refused("damaged", "a deflated file without its length of meta information", "one")
    (length,) = struct.unpack_from("<I", data, 140)
    start = 144 + length
    return data[:start] + inflate(data[start:], limits)


def _refused(code: str, found: str, wanted: str) -> InputRejected:
    return InputRejected(code, "file", found, wanted, "Leave it out.")


def _bomb(limits: Limits) -> InputRejected:
    return InputRejected(
        "bomb",
        "file",
        f"compressed data that inflates beyond {limits.inflated_bytes} bytes",
        "data of a reasonable ratio",
        "Leave it out, or raise Limits.inflated_bytes if you trust its origin.",
    )
