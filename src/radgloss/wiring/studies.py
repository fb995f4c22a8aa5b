"""Studies in, answers out: reading, the report, labels, probes fitted on one's own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radgloss import dicom, disk
from radgloss.dicom import sr
from radgloss.engine import labelling
from radgloss.engine.drafting.template import Template, filled
from radgloss.engine.probe_file import Probe, write_probe
from radgloss.engine.probed import Probed
from radgloss.engine.published import PublishedAligner
from radgloss.exchange import files, provenance
from radgloss.log import event
from radgloss.settings import Settings
from radgloss.text.banks import BankSet
from radgloss.types import NO_MODALITY, Case, Draft, InputRejected, Study
from radgloss.wiring.models import Model, speaker
from radgloss.workflow import status

if TYPE_CHECKING:
    from radgloss.data.manifest import Manifest
    from radgloss.dicom.burned import Burned
    from radgloss.systems.probing import Fitted

__all__ = [
    "FORMATS", "Reported", "burned_in", "each_study", "label_rows", "limits", "probe", "read",
    "report",
]  # fmt: skip

FORMATS = tuple(files.FILES)
NO_SR = ("no-dicom-source", "sr-source-class")  # studies that an SR cannot refer to
_DIGESTED = 1 << 30  # bytes of a refused file that is hashed all the same


# ------------------------------------------------------------------ reading


def read(path: Path, settings: Settings, modality: str = "") -> Study:
    """One study, with the house's limits; `modality` names what a file (NIfTI) does not."""
    study = dicom.read(path, limits=limits(settings), workers=settings["workers"])
    for problem in study.left_out:
        _take_digest(problem, path)
    return _named(study, modality)


def each_study(
    paths: Iterable[Path],
    settings: Settings,
    progress: Callable[[], object] = lambda: None,
    modality: str = "",
) -> Iterator[Study | InputRejected]:
    """Every study under these paths, one in memory at a time; `modality` as `read` takes it."""
    for path in paths:
        try:
            for found in dicom.read_each(
                path, limits=limits(settings), workers=settings["workers"]
            ):
                if isinstance(found, InputRejected):
                    _take_digest(found, path)
                    yield found
                    continue
                for problem in found.left_out:
                    _take_digest(problem, path)
                yield _named(found, modality)
                progress()
        except InputRejected as problem:
            yield problem


def _named(study: Study, modality: str) -> Study:
    """The study with that modality where a file does not say its own."""
    if not modality:
        return study
    given = f"modality {modality} as given, not stated by the file"
    images = (
        i if i.modality else replace(
            i, modality=modality, notes=tuple(given if n == NO_MODALITY else n for n in i.notes)
        )
        for i in study.images
    )  # fmt: skip
    return replace(study, images=tuple(images))


def _take_digest(problem: InputRejected, path: Path) -> None:
    """Note the digest of a refused file: what it is known by wherever its name must not be."""
    file = path / problem.what if path.is_dir() else path
    named = path.is_dir() or problem.what == path.name
    if named and file.is_file() and file.stat().st_size <= _DIGESTED:
        with suppress(OSError):
            problem.digest = files.sha256(file)


def limits(settings: Settings) -> dicom.Limits:
    """The reader's limits with the memory cap that was set."""
    return dicom.Limits(memory_bytes=int(settings["memory_gib"] * 2**30))


# ------------------------------------------------------------------ report


@dataclass(frozen=True)
class Reported:
    """What one `report` did."""

    draft: Draft
    written: dict[str, Path]
    left_out: tuple[InputRejected, ...] = ()


def report(
    study: Study | Case,
    out: Path,
    model: Model,
    formats: Collection[str] = FORMATS,
    options: dict[str, Any] | None = None,
    template: Template | None = None,
) -> Reported:
    """Draft a study, or a case of one, and write every asked format with its provenance into `out`.

    template: also filled with the draft's words.
    Formats and folder are checked before any work. A DICOM SR needs a DICOM source; for NIfTI it
    is left out and said so."""
    files.check_formats(formats)
    files.check_output(out)
    case = study if isinstance(study, Case) else Case(study)
    study = case.study
    draft = model.draft(case)
    left_out = list(study.left_out)
    others = [f for f in formats if f != "sr"]
    written = files.write_all(draft, study, status.DRAFT, out, others)
    if "sr" in formats:
        try:
            written |= files.write_all(draft, study, status.DRAFT, out, ["sr"], sr.write)
        except InputRejected as problem:
            if problem.code not in NO_SR:
                raise
            left_out.append(problem)
    if template:
        written["filled"] = disk.write(out / files.FILLED, filled(template, draft))
    digests = {path.name: files.sha256(path) for path in written.values()}
    written["provenance"] = provenance.write(draft, study, out, options, digests)
    event("wiring", "drafted", abstained=draft.abstained, sentences=len(draft.sentences))
    return Reported(draft, written, tuple(left_out))


# ------------------------------------------------------------------ labels


def burned_in(study: Study, usual: bool = False) -> tuple[Burned, ...] | None:
    """Words and side markers in the pictures of a study, for a person to look at; nothing of them
    enters a text. usual: only of modalities that usually bear words. None without tesseract.

    Raises InputRejected('deid-ocr')."""
    from radgloss.dicom import burned
    from radgloss.dicom.deid.ocr import tesseract

    reader = tesseract()
    return burned.burned_in(study, reader, burned.LETTERED if usual else ()) if reader else None


def label_rows(
    studies: Iterable[Study | InputRejected],
    labels: Sequence[str],
    model: Model | PublishedAligner,
    bank: BankSet | None = None,
    coverage: float | None = None,
    called: Mapping[str, str] | None = None,
    fitted: Probe | None = None,
) -> Iterator[dict[str, Any] | InputRejected]:
    """One row for each study and label; a refused study is passed on.

    bank: sentences of the user's, and its labels where none is asked. coverage: sets are wanted.
    called: what the vocabulary of the user calls by another name. fitted: answers in the model's
    stead. Whatever can be known to be wrong
    is raised before any study is read: InputRejected('no-labels') where none is asked of what was
    validated on none, what `asking` raises, and ('coverage')."""
    asked = tuple(labels) or (tuple(bank.banks) if bank else ())
    if not asked and not fitted and isinstance(model, PublishedAligner):
        raise InputRejected(
            "no-labels", "the request", "no label, and weights that were validated on none",
            "at least one", "Give --label or --labels.",
        )  # fmt: skip
    ask = labelling.Ask(asked, coverage, called or {}, str(bank or ""))
    if bank:
        model = model.asking(bank)
    answering = Probed(speaker(model), fitted) if fitted else model
    labelling.check(ask, answering)
    return labelling.rows(studies, ask, answering)


def probe(
    model: Model | PublishedAligner,
    manifest: Manifest,
    out: Path,
    kind: str = "lp++",
    bank: BankSet | None = None,
    coverage: float = 0.9,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> tuple[Fitted, str]:
    """Fit a probe on the studies of a manifest and write it; also its digest. Raises what
    `systems.probing.fit` raises."""
    from radgloss.systems.probing import fit

    done = fit(speaker(model), manifest, kind, bank, coverage, progress)
    return done, write_probe(out, done.probe)
