"""The things a report can name: every finding's surface forms, by kind and organ.

The tables stand in `kinds`, `abdomen`, `chest`, `devices` and `signs`; here they are spelt, put in
the plural and given their layer. Composition is by kind and organ: "cyst" waits for an organ,
"hydronephrosis" brings its own."""

from __future__ import annotations

from radgloss.text.facts.abdomen import ABDOMEN
from radgloss.text.facts.chest import CHEST
from radgloss.text.facts.devices import DEVICES
from radgloss.text.facts.kinds import KINDS
from radgloss.text.facts.naming import compose, row_of
from radgloss.text.facts.signs import HEDGED, MADE
from radgloss.text.facts.terms import Place, Term, plural, spellings, words
from radgloss.text.findings import FINDINGS

__all__ = ["thing_terms"]

_MISSPELT = {  # short words, and slips at their ends, which `spelling` leaves alone
    "pneumothorax": ("pneumothorax's",),
    "pleural effusion": ("plueral effusion", "pleual effusion"),
    "atelectasis": ("atelectasia",),
    "calculus": ("calculous",),
    "oedema": ("odema", "oedma", "edma"),
}
_EXTRA_DIAGNOSES = frozenset(
    words(
        "metastases, abscess, hydatid cyst, haemangioma, infarct, pneumonia, heart failure, "
        "tuberculosis, embolism, torsion, ectopic pregnancy, endometrioma, teratoma, "
        "cancer, tubo-ovarian abscess, emphysema, fibrosis"
    )
)


def _forms(phrase: str) -> list[tuple[str, bool]]:
    """Every spelling of a phrase, singular and plural."""
    forms = []
    for spelt in spellings(phrase):
        forms += [(spelt, False), (plural(spelt), True)]
        for right, wrong in _MISSPELT.items():
            if spelt == right:
                forms += [(w, False) for w in wrong]
    return forms


def _term(kind: str, place: tuple[str, ...], p: float | None, plural_form: bool) -> Term:
    organ = place[0] if place else ""
    row = row_of(compose(kind, organ, place[1] if len(place) > 1 else ""))
    layer = row.layer if row else "diagnosis" if kind in _EXTRA_DIAGNOSES else "observation"
    if organ == "devices":
        layer = "device"
    organ, part, site = (*place, "", "", "")[:3]
    return Term("thing", kind, Place(organ, part, site), p, False, layer, plural_form, bool(place))


def thing_terms() -> dict[str, Term]:
    """Surface form → thing, every spelling and plural."""
    found: dict[str, Term] = {}
    for kind, place, forms in (*KINDS, *ABDOMEN, *CHEST, *DEVICES):
        for phrase in words(forms):
            for form, many in _forms(phrase):
                found.setdefault(form, _term(kind, place, None, many))
    for kind, place, p, forms in HEDGED:
        for phrase in words(forms):
            for form, many in _forms(phrase):
                found[form] = _term(kind, place, p, many)
    for kind, place, made in MADE:
        for form in (f for phrase in made for f in spellings(phrase)):
            found.setdefault(form, _term(kind, place, None, form.endswith("s")))
    for row in FINDINGS:
        for name in (row.what, *row.synonyms):
            for form, many in _forms(name.lower()):
                found.setdefault(form, _term(row.kind, (row.organ,), None, many))
    return found
