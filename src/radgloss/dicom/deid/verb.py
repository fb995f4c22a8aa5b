"""The verb: a folder in, a de-identified folder and its report out."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from radgloss import disk
from radgloss.dicom.deid import report
from radgloss.dicom.deid.keyed import Key
from radgloss.dicom.deid.ocr import Box
from radgloss.dicom.deid.options import chosen
from radgloss.dicom.deid.running import Done, check_places, deidentify
from radgloss.dicom.limits import Limits
from radgloss.types import InputRejected

__all__ = ["deid", "key_at"]

KEY_BYTES = 32
PathLike = str | os.PathLike[str]


def deid(
    source: PathLike,
    output: PathLike,
    clean: Collection[str] = (),
    retain: Collection[str] = (),
    key: PathLike | None = None,
    masks: Sequence[tuple[int, int, int, int]] = (),
    limits: Limits = Limits(),  # noqa: B008
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Done:
    """De-identify a DICOM file, folder or zip (PS3.15 Annex E) into a new or empty folder.

    clean: any of pixels, graphics, structured, descriptors. retain: any of dates, shifted-dates,
    patient, device, institution, uids, private. Without either: the basic profile.
    key: a file of 32 secret bytes, made where there is none; the same key gives the same UIDs,
    pseudonyms and days in every run. None: a key that nobody keeps.
    masks: (top, left, height, width) in pixels, filled in every picture.
    → what was done; `deid-report.json` and `.txt` lie in `output`, pictures under
    patient/study/series/. What could not be done is in `left_out`.
    Raises InputRejected: 'deid-option', 'deid-key', 'deid-no-ocr', 'output', 'nothing-usable', …

    It does not promise that nobody can be recognised: somebody must read the report and look."""
    options = chosen(clean, retain)
    source, output = Path(source), Path(output)
    check_places(source, output)
    secret = key_at(Path(key), output) if key is not None else _fresh()
    boxes = [Box(*mask) for mask in masks]
    done = deidentify(source, output, options, secret, boxes, limits, progress)
    report.write(done, output)
    return done


def _fresh() -> Key:
    return Key(secrets.token_bytes(KEY_BYTES))


def key_at(path: Path, output: Path) -> Key:
    """The key in that file, made on first use. Raises InputRejected ('deid-key')."""
    if path.resolve().is_relative_to(output.resolve()):
        raise _bad_key(path, "a key inside the output, which would give it away", "another place")
    if not path.exists():
        if not path.parent.is_dir():
            raise _bad_key(path, "no folder to make it in", "a key, or a place for one")
        secret = secrets.token_bytes(KEY_BYTES)
        disk.write(path, secret, 0o600)
        return Key(secret)
    if not path.is_file():
        raise _bad_key(path, "something that is no file", f"a file of {KEY_BYTES} bytes")
    if path.stat().st_mode & 0o077:
        raise _bad_key(path, "a key that others can read", "one of mode 0600")
    secret = path.read_bytes()
    if len(secret) != KEY_BYTES:
        raise _bad_key(path, f"{len(secret)} bytes", f"{KEY_BYTES} bytes")
    return Key(secret)


def _bad_key(path: Path, found: str, wanted: str) -> InputRejected:
    return InputRejected("deid-key", path.name, found, wanted, "See docs/deid.md about keys.")
