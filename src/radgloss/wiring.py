"""The only place where parts are put together; the command line and the Python face both use it.

Everything here is plumbing: which checkpoint, which reader, which writers, in which order. What a
step does is decided in its own room."""

from __future__ import annotations

import copy
import importlib
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from radgloss import __version__, dicom, pointing, searching
from radgloss.checkpoint import NOTHING, Checkpoint, architecture
from radgloss.checkpoint import load as load_checkpoint
from radgloss.dicom import sr
from radgloss.engine import aligner, grounding, labelling, published
from radgloss.engine import precision as precisions
from radgloss.engine.aligner import Aligner
from radgloss.engine.drafter import PairDrafter
from radgloss.engine.grounding import Grounding
from radgloss.engine.probe_file import Probe, write_probe
from radgloss.engine.probed import Probed
from radgloss.engine.published import PublishedAligner
from radgloss.exchange import files, provenance
from radgloss.index import Index
from radgloss.log import event
from radgloss.protocols import Embedder, verbs
from radgloss.published import load as load_published
from radgloss.published.find import is_published
from radgloss.searching import index
from radgloss.settings import Settings, home
from radgloss.text.banks import BankSet
from radgloss.trust import Trust
from radgloss.types import (
    NO_MODALITY,
    Case,
    Draft,
    Embedding,
    Hit,
    Image,
    InputRejected,
    Prediction,
    Status,
    Study,
)
from radgloss.workflow import status

if TYPE_CHECKING:
    from radgloss.bench.manifest.figures import Sheet
    from radgloss.bench.page import Table
    from radgloss.data.manifest import Manifest
    from radgloss.export.towers import Exported
    from radgloss.systems.probing import Fitted

__all__ = [
    "FORMATS", "Model", "Reported", "evaluate", "find_checkpoint", "index", "load", "load_trained",
    "search",
]  # fmt: skip

FORMATS = tuple(files.FILES)
NO_SR = ("no-dicom-source", "sr-source-class")  # studies that an SR cannot refer to
TWIN = 20_201  # seed of an untrained twin's weights
_DIGESTED = 1 << 30  # bytes of a refused file that is hashed all the same
SHIPPED = Path(__file__).parent / "checkpoints"


# ------------------------------------------------------------------ models


class Model:
    """Every verb that a checkpoint offers, in one object."""

    def __init__(self, checkpoint: Checkpoint, precision: str = "fp32") -> None:
        self.aligner = Aligner(checkpoint, precision)
        self.checkpoint = self.aligner.checkpoint
        self.space = checkpoint.space
        self._drafter = PairDrafter(self.aligner, __version__)

    def asking(self, bank: BankSet) -> Model:
        """The same model, which labels in the sentences of a bank; it drafts in its own.

        Raises what `Aligner.asking` raises."""
        twin = copy.copy(self)
        twin.aligner = self.aligner.asking(bank)
        return twin

    def embed_study(self, study: Study) -> Embedding:
        """A study's unit vector."""
        return self.aligner.embed_study(study)

    def embed_image(self, image: Image) -> Embedding:
        """An image's unit vector."""
        return self.aligner.embed_image(image)

    def embed_text(self, text: str) -> Embedding:
        """A text's unit vector."""
        return self.aligner.embed_text(text)

    def label(self, study: Study, labels: Sequence[str]) -> tuple[Prediction, ...]:
        """A probability or an abstention for each label."""
        return self.aligner.label(study, labels)

    def draft(self, case: Case) -> Draft:
        """A draft, or an honest abstention."""
        return self._drafter.draft(case)

    def validated(self, study: Study) -> tuple[str, ...]:
        """The labels that were validated for this study's examination."""
        return self.aligner.validated(study)

    def remaining(self, study: Study, label: str) -> tuple[Status, ...] | None:
        """What validation leaves possible; see `Aligner.remaining`."""
        return self.aligner.remaining(study, label)

    @property
    def coverages(self) -> tuple[float, ...]:
        """The coverages that sets were fitted for."""
        return self.aligner.coverages

    def foreign(self, study: Study) -> float:
        """How little a study resembles what the model knows; above 1 it refuses to speak."""
        return self.aligner.foreign(study)

    def ground(self, study: Study, phrase: str, way: str = "") -> Grounding:
        """Where a study shows a phrase: a heat map on the image, and a box."""
        return grounding.ground(self.aligner, study, phrase, way)

    @property
    def precision(self) -> str:
        """In how many bits it multiplies."""
        return self.aligner.precision

    @property
    def side(self) -> int:
        """The side of its input, pixels."""
        return int(self.checkpoint.preprocess.size)

    def untrained(self) -> Model:
        """Its twin with fresh random weights, which knows nothing and was validated on nothing."""
        import torch

        known = self.checkpoint
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(TWIN)
            fresh = architecture(known.architecture).build(known.model.config).eval()
        return Model(
            replace(known, name="untrained", model=fresh, trust=Trust({}, {}, {}), support=NOTHING)
        )

    def report(self, study: Study, history: str = "", prior: Study | None = None) -> Draft:
        """`draft` for a study alone."""
        return self.draft(Case(study, history=history, prior=prior))


