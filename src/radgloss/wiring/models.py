"""Which model: a shipped checkpoint, a folder, somebody's weights, or an object with verbs."""

from __future__ import annotations

import copy
import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from radgloss import __version__
from radgloss.checkpoint import NOTHING, Checkpoint, architecture
from radgloss.checkpoint import load as load_checkpoint
from radgloss.engine import aligner, grounding, published
from radgloss.engine import precision as precisions
from radgloss.engine.aligner import Aligner
from radgloss.engine.drafter import PairDrafter
from radgloss.engine.drafting.finished import Finished
from radgloss.engine.grounding import Grounding
from radgloss.engine.looker import Looker
from radgloss.engine.published import PublishedAligner
from radgloss.engine.writer import Writer
from radgloss.protocols import Drafter, verbs
from radgloss.published import load as load_published
from radgloss.published.find import is_published
from radgloss.settings import Settings, home
from radgloss.text.banks import BankSet
from radgloss.trust import Trust
from radgloss.types import (
    Case,
    Draft,
    Embedding,
    Image,
    InputRejected,
    Prediction,
    Status,
    Study,
)

if TYPE_CHECKING:
    from radgloss.export.towers import Exported

__all__ = [
    "Model", "engine", "export", "find_checkpoint", "load", "load_trained", "measure_precision",
    "speaker",
]  # fmt: skip

TWIN = 20_201  # seed of an untrained twin's weights
SHIPPED = Path(__file__).parent.parent / "checkpoints"


class Model:
    """Every verb that a checkpoint offers, in one object."""

    def __init__(self, checkpoint: Checkpoint, precision: str = "fp32") -> None:
        writes = hasattr(checkpoint.model, "step")
        self.aligner = (Looker if writes else Aligner)(checkpoint, precision)
        self.checkpoint = self.aligner.checkpoint
        self.space = checkpoint.space
        self._finished: Finished | None = None

    def asking(self, bank: BankSet) -> Model:
        """The same model, which labels in the sentences of a bank; it drafts in its own.

        Raises what `Aligner.asking` raises."""
        self._desk()  # before the copy, which shares it
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
        """A draft with what its checks found, or an honest abstention."""
        return self._desk().draft(case)

    def _desk(self) -> Finished:
        if self._finished is None:
            self._finished = Finished(self._drafter(), self._watcher())
        return self._finished

    def _drafter(self) -> Drafter:
        if isinstance(self.aligner, Looker):
            return Writer(self.aligner, __version__)
        return PairDrafter(self.aligner, __version__)

    def _watcher(self) -> Aligner:
        """Whose detectors stand over its drafts: its own, or the shipped model's over the texts of
        a model that writes, which has none."""
        if not isinstance(self.aligner, Looker):
            return self.aligner
        return Aligner(load_checkpoint(SHIPPED / "starter"))

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

    def report(
        self, study: Study, history: str = "", prior: Study | None = None, indication: str = "",
        prior_report: str = "",
    ) -> Draft:  # fmt: skip
        """`draft` for a study with what is known of it."""
        return self.draft(Case(study, history, prior=prior, indication=indication,
                               prior_report=prior_report))  # fmt: skip


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


def engine(name: str, precision: str | None = None) -> Any:
    """What is judged: a checkpoint, or whatever `package.module:factory` returns when called.

    precision: as in `load`. Raises InputRejected('checkpoint', 'engine'), and ('precision') where
    one is asked of a model from outside, which knows its own."""
    where, colon, factory = name.partition(":")
    if not colon or Path(name).exists() or is_published(name):
        return load(name, precision=precision)
    if precision is not None:
        raise InputRejected(
            "precision", name, "a model from outside, which multiplies as it likes",
            "a checkpoint, or published weights", "Leave --precision out.",
        )  # fmt: skip
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


def speaker(model: Model | PublishedAligner) -> Aligner | PublishedAligner:
    """What embeds and labels in it."""
    return model.aligner if isinstance(model, Model) else model


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
