"""F1 of CheXpert's fourteen labels, read out of both texts by our rules (`text.facts.chexpert`).

Published figures differ by convention more than by model, so the convention is in the signature:
an uncertain label counts as positive; "No Finding" is one of the fourteen; a label that neither
side ever has counts 0 in the macro mean, as scikit-learn's default does. `5`: cardiomegaly, oedema,
consolidation, atelectasis, pleural effusion. Read from reports of chest films only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from radgloss.eval.metrics.reports.known import about
from radgloss.eval.metrics.reports.language import check_english
from radgloss.eval.metrics.reports.sums import Family, Floats, Member, NotAvailable, Value
from radgloss.text.facts.chexpert import LABELS, labels

__all__ = ["FIVE", "averages", "chexpert", "label_counts"]

CHEST = "xr-chest"  # the others of a set have no labels
FIVE = ("Cardiomegaly", "Edema", "Consolidation", "Atelectasis", "Pleural Effusion")
_ALL = tuple(range(len(LABELS)))
_SOME = tuple(LABELS.index(name) for name in FIVE)


def chexpert() -> Family:
    """Micro and macro F1 of all fourteen labels and of the five."""
    return Family(
        "CheXpert labels",
        "CheXpert F1|labeler:radgloss rules|uncertain:positive|no finding:counted|absent label:0",
        averages("label"),
        _count,
    )


def averages(of: str) -> tuple[Member, ...]:
    """The four means over `label_counts`, under this name."""
    return (
        Member(f"{of} F1, micro 14", _micro(_ALL)),
        Member(f"{of} F1, macro 14", _macro(_ALL)),
        Member(f"{of} F1, micro 5", _micro(_SOME)),
        Member(f"{of} F1, macro 5", _macro(_SOME)),
    )


def label_counts(true: np.ndarray, said: np.ndarray) -> Floats:
    """(n, 42) from two (n, 14) tables of yes and no: hits, invented, missed of each label."""
    return np.hstack([true & said, ~true & said, true & ~said]).astype(float)


def _count(references: Sequence[str], predictions: Sequence[str]) -> Floats:
    check_english(references)
    true = np.array([_positive(str(t)) for t in references])
    chest = np.array([about(t).exam in ("", CHEST) for t in references])
    true[~chest] = False
    if not true[:, 1:].any():  # all "No Finding": nothing was read, or nothing is there
        raise NotAvailable("no label was read in any reference")
    said = np.array([_positive(str(t)) for t in predictions])
    return label_counts(true, said & chest[:, None])


@lru_cache(4096)
def _positive(text: str) -> tuple[bool, ...]:
    if not text.strip():
        return (False,) * len(LABELS)  # silence is not "No Finding"
    found = labels(text)
    return tuple(found[name] in (1, -1) for name in LABELS)


def _parts(sums: Floats, which: tuple[int, ...]) -> tuple[Floats, Floats]:
    """2 hits, and 2 hits + invented + missed: (…, labels) both."""
    n = len(LABELS)
    hits, invented, missed = (sums[..., [k * n + i for i in which]] for k in range(3))
    return 2 * hits, 2 * hits + invented + missed


def _share(a: Floats, b: Floats) -> Floats:
    return np.divide(a, b, out=np.zeros_like(a), where=b != 0)


def _micro(which: tuple[int, ...]) -> Value:
    def value(sums: Floats) -> Floats:
        a, b = _parts(sums, which)
        return _share(a.sum(-1), b.sum(-1))

    return value


def _macro(which: tuple[int, ...]) -> Value:
    def value(sums: Floats) -> Floats:
        return np.asarray(_share(*_parts(sums, which)).mean(-1))

    return value
