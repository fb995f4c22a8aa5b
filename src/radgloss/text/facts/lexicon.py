"""One lexicon of everything that has a meaning, as a tree over words.

The tree is built once, when first needed, from the tables of the files beside this one and from the
plain words that stand here. Its phrases are cut into words by the pattern that cuts the reports, so
that "w/o" and "s/p" are found as they are written."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from radgloss.text.facts.adjectives import adjective_terms
from radgloss.text.facts.certainty import certainty_terms
from radgloss.text.facts.change import change_terms
from radgloss.text.facts.negation import negation_terms
from radgloss.text.facts.place import NOT_SIDES, place_terms
from radgloss.text.facts.technique import technique_terms
from radgloss.text.facts.terms import Place, Term, spellings, words
from radgloss.text.facts.things import thing_terms

__all__ = ["MARKS", "WORD", "lexicon"]

_SEVERITY: dict[str, str] = {
    "trace": "trace", "tiny": "tiny", "minimal": "minimal", "minor": "minor", "small": "small",
    "mild": "mild", "mildly": "mild", "slight": "mild", "slightly": "mild",
    "moderate": "moderate", "moderately": "moderate", "moderate sized": "moderate",
    "large": "large", "marked": "marked", "markedly": "marked", "severe": "severe",
    "severely": "severe", "massive": "massive", "extensive": "extensive", "huge": "massive",
    "small to moderate": "small to moderate", "moderate to large": "moderate to large",
    "mild to moderate": "mild to moderate", "moderate to severe": "moderate to severe",
    "moderate to marked": "moderate to marked", "gross": "marked", "small volume": "small",
    "borderline": "borderline", "moderate volume": "moderate", "large volume": "large",
    "trace amount of": "trace", "small amount of": "small", "moderate amount of": "moderate",
    "large amount of": "large", "trace volume": "trace", "small volume of": "small",
    "subtle": "minimal", "low grade": "mild", "high grade": "severe", "tiny amount of": "tiny",
    "minimally": "minimal", "moderate volume of": "moderate", "large volume of": "large",
    "physiologic": "physiologic", "physiological": "physiologic", "massively": "massive",
}  # fmt: skip
_NUMBERS: dict[str, str] = {
    "single": "1", "solitary": "1", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10", "multiple": "multiple",
    "numerous": "multiple", "innumerable": "multiple", "several": "multiple", "many": "multiple",
    "scattered": "multiple", "few": "few", "a few": "few", "multifocal": "multiple",
    "a couple of": "2", "a pair of": "2", "at least two": "2", "at least three": "3",
    "countless": "multiple", "multiple smaller": "multiple", "several smaller": "multiple",
    "multiple larger": "multiple", "other smaller": "multiple", "a few smaller": "few",
}  # fmt: skip
_PLAIN: tuple[tuple[str, str], ...] = (
    ("verb", "is, are, was, were, has, have, had, shows, show, showed, contains, contain, "
     "demonstrates, demonstrate, appears, appear, measures, measure, measuring, seen, noted, "
     "identified, present, visualised, there is, there are, reveals, reveal, has been, have been, "
     "exhibits, lies, located, measured, ends, terminates, projects, projected, positioned, "
     "containing, showing, demonstrating, now measures, includes, extends, harbours, harbors, "
     "developed, evident, can be seen, could be seen, could be detected, could be identified, "
     "could be found, could be demonstrated, could be visualised, could be observed, "
     "can be detected, "
     "can be identified, can be observed, can be appreciated, could be appreciated, in place, "
     "in situ, occupies, observed, revealing, revealed, depicting, "
     "depicts, demonstrated, illustrating, confirms, confirmed, causes, caused"),
    ("prep", "in, within, at, on, of, by, along, involving, near, over, into, throughout, inside, "
     "overlying, from, to, about, around, adjacent to, for, beneath, under, between, occupying, "
     "arising from, affecting, through, behind"),
    ("and", "and, plus, as well as, together with, &"),
    ("or", "or, /, or a, or an"),
    ("with", "with, w, w/, accompanied by, associated, along with, causing, resulting in, and "
     "associated, with associated, with adjacent, with accompanying, overlying, producing, "
     "leading to, complicated by, including"),
    ("stop", "but, however, although, though, while, whereas, apart from, except, except for, "
     "other than, aside from, despite, nevertheless, yet, which is otherwise, save for, with the "
     "exception of"),
    ("which", "which, that is, that are"),
    ("det", "the, a, an, this, these, that, its, there"),
    ("each", "each"),
    ("respectively", "respectively"),
    ("opposite", "contralateral, opposite side, opposite, other side, contralateral side, "
     "contralaterally"),
    ("same side", "ipsilateral, same side, that side, ipsilateral side"),
    ("that in", "that in, those in, the one in, that of, the ones in, another in, one in"),
    ("history", "history of, s p, s/p, status post, remote, prior history of, "
     "known history of, past history of, treated for"),
    ("recommend", "recommend, recommended, is recommended, could be obtained, could be performed, "
     "can be obtained, suggest follow up, follow up, advised, is advised, correlate, correlation, "
     "clinical correlation, consider ct, consider mri, consider mr, consider ultrasound, if, "
     "consider follow up, consider biopsy, consider further, should, to exclude, to rule out, "
     "rule out, r o, r/o, to evaluate for, evaluate for, assess for, to assess for, "
     "evaluation for, "
     "may be obtained, may be performed, would be, is suggested, to confirm, to assess, "
     "to ensure resolution, to ensure, for further evaluation, to document resolution, "
     "consider correlation, further evaluation, further characterisation, should be obtained, "
     "to better characterise, could be considered, recommendation, suggested, to ensure clearing, "
     "to document, surveillance, consider repeat, repeat, in the appropriate clinical setting, "
     "are common, is common, commonly, usually, typically, by definition, evaluation of, "
     "to evaluate, if clinically indicated, family history of, discussed with, communicated to, "
     "mother, father, recommend ct to exclude, screening"),
    ("normal", "normal, unremarkable, clear, within normal limits, grossly normal, wnl, sharp, "
     "grossly unremarkable, normal in appearance, unremarkable in appearance, normal appearing, "
     "grossly clear, nad, intact, unremarkable for age, within the limits of the norm, "
     "within normal range, within the normal range, in the normal range, normal sized, "
     "normally sized, of normal, preserved, patent, grossly intact, healthy"),
    ("borderline normal", "upper limit of normal, upper limits of normal, at the upper limit of "
     "normal, at the upper limits of normal, at upper limits of normal, top normal, "
     "upper normal, high normal, borderline in size"),
    ("property", "size, calibre, diameter, contour, contours, echotexture, morphology, enhancement,"
     " position, attenuation, signal, echogenicity, shape, texture, outline, appearance, "
     "configuration, signal intensity, density, thickness, echopattern, architecture, length, "
     "alignment, mineralisation, aeration, perfusion, course, volume"),
    ("absent organ", "surgically absent, congenitally absent, been removed surgically, "
     "surgically removed, not present surgically"),
    ("feature", "spiculated, lobulated, daughter cysts, daughter cyst, floating membrane, "
     "floating membranes, wall calcification, mural calcification, rim calcification, septations, "
     "air bronchograms, air bronchogram, nodular enhancement, peripheral nodular enhancement, "
     "fill in, washout, capsule, central scar, rim enhancement, arterial enhancement, tubal ring, "
     "air fluid levels, transition point, kerley b lines, cephalisation, malpositioned, "
     "mediastinal shift, tracheal deviation, tension, lacy echoes, low level echoes, "
     "peripheral follicles, twisted pedicle, nonobstructing, non obstructing, nonobstructive, "
     "obstructing, comminuted, calcified, partially calcified, daughter vesicles, internal gas, "
     "acoustic shadowing, posterior acoustic shadowing, posterior acoustic enhancement, shadowing "
     "posteriorly, wall irregularity, septation, cluster sign, fluid levels, debris, mass effect, "
     "peripheral enhancement, delayed enhancement, restricted diffusion, floating membranes, "
     "cortical thinning, solid components, solid component, mural nodule, air fluid level, "
     "fat component, focal fatty sparing, focal sparing, focal fat sparing, hypervascular, "
     "hypovascular, fatty sparing, focal areas of fatty sparing, linear"),
    ("level", "to the segmental level, to the level of the segmental arteries, "
     "to segmental level, to the level of segmental branches"),
    ("ignore", "sternal notch, abdomen and pelvis, cystic duct, cystic artery, "
     "cyst aspiration, heart rate, bowel preparation, gas pattern, mass effect, "
     "bone window, lung window, liver window, soft tissue window, liver function, "
     "renal function, liver enzymes, effusion tap, normal saline, normal range, ribs bilaterally, "
     "gastric contents, aspiration, of the chest, chest, lung cancer "
     "screening, liver transplant, renal transplant, pleural based, subpleural, "
     "renal colic, colicky, flank pain, gallbladder fossa, pelvic pain, the study, "
     "abdominal pain, chest pain, ct pulmonary angiogram, pulmonary angiogram, for age, "
     "renal stone protocol, kidney stone protocol, fluid filled, fluid level, fluid density, "
     "fluid attenuation, fluid signal, fluid attenuated, cerebrospinal fluid, fluid containing, "
     "simple fluid, amniotic fluid, "
     "fluid contents, free flowing, free wall, free edge, free margin, mass like, masslike"),
    ("now", "now, currently, today"),
    ("semicolon", "full stop, period, new paragraph, next paragraph, next line"),
    ("comma", "comma"),
    ("sparing", "sparing of, sparing, spares, spared, with sparing of, with relative sparing of, "
     "relative sparing of, not involving, without involvement of"),
)  # fmt: skip
_PROCEDURES: tuple[tuple[str, Place, str], ...] = (
    ("absence", Place("gallbladder"), "cholecystectomy, post cholecystectomy"),
    ("absence", Place("spleen"), "splenectomy"),
    ("absence", Place("kidneys"), "nephrectomy"),
    ("absence", Place("pelvis", "uterus", "uterus"), "hysterectomy"),
    ("absence", Place("bowel", "appendix", "appendix"), "appendectomy, appendicectomy"),
    ("absence", Place("pelvis", "ovary", "ovary"), "oophorectomy"),
    ("absence", Place("lungs"), "pneumonectomy"),
    ("", Place(), "biopsy, thoracentesis, sternotomy, cabg, surgery, lobectomy, "
     "partial nephrectomy, laparotomy, laparoscopy, intubation, paracentesis, mastectomy, "
     "gastrectomy, colectomy, chemotherapy, radiotherapy, trauma, bronchoscopy, hepatectomy, "
     "coronary artery bypass"),
)  # fmt: skip
MARKS = {
    ",": Term("comma"), ";": Term("semicolon"), ":": Term("colon"), "(": Term("open"),
    ")": Term("close"), "?": Term("query"), "/": Term("or"), "[": Term("open"),
    "]": Term("close"), "&": Term("and"), "(-)": Term("minus"), "(+)": Term("plus"),
    **dict.fromkeys(("[]", "[ ]", "☐"), Term("unticked")),
    **dict.fromkeys(("[x]", "[ x ]", "☑", "☒"), Term("ticked")),
}  # fmt: skip
WORD = re.compile(
    r"[a-z]+(?![^\W\d_])|[^\W\d_]+|\d+(?:[.,]\d+)*|\([-+]\)|\[ ?x? ?\]"
    r"|[,;:()/\[\]?&'+<>☐☑☒]|\n\s*\n"
)


@cache
def lexicon() -> dict[str, Any]:
    """word → (term or None, further words or None), the tree of every phrase."""
    terms: dict[str, Term] = {}
    for cat, forms in _PLAIN:
        for word in words(forms):
            for spelt in spellings(word):
                terms[spelt] = Term(cat, word)
    terms |= adjective_terms()
    terms |= {word: Term("severity", canon) for word, canon in _SEVERITY.items()}
    terms |= {word: Term("number", canon) for word, canon in _NUMBERS.items()}
    for kind, place, forms in _PROCEDURES:
        for name in words(forms):
            terms[name] = Term("procedure", kind or name, place, layer="history")
    for source in (
        place_terms,
        technique_terms,
        thing_terms,
        change_terms,
        certainty_terms,
        negation_terms,
    ):
        for word, term in source().items():
            terms[word] = term
    terms |= {w: Term("ignore") for w in words(NOT_SIDES)}
    tree: dict[str, Any] = {}
    for phrase, term in (terms | MARKS).items():
        _enter(tree, WORD.findall(phrase), term)
    return tree


def _enter(tree: dict[str, Any], words: list[str], term: Term) -> None:
    node = tree
    for word in words[:-1]:
        entry = node.setdefault(word, [None, None])
        if entry[1] is None:
            entry[1] = {}
        node = entry[1]
    node.setdefault(words[-1], [None, None])[0] = term