def load(
    name: str | Path = "starter", network: bool | None = None, precision: str | None = None
) -> Model | PublishedAligner:
    """A shipped checkpoint by name, a checkpoint folder, or somebody's weights: `hf:OWNER/NAME`, or
    a folder in the layout of transformers or open_clip, which embed and label only.

    network: whether weights that are not in the local cache may be fetched; None: as set.
    precision: fp32, bf16, int8, or auto (`engine.precision`); None: as set.
    Raises InputRejected('checkpoint') where there is none or it cannot be trusted, ('precision')
    for what this processor cannot, and what `published.load` raises."""
    if not is_published(name):
        return load_trained(name, precision)
    allowed = Settings()["network"] == "on" if network is None else network
    asked = _precision(precision)
    weights = load_published(name, allowed)
    return PublishedAligner(weights, published.chosen(weights, asked, _measured()))


def _precision(asked: str | None) -> str:
    """As asked or as set, and possible here: known before anything is loaded."""
    named = str(Settings()["precision"]) if asked is None else asked
    precisions.check(named)
    return named


def _measured() -> tuple[Path, Path]:
    """Where measured precisions are kept: one's own, then those that came with the package."""
    return home() / "precision", SHIPPED / "precision"


def load_trained(name: str | Path = "starter", precision: str | None = None) -> Model:
    """A checkpoint of this house, which can draft.

    Raises InputRejected('checkpoint'), and ('engine') for somebody's weights."""
    if is_published(name):
        raise InputRejected(
            "engine", str(name), "published weights, which embed and label only",
            "a checkpoint that was trained and validated here",
            "Give --model a checkpoint, such as starter.",
        )  # fmt: skip
    asked = _precision(precision)
    known = load_checkpoint(find_checkpoint(name))
    return Model(known, aligner.chosen(known, asked, _measured()))


def measure_precision(
    name: str | Path, manifest: Path, split: str = "test"
) -> tuple[precisions.Measured, list[InputRejected]]:
    """How well every precision of this processor agrees with fp32 on the studies of a manifest;
    kept under RADGLOSS_HOME, where `auto` finds it.

    Raises what `load` and `read_manifest` raise, and InputRejected('empty')."""
    from radgloss.data.manifest import read_manifest
    from radgloss.systems.precision import measure

    entries = read_manifest(manifest).split(split)
    speakers: dict[str, Aligner | PublishedAligner] = {}
    for precision in precisions.can():
        loaded = load(name, precision=precision)
        speakers[precision] = loaded.aligner if isinstance(loaded, Model) else loaded
    found, refused = measure(speakers, entries)
    measured = precisions.Measured(found)
    precisions.remember(speakers["fp32"].space, measured, _measured()[0])
    return measured, refused


