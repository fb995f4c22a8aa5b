"""Metrics against closed forms, scikit-learn and brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radgloss.eval.metrics.bootstrap import interval, mean_interval
from radgloss.eval.metrics.ranking import expected_recall
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
