"""A group's row is what one would compute of it alone, and a gap that is there is found."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from radgloss.eval.metrics.subgroups import gap, subgroups


def draw(n=400, bad="b", seed=0):
    """Group `bad` is scored by chance."""
    rng = np.random.default_rng(seed)
    groups = np.where(rng.random(n) < 0.5, "a", "b")
    truth = rng.random(n) < 0.4
    score = rng.normal(size=n) + 2.0 * truth * (groups != bad)
    return 1 / (1 + np.exp(-score)), truth, groups, [f"p{k // 2}" for k in range(n)]


def test_rows_are_scikit_learns_of_each_group():
    p, truth, groups, patients = draw()
    rows = {g.name: g for g in subgroups(p, truth, list(groups), patients, rounds=50)}
    assert list(rows) == ["all", "a", "b"]
    for name in ("a", "b"):
        mine = groups == name
        assert rows[name].auroc == pytest.approx(roc_auc_score(truth[mine], p[mine]))
        assert rows[name].brier == pytest.approx(brier_score_loss(truth[mine], p[mine]))
        assert rows[name].said == pytest.approx(p[mine].mean())
        assert (rows[name].n, rows[name].positives) == (mine.sum(), truth[mine].sum())
        assert rows[name].low < rows[name].auroc < rows[name].high


def test_a_small_group_is_listed_without_a_figure():
    p, truth, groups, patients = draw()
    named = list(groups)
    named[:3] = ["rare"] * 3
    (rare,) = [g for g in subgroups(p, truth, named, patients, rounds=20) if g.name == "rare"]
    assert rare.n == 3
    assert np.isnan(rare.auroc)


def test_a_gap_that_is_there_stands_out_of_one_that_is_not():
    there, low, _ = gap(*(x if isinstance(x, list) else x.tolist() for x in draw()), rounds=100)
    assert there > 0.3
    assert low > 0.2
    p, truth, groups, patients = draw(bad="nobody")
    none, low, _ = gap(p, truth, list(groups), patients, rounds=100)
    assert none < 0.1
    assert low < 0.05


def test_one_group_has_no_gap_and_bad_tables_say_why():
    p, truth, _, patients = draw()
    assert np.isnan(gap(p, truth, ["a"] * len(p), patients, rounds=10)[0])
    with pytest.raises(ValueError, match="1 groups"):
        subgroups(p, truth, ["a"], patients)
