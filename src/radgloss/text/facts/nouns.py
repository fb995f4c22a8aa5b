"""Nouns and what describes them: sizes, places, changes, and the reach of a denial or a doubt.

What stands in a noun's own phrase belongs to it; what follows belongs to the last noun, or to its
coordinated group where it is a change ("effusion and atelectasis, unchanged")."""

from __future__ import annotations

from dataclasses import replace

from radgloss.text.facts.measure import Measure
from radgloss.text.facts.naming import SHARED
from radgloss.text.facts.place import with_side
from radgloss.text.facts.state import Clause, Mention, Mods
from radgloss.text.facts.terms import Item, Place, Term
from radgloss.types import Side

__all__ = ["GREAT", "changed", "describe", "doubt", "measured", "modify", "procedure", "that_in",
           "thing"]  # fmt: skip


_MANY = frozenset(str(n) for n in range(2, 21))  # what only a plural can be counted by
GREAT = {"large": "large", "sizeable": "large", "sizable": "large", "gross": "marked"}
"""Words that limit what is denied ("no large effusion") and tell how severe is what is there."""


def modify(s: Clause, item: Item) -> None:
    """A word that describes: to the noun that follows, or to those that stand before."""
    if item.cat == "change" and item.head < 0 and s.cur is None and _size_grew(s, item):
        return
    if item.head >= 0 or s.cur is None:
        describe(s.mods, item)
        return
    targets = s.group if item.cat in ("change", "known") else [s.cur]
    for mention in targets:
        describe_mention(s, mention, item)


def _size_grew(s: Clause, item: Item) -> bool:
    """ "Heart size is (not) increased": the size of an organ, and no change since a comparison."""
    sized = [p for p in (*s.leads, *s.subject) if p.part == "size"]
    if not sized or item.term.word != "increased" or item.term.link:
        return False
    mention = Mention(Term("thing", "enlargement"), item.start, item.end)
    mention.places = sized[:1]
    if s.denying is not None:
        mention.status, s.used = "absent", True
    s.mentions.append(mention)
    s.group.append(mention)
    s.cur = mention
    return True


def describe(mods: Mods, item: Item) -> None:
    cat, term = item.cat, item.term
    if cat == "severity":
        mods.severity = term.word
    elif cat == "number":
        mods.number = term.word
    elif cat == "measure":
        mods.measure = item.measure
    elif cat == "change":
        mods.changes += (term,)
    elif cat == "feature":
        mods.features += (term.word,)
    elif cat == "known":
        mods.known = True
    elif cat == "limit":
        mods.limit = term.word
        mods.p = term.p if term.p is not None else mods.p


def describe_mention(s: Clause, mention: Mention, item: Item) -> None:
    cat, term = item.cat, item.term
    if cat == "severity":
        mention.severity = mention.severity or term.word
    elif cat == "number":
        mention.number = mention.number or term.word
    elif cat == "measure":
        measured(mention, item.measure)
    elif cat == "feature" and s.denying is None:
        mention.features += (term.word,)
    elif cat == "change":
        changed(s, mention, term)


def measured(mention: Mention, measure: Measure | None) -> None:
    if measure is None:
        return
    if measure.kind == "distance" and measure.sizes:
        mention.distance = measure.sizes[0][0]
    elif measure.kind == "size" and mention.measure is None:
        mention.measure = measure
    elif (
        measure.kind == "size"
        and mention.measure is not None
        and not (measure.sizes or mention.measure.previous)
    ):
        mention.measure = mention.measure._replace(previous=measure.previous)


def changed(s: Clause, mention: Mention, term: Term) -> None:
    if s.deny_change or (s.denying is not None and not s.used):
        denied = Mention(mention.term, mention.start, mention.end, "absent")
        denied.places, denied.subject = mention.places, mention.subject
        denied.change = term.word
        s.mentions.append(denied)
        return
    if mention.status == "absent" and term.word != "resolved":
        return
    mention.change = term.word
    if term.word == "resolved":
        mention.status = "absent"


