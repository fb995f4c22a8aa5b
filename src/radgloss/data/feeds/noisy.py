"""Studies whose reports nobody looked through, of which a share is another patient's (BLIP).

A few studies are clean, the same in every epoch, and the batch names them. Of the others a share is
wrong on purpose: the report of another patient with the same examination stands in its place, as it
does where texts are gathered and not written. Which those are is in the batch, for what is logged.

Shapes: B studies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from radgloss.data.batch import Batch
from radgloss.data.feeds.desk import Desk
from radgloss.data.feeds.written import Written, dealt, grouped
from radgloss.data.manifest import Entry

__all__ = ["Noisy", "gathered"]


@dataclass(frozen=True)
class Noisy(Written):
    """wrong: share of the studies that are not clean whose report is another's. clean: share of all
    studies that can be trusted."""

    wrong: float = 0.4
    clean: float = 0.25

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """The batches of `Written` on the reports as they were gathered."""
        pictures = grouped(desk, self.sections)
        kind, entries = gathered(desk, tuple(pictures), self.wrong, self.clean)
        texts = self._dealt(replace(desk, entries=entries), pictures)
        deal = dealt(desk, pictures)

        def batch(k: int) -> Batch:
            clean = torch.tensor([kind[s] for s in deal(k)], dtype=torch.int8)
            return replace(texts(k), clean=clean)

        return batch


def gathered(
    desk: Desk, studies: Sequence[int], wrong: float, clean: float
) -> tuple[dict[int, int], tuple[Entry, ...]]:
    """Of each study 1 clean, 0 not looked through, −1 wrong; and the entries with wrong reports in
    their places. A study without another patient's of its examination is never wrong."""
    rng = np.random.default_rng([desk.seed, 10])
    kind, entries = {}, list(desk.entries)
    for study in studies:
        own, (trusted, mistaken) = desk.entries[study], rng.random(2)
        others = [s for s in studies if _another(desk.entries[s], own)]
        kind[study] = 1 if trusted < clean else -1 if mistaken < wrong and others else 0
        if kind[study] < 0:
            other = desk.entries[others[int(rng.integers(len(others)))]]
            entries[study] = replace(own, report=other.report)
    return kind, tuple(entries)


def _another(other: Entry, own: Entry) -> bool:
    return other.exam == own.exam and other.patient != own.patient
