"""What the lexicon says of a phrase, and what a sentence becomes: terms, items, places.

A `Term` is the meaning of one surface form ("right upper lobe", "no evidence of"); an `Item` is
such a term where it stands in a sentence. Spelling is handled once, here: every phrase is entered
in British spelling and singular, `spellings` and `plural` make the other forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from radgloss.types import Side

if TYPE_CHECKING:
    from radgloss.text.facts.measure import Measure

__all__ = ["Item", "Place", "Term", "plural", "spellings", "words"]


class Place(NamedTuple):
    """Somewhere in a body. organ: a key of ORGANS or a further organ ("bladder").

    part: a finer organ that changes names ("ovary", "rib", "ureter", "size" of the heart).
    site: within the organ. Empty fields are open."""

    organ: str = ""
    part: str = ""
    site: str = ""
    side: Side = ""


@dataclass(frozen=True, slots=True)
class Term:
    """One meaning. cat: what it does in a clause, one of the handlers of `clause.ACTS`.

    word: the canonical word (a kind, a change, a severity, a number, a limit).
    p: the probability that a hedge gives. link: it explains the observation before it.
    place: where it is or lies. layer: of a thing. plural: the noun was plural.
    fixed: the place's organ belongs to the thing and nothing else may replace it."""

    cat: str
    word: str = ""
    place: Place = Place()
    p: float | None = None
    link: bool = False
    layer: str = "observation"
    plural: bool = False
    fixed: bool = False


class Item:
    """A term in its sentence: characters [start, end), and the noun that it stands before.

    head: index of the thing whose noun phrase this item belongs to, −1 where it has none."""

    __slots__ = ("cat", "end", "head", "measure", "start", "term")

    def __init__(self, term: Term, start: int, end: int, measure: Measure | None = None) -> None:
        self.cat = term.cat
        self.term = term
        self.start = start
        self.end = end
        self.head = -1
        self.measure = measure


def words(text: str) -> tuple[str, ...]:
    """The phrases of a list written with commas.

    >>> words("free air, free gas")
    ('free air', 'free gas')
    """
    return tuple(w.strip() for w in text.split(","))


_AMERICAN = (
    ("haem", "hem"),
    ("oedema", "edema"),
    ("oesoph", "esoph"),
    ("tumour", "tumor"),
    ("calibre", "caliber"),
    ("visualis", "visualiz"),
    ("characteris", "characteriz"),
    ("localis", "localiz"),
    ("favour", "favor"),
    ("centre", "center"),
    ("metre", "meter"),
    ("dilatation", "dilation"),
    ("grey", "gray"),
    ("ureteric", "ureteral"),
)


def spellings(phrase: str) -> tuple[str, ...]:
    """The phrase as it is, and in American spelling where that differs.

    >>> spellings("haemangioma"), spellings("cyst")
    (('haemangioma', 'hemangioma'), ('cyst',))
    """
    found = [phrase]
    for british, american in _AMERICAN:
        found += [p.replace(british, american) for p in found if british in p]
    return tuple(dict.fromkeys(found))


_PLURALS = (
    ("calculus", "calculi"),
    ("thorax", "thoraces"),
    ("embolus", "emboli"),
    ("focus", "foci"),
    ("thrombus", "thrombi"),
    ("sis", "ses"),
    ("ovary", "ovaries"),
    ("ity", "ities"),
    ("pathy", "pathies"),
    ("pregnancy", "pregnancies"),
    ("oma", "omas"),
    ("ss", "sses"),
    ("diverticulum", "diverticula"),
)


def plural(noun: str) -> str:
    """The plural of a phrase's last word.

    >>> plural("renal calculus"), plural("mass"), plural("opacity")
    ('renal calculi', 'masses', 'opacities')
    """
    for ending, many in _PLURALS:
        if noun.endswith(ending):
            return noun.removesuffix(ending) + many
    return noun + "s"
