"""Studies asked of a model that nothing was fitted to yet, as it will serve them."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from radgloss import dicom
from radgloss.data.manifest import Entry
from radgloss.engine.aligner import Aligner
from radgloss.text.findings import exam_findings
from radgloss.types import InputRejected, Study

__all__ = ["Asked", "ask", "present"]


@dataclass(frozen=True, eq=False)
class Asked:
    """What the raw model said of one study, beside what is true."""

    exam: str
    logits: dict[str, float]
    sides: dict[str, float]
    truth: dict[str, bool]
    true_sides: dict[str, str]
    features: npt.NDArray[np.float32]
    vector: npt.NDArray[np.float32]
    report: str
    vectors: npt.NDArray[np.float32] = field(
        default_factory=lambda: np.zeros((0, 1), np.float32)
    )  # of its pictures, beside `features`


def ask(entries: Sequence[Entry], aligner: Aligner, what: str) -> Iterator[Asked]:
    """Every study of these entries, through the serving engine."""
    with tqdm(total=len(entries), desc=what, unit="study", file=sys.stderr,
              disable=not sys.stderr.isatty()) as bar:  # fmt: skip
        for entry, reading in _read_ahead(entries):
            try:
                yield _ask(entry, reading.result(), aligner)
            except InputRejected as problem:
                tqdm.write(f"left out: {problem}", file=sys.stderr)
            bar.update()


def _read_ahead(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Future[Study]]]:
    """One study is read while the one before it is asked."""
    with dicom.Reader() as reader, ThreadPoolExecutor(1) as thread:
        waiting: deque[tuple[Entry, Future[Study]]] = deque()
        for entry in entries:
            waiting.append((entry, thread.submit(reader.read, entry.study)))
            if len(waiting) > 1:
                yield waiting.popleft()
        yield from waiting


def _ask(entry: Entry, study: Study, aligner: Aligner) -> Asked:
    said = {f.what: present(entry, f.what) for f in exam_findings(entry.exam)}
    truth = {what: answer for what, answer in said.items() if answer is not None}
    sided = [f.what for f in exam_findings(entry.exam) if f.sides and truth.get(f.what)]
    return Asked(
        exam=entry.exam,
        logits={n: aligner.raw(study, n) for n in truth},
        sides={n: aligner.raw_side(study, n) for n in sided},
        truth=truth,
        true_sides={n: str(entry.labels[n].get("side", "")) for n in sided},
        features=np.concatenate([s.features for s in aligner.see(study)]),
        vector=aligner.embed_study(study).vector,
        report=f"{entry.report.findings} {entry.report.impression}".strip(),
        vectors=np.concatenate([s.vectors for s in aligner.see(study)]),
    )


def present(entry: Entry, what: str) -> bool | None:
    """Whether the manifest says that a finding can be seen in this study; None where it is silent,
    as of a lesion that is there and too small to be seen."""
    answer = entry.labels.get(what, {}).get("present")
    return None if answer is None else bool(answer)
