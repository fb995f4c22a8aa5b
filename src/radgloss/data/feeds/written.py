"""Whole studies with the sections of their reports (image-to-text).

A step brings studies with all their kept pictures and one text for each section: what is known
beforehand, the section's mark, its words, an end. Only words and end are to be guessed. The
indication is left out of every other text, so that a model writes with and without it.

Unusual here: studies of alike numbers of pictures come in one step, because a film beside a stack
of forty frames would be padding; which steps these are is shuffled by epoch. Where the tower is
frozen, what it made of the pictures comes in their stead (`Desk.looks`). Few reports are soon known
by heart; texts that are made of a study's labels, in another order at every step, cannot be.

Shapes: N pictures · R texts, those of the first study, then of the second … · T tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from radgloss.data.batch import Batch, places
from radgloss.data.feeds.desk import Desk, Progress
from radgloss.data.feeds.studies import said_by_labels
from radgloss.data.manifest import Entry, Manifest
from radgloss.data.pairs import Pairs, Picture, Prepared, reader
from radgloss.preprocess import Preprocess, laid_out, prepare
from radgloss.text.beginnings import SECTIONS, Asked, beginning, compares
from radgloss.text.tokenizer import Tokenizer
from radgloss.types import InputRejected, Section

__all__ = [
    "Deal", "Row", "Written", "dealt", "grouped", "images_of", "looks_of", "padded", "row_of",
    "whole", "written_texts",
]  # fmt: skip

ALIKE = 8  # steps whose studies are sorted by their number of pictures
DENIED = 8  # findings that a caption denies, at most
INDICATED = 0.5  # share of texts that begin with the indication


@dataclass(frozen=True)
class Written:
    """pictures: of a study, at most; more are thinned evenly, in training as in serving. captions:
    texts made of the labels of each study, in a step."""

    pictures: int = 32
    sections: tuple[Section, ...] = SECTIONS
    captions: int = 0

    def read(
        self,
        manifest: Manifest,
        split: str,
        preprocess: Preprocess,
        folder: Path,
        workers: int,
        progress: Progress,
    ) -> Pairs:
        """Every study's pictures as they will be served."""
        read = partial(whole, preprocess=preprocess, most=self.pictures)
        how = {"pictures": self.pictures}
        return Pairs.kept(manifest, split, preprocess, folder, read, how, workers, progress)

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """`desk.size` studies a step.

        Raises InputRejected('manifest') where no study that was read has a report."""
        return self._dealt(desk, grouped(desk, self.sections))

    def _dealt(self, desk: Desk, pictures: dict[int, list[int]]) -> Callable[[int], Batch]:
        """Batches of these studies."""
        deal = dealt(desk, pictures)
        return lambda k: self._batch(k, desk, pictures, deal(k))

    def _batch(
        self, k: int, desk: Desk, pictures: dict[int, list[int]], studies: Sequence[int]
    ) -> Batch:
        rng = np.random.default_rng([desk.seed, k, 5])
        rows, owner = [], []
        for n, study in enumerate(studies):
            for section in _said(desk.entries[study], self.sections):
                rows.append(_row(desk, desk.entries[study], section, rng))
                owner.append(n)
            for text in _captions(desk.entries[study], self.captions, rng):
                asked = Asked("caption", desk.entries[study].exam)
                rows.append(row_of(asked, text, desk.tokenizer, desk.context))
                owner.append(n)
        chosen = [p for study in studies for p in pictures[study]]
        counts = [len(pictures[study]) for study in studies]
        tokens, mask, guessed = padded(rows)
        return Batch(
            images=images_of(desk, chosen, k),
            looks=looks_of(desk, chosen),
            tokens=tokens, mask=mask, owner=torch.tensor(owner), hidden=guessed,
            answers=torch.zeros(len(chosen), 0, dtype=torch.int8),
            study=torch.arange(len(studies)).repeat_interleave(torch.tensor(counts)),
            place=torch.cat([places(n) for n in counts]),
        )  # fmt: skip


def dealt(desk: Desk, pictures: dict[int, list[int]]) -> Deal:
    """Which of these studies each step brings."""
    return Deal({study: len(many) for study, many in pictures.items()}, desk.size, desk.seed)


def grouped(desk: Desk, sections: Sequence[Section]) -> dict[int, list[int]]:
    """The pictures of every study whose report has one of these sections.

    Raises InputRejected('manifest') where there is none."""
    pictures: dict[int, list[int]] = {}
    for picture, study in enumerate(desk.pairs.studies):
        if _said(desk.entries[study], sections):
            pictures.setdefault(study, []).append(picture)
    if not pictures:
        raise InputRejected(
            "manifest", "the training split", "no report with findings or impression",
            "reports to learn from", "Give the studies reports.",
        )  # fmt: skip
    return pictures


