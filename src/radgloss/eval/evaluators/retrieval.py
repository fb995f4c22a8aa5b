"""Which report belongs to which study, and which study to which report.

Reports that state the same facts are the same answer, and so are identical texts, and studies of
identical pictures: nobody could tell them apart."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from radgloss.eval.metrics.bootstrap import mean_interval
from radgloss.eval.metrics.ranking import recall_at
from radgloss.eval.score import Examined, Score
from radgloss.protocols import Embedder
from radgloss.types import Study

__all__ = ["meaning", "pictures", "retrieved"]

DEPTHS = (1, 5, 10)


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
    """Recall at 1, 5 and 10, report → study and study → report, duplicates counted as one."""
    studies = np.stack([model.embed_study(c.case.study).vector for c in cases])
    reports = np.stack([model.embed_text(_text(c)).vector for c in cases])
    what = [same(c) for c in cases]
    seen = [pictures(c.case.study) or f"study {i}" for i, c in enumerate(cases)]
    texts = [_text(c) for c in cases]
    also = ((seen, seen), (texts, texts))
    patients = [c.patient for c in cases]
    out = []
    both = (("report → study", reports, studies), ("study → report", studies, reports))
    for name, queries, candidates in both:
        found = recall_at(queries, candidates, what, what, DEPTHS, also=also)
        for k, recall in found.items():
            value = mean_interval(recall, patients)
            out.append(Score("retrieval", f"{name}, recall@{k}", *value, len(cases)))
    return tuple(out)


def _text(case: Examined) -> str:
    return f"{case.report.findings} {case.report.impression}".strip() or "No report."
