"""Two errors that stand beside the six classes: an organ the patient has not, a size off by ten.

The first needs the references' sex; what it counts may be true of few patients and is worth a look.
The second is a part of the size errors: millimetres for centimetres, or the other way round."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from radgloss.eval.metrics.reports.known import about, impossible
from radgloss.eval.metrics.reports.language import check_english
from radgloss.eval.metrics.reports.mistakes import sized
from radgloss.eval.metrics.reports.sums import Family, Floats, Member, NotAvailable, mean
from radgloss.text.facts import read

__all__ = ["sex", "unit"]

_TEN = (9.0, 11.0)  # a ratio of two sizes that a wrong unit explains


def sex(exam: str = "") -> Family:
    """Things said, there or denied, of organs that a patient of that sex has not; a report."""

    def count(references: Sequence[str], predictions: Sequence[str]) -> Floats:
        check_english(references)
        if not any(about(r).sex for r in references):
            raise NotAvailable("needs a column sex (F or M) beside the references")
        pairs = zip(references, predictions, strict=True)
        return np.array([[_impossible(true, said, exam), bool(about(true).sex)]
                         for true, said in pairs], float)  # fmt: skip

    return Family("sex", "errors a report of known sex|facts:radgloss rules",
                  (Member("errors: sex", mean, "low", probed=False),), count)  # fmt: skip


def unit(exam: str = "") -> Family:
    """Sizes ten times as large or as small as the reference's; a report."""

    def count(references: Sequence[str], predictions: Sequence[str]) -> Floats:
        check_english(references)
        pairs = zip(references, predictions, strict=True)
        return np.array([[_tens(true, said, exam), 1.0] for true, said in pairs])

    return Family("unit", "errors a report|facts:radgloss rules|ten times, within a tenth",
                  (Member("errors: unit", mean, "low", probed=False),), count)  # fmt: skip


def _impossible(true: str, said: str, exam: str) -> int:
    known = about(true)
    if not known.sex:
        return 0
    facts = read(str(said), known.exam or exam)
    return len({f.finding.what for f in facts if impossible(f.finding, f.organ, known.sex)})


def _tens(true: str, said: str, exam: str) -> int:
    low, high = _TEN
    return sum(low <= max(a, b) / min(a, b) <= high for a, b in sized(true, said, exam))
