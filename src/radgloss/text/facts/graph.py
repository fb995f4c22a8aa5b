"""Facts from mentions: names by composition, places by inheritance.

`assemble` turns what one sentence says into facts, each with its own span. What a report says of
the same thing in several places is joined afterwards, by `merge.merge`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal, NamedTuple

from radgloss.text.facts.certainty import status_of
from radgloss.text.facts.change import from_sizes
from radgloss.text.facts.clause import Context, Mention
from radgloss.text.facts.naming import DENIES, compose, row_of
from radgloss.text.facts.place import remaining_sites, with_side
from radgloss.text.facts.terms import Place
from radgloss.text.facts.where import NOWHERE, placed, spots_of
from radgloss.types import Finding, Side

__all__ = ["Fact", "Source", "assemble"]

Layer = Literal["observation", "diagnosis", "device", "normal", "history"]


class Fact(NamedTuple):
    """One fact and where it is written: a tuple, since a report makes a dozen of them.

    finding: the fact. Its certainty is None where it is stated plainly; beside `uncertain` it is
        the probability that the finding is there. Status `absent` with a change other than
        `resolved` denies that change and nothing else ("no new nodule").
    layer: what kind of statement. `normal`: about a whole organ, "<organ> abnormality" is absent
        or not assessed. `history`: an operation or an earlier disease, never of this study;
        "<organ> absence" is an organ that was removed.
    section, sentence, span: where, span in characters of the text (of the section's text for a
        `Report`). organ: of the finding, "" where nobody said.
    limit: the adjective that limits a denial ("acute"), or "known", "visualised", "otherwise".
    features: what was said to describe it. distance_mm: a device's tip from its landmark.
    seen: a change of visibility only. explains: the name of the observation that it interprets."""

    finding: Finding
    layer: str
    section: str
    sentence: int
    span: tuple[int, int]
    organ: str = ""
    limit: str = ""
    features: tuple[str, ...] = ()
    distance_mm: float | None = None
    seen: str = ""
    explains: str = ""


class Source(NamedTuple):
    """The sentence that a mention stands in. start: its first character in the text."""

    section: str
    sentence: int
    start: int


_SAME_THING = frozenset(("lesion", "mass", "nodule", "cyst", "dilatation", "collection", "opacity"))
_WHOLE = {"cardiomediastinum": ("heart", "mediastinum")}


def assemble(mention: Mention, source: Source, exam: str, context: Context) -> list[Fact]:
    """The facts of one mention: one a place, one a size where they were given respectively."""
    kind = mention.term.word
    organ, part, places = placed(mention, exam)
    if organ in _WHOLE:
        both = (_at(mention, kind, o, "", [Place(o)], source) for o in _WHOLE[organ])
        return [fact for facts in both for fact in facts]
    if kind == "abnormality" and organ and mention.status == "absent":
        hidden = context.hidden.get(organ)
        if hidden and mention.layer == "normal":
            side: Side = next((p.side for p in places if p.side), "")
            places = [with_side(p, side) for p in remaining_sites(organ, hidden)]
    denies = mention.status == "absent" and not mention.change and kind in _DENYING
    if not (mention.listed or denies):
        return _at(mention, kind, organ, part, places, source)
    found: list[Fact] = []
    for (where, fine), own in _by_organ(mention, organ, part, places).items():
        found += _at(mention, kind, where, fine, own, source)
        denied = DENIES.get((kind, fine)) or DENIES.get((kind, where))
        if denies and denied:
            found += _at(mention, denied, where, "", own, source)
    return found


_DENYING = frozenset(kind for kind, _ in DENIES)


def _by_organ(
    mention: Mention, organ: str, part: str, places: list[Place]
) -> dict[tuple[str, str], list[Place]]:
    """One group for each organ or part of a list ("in the liver, spleen or pancreas")."""
    if not mention.listed or mention.term.fixed:
        return {(organ, part): places}
    groups: dict[tuple[str, str], list[Place]] = {}
    last = (organ, part)
    for place in places:
        last = (place.organ, place.part) if place.organ else last
        groups.setdefault(last, []).append(place)
    return groups


def _at(
    mention: Mention, kind: str, organ: str, part: str, places: list[Place], source: Source
) -> list[Fact]:
    """The facts of a mention as that kind of thing in that organ."""
    what = _name(mention, kind, organ, part)
    measure, parent = mention.measure, mention.parent
    sizes, previous = (measure.sizes, measure.previous) if measure is not None else ((), ())
    if not sizes and parent is not None and parent.term.word in _SAME_THING:
        theirs = parent.measure
        if theirs is not None and kind not in ("cirrhosis",):
            sizes, previous = theirs.sizes, theirs.previous
    spots = spots_of(places, organ, part, row_of(what), mention.layer) if places else NOWHERE
    if len(sizes) > 1 and len(spots) == 1:
        spots = tuple(spots) * len(sizes)
    found = []
    for n, (site, side) in enumerate(spots):
        size = sizes[n] if len(sizes) == len(spots) else sizes[0] if len(sizes) == 1 else ()
        fields = (
            _finding(mention, what, site, side, size, previous),
            mention.layer,
            source.section,
            source.sentence,
            (source.start + mention.start, source.start + mention.end),
            organ,
            mention.limit,
            mention.features,
            mention.distance,
            mention.seen,
            _explained(parent, organ) if parent is not None else "",
        )
        found.append(tuple.__new__(Fact, fields))  # half the time of Fact(...), a dozen a report
    return found


def _name(mention: Mention, kind: str, organ: str, part: str) -> str:
    if kind == "absence":
        return f"{part or organ} absence"
    if kind == "inflammation" and mention.joined is not None:  # of diverticula
        part = part or mention.joined.term.word
    return compose(kind, organ, part)


def _explained(parent: Mention, organ: str) -> str:
    return compose(parent.term.word, parent.term.place.organ or organ)


def _finding(
    mention: Mention,
    what: str,
    site: str,
    side: Side,
    size: tuple[float, ...],
    previous: tuple[float, ...],
) -> Finding:
    status, certainty = mention.status, mention.p
    if status == "uncertain" or (status == "present" and certainty is not None):
        status, certainty = status_of(certainty)
    change = mention.change or (from_sizes(size, previous) if previous else "")
    if status == "absent" and change not in ("resolved", mention.change):
        change = ""
    return _interned(
        what,
        status,
        side,
        site,
        size if mention.status != "absent" else (),
        certainty if status != "absent" else None,
        change,
        previous,
        mention.severity,
        mention.number,
    )


@lru_cache(4096)
def _interned(*fields: Any) -> Finding:
    """One value for all facts that say the same: most findings of most reports do."""
    return Finding(*fields)
