"""Volumes with what their reports say of each organ, and what their patients' records hold
(Merlin).

A step draws some organs, those first in which its reports find something (what is normal is said of
most organs of most patients, and tells no volume from another), and every volume brings what its
own report says of each of them; or, for comparison, the whole report as one text. The first share
of the run may bring single frames of the volumes in their place: a network that was inflated then
learns as the 2-D network that it is made of, with the same two teachers.

Shapes: B volumes · M texts · R phenotypes · F frames · S side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from radgloss.data.batch import Batch
from radgloss.data.feeds.desk import Desk, Progress
from radgloss.data.manifest import Entry, Manifest
from radgloss.data.pairs import Pairs
from radgloss.data.stacks import Stacks
from radgloss.preprocess import Preprocess
from radgloss.text.anatomy import by_organ
from radgloss.text.codes import phenotypes
from radgloss.text.facts import findings
from radgloss.types import InputRejected

__all__ = ["Volumes", "record_of"]

WHOLE = "whole report"
Sections = Mapping[str, str]


@dataclass(frozen=True)
class Volumes:
    """exams: the examinations whose series are read. series: of one study, at most. text: what a
    volume's report is cut into. sections: organs that a step is about. phenotypes: what of the
    record is asked, in this order; none asks nothing. flat: share of the steps, at the start, whose
    volumes are single frames."""

    exams: tuple[str, ...] = ("ct-abdomen",)
    series: int = 2
    text: Literal["by organ", "whole"] = "by organ"
    sections: int = 4
    phenotypes: tuple[str, ...] = ()
    flat: float = 0.0

    def require(self, manifest: Manifest, split: str = "train") -> None:
        """Raises InputRejected('manifest') where the split has no study of these examinations, and
        ('no-codes') where phenotypes are asked and none of them has a record."""
        where = f"{manifest.path.name}, split {split}"
        entries = manifest.only(self.exams).split(split)
        if not entries:
            raise InputRejected(
                "manifest", where, "no study of these examinations", " or ".join(self.exams),
                "Name each study's exam, or train a system of pictures.",
            )  # fmt: skip
        if self.phenotypes and all(e.codes is None for e in entries):
            raise InputRejected(
                "no-codes", where, "no study with a record",
                "codes: the diagnosis codes of its patient",
                "Name them (docs/train.md; phantoms: give the same `radgloss phantom` command "
                "again), or train merlin-no-codes.",
            )  # fmt: skip

    def read(
        self,
        manifest: Manifest,
        split: str,
        preprocess: Preprocess,
        folder: Path,
        workers: int,
        progress: Progress,
    ) -> Pairs:
        """`Stacks.of`, after `require`."""
        self.require(manifest, split)
        return Stacks.of(
            manifest, split, preprocess, folder, self.exams, self.series, workers, progress
        )

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """Steps of single frames, then steps of volumes."""
        mine = sorted(set(desk.pairs.studies))
        said = {study: self._said(desk.entries[study]) for study in mine}
        shows = {s: _shown(of, desk.entries[s].exam) for s, of in said.items()}
        record = {study: record_of(desk.entries[study], self.phenotypes) for study in mine}
        flat = round(self.flat * desk.steps)

        def batch(k: int) -> Batch:
            rng = np.random.default_rng([desk.seed, k, 13])
            chosen = desk.pairs.chosen(k, desk.size, desk.seed, desk.sampling)
            images = desk.pairs.images(chosen, k, desk.seed, desk.sampling.augment)
            studies = [desk.pairs.studies[i] for i in chosen]
            found = Counter(name for s in studies for name in shows[s])
            texts, owner, section = self._texts([said[s] for s in studies], found, rng)
            written = desk.tokenizer.encode(texts, desk.context)
            return Batch(
                _one_frame(images, rng) if k < flat else images,
                torch.from_numpy(written.tokens),
                torch.from_numpy(written.mask),
                torch.tensor(owner),
                torch.zeros(len(chosen), 0, dtype=torch.int8),
                record=torch.from_numpy(np.stack([record[s] for s in studies])),
                section=torch.tensor(section),
            )

        return batch

    def _said(self, entry: Entry) -> Sections:
        report = entry.report
        if self.text == "whole":
            return {WHOLE: f"{report.findings}\n{report.impression}".strip()}
        return by_organ(report.findings or report.impression, entry.exam)

    def _texts(
        self, said: Sequence[Sections], found: Counter[str], rng: np.random.Generator
    ) -> tuple[list[str], list[int], list[int]]:
        """Texts, the volume of each, and the number of its section: of sections that two volumes
        have, where there are such; as likely as the reports that find something there, and one."""
        many = Counter(name for of in said for name in of)
        most = max(many.values())
        names = [name for name in sorted(many) if many[name] >= min(2, most)]
        chance = np.array([1.0 + found[name] for name in names])
        some = min(self.sections, len(names))
        drawn = rng.choice(names, some, replace=False, p=chance / chance.sum()).tolist()
        rows = [(of[name], i, n) for n, name in enumerate(drawn)
                for i, of in enumerate(said) if name in of]  # fmt: skip
        texts, owner, section = zip(*rows, strict=True)
        return list(texts), list(owner), list(section)


def _shown(said: Sections, exam: str) -> tuple[str, ...]:
    """The sections that state a finding which is there."""
    stated = {name: findings(text, exam) for name, text in said.items()}
    return tuple(n for n, facts in stated.items() if any(f.status == "present" for f in facts))


def record_of(entry: Entry, asked: Sequence[str]) -> npt.NDArray[np.int8]:
    """(R,): 1 the record holds the phenotype, 0 it does not, -1 there is no record."""
    if entry.codes is None:
        return np.full(len(asked), -1, np.int8)
    held = phenotypes(entry.codes)
    return np.array([name in held for name in asked], np.int8)


def _one_frame(volumes: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """(B, C, F, S, S) → (B, C, 1, S, S): of each one frame of its middle half, where there is a
    body."""
    frames = volumes.shape[2]
    drawn = rng.integers(frames // 4, max(frames - frames // 4, frames // 4 + 1), len(volumes))
    return torch.stack([v[:, int(n) : int(n) + 1] for v, n in zip(volumes, drawn, strict=True)])
