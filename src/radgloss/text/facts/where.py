"""Where a mention lies: its organ, part, site and side, from its own words or what it leans on.

A word without a home takes the organ of its clause, of its neighbour or of what was spoken of
before, as long as that organ can have it; what lies in lung or pleura unless told otherwise lies
elsewhere where another organ is named beside it."""

from __future__ import annotations

from collections.abc import Sequence

from radgloss.text.facts.place import with_side
from radgloss.text.facts.state import Mention
from radgloss.text.facts.terms import Place
from radgloss.text.findings import SITES, FindingType
from radgloss.types import Side

__all__ = ["NOWHERE", "placed", "spots_of"]

_SYSTEM = {
    **dict.fromkeys(("lungs", "pleura", "diaphragm"), "chest"),
    **dict.fromkeys(("kidneys",), "urinary"),
    **dict.fromkeys(("peritoneum", "pelvis"), "belly"),
}
_EXAM_ORGAN = {
    ("xr-chest", "nodule"): "lungs",
    ("xr-chest", "mass"): "lungs",
    ("xr-chest", "calcified granuloma"): "lungs",
    ("xr-chest", "lesion"): "lungs",
    ("xr-chest", "congestion"): "lungs",
    ("xr-chest", "infiltration"): "lungs",
    ("ct-abdomen", "haemangioma"): "liver",
    ("mr-abdomen", "haemangioma"): "liver",
    ("us-abdomen", "haemangioma"): "liver",
    ("xr-abdomen", "stone"): "kidneys",
}
_FLUID_SITES = (*SITES["peritoneum"], "right lower quadrant", "left upper quadrant",
                "left lower quadrant")  # fmt: skip
_CHEST = frozenset(
    ("lungs", "pleura", "mediastinum", "heart", "diaphragm", "airway", "hila", "vessels", "devices",
     "veins", "cardiomediastinum")
)  # fmt: skip
# what lies in lung or pleura unless another organ is named beside it ("oedema of the bowel wall")
_ELSEWHERE = frozenset(
    ("opacity", "collapse", "cavity", "emphysema", "fibrosis", "oedema", "effusion", "infection")
)
# of organs spoken of before, those that a bare word can mean; of others it says nothing
_LIES_IN = {
    "haemangioma": frozenset(("liver", "spleen", "bones", "kidneys", "brain", "soft tissues")),
    "obstruction": frozenset(("bowel", "kidneys", "bile ducts", "stomach", "airway", "pancreas")),
    "aneurysm": frozenset(("aorta", "vessels", "heart", "brain")),
    "dissection": frozenset(("aorta", "vessels")),
    "infiltration": frozenset(
        ("lungs", "liver", "bowel", "bladder", "stomach", "soft tissues", "bones")
    ),
    "adenoma": frozenset(("liver", "adrenals", "bowel", "thyroid", "kidneys")),
    "perforation": frozenset(("bowel", "stomach", "gallbladder", "oesophagus", "pelvis")),
    "polyp": frozenset(("gallbladder", "bowel", "stomach", "pelvis")),
}
_NOT_IN_PLEURA = frozenset(
    ("nodule", "mass", "lesion", "cyst", "calcified granuloma", "cavity", "contusion")
)
_LOBED = frozenset(("thyroid", "brain", "prostate"))


def placed(mention: Mention, exam: str) -> tuple[str, str, list[Place]]:
    """Organ, part and places of a mention, from itself or from what it leans on."""
    term, places = mention.term, mention.places
    organ, part = term.place.organ, term.place.part
    other = _elsewhere(mention) if term.word in _ELSEWHERE else None
    if other is not None:
        organ, part = other
    elif not term.fixed:
        organ, part = _organ(mention, exam)
    elif not part:
        near = (*places, *mention.subject) if organ == "bones" else places
        part = next((p.part for p in near if p.part and p.organ == organ), "")
    kept = places
    if term.place.site:
        kept = [Place(organ, part, term.place.site, _first_side(places))]
    if (mention.subject or mention.parent is not None) and not _first_side(kept):
        kept = _side_from(kept, mention, organ)
    if not kept and mention.parent is not None:
        kept = [*mention.parent.places, *_own_subject(mention.parent, organ)]
    return organ, part, kept


def _elsewhere(mention: Mention) -> tuple[str, str] | None:
    """An organ outside the chest that is named beside a thing of the chest."""
    if mention.term.place.organ not in ("lungs", "pleura"):
        return None
    for n, place in enumerate(mention.places):
        said = place.organ and place.organ not in _CHEST
        if said and (place.organ != "bones" or n < mention.before or place.part == "joint"
                     or mention.term.word == "collapse"):  # fmt: skip
            return place.organ, place.part
    return None


