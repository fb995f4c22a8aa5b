"""What an author infers: diagnoses with the exact posterior of what this author can know.

An author knows the visible findings, what is not there of that which this way of looking could
show, the history and the laboratory; the posterior is that of `causal.posterior`. A sign that is
there but cannot be seen, and a look that this technique does not show, are unknown and summed out.

A diagnosis is said where its posterior is at least 0.4 ("possible" and above), where a visible
finding speaks for it, and where no finding of the report already is it: at most two in a report.
It stands in the impression, hedged by its posterior."""

from __future__ import annotations

from dataclasses import dataclass

from radgloss.data.phantom.causal.lesions import visible_signs
from radgloss.data.phantom.causal.model import Person, Setting
from radgloss.data.phantom.causal.posterior import Evidence, evidence_of, posterior
from radgloss.data.phantom.causal.rows import NONE, Item, Stratum
from radgloss.data.phantom.causal.strata import STRATA
from radgloss.data.phantom.grammar.ways import can_show, ways_of
from radgloss.data.phantom.imaging import Imaged
from radgloss.data.phantom.patients import Lesion, Patient
from radgloss.types import Finding, Side

__all__ = ["AS_FINDING", "INFERRED", "LEAST", "diagnoses_of", "evidence_seen", "technique_of"]

LEAST, MOST = 0.4, 2
SPEAKS_FOR = 2.0  # times as likely with the disease as without: a sign that supports it


@dataclass(frozen=True)
class Inferred:
    """A disease as an author says it. like: findings whose side (and lobe) it takes over.

    same: findings that already say it; it is not said beside them."""

    words: str
    like: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    sited: bool = False


OVARIAN = ("enlarged ovary", "ovarian cyst", "adnexal mass")
INFERRED: dict[str, Inferred] = {  # disease of the model → its words; what is not here is a finding
    # pelvis
    "ectopic pregnancy": Inferred("ectopic pregnancy", ("adnexal mass",)),
    "haemorrhagic cyst": Inferred("haemorrhagic ovarian cyst", ("ovarian cyst",)),
    "tubo-ovarian abscess": Inferred("tubo-ovarian abscess", ("adnexal mass",)),
    "endometrioma": Inferred("endometrioma", ("adnexal mass", "ovarian cyst")),
    "ovarian torsion": Inferred("ovarian torsion", ("enlarged ovary",)),
    "mature teratoma": Inferred("mature teratoma", ("adnexal mass",)),
    "appendicitis": Inferred("appendicitis", same=("appendicitis",)),
    # abdomen
    "perforation": Inferred("bowel perforation"),
    "pancreatic carcinoma": Inferred("pancreatic carcinoma"),
    "renal tumour": Inferred("renal cell carcinoma", ("kidney mass",)),
    "infected obstructed kidney": Inferred("infected obstructed kidney", ("hydronephrosis",)),
    "ruptured aneurysm": Inferred("ruptured aortic aneurysm"),
    "mesenteric ischaemia": Inferred("mesenteric ischaemia"),
    # chest
    "pneumonia": Inferred("pneumonia", ("consolidation",), ("pneumonia",), sited=True),
    "heart failure": Inferred("heart failure"),
    "chronic obstructive lung disease": Inferred("chronic obstructive lung disease"),
    "pulmonary embolism": Inferred("pulmonary embolism"),
    "lung cancer": Inferred("lung cancer", ("lung mass", "lung nodule")),
    "malignant effusion": Inferred("malignant effusion", ("pleural effusion",)),
    "tuberculosis": Inferred("tuberculosis"),
}
AS_FINDING = {  # disease → the finding that it is, where the name differs
    "early intrauterine pregnancy": "intrauterine pregnancy", "granuloma": "lung granuloma",
    "simple liver cyst": "liver cyst", "haemangioma": "liver haemangioma",
    "steatosis": "hepatic steatosis", "liver hydatid": "liver hydatid cyst",
    "splenic hydatid": "splenic hydatid cyst", "renal tumour": "kidney mass",
    "pancreatic carcinoma": "pancreatic mass", "ruptured aneurysm": "aortic aneurysm",
}  # fmt: skip


