"""How a label is asked in words: several phrasings with the finding and the same without it."""

from __future__ import annotations

__all__ = ["negatives", "positives", "sided"]

_POSITIVE = ("{a} {x}.", "There is {a} {x}.", "{A} {x} is seen.")
_NEGATIVE = ("No {x}.", "There is no {x}.", "No evidence of {x}.")
_UNCOUNTED = ("splenomegaly", "pleural fluid", "pleural air", "nephrolithiasis", "steatosis")


def _article(x: str) -> str:
    if x.endswith(_UNCOUNTED):
        return ""
    return "an" if x[0] in "aeiou" else "a"


def positives(x: str) -> list[str]:
    """Sentences that state the finding.

    >>> positives("enlarged spleen")[1], positives("splenomegaly")[0]
    ('There is an enlarged spleen.', 'Splenomegaly.')
    """
    a = _article(x)
    said = [p.format(a=a, A=a, x=x).replace("  ", " ").strip() for p in _POSITIVE]
    return [s[0].upper() + s[1:] for s in said]


def negatives(x: str) -> list[str]:
    """Sentences that deny it.

    >>> negatives("liver cyst")[0]
    'No liver cyst.'
    """
    return [p.format(x=x) for p in _NEGATIVE]


def sided(x: str, side: str) -> list[str]:
    """Sentences that state it on one side.

    >>> sided("pleural effusion", "left")[0]
    'A left pleural effusion.'
    """
    return positives(f"{side} {x}")
