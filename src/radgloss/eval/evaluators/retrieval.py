"""Which report belongs to which study, and back; and which study is like another.

Reports that state the same facts are the same answer, and so are identical texts, and studies of
identical pictures: nobody could tell them apart. Where studies look for studies, those of the same
patient and those of identical pictures are not offered: to recognise a patient is not to recognise
a finding. Chance is exact: what anybody gets to whom all candidates are alike."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from radgloss.eval.metrics.bootstrap import mean_interval
from radgloss.eval.metrics.ranking import recall_at
from radgloss.eval.score import Examined, Score
from radgloss.protocols import Embedder
from radgloss.text.passages import direction
from radgloss.types import Study

__all__ = ["alike", "meaning", "pictures", "retrieved"]

DEPTHS = (1, 5, 10)
Floats = npt.NDArray[np.float64]
Recall = Mapping[int, Floats]  # at each depth, of each query


def meaning(case: Examined) -> Hashable:
    """What a report says of a study, as far as duplicates go: its exam and its stated facts."""
    said = {
        (f.what, f.status, f.side, f.site, tuple(round(s) for s in f.size_mm[:1]))
        for f in case.truth.reported
        if f.status == "present"
    }
    return case.exam, frozenset(said)


def pictures(study: Study) -> str:
    """What identical pictures have in common: a digest of all pixels, whatever their files.

    Of a study whose pictures are gone, that of `digests`; nothing where there is none."""
    if not study.images:
        return study.digests.get("pictures", "")
    digest = hashlib.sha256()
    for image in study.images:
        digest.update(f"{image.pixels.shape} {image.pixels.dtype}".encode())
        for frame in image.pixels:
            digest.update(frame.tobytes())
    return digest.hexdigest()


def retrieved(
    model: Embedder,
    cases: Sequence[Examined],
    same: Callable[[Examined], Hashable] = meaning,
) -> tuple[Score, ...]:
    """Recall at 1, 5 and 10, duplicates counted as one: report → study, study → report, study →
    another of its examination, and among those of its examination → another of its findings."""
    studies = np.stack([model.embed_study(c.case.study).vector for c in cases])
    reports = np.stack([direction(lambda t: model.embed_text(t).vector, _text(c)) for c in cases])
    what = [same(c) for c in cases]
    seen = [pictures(c.case.study) or f"study {i}" for i, c in enumerate(cases)]
    texts = [_text(c) for c in cases]
    also = ((seen, seen), (texts, texts))
    patients = [c.patient for c in cases]
    out = []
    both = (("report → study", reports, studies), ("study → report", studies, reports))
    for name, queries, candidates in both:
        found, chance = (
            recall_at(q, c, what, what, DEPTHS, also=also)
            for q, c in ((queries, candidates), (_blank(len(cases)), _blank(len(cases))))
        )
        out += _scores(name, found, chance, patients)
    return *out, *alike(studies, cases, what, seen)


def alike(
    studies: npt.ArrayLike,
    cases: Sequence[Examined],
    what: Sequence[Hashable],
    seen: Sequence[Hashable],
) -> tuple[Score, ...]:
    """Recall at 1, 5 and 10 of studies by a study, of those that have a right answer at all.

    studies: (N, D). what: by study, its findings. seen: by study, what identical pictures share."""
    vectors, exams = np.asarray(studies, float), [c.exam for c in cases]
    groups = [[k for k, e in enumerate(exams) if e == exam] for exam in dict.fromkeys(exams)]
    of_what = _others(vectors, what, cases, seen, groups)
    if len(groups) < 2:  # any study is one of the only examination
        return tuple(_scores("study → another of its findings, in its examination", *of_what))
    of_exam = _others(vectors, exams, cases, seen, [list(range(len(cases)))])
    return (
        *_scores("study → another of its examination", *of_exam),
        *_scores("study → another of its findings, in its examination", *of_what),
    )


def _others(
    vectors: Floats, names: Sequence[Hashable], cases: Sequence[Examined],
    seen: Sequence[Hashable], groups: Sequence[Sequence[int]],
) -> tuple[Recall, Recall, list[str]]:  # fmt: skip
    """Recall and chance of each query that can be right, and whose it is; asked group by group."""
    told, blind = ({k: np.zeros(len(cases)) for k in DEPTHS} for _ in range(2))
    patients = [c.patient for c in cases]
    for rows in groups:
        name, who, same = ([of[k] for k in rows] for of in (names, patients, seen))
        barred = ((who, who), (same, same))
        for recall, x in ((told, vectors[rows]), (blind, _blank(len(rows)))):
            for k, found in recall_at(x, x, name, name, DEPTHS, barred=barred).items():
                recall[k][rows] = found
    able = blind[DEPTHS[0]] > 0
    mine = [p for p, a in zip(patients, able, strict=True) if a]
    return {k: v[able] for k, v in told.items()}, {k: v[able] for k, v in blind.items()}, mine


def _scores(name: str, found: Recall, chance: Recall, patients: Sequence[str]) -> list[Score]:
    return [
        Score("retrieval", f"{name}, recall@{k}", *mean_interval(recall, patients), len(patients),
              chance=float(chance[k].mean()) if len(patients) else None)
        for k, recall in found.items()
    ]  # fmt: skip


def _blank(many: int) -> Floats:
    """Vectors (N, 1) of somebody who cannot tell anything from anything."""
    return np.zeros((many, 1))


def _text(case: Examined) -> str:
    return f"{case.report.findings} {case.report.impression}".strip() or "No report."