def find_checkpoint(name: str | Path) -> Path:
    """The folder of a checkpoint: a path, one under RADGLOSS_HOME/models, or a shipped one."""
    for folder in (Path(name), home() / "models" / name, SHIPPED / name):
        if (folder / "files.json").is_file():
            return folder
    shipped = sorted(p.parent.name for p in SHIPPED.glob("*/files.json"))
    raise InputRejected(
        "checkpoint", str(name), "no checkpoint of that name or path",
        f"a checkpoint folder, or one of: {', '.join(shipped)}", "Check --model.",
    )  # fmt: skip


def engine(name: str) -> Any:
    """What is judged: a checkpoint, or whatever `package.module:factory` returns when called.

    Raises InputRejected('checkpoint', 'engine')."""
    where, colon, factory = name.partition(":")
    if not colon or Path(name).exists() or is_published(name):
        return load(name)
    made = _factory(name, where, factory)()
    if not verbs(made):
        raise _no_engine(name, "an object without any verb", "a method such as label or draft")
    return made


def _factory(name: str, where: str, factory: str) -> Callable[[], Any]:
    here = str(Path.cwd())
    sys.path.insert(0, here)  # as `python -m` would have it
    try:
        module = importlib.import_module(where)
    except (ImportError, ValueError) as problem:
        if isinstance(problem, ImportError) and problem.name not in (where, where.split(".")[0]):
            raise  # its own import fails: its author wants to see where
        raise _no_engine(name, "no such module", "a module that Python can import") from problem
    finally:
        sys.path.remove(here)
    made = getattr(module, factory, None)
    if not callable(made):
        raise _no_engine(name, f"no {factory!r} to be called in it", "a class or a function")
    return cast(Callable[[], Any], made)


def _no_engine(name: str, found: str, wanted: str) -> InputRejected:
    return InputRejected("engine", name, found, wanted, "Check --model (docs/bench.md).")


# ------------------------------------------------------------------ reading


def read(path: Path, settings: Settings, modality: str = "") -> Study:
    """One study, with the house's limits; `modality` names what a file (NIfTI) does not."""
    study = dicom.read(path, limits=limits(settings), workers=settings["workers"])
    for problem in study.left_out:
        _take_digest(problem, path)
    return _named(study, modality)


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
    study: Study,
    out: Path,
    model: Model,
    formats: Collection[str] = FORMATS,
    history: str = "",
    prior: Study | None = None,
    options: dict[str, Any] | None = None,
) -> Reported:
    """Draft a study and write every asked format with its provenance into `out`.

    Formats and folder are checked before any work. A DICOM SR needs a DICOM source; for NIfTI it
    is left out and said so."""
    files.check_formats(formats)
    files.check_output(out)
    draft = model.report(study, history=history, prior=prior)
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
    digests = {path.name: files.sha256(path) for path in written.values()}
    written["provenance"] = provenance.write(draft, study, out, options, digests)
    event("wiring", "drafted", abstained=draft.abstained, sentences=len(draft.sentences))
    return Reported(draft, written, tuple(left_out))


# ------------------------------------------------------------------ search


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
    speaker = model.aligner if isinstance(model, Model) else model
    return pointing.point(speaker, study, phrase, out, way, options)


# ------------------------------------------------------------------ studies


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
    answering = Probed(_speaker(model), fitted) if fitted else model
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

    done = fit(_speaker(model), manifest, kind, bank, coverage, progress)
    return done, write_probe(out, done.probe)


def _speaker(model: Model | PublishedAligner) -> Aligner | PublishedAligner:
    return model.aligner if isinstance(model, Model) else model


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


# ------------------------------------------------------------------ export


def export(name: str | Path, out: Path, format: str = "onnx") -> Exported:
    """Write a model for others into a new folder: "onnx" or "transformers".

    Raises InputRejected('output', 'extra', 'export-layout', 'export-disagrees')."""
    from radgloss.export import onnx, transformers
    from radgloss.export.towers import towers

    loaded = load(name)
    known = loaded.published if isinstance(loaded, PublishedAligner) else loaded.checkpoint
    if format == "transformers":
        return transformers.export(known, out)
    return onnx.export(towers(known), out)


# ------------------------------------------------------------------ eval


