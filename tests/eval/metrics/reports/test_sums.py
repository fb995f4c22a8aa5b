"""Intervals and tests from sums are those of scoring every resample anew."""

import time

import numpy as np
import pytest
from scipy import stats

from radgloss.eval.metrics.reports import bleu
from radgloss.eval.metrics.reports.sums import by_patient, holm, intervals, mean, paired


def scores(n, seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    return np.stack([rng.random(n) + shift, np.ones(n)], axis=1)


def test_the_interval_of_a_mean_is_scipys():
    counts = scores(80)
    value, low, high = intervals(counts, [mean], 4000)[0]
    theirs = stats.bootstrap((counts[:, 0],), np.mean, n_resamples=4000, method="percentile",
                             rng=np.random.default_rng(1)).confidence_interval  # fmt: skip
    assert value == pytest.approx(counts[:, 0].mean())
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=0.006)


def test_a_resample_of_bleu_is_bleu_of_the_resampled_reports():
    true = [f"the {a} lung is {b}".split() for a in ("left", "right") for b in ("clear", "dense")]
    said = [true[0], true[0], true[3], true[2]]
    counts = bleu.counts(true, said)
    again = [2, 0, 0, 1]
    weights = np.bincount(again, minlength=4)
    direct = bleu.counts([true[i] for i in again], [said[i] for i in again]).sum(0)
    assert weights @ counts == pytest.approx(direct)


def test_patients_are_drawn_whole():
    """Ten copies of each pair of one patient say no more than one."""
    counts = scores(20)
    once = intervals(counts, [mean], 2000)[0]
    patients = [n for n in range(20) for _ in range(10)]
    tenfold = intervals(by_patient(np.repeat(counts, 10, axis=0), patients), [mean], 2000)[0]
    assert once == pytest.approx(tenfold)


def test_randomisation_is_scipys_permutation_test():
    a, b = scores(9, 0, 0.1), scores(9, 1)
    p = paired(a, b, [mean])[0][3]
    theirs = stats.permutation_test(
        (a[:, 0], b[:, 0]), lambda x, y: np.mean(x) - np.mean(y), permutation_type="samples",
        n_resamples=np.inf,
    ).pvalue  # fmt: skip
    assert p == pytest.approx(theirs, abs=1e-9)
    many = paired(scores(200, 0, 0.05), scores(200, 1), [mean], 5000)[0]
    both = stats.ttest_rel(scores(200, 0, 0.05)[:, 0], scores(200, 1)[:, 0]).pvalue
    assert many[3] == pytest.approx(both, abs=0.03)


def test_p_is_never_zero_and_one_for_the_same_system():
    assert paired(scores(300, 0, 5.0), scores(300, 1), [mean], 999)[0][3] == pytest.approx(1e-3)
    assert paired(scores(30), scores(30), [mean], 999)[0][3] == 1.0


def test_holm_is_steps_down_and_stops():
    """The worked example of Holm's procedure: each p by what is left, never falling."""
    assert holm([0.005, 0.011, 0.02, 0.04, 0.13]) == pytest.approx([0.025, 0.044, 0.06, 0.08, 0.13])
    assert holm([0.9, float("nan"), 0.6])[::2] == [1.0, 1.0]


def test_one_patient_has_no_interval():
    value, low, high = intervals(scores(1), [mean])[0]
    assert value == value
    assert low != low
    assert high != high


def test_ten_thousand_resamples_of_six_hundred_pairs_take_seconds():
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 60, (600, 10)).astype(float)
    began = time.process_time()
    intervals(counts, [m.value for m in bleu.coco().members], 10_000)
    assert time.process_time() - began < 5
