"""Are there more strangers among the studies than were promised? Where only the promise was kept.

`shift.watch` needs the distances of the validation studies. Where a checkpoint holds nothing but a
threshold and the share of familiar studies beyond it, their number can still be bet on: a capital
of 1, split among bets that each study lies beyond it (Waudby-Smith and Ramdas, arXiv 2010.09686).
While the true share is at most `rate`, the capital ever reaches 1/alpha with probability at most
alpha, by Ville's inequality, however often one looks. Fewer strangers than promised never alarm."""

from __future__ import annotations

from dataclasses import dataclass, replace

from radgloss.trust.arrays import shares

__all__ = ["Tally", "add", "begin"]

BETS = (0.0, 0.1, 0.4)  # of the largest that cannot lose more than everything, 1 / rate


@dataclass(frozen=True)
class Tally:
    """rate: the promised share. beyond: strangers so far. capital: of each bet. alarmed_at: the
    study at which the total first reached 1/alpha (an alarm stays)."""

    alpha: float
    rate: float
    capital: tuple[float, ...] = tuple(1 / len(BETS) for _ in BETS)
    studies: int = 0
    beyond: int = 0
    alarmed_at: int | None = None

    @property
    def alarm(self) -> bool:
        return self.alarmed_at is not None


def begin(rate: float, alpha: float = 0.05) -> Tally:
    """Before the first study; rate and alpha between 0 and 1."""
    shares(rate=rate, alpha=alpha)
    return Tally(alpha, rate)


def add(tally: Tally, beyond: bool) -> Tally:
    """After one more study; the tally that was given is left as it was.

    >>> tally = begin(rate=0.05)
    >>> for _ in range(4):
    ...     tally = add(tally, True)
    >>> tally.alarmed_at, add(begin(0.05), False).alarm
    (2, False)
    """
    capital = tuple(
        c * (1 + bet / tally.rate * (beyond - tally.rate))
        for c, bet in zip(tally.capital, BETS, strict=True)
    )
    studies, alarmed = tally.studies + 1, tally.alarmed_at
    if alarmed is None and sum(capital) >= 1 / tally.alpha:
        alarmed = studies
    return replace(
        tally,
        capital=capital,
        studies=studies,
        beyond=tally.beyond + bool(beyond),
        alarmed_at=alarmed,
    )
