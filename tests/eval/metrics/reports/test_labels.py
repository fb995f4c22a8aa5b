"""Label F1 is scikit-learn's, on the same labels."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from radgloss.eval.metrics.reports.labels import FIVE, averages, chexpert, label_counts
from radgloss.eval.metrics.reports.sums import NotAvailable
from radgloss.text.facts.chexpert import LABELS


def test_the_four_means_are_scikit_learns():
    rng = np.random.default_rng(0)
    true, said = rng.random((2, 30, 14)) < 0.3
    true[:, 4] = said[:, 4] = False
    five = [LABELS.index(n) for n in FIVE]
    sums = label_counts(true, said).sum(0)
    theirs = [
        f1_score(true[:, which], said[:, which], average=average, zero_division=0)
        for which in (range(14), five) for average in ("micro", "macro")
    ]  # fmt: skip
    assert [float(m.value(sums)) for m in averages("label")] == pytest.approx(theirs)


def test_possible_counts_as_positive_and_silence_as_nothing():
    true, said = ["Possible pneumonia.", "No pneumonia."], ["Pneumonia.", ""]
    sums = chexpert().count(true, said).sum(0)
    hits, invented, missed = sums[:14], sums[14:28], sums[28:]
    assert hits[LABELS.index("Pneumonia")] == 1
    assert invented.sum() == 0
    assert missed[LABELS.index("No Finding")] == 1


def test_references_without_labels_have_no_label_f1():
    with pytest.raises(NotAvailable):
        chexpert().count(["Lungen frei.", "Herz normal groß."], ["Lungen frei.", ""])
