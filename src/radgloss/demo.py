"""The tour: simulated and real studies through everything, into one folder of drafts."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from radgloss import wiring
from radgloss.data import phantom
from radgloss.exchange import files
from radgloss.index import Index
from radgloss.settings import Settings
from radgloss.types import InputRejected, Study

__all__ = ["PHANTOMS", "run"]

# Seeds of the test range: no checkpoint was trained on them. The abdominal film and the head must
# be refused.
PHANTOMS = (
    ("xr-chest", 2_000_000), ("xr-chest", 2_000_002), ("xr-chest", 2_000_012),
    ("ct-abdomen", 2_000_003), ("mr-abdomen", 2_000_004), ("xr-abdomen", 2_000_006),
    ("ct-head", 2_000_007),
)  # fmt: skip
PYDICOM = (
    "CT_small.dcm", "MR_small.dcm", "dicomdirtests/77654033/CR1/6154", "693_J2KI.dcm",
    "image_dfl.dcm", "examples_overlay.dcm",
)  # fmt: skip


def run(
    out: Path, settings: Settings, folder: Path | None = None, say: Callable[[str], None] = print,
    modality: str = "",
) -> int:  # fmt: skip
    """Draft everything, index it, try a search; returns how many studies the page will list.

    modality: what your own studies are where their files do not say it."""
    out.mkdir(parents=True, exist_ok=True)
    model = wiring.load_trained(settings["model"])
    listed = 0
    for name, source in _sources(out, folder, say):
        kind = modality if source == folder else ""
        listed += _one(name, source, out, model, settings, say, kind)
    studies = wiring.each_study([out / "studies"], settings)
    indexed = wiring.index(studies, _fresh(out / "index"), model)
    say(f"indexed {indexed.studies} simulated studies; searching for 'pleural effusion':")
    for hit in wiring.search(out / "index", model, "Pleural effusion.", k=3):
        say(f"  {hit.score:.3f}  {hit.fields.get('modality', '')}  {hit.uid}")
    return listed


def _fresh(path: Path) -> Path:
    """Room for a new index: an old index of ours goes, anything else is nobody's to delete."""
    if path.exists():
        Index.open(path)  # refuses what is not an index
        shutil.rmtree(path)
    return path


def _sources(
    out: Path, folder: Path | None, say: Callable[[str], None]
) -> Iterator[tuple[str, Path]]:
    """Name and place of every study of the tour."""
    for exam, seed in PHANTOMS:
        place = out / "studies" / phantom.folder_name(exam, seed)
        if not place.exists():
            phantom.write(phantom.make(seed, exam), place, segments=False)
        yield f"phantom {exam} {seed}", place / "dicom"
    shipped = _pydicom_files()
    yield from ((f"pydicom {_called(path)}", path) for path in shipped)
    if folder is not None:
        say(f"reading your studies in {folder}")
        yield "yours", folder


def _called(path: Path) -> str:
    """A file by its name; one without an ending is only a number, and its folder says more."""
    return path.stem if path.suffix else f"{path.parent.name} {path.name}"


def _pydicom_files() -> list[Path]:
    """The CT, MR, radiograph and other grey pictures that pydicom's own package carries."""
    spec = find_spec("pydicom")
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).parent / "data" / "test_files"
    return [root / name for name in PYDICOM if (root / name).is_file()]


def _one(
    name: str, source: Path, out: Path, model: wiring.Model, settings: Settings,
    say: Callable[[str], None], modality: str,
) -> int:  # fmt: skip
    """Draft every study under `source`; a refused one is written down as refused."""
    count = 0
    for number, study in enumerate(wiring.each_study([source], settings, modality=modality)):
        place = out / _slug(name, number)
        title = f"{name} {number + 1}" if number else name
        if isinstance(study, InputRejected):
            files.write_rejection(study, place, title)
            say(f"{title}: refused ({study.code})")
        else:
            say(f"{title}: {_drafted(study, place, title, model)}")
        count += 1
    return count


def _slug(name: str, number: int) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"{base}-{number + 1}" if number else base


def _drafted(study: Study, place: Path, title: str, model: wiring.Model) -> str:
    try:
        draft = wiring.report(study, place, model).draft
    except InputRejected as problem:
        files.write_rejection(problem, place, title)
        return f"refused ({problem.code})"
    if draft.abstained:
        return f"no draft, {draft.why}"
    return draft.text("impression")
