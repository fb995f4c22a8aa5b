"""The authors: how one person writes, as data.

An author is a manner, not a set of facts: how much is denied, in which unit a size is given, how a
posterior becomes a word. The scale of hedges is the usual one of reading rooms (probability that a
reader understands; survey medians differ by 0.1 to 0.2 between people), and every author has words
of their own for it. Two authors are held out: nobody who writes a reader of reports sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from radgloss.data.phantom.grammar.spelling import Spelling
from radgloss.data.phantom.grammar.told import Wording

__all__ = ["AUTHORS", "BANDS", "OBSERVED", "Author", "author_named", "authors_of",
           "band_of"]  # fmt: skip

BANDS = (0.97, 0.85, 0.75, 0.65, 0.4, 0.2, 0.08, 0.02)
"""The probability that the words of a band stand for, from certain to excluded."""
FLOORS = (0.95, 0.8, 0.7, 0.525, 0.3, 0.14, 0.035)  # lower edge of each band but the last

Hedges = Mapping[float, tuple[str, ...]]
LINKS: Hedges = {  # after an observation: "… lesion, {link} {diagnosis}"
    0.97: ("diagnostic of", "representing", "characteristic of"),
    0.85: ("consistent with", "compatible with", "in keeping with"),
    0.75: ("most likely", "probably", "likely"),
    0.65: ("suspicious for", "concerning for"),
    0.4: ("possibly", "which may represent", "which could reflect"),
}
SENTENCES: Hedges = {  # {ad} is the diagnosis with its article, {d} without
    0.97: ("The appearances are diagnostic of {ad}.", "{d}."),
    0.85: (
        "Findings are consistent with {ad}.",
        "Appearances are in keeping with {ad}.",
        "The findings are compatible with {ad}.",
    ),
    0.75: ("{ad} {is} likely.", "The findings are most suggestive of {ad}.",
           "Findings favour {ad}.", "Probable {d}."),
    0.65: ("The findings are suspicious for {ad}.", "Appearances are concerning for {ad}."),
    0.4: ("{ad} {is} possible.", "{ad} cannot be excluded.", "The findings may represent {ad}.",
          "Possible {d}."),
    0.2: ("{ad} {is} less likely.", "{ad} {is} considered less likely."),
    0.08: ("{ad} {is} unlikely.", "{ad} {is} doubtful."),
    0.02: ("No evidence of {d}.", "There is no evidence of {d}."),
}  # fmt: skip

OBSERVED: Hedges = {  # the same for what is seen or not, where nothing is inferred
    0.97: ("Definite {d}.",),
    0.85: ("{ad} {is} very likely.", "Appearances are in keeping with {ad}."),
    0.75: ("Probable {d}.", "{ad} {is} likely.", "Likely {d}."),
    0.65: ("Suspected {d}.", "The findings are suspicious for {ad}."),
    0.4: ("Possible {d}.", "{ad} cannot be excluded.", "Questionable {d}."),
    0.2: ("{ad} {is} less likely.",),
    0.08: ("{ad} {is} unlikely.", "{ad} {is} doubtful."),
    0.02: ("No evidence of {d}.",),
}


def _own(words: Hedges, **chosen: tuple[int, ...]) -> dict[float, tuple[str, ...]]:
    """A person's own subset: `p85=(1,)` keeps the second phrase of the band .85."""
    own = dict(words)
    for name, kept in chosen.items():
        band = int(name[1:]) / 100
        own[band] = tuple(words[band][i] for i in kept)
    return own


@dataclass(frozen=True)
class Author:
    """One person's manner.

    unit: "mm", "cm" (always), or "mixed" (cm from 10 mm up). times: the sign between two extents.
    layout: findings as running prose, a line per organ, lines headed by the organ, or a template
        with a field for each organ. telegraphic: no articles. dates: how a comparison is dated.
    denies: share of what may be denied that is denied; lists: share of those put into one list.
    normals: share of whole organs called normal. detail: how often an optional part is written.
    spare: expected number of distractor sentences. omits: share of findings left out of the report.
    over_hedges: share of certain findings that are hedged all the same. side_errors: share of
        sides written wrongly where noise is asked for. shift: bands by which words are weaker
        (positive) or stronger than the posterior."""

    name: str
    unit: Literal["mm", "cm", "mixed"] = "mm"
    times: str = "×"
    layout: Literal["prose", "lines", "headed", "template"] = "prose"
    spelling: Spelling = "british"
    abbreviates: bool = False
    telegraphic: bool = False
    numbered: bool = False
    dates: Literal["words", "iso", "slashes"] = "words"
    denies: float = 0.7
    lists: float = 0.3
    normals: float = 0.3
    detail: float = 0.8
    spare: float = 0.8
    omits: float = 0.01
    over_hedges: float = 0.02
    side_errors: float = 0.003
    links: Hedges = field(default_factory=lambda: LINKS)
    hedges: Hedges = field(default_factory=lambda: SENTENCES)
    shift: int = 0
    held_out: bool = False


