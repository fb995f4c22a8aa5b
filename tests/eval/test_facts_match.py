"""Counting facts agrees with scikit-learn on labels and with scipy on matchings."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import f1_score, precision_score, recall_score

from radgloss.eval.metrics.facts import Counts, match
from radgloss.types import Finding

NAMES = ("pneumothorax", "pleural effusion", "consolidation", "atelectasis", "lung nodule")


def test_with_names_alone_the_scores_are_scikit_learns():
    rng = np.random.default_rng(0)
    for _ in range(50):
        true, said = rng.integers(0, 2, (2, len(NAMES)))
        truth = [Finding(n) for n, on in zip(NAMES, true, strict=True) if on]
        predicted = [Finding(n) for n, on in zip(NAMES, said, strict=True) if on]
        counts = match(predicted, truth)
        if truth and predicted:
            assert counts.precision == pytest.approx(precision_score(true, said))
            assert counts.recall == pytest.approx(recall_score(true, said))
            assert counts.f1 == pytest.approx(f1_score(true, said))


def test_the_largest_matching_is_scipys():
    rng = np.random.default_rng(1)
    for _ in range(50):
        a = [Finding("cyst", size_mm=(float(s),)) for s in rng.integers(10, 30, 6)]
        b = [Finding("cyst", size_mm=(float(s),)) for s in rng.integers(10, 30, 5)]
        agree = np.array([[abs(x.size_mm[0] - y.size_mm[0]) <= 3 for y in b] for x in a])
        rows, columns = linear_sum_assignment(agree, maximize=True)
        hits = match(a, b, fields=("what", "size_mm"), tolerance_mm=3, tolerance=0).hits
        assert hits == agree[rows, columns].sum()


def test_status_and_side_count_and_an_open_field_forgives_silence():
    truth = [Finding("pleural effusion", "present", "left")]
    assert match([Finding("pleural effusion", "absent", "left")], truth).hits == 0
    assert match([Finding("pleural effusion")], truth).hits == 0
    assert match([Finding("pleural effusion")], truth, open_fields=("side",)).hits == 1


def test_nothing_said_of_nothing_is_perfect_and_counts_add():
    assert match([], []).f1 == match([], []).precision == match([], []).recall == 1
    assert match([], [Finding("cyst")]).recall == 0
    assert Counts(1, 2, 3) + Counts(4, 5, 6) == Counts(5, 7, 9)