def _first_side(places: Sequence[Place]) -> Side:
    for place in places:
        if place.side:
            return place.side
    return ""


def _organ(mention: Mention, exam: str) -> tuple[str, str]:
    """The organ of a thing that brings none, from the nearest that has one."""
    kind = mention.term.word
    touching = False
    for place in mention.places:
        if place.organ:
            near = mention.around.organ
            if place.organ == "liver" and place.site.endswith(" lobe") and near in _LOBED:
                return near, ""  # the left lobe of what was spoken of
            if place.organ == "pleura" and kind in _NOT_IN_PLEURA:
                touching = True  # the pleura, and lies elsewhere
                continue
            return place.organ, place.part
    if touching:
        return "pleura", ""
    if kind == "procedure" or mention.layer == "history":
        return "", ""
    organ, part = _inherited(mention, exam)
    if organ == "pleura" and kind in _NOT_IN_PLEURA:
        return "lungs", ""
    if organ and organ not in _LIES_IN.get(kind, (organ,)):
        organ, part = _EXAM_ORGAN.get((exam, kind), ""), ""
    return ("bowel", "") if kind == "obstruction" and not organ else (organ, part)


def _inherited(mention: Mention, exam: str) -> tuple[str, str]:
    """The organ of a thing that names none: its clause's, its neighbour's, or the last one."""
    around = (*mention.places, *mention.subject) if mention.term.word == "fluid" else ()
    if any(place.site in _FLUID_SITES for place in around):
        return "peritoneum", ""
    for place in mention.subject if mention.parent is None else ():
        if place.organ:
            return place.organ, place.part
    seen: set[int] = set()
    other = mention.parent or mention.joined
    while other is not None and id(other) not in seen:
        seen.add(id(other))
        for place in (*other.places, *other.subject, other.term.place):
            if place.organ and place.organ != "devices":
                return place.organ, place.part
        other = other.parent or other.joined
    sided = any(p.side in ("left", "right", "bilateral") for p in mention.places)
    if mention.term.word == "stone" and sided:
        return "kidneys", ""
    for place in (*mention.subject, *mention.heading):
        if place.organ:
            return place.organ, place.part
    default = _EXAM_ORGAN.get((exam, mention.term.word), "")
    if default:
        return default, ""
    if mention.term.word in ("abnormality", "calcification"):
        return "", ""
    return mention.around.organ, mention.around.part


def _side_from(places: list[Place], mention: Mention, organ: str) -> list[Place]:
    """The side of the clause's subject, or of what the thing explains or accompanies."""
    sources: list[Place] = list(mention.subject)
    if mention.parent is not None:
        sources += [*mention.parent.places, *mention.parent.subject]
    for source in sources:
        same = source.organ in ("", organ) or _related(source.organ, organ)
        if source.side and same:
            if not places:
                return [source]
            return [with_side(p, source.side) for p in places]
        if source.site and not places and same and not source.side:
            return [source]
    return places


def _related(organ: str, other: str) -> bool:
    return _SYSTEM.get(organ, "?") == _SYSTEM.get(other)


def _own_subject(mention: Mention, organ: str) -> list[Place]:
    return [p for p in mention.subject if p.organ in ("", organ)]


def spots_of(
    places: Sequence[Place], organ: str, part: str, row: FindingType | None, layer: str
) -> Sequence[tuple[str, Side]]:
    """(site, side) of each place, with sides only where the finding has sides."""
    if not places:
        return NOWHERE
    found: list[tuple[str, Side]] = []
    for place in places:
        site = _site(place, organ, part, layer)
        side = place.side
        if layer == "device" and place.organ and place.organ not in ("lungs", "pleura"):
            side = ""
        if organ == "liver" and side in ("left", "right") and not site:
            site = f"{side} lobe"
        if row is not None and not row.sides:
            side = ""
        if (site, side) not in found:
            found.append((site, side))
    if len(found) == 1:
        return found
    opposed = {side for _, side in found} == {"left", "right"}
    if opposed and len(found) == 2 and found[0][0] == found[1][0]:
        return [(found[0][0], "bilateral")]
    if layer == "device" and len(found) > 1:
        return [
            (
                next((s for s, _ in found if s), ""),
                next((d for _, d in found if d), ""),
            )
        ]
    return found


NOWHERE: tuple[tuple[str, Side], ...] = (("", ""),)


def _site(place: Place, organ: str, part: str, layer: str) -> str:
    if layer == "device":
        return place.site
    own = place.organ in ("", organ)
    if own or _related(place.organ, organ):
        if own or place.site in ("base", "apex"):
            return place.site or (part if part == "appendix" else "")
        if place.site in SITES.get(organ, ()) or organ not in SITES:
            return place.site
    elif place.site in SITES.get(organ, ()):
        return place.site
    return ""