def thing(s: Clause, item: Item) -> None:
    if s.drop or (s.prep and _primary(s, item)):
        s.mods = Mods()
        s.cur = None if not s.drop else s.cur  # where it came from is no place of what is here
        return
    mods, s.mods = s.mods, Mods()
    if not mods.pairs and item.term.word not in SHARED:
        _said(s, _mentions_of(s, item, mods))
        return
    twins = [mods]
    if mods.pairs:
        place, severity, measure = mods.pairs[0]
        if mods.severity or mods.measure:  # "small right and moderate left effusions"
            first = mods.copy()
            first.places, first.severity, first.measure = [place], severity, measure
            mods.places = mods.places[-1:]
            twins = [first, mods]
        else:
            mods.severity, mods.measure = severity, measure
    found: list[Mention] = []
    for twin in twins:
        found += _sharing(s, item)
        found += _mentions_of(s, item, twin)
    _said(s, found)


def _said(s: Clause, found: list[Mention]) -> None:
    """Put new mentions on the desk."""
    for mention in found:
        s.mentions.append(mention)
        if s.after_verb and s.group:
            s.group, s.after_verb = [], False
        s.group.append(mention)
        s.cur = mention
    s.sep, s.prep, s.verb, s.assoc = "", False, False, False


def _primary(s: Clause, item: Item) -> bool:
    """ "Metastases of lung cancer": where they came from, and nothing that this picture shows."""
    spread = s.cur is not None and s.cur.term.word == "metastases"
    return spread and item.term.word in ("mass", "cancer") and not s.sep


def _mentions_of(s: Clause, item: Item, mods: Mods) -> list[Mention]:
    mention = Mention(item.term, item.start, item.end)
    mention.places, mention.before = mods.places, len(mods.places)
    if s.leads:
        s.subject, s.leads = s.leads, []
    mention.subject = s.subject
    mention.severity = mods.severity
    mention.number = mods.number if item.term.plural or mods.number not in _MANY else ""
    mention.features, mention.limit = mods.features, "known" if mods.known else ""
    if mods.measure is not None:
        measured(mention, mods.measure)
    if s.group and s.sep in ("and", "or", "comma", ""):
        mention.joined = s.group[-1]
    if s.history:
        mention.layer = "history"
        return [mention]
    if s.deny_change:
        return [mention]
    if is_denied(s, mods):
        return _deny(s, mention, mods)
    mention.severity = mention.severity or GREAT.get(mods.limit, "")
    doubt(s, mention, mods)
    for term in mods.changes:
        changed(s, mention, term)
    if s.assoc and s.cur is not None:
        mention.joined, mention.companion = s.cur, True
        mention.subject = mention.subject or _sided(s.cur)
    return [mention] if mention.parent is None else [*_twins(s, mention), mention]


def _sharing(s: Clause, item: Item) -> list[Mention]:
    """The first of two adjectives that share a noun ("renal or ureteric stones")."""
    shared = SHARED.get(item.term.word)
    if shared is None or s.k < 2 or s.items[s.k - 1].cat not in ("and", "or"):
        return []
    place = s.items[s.k - 2]
    if not place.term.place.organ or place.cat != "place":
        return []
    mods = Mods()
    mods.places = [place.term.place]
    s.leads = []
    return _mentions_of(s, Item(Term("thing", shared), place.start, item.end), mods)


def _twins(s: Clause, mention: Mention) -> list[Mention]:
    """The same diagnosis of every like thing ("resembles that in the liver, suggesting …")."""
    parent = mention.parent
    if parent is None or mention.places or mention.term.fixed:
        return []
    found = []
    for other in s.mentions:
        if other is not parent and other.term is parent.term and other.status == "present":
            twin = Mention(mention.term, mention.start, mention.end)
            twin.p, twin.parent = mention.p, other
            found.append(twin)
    return found


def _sided(mention: Mention) -> list[Place]:
    """The side of what this one accompanies ("effusion with adjacent atelectasis")."""
    sides = [p.side for p in (*mention.places, *mention.subject) if p.side]
    return [Place(mention.term.place.organ, side=sides[0])] if sides else []


def is_denied(s: Clause, mods: Mods) -> bool:
    """Whether the open denial reaches this noun; closes it where it does not."""
    if s.denying is None:
        return False
    if s.used and not continues(s, mods):
        s.denying = None
        return False
    s.used = True
    return True