AUTHORS = (
    Author("terse", denies=0.35, lists=0.6, normals=0.1, detail=0.45, spare=0.2, omits=0.03,
           hedges=_own(SENTENCES, p75=(3,), p40=(3,), p85=(0,), p97=(1,))),
    Author("plain", denies=0.65, lists=0.3, normals=0.3, spare=0.6),
    Author("verbose", layout="lines", denies=0.95, lists=0.1, normals=0.7, detail=0.98, spare=2.2,
           omits=0.005, over_hedges=0.05, numbered=True,
           hedges=_own(SENTENCES, p75=(1, 2), p40=(2, 1), p97=(0,))),
    Author("by organ", layout="headed", denies=0.8, lists=0.25, normals=0.5, numbered=True,
           spare=0.8, dates="iso"),
    Author("american", unit="mixed", times="x", layout="headed", spelling="american", denies=0.8,
           lists=0.5, normals=0.6, numbered=True, spare=1.2, dates="slashes",
           links=_own(LINKS, p85=(0, 1), p40=(1,))),
    Author("resident", unit="cm", times="x", spelling="american", layout="prose", denies=0.75,
           lists=0.5, spare=1.6, over_hedges=0.12, shift=1, dates="slashes"),
    Author("dictated", unit="mixed", telegraphic=True, denies=0.5, lists=0.5, normals=0.2,
           detail=0.7, spare=0.4, omits=0.02, side_errors=0.005),
    Author("short hand", unit="mm", times="x", spelling="american", abbreviates=True,
           telegraphic=True, denies=0.5, lists=0.7, normals=0.2, detail=0.6, spare=0.3,
           omits=0.02, dates="slashes", side_errors=0.005, shift=-1),
    Author("template", unit="mixed", times="x", layout="template", spelling="american", denies=0.9,
           lists=0.2, normals=0.8, detail=0.85, numbered=True, spare=0.5, dates="iso"),
    Author("careful", unit="mm", layout="lines", denies=0.85, lists=0.4, normals=0.4, detail=0.95,
           spare=1.4, over_hedges=0.04, omits=0.002, held_out=True,
           hedges=_own(SENTENCES, p85=(1, 2), p65=(1,), p8=(1,))),
    Author("outside hospital", unit="cm", times="x", layout="template", spelling="american",
           abbreviates=True, denies=0.6, lists=0.5, normals=0.5, detail=0.7, spare=1.0, omits=0.02,
           numbered=True, dates="slashes", held_out=True,
           links=_own(LINKS, p65=(1,), p85=(1, 2))),
)  # fmt: skip


def author_named(name: str) -> Author:
    """The author of that name; KeyError where there is none."""
    return {author.name: author for author in AUTHORS}[name]


def authors_of(wording: Wording) -> tuple[Author, ...]:
    """Who may write in that wording; ValueError where there is no such wording."""
    if wording not in get_args(Wording):
        raise ValueError(f"wording {wording!r}: expected one of {get_args(Wording)}")
    if wording == "all":
        return AUTHORS
    return tuple(a for a in AUTHORS if a.held_out == (wording == "held out"))


def band_of(probability: float, shift: int = 0) -> float:
    """The band whose words a posterior gets, some bands weaker for an author who always hedges.

    >>> band_of(0.99), band_of(0.83), band_of(0.83, shift=1), band_of(0.01)
    (0.97, 0.85, 0.75, 0.02)
    """
    index = next((i for i, floor in enumerate(FLOORS) if probability >= floor), len(FLOORS))
    if 0 < index < len(BANDS) - 1:  # what is certain stays certain, what is excluded stays so
        index = min(max(index + shift, 1), len(BANDS) - 2)
    return BANDS[index]
