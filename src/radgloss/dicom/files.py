"""Which files there are: a folder walked, a zip's members, one file. Looks at names, opens nothing
but to compare four bytes."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radgloss.dicom import wire
from radgloss.dicom.limits import Limits
from radgloss.types import InputRejected

__all__ = [
    "File",
    "called",
    "is_companion",
    "is_hidden",
    "listed",
    "members",
    "mode_of",
    "not_a_file",
    "starts_like_zip",
    "walk",
]

# Companions of a data set that are nobody's mistake, unless they turn out to be DICOM.
_COMPANIONS = {".txt", ".md", ".json", ".csv", ".tsv", ".xml", ".html", ".htm", ".log", ".yaml"}
_COMPANIONS |= {".jsonl", ".npy", ".npz", ".parquet", ".safetensors"}  # a training set's
_COMPANIONS |= {".yml", ".png", ".jpg", ".jpeg", ".gif", ".pdf", ".py", ".sh", ".bval", ".bvec"}
_COMPANION_NAMES = {"DICOMDIR", "LICENSE", "LICENCE", "README", "CHANGELOG", "Thumbs.db"}
_ZIP_WORDS = {
    "zip-slip": "a member name that points outside the zip, or appears twice",
    "encrypted": "an encrypted member",
}


@dataclass(frozen=True)
class File:
    """A file, or a member of a zip; `name` is how it is called in messages."""

    name: str
    path: str
    member: str = ""

    def request(self, op: str, **more: Any) -> dict[str, Any]:
        """What a child is asked about it."""
        return {"op": op, "path": self.path, "member": self.member, **more}


def called(path: Path) -> str:
    """What a message calls a path: its last part, also where `.` or `..` was typed.

    >>> called(Path("a/b.dcm"))
    'b.dcm'
    """
    return path.name if path.name not in ("", "..") else path.resolve().name or str(path)


def members(
    path: Path, names: Iterable[str], refused: Iterable[Iterable[str]]
) -> tuple[list[File], list[InputRejected]]:
    """A zip's members as files, and its refused ones as [name, code], as a child lists them."""
    files = [File(f"{path.name}/{name}", str(path), name) for name in names]
    rejected = [
        InputRejected(code, f"{path.name}/{name}", _ZIP_WORDS.get(code, code), "a plain member", "")
        for name, code in refused
    ]
    return files, rejected


def mode_of(path: Path) -> int:
    """What lies there, as `stat` says it; raises InputRejected('no-such-file')."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError) as error:
        found = f"nothing that can be opened ({type(error).__name__})"
        raise InputRejected(
            "no-such-file", called(path), found, "a file or folder", "Check the path."
        ) from None


def listed(
    path: Path, limits: Limits, ask: Callable[[dict[str, Any], str], dict[str, Any]]
) -> tuple[list[File], list[InputRejected], list[str]]:
    """The files of a folder or zip, or the file itself; those refused; those not looked into.

    ask: puts a request to a child, which alone opens a zip. Raises InputRejected."""
    mode = mode_of(path)
    if stat.S_ISDIR(mode):
        return walk(path, limits)
    if not stat.S_ISREG(mode):
        raise not_a_file(path.name)
    if not starts_like_zip(path):
        return [File(path.name, str(path))], [], []
    answer = ask({"op": "members", "path": str(path)}, path.name)
    names = wire.understood(tuple[str, ...], answer.get("names"), path.name)
    refused = wire.understood(tuple[tuple[str, ...], ...], answer.get("refused"), path.name)
    return *members(path, names, refused), []


def walk(root: Path, limits: Limits) -> tuple[list[File], list[InputRejected], list[str]]:
    """Regular files under a folder, in a fixed order; links to folders are not followed."""
    files: list[File] = []
    rejected: list[InputRejected] = []
    ignored: list[str] = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not is_hidden(f))
        for name in sorted(names):
            path = os.path.join(folder, name)
            shown = os.path.relpath(path, root)
            if is_hidden(name):
                ignored.append(shown)
            elif not os.path.isfile(path):
                rejected.append(not_a_file(shown))
            else:
                files.append(File(shown, path))
        if len(files) > limits.files:
            raise InputRejected(
                "too-many", called(root), "more files than the limit", f"at most {limits.files}", ""
            )
    if not files and not rejected:
        raise InputRejected(
            "empty", called(root), "a folder without files", "DICOM files", "Check the path."
        )
    return files, rejected, ignored


def not_a_file(name: str) -> InputRejected:
    return InputRejected(
        "not-a-file", name, "a link to nowhere, a device, pipe or socket", "a file", "Leave it out."
    )


def starts_like_zip(path: Path) -> bool:
    """By its first four bytes, which are compared and not parsed."""
    try:
        with path.open("rb") as file:
            return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError:
        return False  # the child will say why


def is_companion(name: str, error: InputRejected) -> bool:
    """Whether a refused file among others was never meant as an image, so that nobody is told.

    One rule for every way in (reading, archive): an index of other files; a hidden file; one whose
    name is a text's, a picture's or a script's, unless it turned out to be DICOM."""
    base = name.rsplit("/", 1)[-1]
    if error.code == "dicomdir":
        return True
    stem, suffix = os.path.splitext(base)
    known = suffix.lower() in _COMPANIONS or stem in _COMPANION_NAMES or is_hidden(base)
    return known and error.code in ("not-dicom", "empty")


def is_hidden(base: str) -> bool:
    """Whether a file of that name is never looked into, unless it is named by itself."""
    return base.startswith(".")
