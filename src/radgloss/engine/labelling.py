"""Studies and labels into rows: what was said, how sure, what remains, and in whose words.

One row for each study and label, the same for a checkpoint, published weights and a fitted probe. A
refused study is passed on in its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from radgloss.types import InputRejected, Prediction, Status, Study

__all__ = ["Ask", "Labels", "check", "rows"]


class Labels(Protocol):
    """What answers: a `Labeler` that says which labels it was validated for, and its sets."""

    def label(self, study: Study, labels: Sequence[str]) -> tuple[Prediction, ...]: ...
    def validated(self, study: Study) -> tuple[str, ...]: ...
    def remaining(self, study: Study, label: str) -> tuple[Status, ...] | None: ...
    @property
    def coverages(self) -> tuple[float, ...]: ...


@dataclass(frozen=True)
class Ask:
    """labels: none asks for all that were validated. coverage: of the sets that are wanted; None:
    no sets. called: by label as asked, the finding's name that the model knows it by. words: whose
    sentences are used where they are not the model's own."""

    labels: tuple[str, ...] = ()
    coverage: float | None = None
    called: Mapping[str, str] = field(default_factory=dict)
    words: str = ""


def check(ask: Ask, model: Labels) -> None:
    """Before the long work: InputRejected('empty-text') for a label without words, ('coverage') for
    one that nothing was fitted for."""
    if any(not label.strip() for label in ask.labels):
        raise InputRejected("empty-text", "a label", "no words", "at least one", "Type a word.")
    if ask.coverage is None:
        return
    fitted = model.coverages
    if not any(abs(c - ask.coverage) < 1e-9 for c in fitted):
        raise InputRejected(
            "coverage", "the sets", f"a coverage of {ask.coverage:g}",
            " or ".join(f"{c:g}" for c in fitted) or "a model that sets were fitted for",
            "Sets are fitted on validation studies, never on those that are asked: take a fitted "
            "coverage, or fit one on your own studies with `radgloss probe --coverage`.",
        )  # fmt: skip


def rows(
    studies: Iterable[Study | InputRejected], ask: Ask, model: Labels
) -> Iterator[dict[str, Any] | InputRejected]:
    """The answers, study by study."""
    for study in studies:
        if isinstance(study, InputRejected):
            yield study
            continue
        yield from study.left_out
        asked = ask.labels or model.validated(study)
        try:
            said = model.label(study, [ask.called.get(label, label) for label in asked])
        except InputRejected as problem:
            yield problem
            continue
        for label, p in zip(asked, said, strict=True):
            yield {
                "study": study.uid, "label": label,
                "probability": "" if p.abstained else round(p.probability, 4),
                "logit": round(p.logit, 3), "abstained": p.abstained, "why": p.why,
                "frame": p.evidence[0].frame if p.evidence else "",
                **_set(study, p.label, ask, model),
                **({"finding": p.label} if ask.called else {}),
                **({"words": ask.words} if ask.words else {}),
            }  # fmt: skip


def _set(study: Study, label: str, ask: Ask, model: Labels) -> dict[str, Any]:
    """What remains possible: a list of states, empty where no class fits; None where no set may be
    given."""
    if ask.coverage is None:
        return {}
    left = model.remaining(study, label)
    return {"remaining": None if left is None else list(left), "coverage": ask.coverage}
