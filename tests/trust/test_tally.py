"""Betting on strangers keeps its promise, and sees what it bets on."""

import numpy as np
import pytest

from radgloss.trust import tally


def run(rate, true, n, seed, alpha=0.05):
    rng = np.random.default_rng(seed)
    one = tally.begin(rate, alpha)
    for beyond in rng.random(n) < true:
        one = tally.add(one, bool(beyond))
    return one


def test_no_more_false_alarms_than_promised_however_often_one_looks():
    alarms = [run(0.05, 0.05, 300, seed, alpha=0.2).alarm for seed in range(400)]
    assert np.mean(alarms) <= 0.2 + 3 * np.sqrt(0.2 * 0.8 / 400)
    assert not any(run(0.05, 0.0, 300, seed).alarm for seed in range(5))


@pytest.mark.parametrize(("true", "within"), [(1.0, 3), (0.5, 20), (0.2, 200)])
def test_more_strangers_than_promised_alarm_the_sooner_the_more_there_are(true, within):
    at = [run(0.05, true, 600, seed).alarmed_at for seed in range(20)]
    assert np.median([a if a is not None else 10_000 for a in at]) <= within


def test_the_capital_is_what_the_bets_earn():
    """By hand: bets of 0, 2 and 8 on a stranger at a rate of 1 in 20."""
    one = tally.add(tally.begin(0.05), True)
    assert one.capital == pytest.approx(((1 / 3), (1 + 2 * 0.95) / 3, (1 + 8 * 0.95) / 3))


@pytest.mark.parametrize("rate", [0.0, 1.0, -1.0])
def test_a_rate_that_is_no_share_is_refused(rate):
    with pytest.raises(ValueError, match="share"):
        tally.begin(rate)
