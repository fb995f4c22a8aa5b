"""An alarm is false as seldom as stated, also for one who looks after every study."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics.pairwise import rbf_kernel

from radgloss.trust import shift


def test_mmd_is_that_of_scikit_learns_kernel_summed_by_hand():
    rng = np.random.default_rng(0)
    x, y, width = rng.normal(size=(7, 3)), rng.normal(1, 1, size=(9, 3)), 1.3
    k = [rbf_kernel(a, b, gamma=1 / (2 * width**2)) for a, b in ((x, x), (y, y), (x, y))]
    pairs = [[k[0][i, j] for i in range(7) for j in range(7) if i != j],
             [k[1][i, j] for i in range(9) for j in range(9) if i != j]]  # fmt: skip
    wanted = np.mean(pairs[0]) + np.mean(pairs[1]) - 2 * k[2].mean()
    assert shift.mmd(x, y, width) == pytest.approx(wanted)


def test_scores_are_compared_as_scipy_does():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=60), rng.normal(0.4, 1, size=25)
    theirs = stats.ks_2samp(a, b)
    ours = shift.two_sample(a, b)
    assert (ours.test, ours.statistic, ours.p) == ("KS", theirs.statistic, theirs.pvalue)


@pytest.mark.parametrize("width", [0, 3])
def test_a_batch_alarms_falsely_as_often_as_stated(width):
    rng = np.random.default_rng(2)
    shape = (width,) if width else ()
    alarms = [
        shift.two_sample(rng.normal(size=(30, *shape)), rng.normal(size=(20, *shape)), 0.1,
                         rounds=49, seed=k).alarm
        for k in range(300)
    ]  # fmt: skip
    assert np.mean(alarms) < 0.1 + 3 * np.sqrt(0.1 * 0.9 / 300)
    assert np.mean(alarms) > 0.02  # and it is no test that never alarms


def test_features_that_moved_raise_the_alarm_though_their_mean_did_not():
    rng = np.random.default_rng(3)
    old, new = rng.normal(size=(80, 4)), 3 * rng.normal(size=(60, 4))
    found = shift.two_sample(old, new, 0.05)
    assert found.test == "MMD"
    assert found.alarm


def stream(validation, scores, alpha, seed):
    state = shift.begin(validation, alpha, seed)
    for score in scores:
        state = shift.watch(state, score)
    return state


def test_looking_after_every_study_alarms_falsely_no_more_often_than_stated():
    rng = np.random.default_rng(4)
    runs, alpha = 200, 0.2
    ever = [stream(rng.normal(size=40), rng.normal(size=100), alpha, k).alarm for k in range(runs)]
    assert np.mean(ever) <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / runs)


@pytest.mark.parametrize("offset", [2.0, -2.0])
def test_a_change_is_noticed_within_some_forty_studies_and_the_alarm_stays(offset):
    rng = np.random.default_rng(5)
    validation, before = rng.normal(size=200), rng.normal(size=30)
    after = rng.normal(offset, 1, size=60)
    state = stream(validation, [*before, *after], 0.05, 0)
    assert 30 < state.alarmed_at <= 70
    again = shift.watch(state, float(validation[0]))
    assert again.alarmed_at == state.alarmed_at


def test_one_study_leaves_the_former_state_as_it_was():
    first = shift.begin([1.0, 2.0, 3.0])
    second = shift.watch(first, 2.5)
    assert (first.studies, len(first.scores)) == (0, 3)
    assert (second.studies, second.scores) == (1, (1.0, 2.0, 2.5, 3.0))
    assert sum(second.capital) == pytest.approx(1, abs=0.5)


def test_what_cannot_be_compared_says_why():
    with pytest.raises(ValueError, match="finite"):
        shift.watch(shift.begin([1.0]), np.nan)
    with pytest.raises(ValueError, match="columns"):
        shift.two_sample(np.zeros((5, 2)), np.zeros((5, 3)))
    with pytest.raises(ValueError, match="wanted 2"):
        shift.two_sample(np.zeros((5, 2)), np.zeros((1, 2)))
    with pytest.raises(ValueError, match="alpha"):
        shift.begin([1.0], alpha=0)
