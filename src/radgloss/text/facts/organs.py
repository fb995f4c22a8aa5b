"""Organs and what is said of them: normal, enlarged, dilated, not seen, removed.

"Normal" denies every abnormality of that organ, or only the aspects that it names ("normal in
size"). A thing that is not seen is absent; an organ that is not seen was not assessed."""

from __future__ import annotations

from radgloss.text.facts.adjectives import can_be
from radgloss.text.facts.nouns import changed, doubt, measured
from radgloss.text.facts.places import add_place
from radgloss.text.facts.state import PREDICATES, Clause, Mention, Mods, has_organ
from radgloss.text.facts.terms import Item, Place, Term
from radgloss.types import Status

__all__ = ["ABNORMAL", "absent_organ", "adjective", "denied_after", "normal", "unseen"]


def _targets(s: Clause) -> list[Place]:
    """The organs that a predicate speaks of: after it ("normal spleen"), or its subject."""
    if not s.leads or s.shows:
        after = _organs_after(s)
        if after:
            return after
    if s.leads:
        return s.leads
    if has_organ(s.mods.places):
        return s.mods.places
    return s.subject


def _organs_after(s: Clause) -> list[Place]:
    found: list[Place] = []
    at, apart = s.k + 1, False
    while at < len(s.items):
        item = s.items[at]
        if item.cat == "place" and item.head < 0:
            add_place(found, item.term.place, apart)
            apart = False
        elif item.cat in ("and", "comma"):
            apart = True
        elif item.cat not in ("det", "property", "limit", "ignore") and not (
            item.cat == "prep" and not found
        ):
            break
        at += 1
    follows = s.items[at].cat if at < len(s.items) else ""
    if not has_organ(found) or (apart and follows in PREDICATES | {"verb", "thing"}):
        return _first_organ_after(s)
    if follows in PREDICATES | {"verb", "colon"} and len(found) > 1:
        return _first_organ_after(s)
    s.skip = at
    return found


def _first_organ_after(s: Clause) -> list[Place]:
    """Only what stands directly after ("normal liver, spleen is enlarged")."""
    found: list[Place] = []
    at = s.k + 1
    while at < len(s.items) and s.items[at].cat in ("place", "det", "property", "ignore"):
        if s.items[at].cat == "place" and s.items[at].head < 0:
            add_place(found, s.items[at].term.place)
        at += 1
    if not has_organ(found):
        return []
    s.skip = at
    return found


_KINDS = {
    "size": "enlargement", "calibre": "dilatation", "diameter": "dilatation",
    "length": "enlargement", "echogenicity": "steatosis", "attenuation": "steatosis",
    "signal": "steatosis", "signal intensity": "steatosis", "density": "steatosis",
}  # fmt: skip
_ALSO_DENIED = {  # what nobody would call normal, clear or intact
    "appendix": ("appendicitis",), "angle": ("effusion",), "space": ("effusion",),
    "rib": ("fracture",),
}  # fmt: skip
ABNORMAL = Term("thing", "abnormality", layer="normal")
_GONE = Term("thing", "absence", layer="history")
_DENIED = {*_KINDS.values(), "hyperinflation", *(k for also in _ALSO_DENIED.values() for k in also)}
_NORMAL_TERMS = {"abnormality": ABNORMAL, **{kind: Term("thing", kind) for kind in _DENIED}}


def _properties(s: Clause) -> list[str]:
    """The aspects that "normal" is said of ("normal in size and contour"), in its own clause."""
    found = []
    for step in (-1, 1):
        at = s.k + step
        while 0 <= at < len(s.items):
            item = s.items[at]
            if item.cat == "property":
                found.append(item.term.word)
            elif _ends_aspects(s, at, step):
                break
            at += step
    return found


def _ends_aspects(s: Clause, at: int, step: int) -> bool:
    cat = s.items[at].cat
    if cat == "comma":
        further = at + step
        return not (0 <= further < len(s.items) and s.items[further].cat in ("property", "and"))
    return cat not in ("prep", "and", "det", "verb", "place", "or") or (step > 0 and cat == "verb")


def normal(s: Clause, item: Item) -> None:
    if s.drop or s.history:
        return
    following = s.items[s.k + 1] if s.k + 1 < len(s.items) else None
    if following is not None and following.cat == "thing":
        return
    if s.denying is not None and not s.used:
        s.denying = None
        return
    properties = _properties(s) + (["size"] if item.term.word.endswith("sized") else [])
    places = _targets(s)
    if not places and (s.cur is not None or s.mentions):
        return
    severity = "borderline" if item.cat == "borderline normal" else ""
    if not places:
        places = s.context.heading or [Place()]
    for place in places:
        for kind in _normal_kinds(place, properties, severity):
            term = _NORMAL_TERMS[kind]
            mention = about(s, item, term, place, "absent")
            mention.severity = severity
            mention.limit = s.mods.limit
    s.subject, s.leads, s.mods = places, [], Mods()


