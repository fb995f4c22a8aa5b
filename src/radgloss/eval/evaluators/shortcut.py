"""Does a model look at the picture? The same questions with the picture taken away.

    blank            every pixel 0, the same for everybody: even a picture's median tells of it
    shuffled         the picture's own pixels in random order: its grey levels without its shapes
    another patient  the next patient's study of the same examination
    words alone      no model at all: each finding as often as it occurs in these very cases

Two figures for each. The mean AUROC over findings is .5 for whoever does not see; if a control
stands above it, something other than the shapes gives the answer away. The pooled AUROC mixes
findings, so that knowing the common from the rare already earns something: what "words alone" earns
there is what a good figure must be held against (generously: it knows how often each occurs)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from radgloss.eval.evaluators.labelling import LEAST, Asked, ask, labelled
from radgloss.eval.metrics.bootstrap import interval
from radgloss.eval.score import Examined, Score
from radgloss.protocols import Labeler
from radgloss.trust.calibration import auroc
from radgloss.types import Image, Prediction, Study

__all__ = ["CONTROLS", "audited", "judged"]

TASK = "shortcut audit"
Change = Callable[[Image, np.random.Generator], npt.NDArray[np.float32]]


def _blank(image: Image, _: np.random.Generator) -> npt.NDArray[np.float32]:
    return np.zeros_like(image.pixels)


def _shuffled(image: Image, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    frames = image.pixels.reshape(len(image.pixels), -1)  # (F, R·C)
    return rng.permuted(frames, axis=1).reshape(image.pixels.shape)


CONTROLS: Mapping[str, Change] = {"blank": _blank, "shuffled": _shuffled}
"""What a control makes of an image's pixels, (F, R, C) → (F, R, C)."""


def audited(model: Labeler, cases: Sequence[Examined], seed: int = 0) -> tuple[Score, ...]:
    """Both figures for the true pictures, for each control, and for words alone.

    Case number k draws its own random numbers from (seed, k). Raises ValueError without cases."""
    if not cases:
        raise ValueError("no case; wanted one at least")
    shown = {
        "true pictures": list(cases),
        **{name: [_changed(c, change, (seed, k)) for k, c in enumerate(cases)]
           for name, change in CONTROLS.items()},
        "another patient": _exchanged(cases),
    }  # fmt: skip
    return tuple(judged({name: ask(model, some) for name, some in shown.items() if some}))


def judged(asked: Mapping[str, Sequence[Asked]]) -> list[Score]:
    """Both figures for what was said of "true pictures" and of each control, and of words alone."""
    every = {**asked, "words alone": _words_alone(asked["true pictures"])}
    return [score for name, some in every.items() for score in _figures(name, some)]


def _changed(case: Examined, change: Change, seed: tuple[int, int]) -> Examined:
    rng = np.random.default_rng(seed)
    images = tuple(replace(i, pixels=change(i, rng)) for i in case.case.study.images)
    return _with(case, replace(case.case.study, images=images))


def _with(case: Examined, study: Study) -> Examined:
    return replace(case, case=replace(case.case, study=study))


def _exchanged(cases: Sequence[Examined]) -> list[Examined]:
    """Each case with the study of the next other patient of its examination, where there is one."""
    out = []
    for k, case in enumerate(cases):
        others = (*cases[k + 1 :], *cases[:k])
        other = next((o for o in others if o.exam == case.exam and o.patient != case.patient), None)
        if other is not None:
            out.append(_with(case, other.case.study))
    return out


def _words_alone(asked: Sequence[Asked]) -> list[Asked]:
    """Every question answered with how often the finding is there."""
    shares = {
        name: float(np.mean([a.true for a in asked if a.label == name]))
        for name in dict.fromkeys(a.label for a in asked)
    }
    return [
        replace(a, said=Prediction(a.label, shares[a.label], shares[a.label])) for a in asked
    ]  # fmt: skip


def _figures(name: str, asked: Sequence[Asked]) -> tuple[Score, Score]:
    mean = replace(labelled(asked)[0], task=TASK, measure=f"{name}, mean AUROC", aim="none")
    scores = np.array([a.said.logit for a in asked])
    true = np.array([a.true for a in asked], bool)

    def pooled(rows: npt.NDArray[np.intp]) -> float:
        some = true[rows]
        return auroc(scores[rows], some) if some.any() and not some.all() else float("nan")

    enough = min(int(true.sum()), int((~true).sum())) >= LEAST
    value = (float("nan"),) * 3
    if enough:
        value = interval([a.patient for a in asked], pooled, 200)
    return mean, Score(TASK, f"{name}, pooled AUROC", *value, len(asked), "none")
