"""Whole volumes with their reports, ready for training: made by the readers that serve.

One store of a split, as `data.pairs` keeps pictures: every chosen series is read by `dicom.read`,
goes through `preprocess.prepare`, and is kept as one stack of `max_frames` frames in eight bits, so
that a study of 700 MB becomes a quarter of one. A study of another examination is not opened.

Shapes: K volumes · C channels · F frames · S side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from radgloss.data.manifest import Entry, Manifest
from radgloss.data.pairs import Pairs, Picture, reader
from radgloss.preprocess import Preprocess, prepare, stacked
from radgloss.text.facts.sentences import sentences
from radgloss.types import Image, InputRejected, Report

__all__ = ["LEAST", "Stacks", "chosen_series", "report_sentences"]

LEAST = 8  # frames that make a volume: a scout has one or two


class Stacks(Pairs):
    """`Pairs` whose pictures are volumes, (K, C, F, S, S); its sentences are the report's."""

    @classmethod
    def of(
        cls,
        manifest: Manifest,
        split: str,
        preprocess: Preprocess,
        folder: Path,
        exams: Sequence[str],
        series: int,
        workers: int,
        progress: Callable[[int, int], None],
    ) -> Pairs:
        """Read one split, or take what a finished reading left in `folder`.

        series: of one study, at most. Raises InputRejected('manifest') where no volume could be
        read."""
        read = partial(_read, preprocess=preprocess, exams=tuple(exams), series=series)
        shape = (preprocess.channels, preprocess.max_frames, preprocess.size, preprocess.size)
        how = {"volumes": list(exams), "series": series}
        return cls.kept(manifest, split, preprocess, folder, read, how, workers, progress, shape)


def chosen_series(images: Sequence[Image], series: int) -> list[Image]:
    """Those of a study that are volumes; of more than `series`, an even choice, first and last
    included."""
    stacks = [image for image in images if len(image.pixels) >= LEAST]
    if len(stacks) <= series:
        return stacks
    return [stacks[int(i)] for i in np.linspace(0, len(stacks) - 1, series).round()]


def report_sentences(report: Report) -> list[str]:
    """What the findings and the impression say, sentence by sentence."""
    parts = (report.findings, report.impression)
    return [part[a:b] for part in parts for a, b in sentences(part)]


def _read(
    entry: Entry, preprocess: Preprocess, exams: tuple[str, ...], series: int
) -> list[Picture] | str:
    """The volumes of one study, each with the study's report; none of another examination."""
    said = report_sentences(entry.report)
    if (exams and entry.exam not in exams) or not said:
        return []
    try:
        images = chosen_series(reader().read(entry.study).images, series)
        frames = preprocess.max_frames
        volumes = (stacked(prepare(image, preprocess).pixels, frames)[0] for image in images)
        return [Picture(volume, said, False) for volume in volumes]
    except (InputRejected, ValueError) as problem:
        return f"line {entry.line}: {problem}"