def continues(s: Clause, mods: Mods) -> bool:
    """Whether a list under a denial or a doubt goes on to this noun.

    "no A, B, or C" does; "no A and mild B" and "no A, stable B" do not."""
    asserted = bool(mods.severity or mods.number or mods.measure or mods.changes or mods.definite)
    if s.sep == "or":
        return True
    if s.sep in ("and", "comma"):
        if not asserted:
            return not s.leads
        return s.sep == "comma" and not s.leads and _or_ahead(s)
    return not (s.prep and mods.definite) and not s.verb


def _or_ahead(s: Clause) -> bool:
    for item in s.items[s.k + 1 :]:
        if item.cat == "or":
            return True
        if item.cat in ("verb", "stop", "semicolon", "with", "deny"):
            return False
    return False


def _deny(s: Clause, mention: Mention, mods: Mods) -> list[Mention]:
    assert s.denying is not None
    mention.p = s.denying.p if s.denying.p is not None else mods.p
    mention.limit = mods.limit or s.denying.word if mention.p is not None else mods.limit
    mention.status = "uncertain" if mention.p is not None else "absent"
    found = [mention]
    for n, term in enumerate(mods.changes):
        if term.word == "unchanged":
            continue
        denied = mention
        if n or term.link:
            denied = Mention(mention.term, mention.start, mention.end, "absent")
        denied.change, denied.places, denied.subject = term.word, mention.places, mention.subject
        if term.link:  # "no increase in the effusion": the effusion is there
            mention.status = "present"
        if denied is not mention:
            found.append(denied)
    if mention.term.word == _INDIRECT:  # the organ itself may not have been seen
        mention.status, mention.p = "absent", None
        found.append(_indirect(mention))
    return found


_INDIRECT = "secondary signs of appendicitis"


def _indirect(mention: Mention) -> Mention:
    """Without its indirect signs a disease is unlikely, not absent."""
    term = replace(mention.term, word="appendicitis", layer="diagnosis")
    doubted = Mention(term, mention.start, mention.end)
    doubted.p = 0.1
    return doubted


def doubt(s: Clause, mention: Mention, mods: Mods) -> None:
    odds = [] if mention.p is None else [mention.p]
    if mods.severity == "borderline":
        odds.append(0.5)
    if s.hedge is not None:
        if s.hedge_used and not continues(s, mods):
            s.hedge = None
        else:
            s.hedge_used = True
            if s.hedge.p is not None:
                odds.append(s.hedge.p)
            if s.hedge.link:
                _explain(s, mention)
    elif s.sep == "or" and s.group and s.denying is None:
        for other in s.group:
            if other.status == "present" and other.p is None:
                other.p = 0.4
        odds.append(0.4)
    mention.p = min(odds) if odds else None


def _explain(s: Clause, mention: Mention) -> None:
    """Bind a diagnosis to the observation that it explains, in this or the last sentence."""
    parent = s.cur or (s.context.last if s.pointing else None)
    while parent is not None and (parent.parent is not None or parent.companion):
        parent = parent.parent if parent.parent is not None else parent.joined
    if parent is not None and parent.status != "absent" and parent.term.word != mention.term.word:
        mention.parent = parent


def procedure(s: Clause, item: Item) -> None:
    if (s.drop and not s.context.history_only) or (s.denying is not None and not s.used):
        return
    mention = Mention(item.term, item.start, item.end)
    mention.places = [item.term.place, *s.mods.places, *s.leads]
    if len(mention.places) > 1:
        side: Side = next((p.side for p in mention.places if p.side), "")
        mention.places = [with_side(item.term.place, side)]
    mention.layer = "history"
    s.mentions.append(mention)
    s.mods, s.history = Mods(), False


def that_in(s: Clause, item: Item) -> None:
    """ "resembles that in the right lobe": the same thing somewhere else."""
    if s.cur is None:
        return
    mention = Mention(s.cur.term, item.start, item.end)
    s.mentions.append(mention)
    s.group.append(mention)
    s.cur, s.prep, s.sep = mention, True, ""