def evaluate(
    name: str | Path,
    manifest: Path | str,
    out: Path | str,
    split: str = "test",
    thresholds: str = "",
    audited: int = 40,
    seed: int = 0,
    progress: Callable[[str, int, int], object] = lambda stage, done, total: None,
) -> Sheet:
    """Every figure of a model on one split of a manifest; answers are kept in `out`, one a study.

    thresholds: the split that operating points are chosen on; "" chooses none. audited: studies
    that are asked again with their pictures taken away. Raises InputRejected('fit-on-test') where
    points would be chosen on the studies that are judged, ('manifest') for a split without studies,
    ('eval-labels') for one without a known label, before anything is asked."""
    from radgloss.bench.manifest import figures, hearing
    from radgloss.data.manifest import read_manifest
    from radgloss.text.findings import FINDINGS

    if thresholds == split:
        raise InputRejected(
            "fit-on-test", "--thresholds", f"{thresholds}, the split that is judged",
            "another split", "Choose operating points on the validation split: --thresholds val.",
        )  # fmt: skip
    known = read_manifest(Path(manifest))
    asked = {s: known.split(s) for s in (thresholds, split) if s}
    for part, entries in asked.items():
        if not entries:
            raise InputRejected(
                "manifest", f"{known.path.name}, split {part}", "no study", "one at least",
                "Name each study's split: train, val or test.",
            )  # fmt: skip
        if not any(hearing.truth_of(e) for e in entries):
            raise InputRejected(
                "eval-labels", f"{known.path.name}, split {part}", "no label whose truth is known",
                '"labels": {"pleural effusion": {"present": true}}', "Label some studies.",
            )  # fmt: skip
    model = engine(str(name))
    whose = getattr(getattr(model, "checkpoint", None), "name", str(name))
    heard = {
        part: hearing.hear(
            entries, model, whose, Path(out) / f"answers-{part}.jsonl",
            audited if part == split else 0, seed, partial(progress, f"asking {part}"),
        )
        for part, entries in asked.items()
    }  # fmt: skip
    about = {
        "model": f"{Path(name).name} ({whose})", "manifest": known.path.name, "split": split,
        "thresholds": f"chosen on {thresholds}" if thresholds else "none chosen",
        "version": f"radgloss {__version__}", "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }  # fmt: skip
    return figures.sheet(
        heard[split], [e.report for e in asked[split]], model, about,
        figures.points(heard[thresholds]) if thresholds else None,
        {row.what: (row.what, *row.synonyms) for row in FINDINGS if row.synonyms},
    )  # fmt: skip


# ------------------------------------------------------------------ bench


def bench_phantom(
    name: str,
    quick: bool = False,
    data: Path | None = None,
    workers: int = 1,
    seed: int | None = None,
    exams: Sequence[str] = (),
    progress: Callable[[str, int, int], object] = lambda stage, done, total: None,
) -> Table:
    """PhantomBench of a model, its untrained twin (where it has one), chance and ceiling.

    data: where the simulated patients are kept; None: under RADGLOSS_HOME. Nothing is made before
    the model, the seed and the examinations are known to be good."""
    from radgloss.bench import phantom, plan
    from radgloss.data.phantom.imaging.nouns import VERSION

    engines = {"model": engine(name)}
    numbers = plan.QUICK if quick else plan.FULL
    jobs = plan.chosen(numbers, plan.FIRST if seed is None else seed, exams)
    if hasattr(engines["model"], "untrained"):
        engines["untrained"] = engines["model"].untrained()
    side = int(getattr(engines["model"], "side", 0))
    folder = data or home() / "bench" / f"phantom-{VERSION}"
    table = phantom.run(engines, numbers, jobs, folder, side, workers, progress)
    known = getattr(engines["model"], "checkpoint", None)
    about = {
        "model": f"{Path(name).name} ({known.name})" if known else name,
        "input": f"{side} × {side} pixels, which limits the ceiling" if side else "not stated",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "version": f"radgloss {__version__}, phantom {VERSION}",
    }
    return replace(table, about={**about, **table.about})
