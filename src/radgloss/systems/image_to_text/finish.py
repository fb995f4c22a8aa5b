"""A trained generator into a checkpoint: strangers fitted on validation, facts scored on test.

Every study is looked at as it will be served, and written about by the same functions. The card has
its fact F1 beside what needs no model at all; the test split is read once.

Shapes: K pictures of a split · P tokens · W width of the tower."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from radgloss import checkpoint
from radgloss.checkpoint import Support
from radgloss.data.batch import Batch, earlier, places
from radgloss.data.manifest import Entry
from radgloss.data.pairs import Pairs
from radgloss.engine.writer import written
from radgloss.models.image_to_text import ARCHITECTURES
from radgloss.systems.alignment.asking import Asked as Answers
from radgloss.systems.alignment.fitting import fit
from radgloss.systems.image_to_text.looks import looks_of
from radgloss.systems.image_to_text.scoring import Known, table
from radgloss.text.beginnings import SECTIONS, Asked, before
from radgloss.text.tokenizer import Tokenizer
from radgloss.train.run import Run
from radgloss.trust import Trust
from radgloss.types import Report, Section

__all__ = ["Seen", "Split", "finish", "is_writer", "reports_of"]

FAMILIAR = 100  # training studies of an examination that the outlier's bank is drawn from
SUPPORTING = 200  # training reports of an examination that come with the checkpoint
TOGETHER = 8  # studies written about in one batch


@dataclass(frozen=True, eq=False)
class Split:
    """pairs: the store of a split, whose `studies` are places in `entries`."""

    pairs: Pairs
    entries: Sequence[Entry]


def is_writer(run: Run) -> bool:
    """Whether a run ends here: its model writes."""
    return run.architecture in ARCHITECTURES


def finish(
    run: Run,
    model: Any,
    tokenizer: Tokenizer,
    splits: Mapping[str, Split],
    work: Path,
    card: Mapping[str, Any],
    out: Path,
) -> dict[str, Any]:
    """Fit, score, save; returns the card with the checkpoint's name.

    splits: train, val and test."""
    model.eval()
    if run.storage == "fp16":
        model = checkpoint.rounded(model)
    seen = {name: Seen.of(model, split, work) for name, split in splits.items()}
    trust = _fitted(seen, run.seed)
    sections = _learned(splits["train"])
    texts = reports_of(model, tokenizer, seen["test"], sections)
    own = seen["test"].known
    figures = table(texts, own, seen["train"].known, run.seed)
    card = {**card, "outliers": dict(trust.chosen), "sections": sections,
            "test": {"reports": figures}}  # fmt: skip
    name = checkpoint.save(
        out, run.architecture, model, run.preprocess, tokenizer, card, trust,
        _support(seen["train"]), run.storage,
    )  # fmt: skip
    return {**card, "name": name}


@dataclass(frozen=True, eq=False)
class Seen:
    """The studies of a split that could be read, with what the tower makes of their pictures; past:
    those of an earlier study, and its report, where the store has them."""

    known: list[Known]
    indications: list[str]
    looks: npt.NDArray[np.float16]
    pictures: list[list[int]]
    past: list[tuple[list[int], Report]]

    @classmethod
    def of(cls, model: Any, split: Split, work: Path) -> Seen:
        looks = looks_of(model, split.pairs, work / "looks" / split.pairs.folder.name)
        pictures: dict[int, list[int]] = defaultdict(list)
        earlier_of: dict[int, list[int]] = defaultdict(list)
        for picture, study in enumerate(split.pairs.studies):
            # a box: an earlier study's (`feeds.followed`), or for training only (`feeds.shown`)
            (earlier_of if split.pairs.boxed[picture] else pictures)[study].append(picture)
        known, said = [], []
        for study, mine in pictures.items():
            entry = split.entries[study]
            feature = looks[mine].astype(np.float32).mean((0, 1))
            known.append(Known(entry.exam, entry.patient, entry.report, feature))
            said.append(entry.report.indication)
        past = [(earlier_of[s], split.entries[s].prior_report) for s in pictures]
        return cls(known, said, looks, list(pictures.values()), past)

    def features(self, study: int) -> npt.NDArray[np.float32]:
        """(N, W), what the outlier score reads."""
        return np.asarray(self.looks[self.pictures[study]].astype(np.float32).mean(1))


def _fitted(seen: Mapping[str, Seen], seed: int) -> Trust:
    """Which studies are familiar, by examination."""
    return fit(_answers(seen["train"], FAMILIAR), _answers(seen["val"], None), seed)


def _answers(seen: Seen, most: int | None) -> list[Answers]:
    """As the fitting of alignment takes them: nothing was asked, everything was looked at."""
    found = []
    for n in _first(seen, most):
        known, features = seen.known[n], seen.features(n)
        unit = features / np.linalg.norm(features, axis=1, keepdims=True)
        found.append(Answers(known.exam, {}, {}, {}, {}, features, unit.mean(0), known.text, unit))
    return found


def _support(seen: Seen) -> Support:
    """Training reports that a draft may point to, and that guesses are made from."""
    chosen = _first(seen, SUPPORTING)
    vectors = np.stack([seen.known[n].feature for n in chosen])
    return Support(
        tuple(seen.known[n].text for n in chosen),
        tuple(seen.known[n].exam for n in chosen),
        vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
    )


def _first(seen: Seen, most: int | None) -> list[int]:
    """The first studies of each examination."""
    taken: dict[str, int] = defaultdict(int)
    chosen = []
    for n, known in enumerate(seen.known):
        taken[known.exam] += 1
        if most is None or taken[known.exam] <= most:
            chosen.append(n)
    return chosen


def _learned(train: Split) -> list[Section]:
    """The sections that any training report has: no other was ever written."""
    held = {s for e in train.entries for s in SECTIONS if getattr(e.report, s).strip()}
    return [s for s in SECTIONS if s in held]


def reports_of(
    model: Any, tokenizer: Tokenizer, seen: Seen, sections: Sequence[Section] = SECTIONS
) -> list[Report]:
    """A report for every study, written from its pictures and its indication."""
    found: list[Report] = []
    order = sorted(range(len(seen.known)), key=lambda n: len(seen.pictures[n]))  # less padding
    with tqdm(total=len(order), desc="writing", unit="study", file=sys.stderr,
              disable=not sys.stderr.isatty()) as bar:  # fmt: skip
        for at in range(0, len(order), TOGETHER):
            some = order[at : at + TOGETHER]
            found += _written(model, tokenizer, seen, some, sections)
            bar.update(len(some))
    placed = dict(zip(order, found, strict=True))
    return [placed[n] for n in range(len(order))]


@torch.inference_mode()
def _written(
    model: Any,
    tokenizer: Tokenizer,
    seen: Seen,
    some: Sequence[int],
    sections: Sequence[Section],
) -> list[Report]:
    counts = [len(seen.pictures[n]) for n in some]
    pictures = [p for n in some for p in seen.pictures[n]]
    looks = torch.from_numpy(seen.looks[pictures].astype(np.float32))
    study = torch.arange(len(some)).repeat_interleave(torch.tensor(counts))
    place = torch.cat([places(n) for n in counts])
    more = {"prior": _prior(tokenizer, seen, some)} if model.reads_earlier else {}
    memory = model.remember(looks, study, place, **more)
    asked = [
        (row, Asked(section, seen.known[n].exam, seen.indications[n], _compares(model, seen, n)))
        for row, n in enumerate(some)
        for section in sections
    ]
    texts = [said.text for said in written(model, tokenizer, model.begin(*memory), asked)]
    step = len(sections)
    return [
        Report(**dict(zip(sections, texts[n : n + step], strict=True)))
        for n in range(0, len(texts), step)
    ]


def _compares(model: Any, seen: Seen, study: int) -> bool:
    """A model that is told of an earlier study writes beside it."""
    return bool(model.reads_earlier and seen.past[study][0])


def _prior(tokenizer: Tokenizer, seen: Seen, some: Sequence[int]) -> Batch | None:
    """The earlier studies of some, as training brings them."""
    had = [(row, *seen.past[n]) for row, n in enumerate(some) if seen.past[n][0]]
    if not had:
        return None
    looks = torch.from_numpy(seen.looks[[p for _, many, _ in had for p in many]].astype(np.float32))
    told_before = [(row, len(many), before(report, tokenizer)) for row, many, report in had]
    return earlier(torch.zeros(0), looks, told_before)