def _normal_kinds(place: Place, properties: list[str], severity: str) -> list[str]:
    if place.part == "size" or severity:
        return ["enlargement"]
    if place.part == "volumes":
        return ["hyperinflation"]
    if not properties:
        return ["abnormality", *_ALSO_DENIED.get(place.part, ())]
    kinds = [_KINDS[p] for p in properties if p in _KINDS]
    if place.organ != "liver":
        kinds = [k for k in kinds if k != "steatosis"]
    if place.organ in ("lungs",):
        kinds = [k for k in kinds if k != "enlargement"]
    return list(dict.fromkeys(kinds))


def about(s: Clause, item: Item, term: Term, place: Place, status: Status) -> Mention:
    """A mention made by a predicate of an organ."""
    mention = Mention(term, item.start, item.end, status)
    mention.places, mention.before = [place], 1
    if not place.organ:
        mention.subject = [p for p in (s.context.heading or [s.context.organ]) if p.organ]
    s.mentions.append(mention)
    if status == "present":
        if s.after_verb and s.group:
            s.group = []
        s.group.append(mention)
        s.cur, s.sep, s.prep = mention, "", False
    return mention


def adjective(s: Clause, item: Item) -> None:
    """Enlarged, dilated: an abnormality of the organ that it is said of."""
    if s.drop or s.history or item.head >= 0:
        return
    kind, negative = item.term.word, item.term.link
    places = [p for p in _targets(s) if p.organ or s.context.heading or s.leads]
    if not places and s.cur is not None and s.cur.status != "absent" and kind == "enlargement":
        s.cur.change = "increased"
        return
    thing = s.cur if not places else None
    places = places or s.context.heading or ([s.context.organ] if s.context.organ.organ else [])
    places = [item.term.place] if item.term.place.organ else places
    places = [p for p in places if can_be(kind, p)]
    if thing is not None and thing.term.place.organ and kind == "inflammation":
        places = [thing.term.place]
    denied = negative or (s.denying is not None and (not s.used or s.sep == "or"))
    mods, s.mods = s.mods, Mods()
    for place in places:
        term = Term("thing", kind, p=None if denied else item.term.p)
        mention = about(s, item, term, place, "absent" if denied else "present")
        mention.joined = thing
        mention.severity = mods.severity
        measured(mention, mods.measure)
        if not denied:
            doubt(s, mention, mods)
            for term in mods.changes:
                changed(s, mention, term)
    if s.denying is not None:
        s.used = True
    s.subject, s.leads = places, []


def unseen(s: Clause, item: Item) -> None:
    """ "not seen": a thing is absent, an organ was not assessed."""
    if s.drop:
        return
    if s.group and not s.leads:
        status: Status = "absent" if item.cat == "unseen" else "not assessed"
        for mention in s.group:
            mention.status, mention.p = status, None
        return
    head = item.head
    following = s.items[s.k + 1 :]
    if item.cat == "unassessed" and following and following[0].head >= 0:
        s.drop = True  # "limited evaluation of the renal mass"
        return
    assert head < 0
    places = [p for p in _targets(s) if p.organ or s.context.heading] or s.context.heading
    for place in places:
        mention = about(s, item, ABNORMAL, place, "not assessed")
        if place.site:
            s.context.hidden.setdefault(place.organ, set()).add(place.site)
        mention.layer = "normal"
    s.subject, s.leads, s.mods = places, [], Mods()


def absent_organ(s: Clause, item: Item) -> None:
    places = [p for p in _targets(s) if p.organ]
    for place in places:
        about(s, item, _GONE, place, "present")
    s.leads = []


def denied_after(s: Clause, item: Item) -> None:
    """ "is absent", "ruled out": every noun of the group; an organ that is absent is gone."""
    if s.denying is not None and not s.used:
        return
    if item.term.word == "free" and (not s.k or s.items[s.k - 1].cat != "thing"):
        if any(p.part in _ALSO_DENIED for p in s.subject):
            normal(s, item)  # "the costophrenic recesses are free"
        return
    if s.group and not s.leads:
        for mention in s.group:
            mention.status, mention.p = "absent", None
    elif s.leads and s.items[s.k].term.cat == "denied":
        absent_organ(s, item)
