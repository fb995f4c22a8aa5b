"""From the signs of an encounter to the lesions of a picture.

A sign that several causes may have made (a haemangioma beside a carcinoma, a chance cyst beside a
hydatid) is attributed to those that made it, drawn given that it is there; its features go to the
first. Every lesion has its own stream, so that another one changes nothing in it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from radgloss.data.phantom.causal.looks import (
    DRAWABLE,
    LOBES,
    LOOKS,
    LUNG,
    ROOM,
    SCALES,
    TYPICAL,
    Weighted,
    drawable,
)
from radgloss.data.phantom.causal.model import strengths
from radgloss.data.phantom.causal.nouns import Encounter, Lesion, stream
from radgloss.data.phantom.causal.rows import Disease, Item, Stratum
from radgloss.data.phantom.causal.strata import STRATA
from radgloss.text.findings import finding_type
from radgloss.types import Change, Side

__all__ = ["Wanted", "change_of", "grow", "lesions_of", "make", "visible_signs"]

COPIES = 20  # keys a finding may use: key = 20 × its place in the table + copy


@dataclass(frozen=True)
class Wanted:
    """A finding to be drawn, with what the signs already say about it; no signs: it is there by
    chance or was asked for, and looks as it typically does."""

    what: str
    words: tuple[str, ...] = ()
    signs: frozenset[str] = frozenset()


def pick(rng: np.random.Generator, table: Weighted) -> str:
    """One of the words, by weight."""
    weights = np.array([w for _, w in table])
    return table[int(rng.choice(len(table), p=weights / weights.sum()))][0]


def log_uniform(rng: np.random.Generator, low: float, high: float) -> int:
    """Whole millimetres (or millilitres) from low to high, uniform in the logarithm."""
    return round(float(np.exp(rng.uniform(np.log(low), np.log(high)))))


# ------------------------------------------------------------------ which


def _features(stratum: Stratum, name: str, there: frozenset[str]) -> Iterator[Item]:
    for item in stratum.items:
        if item.within == name and item.name in there:
            yield item
            yield from _features(stratum, item.name, there)


@dataclass(frozen=True)
class Cause:
    """One cause of a sign: what it makes of it, how strongly, and the disease, where it is one."""

    what: str
    strength: float
    disease: Disease | None = None


def _strength(item: Item, disease: Disease, stratum: Stratum) -> float:
    return max(strengths(item, disease, f, stratum) for f in disease.forms)


def _causes(item: Item, encounter: Encounter, stratum: Stratum) -> list[Cause]:
    """Every cause that is there: diseases first, chance last."""
    found = []
    for d in map(stratum.disease, encounter.diseases):
        what = d.shows.get(item.name, item.what)
        found.append(Cause(what, _strength(item, d, stratum), d))
    for c in stratum.conditions:
        if c.name in encounter.conditions:
            found.append(Cause(item.what, c.items.get(item.name, 0.0)))
    found.append(Cause(item.what, item.leak))
    return [c for c in found if c.strength > 0]


def _owner(item: Item, made: list[Cause], stratum: Stratum) -> str:
    """Whose feature it is: that of the cause which makes it most, else of the first."""
    best = max(made, key=lambda c: _strength(item, c.disease, stratum) if c.disease else 0.0)
    return best.what


def wanted(encounter: Encounter, rng: np.random.Generator) -> dict[str, Wanted]:
    """The findings that the signs are, by name; signs that nothing draws are left out."""
    if not encounter.stratum:
        return {}
    stratum, there = STRATA[encounter.stratum], frozenset(encounter.signs)
    found: dict[str, Wanted] = {}
    for item in stratum.items:
        if item.kind != "sign" or item.within or item.name not in there:
            continue
        causes = _causes(item, encounter, stratum)
        fired = [False]
        while not any(fired):
            fired = [rng.random() < c.strength for c in causes]
        made = [c for c, yes in zip(causes, fired, strict=True) if yes and c.what]
        for what in dict.fromkeys(c.what for c in made):
            old = found.get(what, Wanted(what))
            words = (item.feature,) if item.feature else ()
            found[what] = Wanted(what, (*old.words, *words), old.signs | {item.name})
        for inner in _features(stratum, item.name, there) if made else ():
            old = found[_owner(inner, made, stratum)]
            words = (inner.feature,) if inner.feature else ()
            found[old.what] = Wanted(old.what, (*old.words, *words), old.signs | {inner.name})
    if "lung nodule" in found and "larger than 30 mm" in found["lung nodule"].signs:
        nodule = found.pop("lung nodule")
        found["lung mass"] = Wanted("lung mass", nodule.words, nodule.signs)
    return found


def visible_signs(exam: str, stratum: str) -> tuple[str, ...]:
    """The signs of the stratum that a picture of this exam can show at all, with their features.

    >>> "gestational sac" in visible_signs("us-pelvis", "P")
    True
    """
    table, shown = STRATA[stratum], set(drawable(exam))
    seen: list[str] = []
    for item in table.items:
        drawn = {d.shows.get(item.name, item.what) for d in table.diseases} | {item.what}
        if item.kind == "sign" and (item.within in seen or drawn & shown):
            seen.append(item.name)
    return tuple(seen)


# ------------------------------------------------------------------ how it looks

_GRADES: dict[str, tuple[tuple[str, tuple[float, float], tuple[float, float]], ...]] = {
    # the size grade among the signs: range with it, range without it; the first that is there wins
    "liver cyst": (("cyst of 80 mm or more", (80, 80), (8, 79)),
                   ("cyst of 30 mm or more", (30, 79), (8, 29))),
    "liver hydatid cyst": (("cyst of 80 mm or more", (80, 90), (30, 79)),),
    "splenic cyst": (("splenic cyst of 80 mm or more", (80, 80), (10, 79)),
                     ("splenic cyst of 25 mm or more", (25, 79), (10, 24))),
    "splenic hydatid cyst": (("splenic cyst of 80 mm or more", (80, 90), (25, 79)),),
    "aortic aneurysm": (("aneurysm of 50 mm or more", (50, 80), (32, 49)),),
}  # fmt: skip
_SEVERAL = {
    "liver cyst": "several cysts", "liver hydatid cyst": "several cysts",
    "liver metastases": "several solid lesions", "liver abscess": "several solid lesions",
    "hepatocellular carcinoma": "several solid lesions",
    "liver haemangioma": "several solid lesions",
    "focal nodular hyperplasia": "several solid lesions",
}  # fmt: skip


def _size_range(want: Wanted) -> tuple[float, float]:
    size = LOOKS[want.what].size
    if not want.signs:
        return size
    grades = _GRADES.get(want.what, ())
    for sign, inside, _ in grades:
        if sign in want.signs:
            return inside
    return grades[-1][2] if grades else size


def _sided(rng: np.random.Generator, want: Wanted) -> Side:
    right, left, both = LOOKS[want.what].sides
    u = rng.random()
    if right + left + both == 0:
        return ""
    if {"consolidation on both sides", "effusion on both sides"} & want.signs:
        return "bilateral"
    return "right" if u < right else "left" if u < right + left else "bilateral"


_SAID_AS = {("liver metastases", "arterial enhancement"): "hypervascular"}


def make(seed: int, exam: str, want: Wanted, side: Side = "") -> list[Lesion]:
    """The lesions of one finding, one for each focus; `side` overrules chance."""
    look, key = LOOKS[want.what], COPIES * DRAWABLE.index(want.what)
    rng = stream(seed, exam, "lesion", key)
    count = _count(rng, want)
    first_side = side or _sided(rng, want)
    words = dict.fromkeys(_SAID_AS.get((want.what, w), w) for w in want.words)
    if not want.signs and want.what in TYPICAL:
        words.update(dict.fromkeys(w for w, p in TYPICAL[want.what] if rng.random() < p))
    words.update(dict.fromkeys(w for w, p in look.decor if rng.random() < p))
    out: list[Lesion] = []
    for copy in range(count):
        lesion = _one(stream(seed, exam, "lesion", key + copy + 1), want, first_side, copy)
        lesion = replace(lesion, key=key + copy, features=tuple(words))
        if (lesion.side, lesion.site) not in [(x.side, x.site) for x in out] or not look.sites:
            out.append(_finish(lesion, want))
    return out


def _count(rng: np.random.Generator, want: Wanted) -> int:
    several = _SEVERAL.get(want.what)
    p, most = LOOKS[want.what].more
    if want.what == "adnexal mass":
        return 2 if "mass on both sides" in want.signs else 1
    if several and want.signs:
        if several not in want.signs:
            return 1
        p, most = 1.0, max(most, 3)
    return 1 + (int(rng.integers(1, most)) if most > 1 and rng.random() < p else 0)


def _one(rng: np.random.Generator, want: Wanted, side: Side, copy: int) -> Lesion:
    look = LOOKS[want.what]
    low, high = _size_range(want)
    size = float(log_uniform(rng, low, high)) if high else 0.0
    if copy and want.what in ("adnexal mass", "kidney stone", "kidney cyst", "lung granuloma"):
        other: Side = "left" if side == "right" else "right"
        side = other if want.what == "adnexal mass" or rng.random() < 0.5 else side
    sites = LOBES.get(side, LOBES["right"]) if want.what in LUNG else look.sites
    if want.what.startswith(("liver", "hepatocellular", "focal")):
        size = min(size, float(max(ROOM.values())))
        sites = tuple((s, w) for s, w in sites if ROOM[s] >= size)
    site = pick(rng, sites) if sites else ""
    if want.what in LUNG and side == "bilateral":
        site = "lower lobe"
    if want.what == "consolidation" and want.signs and side != "bilateral":
        site = "upper lobe" if "upper zone" in want.signs else "lower lobe"
    severity = pick(rng, look.severity) if look.severity else ""
    volume = (0.0, 0.0)
    if look.volume[1]:
        volume = _volume(rng, want, side)
    if want.what == "endotracheal tube" and rng.random() < 0.3:
        size = float(rng.integers(-20, 20) if rng.random() < 0.75 else rng.integers(71, 90))
    return Lesion(want.what, 0, side, site, size, volume, severity)


def _volume(rng: np.random.Generator, want: Wanted, side: Side) -> tuple[float, float]:
    low, high = LOOKS[want.what].volume
    if "large effusion" in want.signs:
        low, high = 950, 2000
    most = log_uniform(rng, low, high)
    if want.what == "free fluid":
        return float(most), 0.0
    other = round(most * rng.uniform(0.5, 1.0))
    if side == "bilateral":
        return float(most), float(other)
    return (float(most), 0.0) if side == "right" else (0.0, float(most))


def _finish(lesion: Lesion, want: Wanted) -> Lesion:
    """Severity from what is measured or from the signs; misplaced devices say so."""
    what, words = lesion.what, lesion.features
    severity = lesion.severity
    if what in SCALES:
        amount = max(lesion.volume_ml) or lesion.size_mm
        severity = next(word for top, word in SCALES[what] if amount < top)
    if what == "acute pancreatitis":
        severity = ("severe" if "necrosis" in words else
                    "moderate" if "peripancreatic fluid" in words else "mild")  # fmt: skip
    if what == "pulmonary oedema":
        severity = ("severe" if {"alveolar", "interstitial lines"} <= set(words) else
                    "moderate" if "alveolar" in words else "mild")  # fmt: skip
    if "lobar extent" in want.signs:
        severity = "large"
    if what == "pancreatic mass" and "duct dilatation" in words and lesion.site == "head":
        words = (*words, "double duct")
    if what == "ovarian cyst" and not words:
        words = ("simple",)
    if what == "acute cholecystitis" and not words:
        words = ("wall thickening", "distension")
    wrong = {
        "endotracheal tube": lesion.size_mm < 20 or lesion.size_mm > 70,
        "nasogastric tube": lesion.site not in ("", "stomach"),
        "central venous catheter": lesion.site not in ("", "superior vena cava"),
    }
    if wrong.get(what):
        words = (*words, "malpositioned")
    return replace(lesion, severity=severity, features=words)


def lesions_of(
    seed: int, exam: str, encounter: Encounter
) -> tuple[list[Lesion], dict[str, Wanted]]:
    """Every lesion that the encounter's signs are, seen by this exam or not.

    A stone obstructs its own kidney: where both are there they share the side."""
    found = wanted(encounter, stream(seed, exam, "disease"))
    out: list[Lesion] = []
    for want in found.values():
        if want.what == "hydronephrosis" and "ureteric stone" in found:
            side = next(x.side for x in out if x.what == "ureteric stone")
            out += make(seed, exam, want, side)
        elif want.what == "pleural effusion" and not {"effusion on both sides"} & want.signs:
            out += make(seed, exam, want, _side_of_effusion(encounter))
        else:
            out += make(seed, exam, want)
    return out, found


def _side_of_effusion(encounter: Encounter) -> Side:
    if "acute pancreatitis" in encounter.diseases:
        return "left"
    return "right" if "liver abscess" in encounter.diseases else ""


# ------------------------------------------------------------------ what the prior study showed

_EARLIER = {  # sign that it was there before, sign that it has grown since
    "cyst": ("cyst on an earlier study", "cyst has grown"),
    "solid": ("lesion on an earlier study", "lesion has grown"),
    "round": ("opacity on an earlier film", "opacity has grown"),
}
_TOLD = frozenset(s for pair in _EARLIER.values() for s in pair)
_OLD = frozenset({  # seldom new
    "liver cyst", "kidney cyst", "splenic cyst", "splenic granuloma", "lung granuloma",
    "gallstones", "liver haemangioma", "focal nodular hyperplasia", "aortic aneurysm",
    "kidney stone",
})  # fmt: skip


def change_of(size_mm: float, prior_mm: float | None) -> Change:
    """The word for a change in size: beyond noise only, 2 mm and 20 % of the prior size at least.

    >>> [change_of(18, p) for p in (0.0, 12.0, 17.0, 30.0, None)]
    ['new', 'increased', 'unchanged', 'decreased', '']
    """
    if prior_mm is None:
        return ""
    if prior_mm == 0:
        return "new"
    beyond = abs(size_mm - prior_mm) >= max(2.0, 0.2 * prior_mm)
    if not beyond:
        return "unchanged"
    return "increased" if size_mm > prior_mm else "decreased"


def grow(lesion: Lesion, want: Wanted | None, rng: np.random.Generator) -> Lesion:
    """The same lesion with its size in the prior study, which the signs may already tell.

    A lesion without a size, and not new, keeps None: the prior study says nothing of it."""
    before, grown = _history(lesion, want, rng)
    if not before:
        return replace(lesion, prior_mm=0.0)
    if lesion.size_mm <= 0 or finding_type(lesion.what).layer == "device":
        return lesion
    most = 1.4 if lesion.what == "splenomegaly" else 2.2  # of a whole organ's length
    prior: float = 0.0
    if grown:
        prior = math.floor(lesion.size_mm / rng.uniform(1.3, most))
        return replace(lesion, prior_mm=float(max(1, min(prior, lesion.size_mm - 2))))
    noise = int(rng.integers(-1, 2)) if lesion.size_mm >= 10 else 0
    shrunk = rng.random() < 0.12 and not (want and _TOLD & want.signs)
    prior = math.ceil(lesion.size_mm * rng.uniform(1.3, most)) if shrunk else lesion.size_mm + noise
    return replace(lesion, prior_mm=float(max(1, prior)))


def _history(lesion: Lesion, want: Wanted | None, rng: np.random.Generator) -> tuple[bool, bool]:
    u, v = rng.random(2)
    parents = {"cystic liver lesion": "cyst", "solid liver lesion": "solid",
               "rounded lung opacity": "round"}  # fmt: skip
    for sign, kind in parents.items():
        if want and sign in want.signs:
            before, grown = _EARLIER[kind]
            return before in want.signs, grown in want.signs
    old = lesion.what in _OLD
    return bool(u < (0.85 if old else 0.35)), bool(v < (0.1 if old else 0.4))