def written_texts(entries: Sequence[Entry]) -> list[str]:
    """Every text that a study's report holds, for learning words."""
    parts = ((e.report.indication, e.report.findings, e.report.impression) for e in entries)
    return [text.strip() for many in parts for text in many if text.strip()]


# ------------------------------------------------------------------ pictures


def whole(entry: Entry, preprocess: Preprocess, most: int) -> Prepared | str:
    """The pictures that stand for a study, in their order, without any words of their own."""
    try:
        study = reader().read(entry.study)
        ready = [prepare(image, preprocess).pixels for image in study.images]
    except (InputRejected, ValueError) as problem:
        return f"line {entry.line}: {problem}"
    chosen = laid_out([len(pixels) for pixels in ready], most)
    return [Picture(ready[image][frame], [], False) for image, frame in chosen]


def images_of(desk: Desk, chosen: Sequence[int], k: int) -> torch.Tensor:
    """These pictures; nothing where a frozen tower's looks stand for them."""
    if desk.looks is not None:
        return torch.zeros(0)
    return desk.pairs.images(chosen, k, desk.seed, desk.sampling.augment)


def looks_of(desk: Desk, chosen: Sequence[int]) -> torch.Tensor:
    """What a frozen tower made of these pictures; nothing where it learns."""
    if desk.looks is None:
        return torch.zeros(0)
    return torch.from_numpy(desk.looks[list(chosen)].astype(np.float32))


# ------------------------------------------------------------------ which studies


class Deal:
    """The studies of step k of an endless sequence: every epoch brings each of them once, and the
    first of them again to fill its last step. sizes: pictures of each study."""

    def __init__(self, sizes: dict[int, int], many: int, seed: int) -> None:
        self._studies = np.array(list(sizes))
        self._sizes = np.array(list(sizes.values()))
        self._many, self._seed = many, seed
        self._steps = -(-len(sizes) // many)
        self._last: tuple[int, npt.NDArray[np.int64]] | None = None

    def __call__(self, k: int) -> list[int]:
        epoch, at = divmod(k, self._steps)
        if self._last is None or self._last[0] != epoch:
            self._last = epoch, self._epoch(epoch)
        return [int(s) for s in self._last[1][at]]

    def _epoch(self, epoch: int) -> npt.NDArray[np.int64]:
        """(steps, many): shuffled, sorted by size within windows of steps, the steps shuffled."""
        rng = np.random.default_rng([self._seed, epoch, 4])
        order = np.resize(rng.permutation(len(self._studies)), self._steps * self._many)
        window = ALIKE * self._many
        parts = (order[a : a + window] for a in range(0, len(order), window))
        alike = np.concatenate([p[np.argsort(self._sizes[p], kind="stable")] for p in parts])
        shuffled = alike.reshape(self._steps, self._many)[rng.permutation(self._steps)]
        return np.asarray(self._studies[shuffled])


# ------------------------------------------------------------------ texts


@dataclass(frozen=True)
class Row:
    """One text: tokens, of which those from `begins` on are to be guessed."""

    tokens: tuple[int, ...]
    begins: int


def row_of(asked: Asked, text: str, tokenizer: Tokenizer, context: int) -> Row:
    """What is known, the section's mark, the text, an end; what does not fit is cut off, and then
    there is no end to guess."""
    before = beginning(asked, tokenizer)
    tokens = (*before, *tokenizer.pieces(text.strip()), tokenizer.mark("[END]"))
    return Row(tokens[:context], len(before))


def padded(rows: Sequence[Row]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """tokens (R, T), mask (R, T), and which of them are to be guessed (R, T)."""
    longest = max(len(r.tokens) for r in rows)
    tokens = torch.zeros(len(rows), longest, dtype=torch.int64)
    for n, row in enumerate(rows):
        tokens[n, : len(row.tokens)] = torch.tensor(row.tokens)
    place = torch.arange(longest)
    mask = place < torch.tensor([len(r.tokens) for r in rows])[:, None]
    return tokens, mask, mask & (place >= torch.tensor([r.begins for r in rows])[:, None])


def _said(entry: Entry, sections: Sequence[Section]) -> list[Section]:
    return [s for s in sections if getattr(entry.report, s).strip()]


def _captions(entry: Entry, many: int, rng: np.random.Generator) -> list[str]:
    """So many texts of the labels, each in an order of its own; none where there are no labels."""
    made = (said_by_labels(entry, rng, DENIED) for _ in range(many))
    return [text for text in made if text]


def _row(desk: Desk, entry: Entry, section: Section, rng: np.random.Generator) -> Row:
    indicated = rng.random() < INDICATED
    asked = Asked(
        section, entry.exam, entry.report.indication if indicated else "", compares(entry.report)
    )
    return row_of(asked, getattr(entry.report, section), desk.tokenizer, desk.context)
