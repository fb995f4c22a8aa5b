"""Which noun a place belongs to: the one it stands before, the last one said, or the next.

"Small left effusion", "effusion on the left", "right kidney normal; left shows a stone": what
follows a noun is its place, unless it opens a statement of its own."""

from __future__ import annotations

from radgloss.text.facts.place import merge
from radgloss.text.facts.state import PREDICATES, Clause
from radgloss.text.facts.terms import Item, Place

__all__ = ["add_place", "place_item"]


def add_place(places: list[Place], new: Place, apart: bool = False) -> None:
    """Merge with the last place where the two may be one, else begin another."""
    if places and not apart:
        both = merge(places[-1], new)
        if both is not None:
            places[-1] = both
            return
    if not places:
        places.append(new)
        return
    last = places[-1]
    organ = new.organ or (last.organ if new.site or new.side else "")
    site = new.site or (last.site if new.side and not new.organ else "")
    part = new.part or (last.part if organ == last.organ else "")
    places.append(Place(organ, part, site, new.side))


def place_item(s: Clause, item: Item) -> None:
    place = item.term.place
    if item.head >= 0:
        _place_before(s, item, place)
    elif s.cur is not None and s.cur.layer == "device" and not _new_subject(s, place):
        s.cur.places.append(place)  # of the tip, apart from the side of entry
    elif s.cur is not None and _belongs(s, place) and not _new_subject(s, place):
        start = s.cur.before if len(s.cur.places) > s.cur.before else 0
        mine = s.cur.places[start:] if start else s.cur.places
        apart = s.sep in ("and", "or", "comma") and bool(s.cur.places) and place.organ != ""
        if place.site and s.sep == "and" and s.cur.places and s.cur.places[-1].site:
            apart = True
        before = list(mine)
        denied = s.cur.status == "absent"  # "no cyst in the liver or spleen": in neither
        add_place(mine, place, apart and s.items[s.k - 1].cat in ("and", "or" if denied else ""))
        s.cur.listed = s.cur.listed or (apart and denied)
        if start:
            s.cur.places[start:] = mine
        for other in s.group[:-1]:  # "effusion and atelectasis at the left base"
            if not other.places and other.status == s.cur.status and len(before) == 0:
                other.places = s.cur.places
    else:
        add_place(s.leads, place, s.sep == "and" and bool(place.organ and place.side))


def _belongs(s: Clause, place: Place) -> bool:
    """Not where a denial has been opened that has met no noun yet ("a mass in the right kidney and
    absence of the left one"), nor where what came along lies on the other side ("pneumothorax on
    the right with shift to the left")."""
    if s.denying is not None and not s.used:
        return False
    if not (s.assoc and place.side and s.cur is not None):
        return True
    sides = {p.side for p in s.cur.places if p.side}
    return not sides or place.side in sides


def _place_before(s: Clause, item: Item, place: Place) -> None:
    mods = s.mods
    joined = s.items[s.k - 1].cat in ("and", "or", "comma") if s.k else False
    if joined and s.items[s.k - 1].head < 0:
        joined = False
    back = s.k - 1
    while back >= 0 and s.items[back].cat in ("severity", "measure", "det", "number", "change"):
        back -= 1
    if back >= 0 and s.items[back].cat in ("and", "or", "comma") and s.items[back].head >= 0:
        joined = True
    if joined and mods.places and not mods.pairs and place.side and mods.places[-1].side:
        mods.pairs = ((mods.places[-1], *mods.early),)
        if mods.severity == mods.early[0]:
            mods.severity = ""
        if mods.measure is mods.early[1]:
            mods.measure = None
    add_place(mods.places, place, joined and bool(mods.places))
    mods.early = (mods.severity, mods.measure)


def _new_subject(s: Clause, place: Place) -> bool:
    """Whether this organ opens a new statement: after a comma or "and", and before a predicate."""
    if s.cur is None:
        return True
    if not place.organ and s.items[s.k - 1].cat == "thing":
        return False  # "effusion right, no pneumothorax"
    if s.sep not in ("comma", "and", "colon", "or") and s.prep:
        return False
    for item in s.items[s.k + 1 :]:
        if item.cat in ("place", "det", "and", "comma", "limit", "severity"):
            continue
        return (
            item.cat in PREDICATES
            or item.cat in ("verb", "colon", "deny", "not")
            or (item.cat == "prep" and bool(place.organ) and s.sep == "comma" and not s.prep)
        )
    return bool(place.organ) and not s.prep and s.sep == "comma"
