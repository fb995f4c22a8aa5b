"""Whole studies with their reports, and single pictures with what is said of them.

A report says nothing of where in forty frames it saw something; a caption of one frame, or of a box
in one, does. Beside the studies of a step stand some captioned pictures, each a study of one
picture, in the same words that a study's labels are put into.

Shapes: N pictures, those of the studies first · R texts, those of the studies first · T tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from radgloss.data.batch import Batch
from radgloss.data.feeds.desk import Desk, Progress
from radgloss.data.feeds.written import Row, Written, padded, row_of
from radgloss.data.manifest import Entry, Manifest
from radgloss.data.pairs import Pairs, Picture, Prepared, paired, reader
from radgloss.preprocess import Preprocess, laid_out, prepare
from radgloss.text.beginnings import Asked
from radgloss.types import InputRejected

__all__ = ["Shown"]


@dataclass(frozen=True)
class Shown(Written):
    """frames: captioned pictures in a step. kept: of each study, at most."""

    frames: int = 8
    kept: int = 8

    def read(
        self,
        manifest: Manifest,
        split: str,
        preprocess: Preprocess,
        folder: Path,
        workers: int,
        progress: Progress,
    ) -> Pairs:
        """As `Written`; in the training split captioned pictures follow those of their study, and
        are told from them as boxes are."""
        if split != "train":
            return super().read(manifest, split, preprocess, folder, workers, progress)
        read = partial(_with_captions, preprocess=preprocess, most=self.pictures, kept=self.kept)
        how = {"pictures": self.pictures, "captioned": self.kept}
        return Pairs.kept(manifest, split, preprocess, folder, read, how, workers, progress)

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """`desk.size` studies a step, then `frames` captioned pictures of any study."""
        captioned = [p for p, box in enumerate(desk.pairs.boxed) if box]
        whole = super().batches(desk)
        if not captioned:
            return whole
        return lambda k: _beside(whole(k), desk, k, self._drawn(captioned, desk.seed, k))

    def _batch(
        self, k: int, desk: Desk, pictures: dict[int, list[int]], studies: Sequence[int]
    ) -> Batch:
        own = {s: [p for p in pictures[s] if not desk.pairs.boxed[p]] for s in studies}
        return super()._batch(k, desk, own, studies)

    def _drawn(self, captioned: Sequence[int], seed: int, k: int) -> list[int]:
        rng = np.random.default_rng([seed, k, 6])
        return [captioned[int(n)] for n in rng.integers(len(captioned), size=self.frames)]


def _with_captions(entry: Entry, preprocess: Preprocess, most: int, kept: int) -> Prepared | str:
    """The pictures that stand for a study, then captioned ones, spread evenly over all of them."""
    try:
        study = reader().read(entry.study)
        ready = [prepare(image, preprocess).pixels for image in study.images]
        told = paired(entry, study, preprocess, 0) if entry.captions else []
    except (InputRejected, ValueError) as problem:
        return f"line {entry.line}: {problem}"
    whole = laid_out([len(pixels) for pixels in ready], most)
    some = [told[n] for _, n in laid_out([len(told)], kept)]
    return [
        *(Picture(ready[image][frame], [], False) for image, frame in whole),
        *(Picture(p.pixels, p.sentences, True) for p in some),
    ]


def _beside(batch: Batch, desk: Desk, k: int, pictures: Sequence[int]) -> Batch:
    """The batch with these pictures as studies of their own."""
    rows = [_row(desk, p) for p in pictures]
    tokens, mask, guessed = padded(rows)
    length = max(tokens.shape[1], batch.tokens.shape[1])
    new = int(batch.study.max()) + 1 + torch.arange(len(pictures))

    def both(mine: torch.Tensor, more: torch.Tensor) -> torch.Tensor:
        wide = [F.pad(x, (0, length - x.shape[1])) for x in (mine, more)]
        return torch.cat(wide)

    images, looks = batch.images, batch.looks
    if desk.looks is None:
        assert isinstance(images, torch.Tensor), "`Written` makes its pictures at once"
        moved = desk.pairs.images(pictures, k, desk.seed + 1, desk.sampling.augment)
        images = torch.cat([images, moved])
    else:
        kept = torch.from_numpy(desk.looks[list(pictures)].astype(np.float32))
        looks = torch.cat([looks, kept])
    return replace(
        batch, images=images, looks=looks,
        tokens=both(batch.tokens, tokens), mask=both(batch.mask, mask),
        hidden=both(batch.hidden, guessed), owner=torch.cat([batch.owner, new]),
        answers=batch.answers.new_zeros(len(batch.study) + len(new), 0),
        study=torch.cat([batch.study, new]),
        place=torch.cat([batch.place, torch.zeros(len(new))]),
    )  # fmt: skip


def _row(desk: Desk, picture: int) -> Row:
    text = " ".join(desk.pairs.sentences[picture])
    return row_of(Asked("caption", desk.exam(picture)), text, desk.tokenizer, desk.context)
