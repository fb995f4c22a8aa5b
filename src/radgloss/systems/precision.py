"""Every precision of a model beside fp32, asked about the same studies with known truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from radgloss import dicom
from radgloss.data.manifest import Entry
from radgloss.engine.aligner import Aligner
from radgloss.engine.precision import FP32
from radgloss.engine.published import PublishedAligner
from radgloss.systems.alignment.asking import present
from radgloss.trust.agreement import Agreement, agreement
from radgloss.types import InputRejected, Study

__all__ = ["measure"]

Speaker = Aligner | PublishedAligner
Answers = dict[tuple[str, str], dict[str, float]]  # examination and label → study → log-odds


def measure(
    speakers: Mapping[str, Speaker], entries: Sequence[Entry]
) -> tuple[dict[str, Agreement], list[InputRejected]]:
    """speakers: by precision, fp32 among them. Returns the agreement of each other one with fp32,
    and which studies could not be read.

    Raises InputRejected('empty') where none could."""
    vectors: dict[str, list[npt.NDArray[np.float32]]] = {p: [] for p in speakers}
    answers: dict[str, Answers] = {p: defaultdict(dict) for p in speakers}
    truth: dict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
    refused: list[InputRejected] = []
    with dicom.Reader() as reader:
        for entry in entries:
            try:
                study = reader.read(entry.study)
            except InputRejected as problem:
                refused.append(problem)
                continue
            known = {what: said for what in entry.labels
                     if (said := present(entry, what)) is not None}  # fmt: skip
            for what, said in known.items():
                truth[entry.exam, what][study.uid] = said
            for precision, speaker in speakers.items():
                vectors[precision].append(speaker.embed_study(study).vector)
                for what, odds in _asked(speaker, study, known).items():
                    answers[precision][entry.exam, what][study.uid] = odds
    if not vectors[FP32]:
        raise InputRejected("empty", "the manifest", "no study that could be read", "some",
                            "Check it.") from (refused[0] if refused else None)  # fmt: skip
    return {
        p: agreement(np.stack(vectors[FP32]), np.stack(vectors[p]),
                     _beside(answers[FP32], answers[p], truth))
        for p in speakers if p != FP32
    }, refused  # fmt: skip


def _asked(speaker: Speaker, study: Study, known: Mapping[str, bool]) -> dict[str, float]:
    return {what: speaker.raw(study, what) for what in known}


def _beside(
    reference: Answers, other: Answers, truth: Mapping[tuple[str, str], Mapping[str, bool]]
) -> dict[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]]:
    """By examination and label: both scores and the truth, study by study."""
    found = {}
    for (exam, what), said in truth.items():
        a, b = reference[exam, what], other[exam, what]
        studies = list(said)
        found[f"{exam}: {what}"] = (
            np.array([a[s] for s in studies]),
            np.array([b[s] for s in studies]),
            np.array([said[s] for s in studies]),
        )
    return found
