"""What an organ is said to be: inflamed, dilated, congested, and the words that deny it.

A predicate of an organ is a finding in that organ ("the gallbladder is inflamed" is cholecystitis).
Each kind holds the organs (or parts) that it can be said of; of any other it says nothing here: a
collapsed gallbladder is no atelectasis, a fatty pancreas no steatosis."""

from __future__ import annotations

from radgloss.text.facts.terms import Place, Term, spellings, words

__all__ = ["adjective_terms", "can_be"]

# kind, organs or parts ("" = any), p of a statement, surface forms, forms that deny by themselves
_ADJECTIVES: tuple[tuple[str, str, float | None, str, str], ...] = (
    ("thickening", "", None, "thickened", "nonthickened, non thickened"),
    ("stenosis", "", None, "narrowed, stenosed, stenotic", ""),
    ("occlusion", "", None, "occluded", ""),
    ("compression", "", None, "compressed", ""),
    ("perforation", "bowel, appendix, gallbladder, stomach, oesophagus, uterus", None,
     "perforated", "nonperforated, non perforated, unperforated"),
    ("rupture", "spleen, liver, kidneys, aorta, bladder, uterus, diaphragm, bowel, appendix", None,
     "ruptured, lacerated", "unruptured"),
    ("herniation", "", None, "herniated", ""),
    ("elevation", "diaphragm", None, "elevated, raised", ""),
    ("enlargement", "", None, "enlarged, bulky, enlarged in size, increased in length, swollen",
     "not enlarged, nonenlarged, non enlarged, not increased in size, not swollen"),
    ("dilatation", "", None, "dilated, distended, ectatic",
     "not dilated, nondilated, non dilated, undilated, not distended, nondistended"),
    ("aneurysm", "", None, "aneurysmal, aneurysmally dilated",
     "not aneurysmal, nonaneurysmal, non aneurysmal"),
    ("fracture", "bones, rib, spine, clavicle", None, "fractured, broken", "unfractured"),
    ("inflammation", "", None, "inflamed",
     "not inflamed, noninflamed, non inflamed, uninflamed"),
    ("obstruction", "bowel, kidneys, bile ducts", None, "obstructed",
     "not obstructed, unobstructed, nonobstructed, non obstructed"),
    ("infarct", "spleen, kidneys, liver, bowel", None, "infarcted", "not infarcted"),
    ("consolidation", "lungs", None, "consolidated", "not consolidated"),
    ("atelectasis", "lungs", None, "collapsed, atelectatic", "not collapsed"),
    ("steatosis", "liver", None, "fatty, steatotic", "not fatty, nonsteatotic, non steatotic"),
    ("congestion", "lungs, vessels", None, "congested", "not congested, uncongested"),
    ("hyperinflation", "lungs", None, "over inflated, over expanded, overexpanded",
     "normally inflated, normally expanded, not over inflated, not overexpanded"),
    ("blunting", "pleura", 0.65, "blunted, obliterated", "not blunted, unblunted"),
    ("stone", "kidneys, gallbladder, bile ducts", None, "", "acalculous"),
    ("gestational sac", "uterus", None, "", "empty"),
)  # fmt: skip
_GAS_PATTERN = (
    "nonobstructive bowel gas pattern, non obstructive bowel gas pattern, nonobstructive gas "
    "pattern, nonspecific nonobstructive bowel gas pattern, unobstructive bowel gas pattern"
)
_ORGANS = {kind: frozenset(words(organs)) for kind, organs, *_ in _ADJECTIVES if organs}


def adjective_terms() -> dict[str, Term]:
    """Surface form → adjective; `link` marks those that deny by themselves."""
    found: dict[str, Term] = {}
    for kind, _, p, said, denied in _ADJECTIVES:
        for forms, denies in ((said, False), (denied, True)):
            for word in words(forms) if forms else ():
                for spelt in spellings(word):
                    found[spelt] = Term("adjective", kind, p=p, link=denies)
    for word in words(_GAS_PATTERN):
        found[word] = Term("adjective", "obstruction", Place("bowel"), link=True)
    return found


def can_be(kind: str, place: Place) -> bool:
    """Whether the kind can be said of that organ or part.

    >>> can_be("atelectasis", Place("lungs")), can_be("atelectasis", Place("gallbladder"))
    (True, False)
    """
    organs = _ORGANS.get(kind)
    return organs is None or place.organ in organs or place.part in organs
