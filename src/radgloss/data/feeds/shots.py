"""A few labelled pictures: K that show a finding and K that do not, of studies all different.

Shapes: B pictures (2 K)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from radgloss.data.batch import Batch
from radgloss.data.feeds.desk import Desk, FromPairs
from radgloss.data.feeds.two_views import pictures_only
from radgloss.data.known import Known, known_of
from radgloss.types import InputRejected

__all__ = ["Shots", "answers_to", "few"]


Ints = npt.NDArray[np.int64]


def few(what: str, answers: Ints, studies: Ints, shots: int, rng: np.random.Generator) -> list[int]:
    """Places of K pictures that answer yes (1), then K that answer no (-1), each of another study
    among its own.

    Raises InputRejected('shots') where there are not enough studies."""
    chosen: list[int] = []
    for sign in (1, -1):
        there = answers == sign
        able = np.unique(studies[there])
        if len(able) < shots:
            raise InputRejected(
                "shots", what, f"{len(able)} studies {'with' if sign > 0 else 'without'} it",
                f"at least {shots}", "Take fewer shots, another finding, or more patients.",
            )  # fmt: skip
        taken = rng.permutation(able)[:shots]
        chosen += [int(rng.choice(np.flatnonzero(there & (studies == s)))) for s in taken]
    return chosen


def answers_to(what: str, known: Known) -> Ints:
    """(N,): 1 yes, -1 no, 0 not known; all 0 where nobody speaks of it."""
    pictures = known.pictures.astype(np.int64)
    none = np.zeros(len(pictures), np.int64)
    return pictures[:, known.places.index(what)] if what in known.places else none


@dataclass(frozen=True)
class Shots(FromPairs):
    """what: the finding (`text.findings`). shots: K, studies with it, and as many without."""

    what: str = "pleural effusion"
    shots: int = 8

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """All 2 K pictures in every step, each moved by its own draw. Which they are hangs on the
        seed. Raises InputRejected('shots') where there are not enough studies."""
        known = known_of(desk.entries, desk.pairs.sentences, desk.pairs.studies)
        answers = answers_to(self.what, known)
        studies = np.asarray(desk.pairs.studies)
        rng = np.random.default_rng([desk.seed, 7])
        chosen = few(self.what, answers, studies, self.shots, rng)
        facts = torch.from_numpy(answers[chosen][:, None]).to(torch.int8)

        def batch(k: int) -> Batch:
            images = desk.pairs.images(chosen, k, desk.seed, desk.sampling.augment)
            return pictures_only(images, facts=facts)

        return batch
