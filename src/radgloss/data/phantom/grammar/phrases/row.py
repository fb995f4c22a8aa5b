"""How one finding is said: its nouns, the ways to state it, to deny it, and words of its look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

__all__ = ["DENY", "DENY_LATE", "DENY_SIDE", "FOCAL", "Phrases", "is_several"]

DENY = ("No {x}.", "There {is} no {x}.", "No evidence of {x}.")
DENY_LATE = ("There is no evidence of {x}.", "~No {x} seen.", "~Negative for {x}.")

DENY_SIDE = (
    "No {side} {x}.",
    "There {is} no {side} {x}.",
    "~No {x} on the {side}.",
    "No evidence of {side} {x}.",
)
FOCAL = (  # anything that has a size and lies somewhere
    "{a} {size} {x} in {place}.",
    "There {is} {a} {size} {x} in {place}.",
    "There {is} {a} {x} in {place}[, measuring {size}].",
    "{a} {size} {x} {is} seen in {place}.",
    "{a} {x} in {place}[, the largest measuring {largest}].",
    "~{place} contains {a} {size} {x}.",
    "~{a} {x} measuring {size} {is} identified in {place}.",
    "There {is} {a} {x}[, measuring up to {largest}].",
    "~{a} {x}[ in {place}] measuring up to {largest}.",
    "In {place} there {is} {a} {size} {x}.",
    "{a} {x}[, {size}].",
)


@dataclass(frozen=True)
class Phrases:
    """The words for one finding.

    nouns: "one|several"; without a bar the plural takes an s; "=" in its place makes a mass noun.
    no: how it is called where it is denied ("liver cyst", "gallstones"). many: several unless told
        otherwise. sign, sign_what: what is seen where the finding is inferred, and its name in the
        findings table. looks: feature → what follows "with". adjectives: feature → word before the
        noun. notes: feature → a sentence of its own."""

    what: str
    nouns: tuple[str, ...]
    says: tuple[str, ...]
    no: tuple[str, ...]
    denies: tuple[str, ...] = ()
    denies_side: tuple[str, ...] = ()
    many: bool = False
    sign: tuple[str, ...] = ()
    sign_what: str = ""
    looks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    adjectives: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def noun(self, source: str) -> tuple[str, str]:
        """The singular and the plural of one of the nouns."""
        return forms(source)

    @property
    def statements(self) -> tuple[str, ...]:
        """Every pattern that states the finding."""
        return self.says

    @property
    def denials(self) -> tuple[str, ...]:
        """Every pattern that denies it: the shared ones and its own."""
        return (*DENY, *self.denies, *DENY_LATE)


def is_several(noun: str) -> bool:
    """Whether a noun of a denial is a plural.

    >>> is_several("hepatic cysts"), is_several("dilatation of the bile ducts")
    (True, False)
    """
    head = noun.split(" of ")[0].split(" in ")[0]
    return head.endswith("s") and not head.endswith(("ss", "is", "us"))


@cache
def forms(source: str) -> tuple[str, str]:
    """The singular and the plural of a noun.

    >>> forms("cyst"), forms("calculus|calculi"), forms("free fluid|=")
    (('cyst', 'cysts'), ('calculus', 'calculi'), ('free fluid', '='))
    """
    one, bar, several = source.partition("|")
    return one, several if bar else f"{one}s"
