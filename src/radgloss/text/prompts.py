"""How a label is asked in words: sentences that state it against sentences that deny it.

A model knows the sentences that it was trained on. So a finding is asked as its own training texts
say it: `gather` reads them with the fact reader and keeps those that state exactly that finding, or
deny exactly it. A label that no training text speaks of is asked with plain sentences. (On 80
phantom films, 300 steps into training, plain sentences gave an AUROC of .37 for effusion, sentences
in the manner of the reports .73.)"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from radgloss.text.facts import findings
from radgloss.text.templates import sentence
from radgloss.types import Finding

__all__ = ["Bank", "gather", "plain"]

MOST = 12  # phrasings of one kind
LEAST = 3  # phrasings of one kind before they are better than plain sentences


@dataclass(frozen=True)
class Bank:
    """Sentences that state a finding, that deny it, and that state it on one side."""

    present: tuple[str, ...]
    absent: tuple[str, ...]
    right: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def plain(label: str) -> Bank:
    """Plain sentences, for a label that no training text speaks of.

    >>> plain("hydatid cyst").present
    ('Hydatid cyst.', 'There is a hydatid cyst.')
    >>> plain("hydatid cyst").absent
    ('No hydatid cyst.', 'There is no hydatid cyst.')
    """

    def stated(side: str) -> tuple[str, ...]:
        words = f"{side} {label}".strip()
        return (f"{words[:1].upper()}{words[1:]}.", sentence(Finding(label, side=side)))  # type: ignore[arg-type]

    denied = (f"No {label}.", f"There is no {label}.")
    return Bank(stated(""), denied, stated("right"), stated("left"))


def gather(texts: Iterable[tuple[str, str]], most: int = MOST) -> dict[str, Bank]:
    """By finding, how these (examination, sentence) pairs state and deny it.

    Sentences that speak of another finding as well, or that hedge, are passed over; of many, the
    same `most` are kept whatever their order. What is stated and never denied (nobody writes "no
    chest tube") is asked against a plain denial.

    >>> said = ["Left effusion.", "Right effusion.", "There is a pleural effusion.",
    ...         "No pleural effusion.", "No effusion.", "There is no effusion."]
    >>> gather(("xr-chest", s) for s in said)["pleural effusion"].left
    ('Left effusion.',)
    """
    kept: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for exam, text in dict.fromkeys(texts):
        stated = findings(text, exam)
        whats = {f.what for f in stated}
        ends = {f.status for f in stated}
        if len(whats) != 1 or len(ends) != 1 or not ends <= {"present", "absent"}:
            continue
        sides = {f.side for f in stated}
        of = kept[whats.pop()]
        of[ends.pop()].add(text)
        if len(sides) == 1 and (side := sides.pop()) in ("right", "left"):
            of[f"{side} {stated[0].status}"].add(text)
    banks = {
        what: Bank(*(_some(of[k], most) for k in
                     ("present", "absent", "right present", "left present")))
        for what, of in kept.items()
    }  # fmt: skip
    return {what: _deniable(what, b) for what, b in banks.items() if len(b.present) >= LEAST}


def _deniable(what: str, bank: Bank) -> Bank:
    return bank if len(bank.absent) >= LEAST else replace(bank, absent=plain(what).absent)


def _some(texts: Iterable[str], most: int) -> tuple[str, ...]:
    """At most so many of them, drawn evenly and always the same."""
    return tuple(sorted(texts, key=lambda t: hashlib.sha256(t.encode()).digest())[:most])
