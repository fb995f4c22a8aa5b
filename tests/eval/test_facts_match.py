"""Counting facts agrees with scikit-learn on labels and with scipy on matchings."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import f1_score, precision_score, recall_score

from radgloss.eval.metrics.facts import Counts, Said, kinds, match, said
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


def test_by_name_alone_the_counts_are_those_of_sets():
    rng = np.random.default_rng(2)
    for _ in range(50):
        predicted, truth = ([NAMES[k] for k in rng.integers(0, 5, 4)] for _ in range(2))
        found = kinds([Finding(n) for n in predicted], [Finding(n) for n in truth])
        a, b = set(predicted), set(truth)
        assert found == Counts(len(a & b), len(a - b), len(b - a))


@pytest.mark.parametrize(
    ("field", "word", "true", "answer"),
    [
        ("side", "left", ("left",), Said(1, 0)), ("side", "left", ("right",), Said(1, 1)),
        ("side", "bilateral", ("left", "right"), Said(1, 0)),
        ("side", "bilateral", ("left",), Said(1, 1)), ("side", "left", ("bilateral",), Said(1, 0)),
        ("site", "lower pole", ("upper pole", "lower pole"), Said(1, 0)),
        ("site", "lower pole", ("upper pole",), Said(1, 1)), ("site", "head", ("",), Said(0, 0)),
        ("number", "2", ("multiple",), Said(1, 0)), ("number", "1", ("multiple",), Said(1, 1)),
        ("number", "multiple", ("3",), Said(1, 0)), ("number", "", ("3",), Said(0, 0)),
    ],
)  # fmt: skip
def test_a_field_is_wrong_where_both_state_it_and_no_true_finding_agrees(field, word, true, answer):
    truth = [Finding("cyst", **{field: t}) for t in true]
    assert said([Finding("cyst", **{field: word}), Finding("stone")], truth, field) == answer
