"""Pictures with long texts: all that is said of the picture, then its study's report
(BiomedCLIP)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from radgloss.data.batch import Batch
from radgloss.data.feeds.desk import Desk, FromPairs

__all__ = ["Reported"]


@dataclass(frozen=True)
class Reported(FromPairs):
    """One text an image, as long as the context allows; what it cuts off is lost."""

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """Pictures as `Captioned` draws them."""

        def batch(k: int) -> Batch:
            chosen = desk.pairs.chosen(k, desk.size, desk.seed, desk.sampling)
            written = desk.tokenizer.encode([_text(desk, i) for i in chosen], desk.context)
            return Batch(
                desk.pairs.images(chosen, k, desk.seed, desk.sampling.augment),
                torch.from_numpy(written.tokens),
                torch.from_numpy(written.mask),
                torch.arange(len(chosen)),
                torch.zeros(len(chosen), 0, dtype=torch.int8),
                torch.from_numpy(written.words),
            )

        return batch


def _text(desk: Desk, picture: int) -> str:
    report = desk.entries[desk.pairs.studies[picture]].report
    parts = (*desk.pairs.sentences[picture], report.findings, report.impression)
    return " ".join(p.strip() for p in parts if p.strip())
