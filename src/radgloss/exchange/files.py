"""One draft into one folder: every format beside the others, each file whole or absent."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection
from pathlib import Path

from radgloss import disk
from radgloss.exchange.words import unnamed
from radgloss.types import Draft, InputRejected, ReportStatus, Study

__all__ = [
    "FILES",
    "FILLED",
    "check_formats",
    "check_output",
    "sha256",
    "write_all",
    "write_rejection",
]

FILES = {
    "txt": "draft.txt",
    "json": "draft.json",
    "html": "draft.html",
    "fhir": "draft.fhir.json",
    "sr": "draft.dcm",  # last: a study that was not DICOM has every other format by then
}
"""The file name of every format."""

FILLED = "draft.filled.txt"
"""Where a template of the user's is filled."""

OURS = (*FILES.values(), FILLED, "provenance.json", "rejected.json")

SrWriter = Callable[[Draft, Study, ReportStatus, Path], object]


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_all(
    draft: Draft,
    study: Study,
    status: ReportStatus,
    folder: Path,
    formats: Collection[str],
    sr_writer: SrWriter | None = None,
) -> dict[str, Path]:
    """Every asked format into `folder` (made where missing): path by format, in FILES' order.

    `sr_writer(draft, study, status, path)` writes the DICOM SR, for this room knows no DICOM.
    `InputRejected`: a format that FILES does not name (`unknown-format`), or `sr` without a
    writer; what the writers refuse passes through, and what was written before stays.
    An earlier draft's files are removed first: one folder never holds two drafts. Only `sr` asked
    for alone is added to what is there: a caller writes it last, since it may be refused."""
    check_formats(formats, [n for n in FILES if n != "sr" or sr_writer])
    asked = [n for n in FILES if n in formats]
    texts = {n: _render(n, draft, study, status) for n in asked if n != "sr"}
    folder.mkdir(parents=True, exist_ok=True)
    if asked != ["sr"]:
        _clear(folder)
    written: dict[str, Path] = {}
    for name in asked:
        path = folder / FILES[name]
        if name == "sr":
            assert sr_writer is not None
            sr_writer(draft, study, status, path)
        else:
            disk.write(path, texts[name])
        written[name] = path
    return written


def _clear(folder: Path) -> None:
    """Take away what an earlier run left in that folder; other files stay."""
    for name in OURS:
        (folder / name).unlink(missing_ok=True)


def check_formats(formats: Collection[str], known: Collection[str] = FILES) -> None:
    """`InputRejected` (`unknown-format`) where a format is not known, or none is asked for."""
    for name in formats or [""]:
        if name not in known:
            raise InputRejected(
                "unknown-format",
                "the list of formats",
                repr(name),
                "any of " + ", ".join(known),
                "Leave it out or correct it.",
            )


def check_output(folder: Path) -> None:
    """`InputRejected` (`output`) where `folder` cannot be made or written to; nothing is made."""
    place = folder
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    if not place.is_dir():
        found = "something that is not a folder"
    elif not os.access(place, os.W_OK | os.X_OK):
        found = "a folder that may not be written to"
    else:
        return
    raise InputRejected(
        "output",
        folder.name or "the output",
        found,
        "a folder to write in",
        "Choose another output.",
    )


def _render(name: str, draft: Draft, study: Study, status: ReportStatus) -> str:
    from radgloss.exchange import fhir, html, text  # heavy: jinja2, pydantic
    from radgloss.exchange import json as draft_json

    if name == "txt":
        return text.write(draft, status)
    if name == "json":
        return draft_json.to_json(draft, status)
    if name == "html":
        return html.render(draft, study, status)
    report = fhir.diagnostic_report(draft, study, status)
    return json.dumps(report, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def write_rejection(rejected: InputRejected, folder: Path, title: str = "") -> Path:
    """`rejected.json` in that folder (made where missing): a study that got no draft, and why.

    No name of a file is in it. The reading page lists it beside the drafts, so that nothing
    disappears in silence. An earlier draft in that folder is removed: it would be listed in the
    refused study's place."""
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    whole = {
        "kind": "radgloss-rejected",
        "schema": 1,
        "title": title,
        **unnamed([rejected])[0].to_dict(),
    }
    text = json.dumps(whole, ensure_ascii=False, indent=2)
    return disk.write(folder / "rejected.json", f"{text}\n")
