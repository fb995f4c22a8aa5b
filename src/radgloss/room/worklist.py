"""What an output folder holds, as rows of a worklist: drafts, abstentions, rejections.

Reads only names that it found itself by listing the folder, so a request cannot name a path.
Links are not followed. A folder that cannot be read is a row that says so."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from radgloss.exchange import text
from radgloss.exchange.files import FILES
from radgloss.exchange.json import from_json
from radgloss.types import InputRejected

__all__ = ["SELF", "Row", "find_row", "page_of", "rows"]

SELF = "-"
"""The name of a draft that lies in the folder itself, not in a folder below."""

LARGEST = 64 * 2**20  # bytes of a file that is read whole
DOWNLOADS = (*FILES.values(), "provenance.json")

State = Literal["draft", "abstained", "rejected", "unreadable"]


@dataclass(frozen=True)
class Row:
    """One study of the folder. files: what can be downloaded. text: the draft in plain words."""

    name: str
    folder: Path
    title: str
    modality: str
    state: State
    reason: str = ""
    when: str = ""
    synthetic: bool = False
    to_check: int = 0
    files: tuple[str, ...] = ()
    text: str = ""


def rows(folder: Path) -> list[Row]:
    """Every study below `folder` (or in it), the newest draft first."""
    found = [row for name, place in _places(folder).items() if (row := _row(name, place))]
    return sorted(sorted(found, key=lambda r: r.name), key=lambda r: r.when, reverse=True)


def find_row(folder: Path, name: str) -> Row | None:
    """The row of that name, or None; a name that was not found by listing is no name."""
    place = _places(folder).get(name)
    return _row(name, place) if place is not None else None


def _places(folder: Path) -> dict[str, Path]:
    below = (p for p in folder.iterdir() if p.is_dir() and not p.is_symlink())
    return {SELF: folder} | {p.name: p for p in sorted(below) if not p.name.startswith(".")}


def page_of(row: Row) -> str | None:
    """The study's own page as text; None where it has none."""
    content = _read(row.folder / FILES["html"])
    return content.decode("utf-8", "replace") if content is not None else None


def _is_plain(path: Path) -> bool:
    """A file of this folder: not a folder, not a link to somewhere else."""
    return path.is_file() and not path.is_symlink()


def _read(path: Path) -> bytes | None:
    try:
        if not _is_plain(path) or path.stat().st_size > LARGEST:
            return None
        return path.read_bytes()
    except OSError:
        return None


def _read_object(path: Path) -> dict[str, Any]:
    """A JSON object, or an empty one where there is none to be read."""
    try:
        value = json.loads(_read(path) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _row(name: str, folder: Path) -> Row | None:
    draft = _read(folder / FILES["json"])
    if draft is not None:
        return _draft_row(name, folder, draft)
    rejected = _read_object(folder / "rejected.json")
    return _rejected_row(name, folder, rejected) if rejected else None


def _draft_row(name: str, folder: Path, content: bytes) -> Row:
    title, modality = _study(folder)
    title = title or name
    try:
        draft, status = from_json(content.decode("utf-8"))
    except (InputRejected, UnicodeDecodeError) as error:
        reason = str(error) if isinstance(error, InputRejected) else "draft.json is not UTF-8"
        return Row(name, folder, title, modality, "unreadable", reason)
    return Row(
        name=name,
        folder=folder,
        title=title,
        modality=modality,
        state="abstained" if draft.abstained else "draft",
        reason=draft.why,
        when=draft.origin.when,
        synthetic=draft.synthetic,
        to_check=text.to_check(draft),
        files=tuple(f for f in DOWNLOADS if _is_plain(folder / f)),
        text=text.write(draft, status),
    )


def _study(folder: Path) -> tuple[str, str]:
    """Title and modalities, from the provenance beside the draft."""
    study = _read_object(folder / "provenance.json").get("study")
    if not isinstance(study, dict):
        return "", ""
    modalities = study.get("modalities")
    words = [str(m) for m in modalities] if isinstance(modalities, list) else []
    return str(study.get("title", "")), " ".join(words)


def _rejected_row(name: str, folder: Path, rejected: dict[str, Any]) -> Row:
    found, wanted, do = (str(rejected.get(k, "")) for k in ("found", "wanted", "do"))
    reason = f"found {found}; wanted {wanted}. {do}"
    return Row(name, folder, str(rejected.get("title") or name), "", "rejected", reason)
