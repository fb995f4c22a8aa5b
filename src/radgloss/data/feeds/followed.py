"""Whole studies beside the study before them: its pictures and its report (CT2RepLong).

The manifest names an earlier study (`prior`) and may hold its report (`prior_report`). The store
keeps the earlier pictures behind the study's own, marked apart.
Control: `whose="another's"` gives every patient an earlier study of somebody else.

Shapes: N pictures of B studies; n earlier pictures and r earlier reports of some of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from radgloss.data.batch import Batch, earlier
from radgloss.data.feeds.desk import Desk, Progress
from radgloss.data.feeds.written import (
    Written,
    dealt,
    grouped,
    images_of,
    looks_of,
    whole,
)
from radgloss.data.manifest import Entry, Manifest
from radgloss.data.pairs import Pairs, Prepared
from radgloss.preprocess import Preprocess
from radgloss.text.beginnings import before

__all__ = ["Followed"]


@dataclass(frozen=True)
class Followed(Written):
    """before: pictures of an earlier study, at most."""

    before: int = 8
    whose: Literal["own", "another's"] = "own"

    def read(
        self,
        manifest: Manifest,
        split: str,
        preprocess: Preprocess,
        folder: Path,
        workers: int,
        progress: Progress,
    ) -> Pairs:
        """Every study's pictures, then those of the study before it."""
        read = partial(_both, preprocess=preprocess, most=self.pictures, few=self.before)
        how = {"pictures": self.pictures, "before": self.before}
        return Pairs.kept(manifest, split, preprocess, folder, read, how, workers, progress)

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """`Written`'s, with `prior`."""
        every, boxed = grouped(desk, self.sections), desk.pairs.boxed
        own = {s: [p for p in many if not boxed[p]] for s, many in every.items()}
        past = {s: [p for p in many if boxed[p]] for s, many in every.items()}
        givers = self._givers(desk, [s for s, many in past.items() if many])
        texts, deal = self._dealt(desk, own), dealt(desk, own)

        def batch(k: int) -> Batch:
            given = [(n, givers[s]) for n, s in enumerate(deal(k)) if s in givers]
            return replace(texts(k), prior=_prior(desk, past, given, k))

        return batch

    def _givers(self, desk: Desk, studies: Sequence[int]) -> dict[int, int]:
        """The study whose past each of these is given: its own, or another patient's."""
        if self.whose == "own":
            return {s: s for s in studies}
        rng = np.random.default_rng([desk.seed, 11])
        patients = {s: desk.entries[s].patient for s in studies}
        others = {s: [o for o in studies if patients[o] != patients[s]] for s in studies}
        return {s: many[int(rng.integers(len(many)))] for s, many in others.items() if many}


def _prior(
    desk: Desk, past: dict[int, list[int]], given: Sequence[tuple[int, int]], k: int
) -> Batch | None:
    """given: (row of the step, the study whose past it is given)."""
    if not given:
        return None
    chosen = [p for _, s in given for p in past[s]]
    had = [
        (n, len(past[s]), before(desk.entries[s].prior_report, desk.tokenizer)) for n, s in given
    ]
    return earlier(images_of(desk, chosen, k), looks_of(desk, chosen), had)


def _both(entry: Entry, preprocess: Preprocess, most: int, few: int) -> Prepared | str:
    """An earlier study that cannot be read is none."""
    own = whole(entry, preprocess, most)
    if isinstance(own, str) or entry.prior is None:
        return own
    past = whole(replace(entry, study=entry.prior), preprocess, few)
    return own if isinstance(past, str) else [*own, *(p._replace(box=True) for p in past)]
