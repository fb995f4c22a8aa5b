"""Metrics against closed forms, scikit-learn and brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radgloss.eval.metrics.bootstrap import interval, mean_interval
from radgloss.eval.metrics.ranking import expected_recall, recall_at
from radgloss.eval.metrics.regions import box_of, iou, points_at
from radgloss.types import Region


def test_interval_of_a_mean_is_that_of_the_normal_theory():
    values = np.random.default_rng(0).normal(3, 2, 400)
    value, low, high = mean_interval(values, range(400), rounds=4000)
    half = 1.96 * values.std(ddof=1) / np.sqrt(400)
    assert value == pytest.approx(values.mean())
    assert (low, high) == pytest.approx((value - half, value + half), abs=0.03)


def test_rows_of_one_patient_come_together():
    """Ten copies of each patient's row carry no more information than one."""
    values = np.random.default_rng(1).random(60)
    once = interval(range(60), lambda rows: float(values[rows].mean()))
    tenfold = np.repeat(values, 10)
    many = interval(np.repeat(range(60), 10).tolist(), lambda rows: float(tenfold[rows].mean()))
    assert many[2] - many[1] == pytest.approx(once[2] - once[1], rel=0.1)


def test_one_patient_has_no_interval_and_nobody_no_value():
    assert np.isnan(mean_interval([1.0, 2.0], "aa")[1])
    assert np.isnan(mean_interval([], [])[0])


@given(st.lists(st.integers(0, 3), min_size=2, max_size=6), st.integers(1, 4), st.data())
def test_recall_is_the_mean_over_every_order_of_tied_candidates(meanings, k, data):
    n = len(meanings)
    scores = np.array([data.draw(st.integers(0, 2)) for _ in range(n)], float)
    wanted = data.draw(st.sampled_from(meanings))
    hits = []
    for order in itertools.permutations(range(n)):
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order)):
            hits.append(any(meanings[i] == wanted for i in order[:k]))
    (found,) = expected_recall(scores[None], [wanted], meanings, k)
    assert found == pytest.approx(np.mean(hits))


@given(st.integers(1, 9), st.integers(1, 5), st.integers(0, 10**6))
def test_recall_from_vectors_is_that_of_their_scores_whatever_the_chunk(n, chunk, seed):
    rng = np.random.default_rng(seed)
    queries, candidates = rng.integers(-1, 2, (4, 3)), rng.integers(-1, 2, (n, 3))
    wanted, offered = rng.integers(0, 4, 4).tolist(), rng.integers(0, 4, n).tolist()
    found = recall_at(queries, candidates, wanted, offered, (1, 2, 5), chunk)
    scores = (queries @ candidates.T).astype(float)
    for k, recall in found.items():
        assert recall == pytest.approx(expected_recall(scores, wanted, offered, k))


def test_a_perfect_model_among_equal_reports_is_perfect_and_by_row_it_would_not_be():
    """Four of ten reports are one and the same: whoever finds the text has found the answer."""
    texts = ["normal"] * 4 + [f"report {k}" for k in range(6)]
    vectors = np.eye(7)[[0, 0, 0, 0, 1, 2, 3, 4, 5, 6]]
    assert recall_at(vectors, vectors, texts, texts, (1,))[1].mean() == 1
    rows = list(range(10))
    assert recall_at(vectors, vectors, rows, rows, (1,))[1].mean() == pytest.approx(0.7)


@given(st.integers(2, 9), st.integers(1, 5), st.integers(0, 10**6))
def test_who_is_barred_is_as_if_never_offered(n, chunk, seed):
    """One query at a time, from the candidates that are left, gives the same."""
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-1, 2, (n, 3))
    names, owners, twins = (rng.integers(0, 3, n).tolist() for _ in range(3))
    barred = ((owners, owners), (twins, twins))
    found = recall_at(vectors, vectors, names, names, (1, 3), chunk, barred=barred)
    for q in range(n):
        left = [k for k in range(n) if owners[k] != owners[q] and twins[k] != twins[q]]
        for k, recall in found.items():
            scores = (vectors[q] @ vectors[left].T).astype(float)[None]
            alone = expected_recall(scores, [names[q]], [names[i] for i in left], k) if left else 0
            assert recall[q] == pytest.approx(alone)


def test_recall_refuses_vectors_without_names_and_numbers_that_are_none():
    with pytest.raises(ValueError, match="one each"):
        recall_at(np.eye(2), np.eye(2), "ab", "a")
    with pytest.raises(ValueError, match="finite"):
        recall_at(np.eye(2) * np.nan, np.eye(2), "ab", "ab")
    with pytest.raises(ValueError, match="depths"):
        recall_at(np.eye(2), np.eye(2), "ab", "ab", depths=(0,))


boxes = st.tuples(*[st.integers(0, 5)] * 3, *[st.integers(0, 3)] * 3).map(
    lambda v: Region(v[:3], (v[0] + v[3], v[1] + v[4], v[2] + v[5]))
)


@given(boxes, boxes)
def test_overlap_of_boxes_is_that_of_their_voxels(a, b):
    def voxels(region):
        grid = np.zeros((9, 9, 9), bool)
        grid[tuple(slice(lo, hi + 1) for lo, hi in zip(region.low, region.high, strict=True))] = 1
        return grid

    x, y = voxels(a), voxels(b)
    assert iou(a, b) == pytest.approx((x & y).sum() / (x | y).sum())
    assert iou(a, b) == iou(b, a)
    assert box_of(x) == a


def test_pointing_means_the_middle_of_the_box():
    mask = np.zeros((3, 10, 10), bool)
    mask[1, 2:5, 2:5] = True
    assert points_at(Region((1, 0, 0), (1, 6, 6)), mask)
    assert not points_at(Region((1, 4, 4), (1, 9, 9)), mask)
    assert points_at(Region((1, 4, 4), (1, 9, 9)), mask, slack=2)
    assert not points_at(Region((0, 0, 0), (0, 6, 6)), mask)
    assert not points_at(Region((9, 0, 0), (9, 6, 6)), mask)
