"""What reports are worth, by their facts, beside systems that never look at the picture.

`constant`: the training report most like all others of that examination. `random`: another
patient's. `nearest picture`: that of the training study whose mean feature is nearest. `nearest
text`: that of the training report most like what the system wrote, as if it could only choose.
Everything is taken within the same examination, which makes every one of them stronger.

Shapes: n studies · m training studies · W width of a study's feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from radgloss.eval.metrics.facts import Counts, match, said
from radgloss.eval.scoring.baselines import baselines
from radgloss.eval.scoring.reading import Pairs
from radgloss.text.beginnings import one_text
from radgloss.text.facts import findings
from radgloss.types import Finding, Report

__all__ = ["Known", "beside", "figures", "table"]

Floats = npt.NDArray[np.float32]
ROUNDS = 1000  # of the bootstrap over studies
ASSERTED = ("present", "uncertain")


@dataclass(frozen=True, eq=False)
class Known:
    """One study: its examination, its patient, its own report, and its mean feature (W,)."""

    exam: str
    patient: str
    report: Report
    feature: Floats

    @property
    def text(self) -> str:
        """Findings and impression, as a text."""
        return one_text(self.report)


def table(
    written: Sequence[Report], studies: Sequence[Known], train: Sequence[Known], seed: int = 0
) -> dict[str, dict[str, Any]]:
    """`figures` of what was written and of each baseline. train: of no patient that is scored."""
    others = beside(written, studies, train, seed)
    return {
        name: figures(reports, studies, seed)
        for name, reports in {"model": list(written), **others}.items()
    }


def beside(
    written: Sequence[Report], studies: Sequence[Known], train: Sequence[Known], seed: int
) -> dict[str, list[Report]]:
    """A report for every study, by baseline."""
    made: dict[str, list[Report]] = {}
    for exam in sorted({s.exam for s in studies}):
        mine = [n for n, s in enumerate(studies) if s.exam == exam]
        pool = [t for t in train if t.exam == exam]
        if not pool:
            continue
        pairs = Pairs(
            tuple(studies[n].text for n in mine), tuple(one_text(written[n]) for n in mine),
            tuple(studies[n].patient for n in mine),
        )  # fmt: skip
        by_text = {t.text: t.report for t in pool}
        chosen = {
            name: [by_text[text] for text in texts]
            for name, texts in baselines(pairs, [t.text for t in pool], seed).items()
        }
        chosen["nearest text"] = chosen.pop("nearest")
        chosen["nearest picture"] = _nearest([studies[n] for n in mine], pool)
        for name, reports in chosen.items():
            whole = made.setdefault(name, [Report()] * len(studies))
            for n, report in zip(mine, reports, strict=True):
                whole[n] = report
    return made


def _nearest(asked: Sequence[Known], pool: Sequence[Known]) -> list[Report]:
    """By cosine of the features, centred on the pool's mean."""
    held = np.stack([p.feature for p in pool])
    centre = held.mean(0)
    held, own = _unit(held - centre), _unit(np.stack([a.feature for a in asked]) - centre)
    return [pool[int(n)].report for n in (own @ held.T).argmax(1)]


def _unit(x: Floats) -> Floats:
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9))


# ------------------------------------------------------------------ figures


def figures(written: Sequence[Report], studies: Sequence[Known], seed: int = 0) -> dict[str, Any]:
    """Micro fact F1 with its 95 % interval over studies, of all facts and of what is asserted;
    precision, recall, sides, how many reports differ, and F1 by examination."""
    pairs = [
        (findings(w, s.exam), findings(s.report, s.exam))
        for w, s in zip(written, studies, strict=True)
    ]
    every = [match(a, b) for a, b in pairs]
    there = [match(_asserted(a), _asserted(b)) for a, b in pairs]
    total = sum(every, Counts(0, 0, 0))
    sided = [said(_asserted(a), _asserted(b), "side") for a, b in pairs]
    wrong, stated = sum(s.wrong for s in sided), sum(s.stated for s in sided)
    by_exam = {
        exam: round(
            sum((c for c, s in zip(every, studies, strict=True) if s.exam == exam),
                Counts(0, 0, 0)).f1, 3,
        )
        for exam in sorted({s.exam for s in studies})
    }  # fmt: skip
    return {
        "fact_f1": round(total.f1, 3), "interval": _interval(every, seed),
        "precision": round(total.precision, 3), "recall": round(total.recall, 3),
        "asserted_f1": round(sum(there, Counts(0, 0, 0)).f1, 3),
        "asserted_interval": _interval(there, seed),
        "sides_wrong": f"{wrong} of {stated}",
        "distinct": len({one_text(w) for w in written}), "n": len(studies), "by_exam": by_exam,
    }  # fmt: skip


def _asserted(facts: Sequence[Finding]) -> list[Finding]:
    return [f for f in facts if f.status in ASSERTED]


def _interval(counts: Sequence[Counts], seed: int) -> list[float]:
    """Percentiles of micro F1 over studies drawn with replacement."""
    each = np.array([(2 * c.hits, 2 * c.hits + c.invented + c.missed) for c in counts], float)
    rng = np.random.default_rng(seed)
    drawn = each[rng.integers(len(each), size=(ROUNDS, len(each)))].sum(1)  # (rounds, 2)
    f1 = drawn[:, 0] / np.maximum(drawn[:, 1], 1e-9)
    return [round(float(q), 3) for q in np.percentile(f1, [2.5, 97.5])]
