"""Two pictures and two texts of every study, labels put into words (CXR-CLIP).

A share of the studies keeps its labels only, as image sets without reports do; what they show is
said by sentences drawn from the labels. A study with one picture shows it twice, each time moved
otherwise and never mirrored.

Shapes: B studies; 2B images and texts, the first of every study, then the second."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from radgloss.data.batch import Batch
from radgloss.data.feeds.desk import Desk, FromPairs
from radgloss.data.manifest import Entry
from radgloss.text.templates import sentence
from radgloss.types import Finding

__all__ = ["Studies", "said_by_labels"]

DENIED = 3  # findings that a text made of labels denies, at most
PERIOD = 3  # of so many studies in a row, one keeps its labels only


@dataclass(frozen=True)
class Studies(FromPairs):
    """labelled: "said" puts the labels of studies without a report into words, "left out" passes
    over those studies."""

    labelled: Literal["said", "left out"] = "said"

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """Half as many studies as the step has pictures."""
        pictures: dict[int, list[int]] = defaultdict(list)
        for picture, study in enumerate(desk.pairs.studies):
            if self.labelled == "said" or not _labels_only(study):
                pictures[study].append(picture)
        return lambda k: self._batch(k, desk, pictures)

    def _batch(self, k: int, desk: Desk, pictures: dict[int, list[int]]) -> Batch:
        studies = _dealt(sorted(pictures), k, desk.size // 2, desk.seed)
        rng = np.random.default_rng([desk.seed, k, 3])
        views = [_two(pictures[s], rng) for s in studies]
        texts = [_two_texts(desk, s, pictures[s], rng) for s in studies]
        written = desk.tokenizer.encode([t[i] for i in (0, 1) for t in texts], desk.context)
        images = [v[i] for i in (0, 1) for v in views]
        return Batch(
            desk.pairs.images(images, k, desk.seed, desk.sampling.augment),
            torch.from_numpy(written.tokens),
            torch.from_numpy(written.mask),
            torch.arange(len(images)),
            torch.zeros(len(images), 0, dtype=torch.int8),
            study=torch.arange(len(studies)).repeat(2),
        )


def _labels_only(study: int) -> bool:
    return study % PERIOD == PERIOD - 1


def _dealt(studies: Sequence[int], k: int, many: int, seed: int) -> list[int]:
    """Studies k·many to (k + 1)·many of an endless sequence that is shuffled by epoch."""
    out = []
    for place in range(k * many, (k + 1) * many):
        epoch, at = divmod(place, len(studies))
        order = np.random.default_rng([seed, epoch, 4]).permutation(len(studies))
        out.append(studies[int(order[at])])
    return out


def _two(pictures: Sequence[int], rng: np.random.Generator) -> tuple[int, int]:
    """Two pictures of a study, different where it has two."""
    first, *rest = rng.permutation(pictures)
    return int(first), int(rest[0] if rest else first)


def _two_texts(
    desk: Desk, study: int, pictures: Sequence[int], rng: np.random.Generator
) -> tuple[str, str]:
    """Findings and impression; where a section is empty, something said of a picture instead."""
    entry = desk.entries[study]

    def spare() -> str:
        sentences = desk.pairs.sentences[int(rng.choice(pictures))]
        return sentences[int(rng.integers(len(sentences)))]

    if _labels_only(study):
        return said_by_labels(entry, rng) or spare(), said_by_labels(entry, rng) or spare()
    return entry.report.findings.strip() or spare(), entry.report.impression.strip() or spare()


def said_by_labels(entry: Entry, rng: np.random.Generator, denied: int = DENIED) -> str:
    """What the labels say, in an order of the moment: all that is there, some that is not.

    denied: findings that are denied, at most. Empty where there are no labels."""
    there = [
        Finding(what, side=label.get("side", ""))
        for what, label in entry.labels.items()
        if label.get("present")
    ]
    missing = [what for what, label in entry.labels.items() if label.get("present") is False]
    some = rng.permutation(len(missing))[:denied]
    said = [sentence(f) for f in there]
    said += [sentence(Finding(missing[int(i)], "absent")) for i in some]
    return " ".join(said[i] for i in rng.permutation(len(said)))
