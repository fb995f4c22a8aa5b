"""Zero-shot naming of organ × look, where some pairs were never seen together.

A picture is cut to one organ; the captions of every organ and every look of its examination stand
beside each other, and the model picks the nearest. The primer's example is the T1-weighted MR image
of the pancreas, named by a model that has met T1 and has met the pancreas (Fig 10)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from radgloss.eval.metrics.bootstrap import interval, mean_interval
from radgloss.eval.score import Picture, Score
from radgloss.protocols import Embedder
from radgloss.trust.calibration import auroc

__all__ = ["by_pair", "never_met", "similarities", "zero_shot"]

TASK = "organ × look"
UNMET = "never met"
Floats = npt.NDArray[np.float64]


def similarities(model: Embedder, pictures: Sequence[Picture], captions: Sequence[str]) -> Floats:
    """Cosines of every picture with every caption, (pictures, captions)."""
    images = np.stack([model.embed_image(p.image).vector for p in pictures])
    texts = np.stack([model.embed_text(c).vector for c in captions])
    return (images @ texts.T).astype(np.float64)


def zero_shot(model: Embedder, pictures: Sequence[Picture]) -> tuple[Score, ...]:
    """Accuracy over all captions, on pairs that training has seen and on pairs it has not."""
    captions = list(dict.fromkeys(p.caption for p in pictures))
    scores = similarities(model, pictures, captions)
    right = picked(scores, [captions.index(p.caption) for p in pictures])
    held = np.array([p.held_out for p in pictures])
    out = [_score("accuracy, seen pairs", right[~held], [p for p in pictures if not p.held_out])]
    if held.any():
        out.append(_score("accuracy, unseen pairs", right[held],
                          [p for p in pictures if p.held_out]))  # fmt: skip
    for name, of in (("organ", _organ), ("look", _look)):
        group = {p.caption: of(p) for p in pictures}
        kinds = list(dict.fromkeys(group.values()))
        best = np.stack(
            [scores[:, [group[c] == kind for c in captions]].max(axis=1) for kind in kinds], axis=1
        )
        hit = picked(best, [kinds.index(of(p)) for p in pictures])
        out.append(_score(f"accuracy, {name} alone", hit, pictures))
    return tuple(out)


def by_pair(model: Embedder, pictures: Sequence[Picture]) -> dict[tuple[str, str], float]:
    """Accuracy over all captions, by organ and look."""
    captions = list(dict.fromkeys(p.caption for p in pictures))
    scores = similarities(model, pictures, captions)
    right = picked(scores, [captions.index(p.caption) for p in pictures])
    hits: dict[tuple[str, str], list[float]] = {}
    for picture, hit in zip(pictures, right, strict=True):
        hits.setdefault((picture.organ, picture.look), []).append(float(hit))
    return {pair: float(np.mean(found)) for pair, found in hits.items()}


def never_met(
    model: Embedder, met: Sequence[Picture], unmet: Sequence[Picture]
) -> tuple[Score, ...]:
    """Pictures of what no training has met: they must fail to be named, and be none of these.

    Named: how often a picture's own caption is picked among all captions, beside chance; a model
    cannot earn a name that it never learned, so more than chance says that the name was met. None
    of these: AUROC of how little an unmet picture resembles anything met, against pictures of what
    was met; by words (its nearest caption of what was met: maximum concept matching, arXiv
    2211.13445, without a temperature) and by pictures (its nearest met picture of another
    patient)."""
    known = list(dict.fromkeys(p.caption for p in met))
    captions = list(dict.fromkeys([*known, *(p.caption for p in unmet)]))
    both = [*met, *unmet]
    strange = np.repeat([False, True], [len(met), len(unmet)])
    patients = [p.patient for p in both]
    images = np.stack([model.embed_image(p.image).vector for p in both]).astype(np.float64)
    texts = np.stack([model.embed_text(c).vector for c in captions]).astype(np.float64)
    words = images @ texts.T  # (pictures, captions), those of what was met first
    named = picked(words[strange], [captions.index(p.caption) for p in unmet])
    alike = images @ images[: len(met)].T
    own = np.array(patients)[:, None] == np.array(patients)[None, : len(met)]
    by_pictures = np.where(own, -np.inf, alike).max(axis=1)
    theirs = [p.patient for p in unmet]
    return (
        Score(UNMET, "named", *mean_interval(named, theirs), len(unmet), "low"),
        Score(UNMET, "… by chance", 1 / len(captions), n=len(unmet), aim="none"),
        _strange("by words", words[:, : len(known)].max(axis=1), strange, patients),
        _strange("by pictures", by_pictures, strange, patients),
    )


def _strange(
    how: str, familiar: Floats, strange: npt.NDArray[np.bool_], patients: Sequence[str]
) -> Score:
    def area(rows: npt.NDArray[np.intp]) -> float:
        true = strange[rows]
        return auroc(-familiar[rows], true) if true.any() and not true.all() else float("nan")

    value = interval(patients, area, 400)
    return Score(UNMET, f"none of these, AUROC {how}", *value, len(familiar))


def picked(scores: Floats, wanted: Sequence[int]) -> Floats:
    """For each row the probability that its wanted column is picked; ties are drawn by lot."""
    top = scores == scores.max(axis=1, keepdims=True)
    return np.asarray(top[np.arange(len(scores)), list(wanted)] / top.sum(axis=1))


def _organ(p: Picture) -> str:
    return p.organ


def _look(p: Picture) -> str:
    return p.look


def _score(measure: str, right: Floats, pictures: Sequence[Picture]) -> Score:
    value = mean_interval(right, [p.patient for p in pictures])
    return Score(TASK, measure, *value, len(pictures))
