"""Zones, lobes and poles that share one noun: "right upper, middle and lower lobes", "upper left
lobe", "left lower and right upper zones". A side holds until another is named."""

from __future__ import annotations

import re
from functools import lru_cache

from radgloss.text.facts.terms import Place, Term
from radgloss.types import Side

__all__ = ["ZONES", "sharing", "zone_terms"]

_SIDE = r"(?:right|left|both|bilateral)"
_ZONE = r"(?:upper|mid|middle|lower|superior|inferior)"
_PART = rf"(?:{_SIDE}[\s-]+)?{_ZONE}"
_JOIN = r"(?:\s*(?:,\s*and\s|,|/|&)\s*|[\s-]+(?:and|or|to)[\s-]+)"
ZONES = re.compile(
    rf"\b(?P<list>{_PART}(?:{_JOIN}{_PART})*)[\s-]+(?:(?P<side>right|left)[\s-]+)?"
    r"(?:lung\s+|pulmonary\s+)?(?P<noun>lobe|zone|pole|lung\s+field|field|lung)s?\b"
)
_NAMES = {"superior": "upper", "inferior": "lower", "middle": "mid"}
_SIDES: dict[str, Side] = {
    "right": "right", "left": "left", "both": "bilateral", "bilateral": "bilateral",
}  # fmt: skip
_PIECE = re.compile(rf"(?:(?P<side>{_SIDE})[\s-]+)?(?P<zone>{_ZONE})")


def sharing(low: str) -> bool:
    """Whether `ZONES` could find more in a text than the lexicon: two zones, or a side after one.

    >>> sharing("left upper lobe"), sharing("upper left lobe"), sharing("mid and lower zones")
    (False, True, True)
    """
    zones = low.count("upper") + low.count("lower") + low.count("mid") + low.count("erior")
    return zones > 1 or (zones == 1 and ("r left" in low or "r right" in low))


@lru_cache(1024)
def zone_terms(listed: str, between: str | None, noun: str) -> tuple[Term, ...]:
    """The places of a list; none where it is one zone that the lexicon reads as it is.

    >>> [t.place[2:] for t in zone_terms("right upper and middle", None, "lobe")]
    [('upper lobe', 'right'), ('middle lobe', 'right')]
    """
    pieces = list(_PIECE.finditer(listed))
    if len(pieces) == 1 and not between:
        return ()
    side: Side = _SIDES.get(between or "", "")
    found = []
    for piece in pieces:
        side = _SIDES.get(piece["side"] or "", side)
        zone = _NAMES.get(piece["zone"], piece["zone"])
        found.append(Term("place", place=_place(zone, noun, side)))
    return tuple(found)


def _place(zone: str, noun: str, side: Side) -> Place:
    if noun == "pole":
        return Place("", "", "interpolar region" if zone == "mid" else f"{zone} pole", side)
    if noun == "lobe":
        middle = zone == "mid"
        return Place("lungs", "", "middle lobe" if middle else f"{zone} lobe",
                     "right" if middle else side)  # fmt: skip
    return Place("lungs", "", f"{zone} zone", side)