def technique_of(patient: Patient) -> tuple[str, ...]:
    """Phases, sequences or views, whichever this examination has."""
    how = patient.acquisition
    return how.phases or how.sequences or how.views


def diagnoses_of(patient: Patient, imaged: Imaged) -> tuple[Finding, ...]:
    """What the author of this report infers, most likely first, the posterior as certainty."""
    e = patient.encounter
    if not e.stratum:
        return ()
    seen = [x for x, v in zip(patient.lesions, imaged.visible, strict=True) if v]
    told = evidence_seen(patient, seen)
    person = Person(patient.sex, patient.age, patient.absent)
    chances = posterior(told, Setting.of(e), person)
    names = {x.what for x in seen}
    worth = [
        (name, p)
        for name, p in sorted(chances.items(), key=lambda kv: (-kv[1], kv[0]))
        if p >= LEAST
        and name in INFERRED
        and names.isdisjoint(INFERRED[name].same)
        and _supported(name, told, STRATA[e.stratum])
    ]
    return tuple(_said(INFERRED[name], p, seen) for name, p in worth[:MOST])


def _supported(disease: str, told: Evidence, stratum: Stratum) -> bool:
    """Whether something in the picture speaks for it."""
    if disease == NONE:
        return False
    row = stratum.disease(disease)
    chance = {**row.items}
    for form in row.forms:
        for item, p in form.items.items():
            chance[item] = max(chance.get(item, 0.0), p)
    return any(
        yes and chance.get(sign, 0.0) >= SPEAKS_FOR * max(stratum.item(sign).leak, 0.05)
        for sign, yes in told.signs.items()
    )


def _said(row: Inferred, p: float, seen: list[Lesion]) -> Finding:
    """The diagnosis on the side of the one finding that it explains."""
    like = next(([x for x in seen if x.what == what] for what in row.like
                 if any(x.what == what for x in seen)), [])  # fmt: skip
    sides: set[Side] = {x.side for x in like}
    side: Side = next(iter(sides)) if len(sides) == 1 else ""
    if side not in ("right", "left"):
        side = ""
    sites = {x.site for x in like}
    site = next(iter(sites)) if row.sited and side and len(sites) == 1 else ""
    return Finding(row.words, side=side, site=site, certainty=p)


def evidence_seen(patient: Patient, seen: list[Lesion]) -> Evidence:
    """The evidence of somebody who sees these lesions, taken as this patient's study was."""
    e = patient.encounter
    stratum = STRATA[e.stratum]
    items = {i.name: i for i in stratum.items}
    ways = ways_of(patient.exam, technique_of(patient))
    known: list[str] = []
    for name in visible_signs(patient.exam, e.stratum):
        item = items[name]
        if item.earlier and not patient.prior_days:
            continue
        if item.within:
            if item.within in known and _tellable(item, items, stratum, seen, ways):
                known.append(name)
        elif name not in e.signs or _drawn(item, stratum) & {x.what for x in seen}:
            known.append(name)
    return evidence_of(e, known)


def _drawn(item: Item, stratum: Stratum) -> set[str]:
    """The findings that a sign may be drawn as."""
    drawn = {d.shows.get(item.name, item.what) for d in stratum.diseases} | {item.what}
    return drawn | ({"lung mass"} if "lung nodule" in drawn else set())


def _tellable(
    item: Item, items: dict[str, Item], stratum: Stratum, seen: list[Lesion], ways: frozenset[str]
) -> bool:
    """Whether a look of a sign would show in this study, were it there."""
    if not item.feature:
        return True
    root = item
    while root.within:
        root = items[root.within]
    whats = _drawn(root, stratum) & {x.what for x in seen} or _drawn(root, stratum)
    return any(can_show(what, item.feature, ways) for what in whats if what)
