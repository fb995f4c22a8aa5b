"""An index made and asked, and a phrase pointed at."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from radgloss import pointing, searching
from radgloss.engine.published import PublishedAligner
from radgloss.index import Index
from radgloss.protocols import Embedder
from radgloss.searching import index
from radgloss.settings import Settings
from radgloss.types import Hit, Study
from radgloss.wiring.models import Model, speaker
from radgloss.wiring.studies import read

__all__ = ["ground", "index", "index_manifest", "search"]


def index_manifest(
    manifest: Path,
    out: Path,
    model: Embedder,
    settings: Settings,
    kinds: Collection[searching.Kind] = searching.KINDS,
    split: str = "",
    dates: bool = False,
    progress: Callable[[], object] = lambda: None,
    marks: searching.Marks = searching.unmarked,
) -> searching.Indexed:
    """Studies of a manifest, their reports, or both, into one index (`searching.of_manifest`)."""
    return searching.of_manifest(
        manifest, out, model, lambda path: read(path, settings), kinds, split, dates, progress,
        marks,
    )  # fmt: skip


def search(
    index_path: Path, model: Embedder, words: str = "", image: Path | None = None,
    k: int = 10, where: str | None = None, settings: Settings | None = None, modality: str = "",
    report: str = "", of: searching.Kind = "studies",
) -> list[Hit]:  # fmt: skip
    """By words, an image, a report, or several together (their mean direction)."""
    found = Index.open(index_path)
    study = read(image, settings or Settings(), modality) if image is not None else None
    asked = searching.query(model, words, study, report, of)
    return searching.search(found, asked, k, where, of)


def ground(
    study: Study, phrase: str, out: Path, model: Model | PublishedAligner, way: str = "",
    options: dict[str, Any] | None = None,
) -> pointing.Pointed:  # fmt: skip
    """Where a study shows a phrase: a picture and its box in `out` (`pointing.point`)."""
    return pointing.point(speaker(model), study, phrase, out, way, options)
