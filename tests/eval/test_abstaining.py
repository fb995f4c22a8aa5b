"""The risk-coverage curve is its mean over every order of equally sure studies."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radgloss.eval.metrics.abstaining import risk_coverage


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=6))
def test_curve_is_the_mean_over_every_order_of_ties(rows):
    sure, wrong = [float(s) for s, _ in rows], [w for _, w in rows]
    curves = []
    for order in itertools.permutations(range(len(rows))):
        if all(sure[a] >= sure[b] for a, b in itertools.pairwise(order)):
            errors = np.array([wrong[i] for i in order], float)
            curves.append(np.cumsum(errors) / np.arange(1, len(rows) + 1))
    wanted = np.mean(curves, axis=0)
    found = risk_coverage(sure, wrong)
    assert found.risk == pytest.approx(wanted)
    assert found.area == pytest.approx(wanted.mean())


def test_a_perfect_order_has_no_excess_and_no_order_has_the_error_everywhere():
    wrong = np.array([0, 0, 0, 1, 1])
    assert risk_coverage([5, 4, 3, 2, 1], wrong).excess == pytest.approx(0)
    assert risk_coverage([1, 1, 1, 1, 1], wrong).risk == pytest.approx([0.4] * 5)
    assert risk_coverage([1, 2, 3, 4, 5], wrong).excess > 0.3


def test_risk_is_read_at_the_wanted_coverage():
    found = risk_coverage([4, 3, 2, 1], [0, 1, 0, 1])
    assert [found.at(c) for c in (0.25, 0.5, 0.6, 1.0)] == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])
    with pytest.raises(ValueError, match="coverage"):
        found.at(0)
