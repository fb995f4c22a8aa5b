"""Sets hold the truth as often as was promised, whatever the scores are worth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radgloss.trust import conformal

K = 4


def draw(n, rng, skill=1.5):
    """Rare and frequent classes, scores that favour the true one by `skill`."""
    truth = rng.choice(K, n, p=[0.55, 0.25, 0.15, 0.05])
    scores = rng.normal(size=(n, K))
    scores[np.arange(n), truth] += skill
    return scores, truth


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def mean_coverage(fit, n, rounds, rng):
    """Average coverage over fresh validation and test studies, and the deviation of that average.

    By class: of the classes' own coverages."""
    covered, by_class = [], []
    for _ in range(rounds):
        fitted = fit(*draw(n, rng))
        scores, truth = draw(200, rng)
        found = conformal.coverage(fitted.sets(scores), truth)
        covered.append(found.covered)
        by_class.append(found.by_class)
    return np.array(covered), np.array(by_class)


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.3])
@pytest.mark.parametrize("n", [19, 60])
def test_coverage_lies_between_the_promise_and_one_study_above_it(alpha, n):
    rng = np.random.default_rng(n)
    covered, _ = mean_coverage(lambda s, t: conformal.fit(s, t, alpha), n, 300, rng)
    error = 3 * covered.std() / np.sqrt(len(covered))
    assert 1 - alpha - error <= covered.mean() <= 1 - alpha + 1 / (n + 1) + error


def test_a_useless_score_is_covered_too_and_pays_with_larger_sets():
    rng = np.random.default_rng(3)
    good, bad = draw(400, rng, 3.0), draw(400, rng, 0.0)
    new_good, new_bad = draw(3000, rng, 3.0), draw(3000, rng, 0.0)
    for old, new in ((good, new_good), (bad, new_bad)):
        found = conformal.coverage(conformal.fit(*old, 0.1).sets(new[0]), new[1])
        assert found.covered == pytest.approx(0.9, abs=0.04)
    sizes = [conformal.coverage(conformal.fit(*o, 0.1).sets(x), t).size
             for o, (x, t) in ((good, new_good), (bad, new_bad))]  # fmt: skip
    assert sizes[0] < 1.3 < 3.0 < sizes[1]


def test_class_by_class_covers_the_rare_class_that_the_average_gives_up():
    rng = np.random.default_rng(4)

    def harder(n):  # the rare class scores low
        scores, truth = draw(n, rng, 2.5)
        scores[truth == 3, 3] -= 2.5
        return scores, truth

    average, each = [], []
    for _ in range(150):
        validation, (new, true) = harder(600), harder(1000)
        for found, by_class in ((average, False), (each, True)):
            sets = conformal.fit(*validation, 0.1, by_class).sets(new)
            found.append(conformal.coverage(sets, true).by_class)
    assert np.mean(average, axis=0)[3] < 0.75
    error = 3 * np.std(each, axis=0) / np.sqrt(len(each))
    assert (np.mean(each, axis=0) >= 0.9 - error).all()
    assert (np.mean(each, axis=0) <= 0.9 + 1 / 15 + error).all()


def test_a_class_with_too_few_studies_is_never_left_out():
    fitted = conformal.fit([[3.0, 0.0]] * 30 + [[0.0, 3.0]] * 3, [0] * 30 + [1] * 3, 0.1, True)
    assert fitted.studied == (30, 3)
    assert fitted.sets([[99.0, -99.0]]).tolist() == [[True, True]]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=40), st.floats(0.02, 0.9))
def test_quantile_leaves_at_most_alpha_of_the_ranks_beyond_it(values, alpha):
    """Of n + 1 exchangeable values each is the last with equal probability: count the ranks."""
    n = len(values)
    found = conformal.conformal_quantile(values, alpha)
    inside = n + 1 if found == np.inf else int((np.sort(values) <= found).sum())
    assert inside / (n + 1) >= 1 - alpha - 1e-9
    if found != np.inf and found > min(values):
        smaller = int((np.array(values) < found).sum())
        assert smaller / (n + 1) < 1 - alpha + 1e-9  # the next smaller value would not do


@pytest.mark.parametrize("penalty", [0.0, 0.2])
def test_adaptive_sets_cover_exactly_and_grow_with_doubt(penalty):
    rng = np.random.default_rng(5)
    covered = []
    for _ in range(150):
        scores, truth = draw(100, rng)
        fitted = conformal.fit_adaptive(softmax(scores), truth, 0.1, penalty, free=1)
        new, true = draw(100, rng)
        sets = fitted.sets(softmax(new))
        covered.append(conformal.coverage(sets, true).covered)
    error = 3 * np.std(covered) / np.sqrt(len(covered))
    assert 0.9 - error <= np.mean(covered) <= 0.9 + 1 / 101 + error
    p = softmax(new).max(axis=1)
    assert sets[p < np.median(p)].sum() > sets[p >= np.median(p)].sum()


def test_a_penalty_makes_long_sets_rare():
    rng = np.random.default_rng(6)
    scores, truth = draw(1500, rng)
    new, _ = draw(1500, rng)
    longest = [
        conformal.fit_adaptive(softmax(scores), truth, 0.1, penalty).sets(softmax(new)).sum(1).max()
        for penalty in (0.0, 1.0)
    ]
    assert longest[1] < longest[0]


def test_a_study_gets_the_same_set_whatever_its_batch():
    rng = np.random.default_rng(7)
    scores, truth = draw(200, rng)
    p = softmax(scores)
    fitted = conformal.fit_adaptive(p, truth, 0.2)
    alone = np.concatenate([fitted.sets(row[None]) for row in p[:20]])
    assert np.array_equal(fitted.sets(p)[:20], alone)


@pytest.mark.parametrize(
    ("scores", "truth", "alpha", "says"),
    [
        ([[1.0, np.nan]], [0], 0.1, "finite"),
        ([[1.0, 0.0]], [2], 0.1, "wanted 0 to 1"),
        ([[1.0, 0.0]], [0, 1], 0.1, "wanted one each"),
        ([[1.0, 0.0]], [0.5], 0.1, "class numbers"),
        ([[1.0, 0.0]], [0], 1.0, "alpha"),
        (np.zeros((0, 2)), [], 0.1, "one at least"),
    ],
)
def test_what_cannot_be_fitted_says_why(scores, truth, alpha, says):
    with pytest.raises(ValueError, match=says):
        conformal.fit(scores, truth, alpha)
