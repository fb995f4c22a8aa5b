"""Knowledge first, then pictures with the facts of their texts and findings to ask for (KAD).

The first share of the run brings no picture: pairs of statements that mean the same finding. The
rest brings pictures, the entities that the fact reader takes out of their texts, and the name of
every finding with what is known of it in each picture.

Shapes: B images · P pairs of statements · Q findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from radgloss.data.batch import KNOWLEDGE, QUESTION, Batch
from radgloss.data.feeds.desk import Desk, FromPairs
from radgloss.data.known import Known, known_of
from radgloss.data.pairs import texts_of
from radgloss.text.facts import findings
from radgloss.text.findings import exam_findings
from radgloss.text.knowledge import concepts

__all__ = ["Queried", "entities"]

LEAST = 2  # pictures that must answer yes, and no, before a finding is asked for


@dataclass(frozen=True)
class Queried(FromPairs):
    """knowledge: share of the steps, at the start, that teach it. text: what stands for a picture's
    text, its entities or its own sentences."""

    knowledge: float = 0.25
    text: Literal["entities", "sentences"] = "entities"

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """Steps of knowledge, then steps of pictures."""
        known = known_of(desk.entries, desk.pairs.sentences, desk.pairs.studies)
        asked = _asked(desk, known)
        first = round(self.knowledge * desk.steps)
        return lambda k: _taught(desk, k) if k < first else self._shown(desk, k, known, asked)

    def _shown(self, desk: Desk, k: int, known: Known, asked: Sequence[int]) -> Batch:
        rng = np.random.default_rng([desk.seed, k, 6])
        chosen = desk.pairs.chosen(k, desk.size, desk.seed, desk.sampling)
        texts = [texts_of(desk.pairs.sentences[i], 1, "whole", rng)[0] for i in chosen]
        if self.text == "entities":
            texts = [entities(t, desk.exam(i)) or t for t, i in zip(texts, chosen, strict=True)]
        written = desk.tokenizer.encode([*texts, *(known.places[q] for q in asked)], desk.context)
        owner = np.r_[np.arange(len(chosen)), np.full(len(asked), QUESTION)]
        return Batch(
            desk.pairs.images(chosen, k, desk.seed, desk.sampling.augment),
            torch.from_numpy(written.tokens),
            torch.from_numpy(written.mask),
            torch.from_numpy(owner),
            torch.from_numpy(known.pictures[np.ix_(chosen, asked)]),
        )


def _asked(desk: Desk, known: Known) -> list[int]:
    """The findings that some pictures are known to show, and others not to."""
    names = {f.what for e in desk.entries for f in exam_findings(e.exam)}
    many = np.minimum((known.pictures == 1).sum(0), (known.pictures == -1).sum(0))
    return [q for q, name in enumerate(known.places) if name in names and many[q] >= LEAST]


def _taught(desk: Desk, k: int) -> Batch:
    """Two statements of each of some findings: all the first ones, then all the second ones."""
    rng = np.random.default_rng([desk.seed, k, 7])
    table = concepts()
    some = [table[int(i)] for i in rng.permutation(len(table))[: desk.size]]
    pairs = [[c[int(i)] for i in rng.permutation(len(c))[:2]] for c in some]
    written = desk.tokenizer.encode([p[i] for i in (0, 1) for p in pairs], desk.context)
    return Batch(
        desk.pairs.images([0], k, desk.seed, None)[:0],
        torch.from_numpy(written.tokens),
        torch.from_numpy(written.mask),
        torch.full((2 * len(pairs),), KNOWLEDGE),
        torch.zeros(0, 0, dtype=torch.int8),
    )


def entities(text: str, exam: str) -> str:
    """What a text states, finding by finding; empty where it states nothing.

    >>> entities("Small left effusion. The heart is normal.", "xr-chest")
    'left pleural effusion present; heart abnormality absent'
    """
    said = (f"{f.side} {f.what} {f.status}".strip() for f in findings(text, exam))
    return "; ".join(dict.fromkeys(said))
