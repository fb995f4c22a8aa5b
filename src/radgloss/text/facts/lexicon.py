"""One lexicon of everything that has a meaning, as a tree over words, and the scan that uses it.

The tree is built once, when first needed. A scan takes the longest phrase that begins at each word,
so that "no change in" is never a "no". Hyphens count as spaces; numbers, lengths, segments and
vertebrae are read by their own rules."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from radgloss.text.facts.certainty import certainty_terms
from radgloss.text.facts.change import change_terms
from radgloss.text.facts.measure import measures
from radgloss.text.facts.negation import negation_terms
from radgloss.text.facts.place import NOT_SIDES, SEGMENTS, place_terms, sites
from radgloss.text.facts.terms import Item, Place, Term, spellings, words
from radgloss.text.facts.things import thing_terms

__all__ = ["lexicon", "scan"]

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
    "countless": "multiple",
}  # fmt: skip
_PLAIN: tuple[tuple[str, str], ...] = (
    ("verb", "is, are, was, were, has, have, had, shows, show, showed, contains, contain, "
     "demonstrates, demonstrate, appears, appear, measures, measure, measuring, seen, noted, "
     "identified, present, visualised, there is, there are, reveals, reveal, has been, have been, "
     "exhibits, lies, located, measured, ends, terminates, projects, projected, positioned, "
     "containing, showing, demonstrating, now measures, includes, extends, harbours, harbors, "
     "developed, evident, in place, in situ, occupies, observed"),
    ("prep", "in, within, at, on, of, along, involving, near, over, into, throughout, inside, "
     "overlying, from, to, about, around, adjacent to, for, beneath, under, between, occupying, "
     "arising from, affecting, through, behind"),
    ("and", "and, plus, as well as, together with, &"),
    ("or", "or, /, or a, or an"),
    ("with", "with, w, accompanied by, associated, along with, causing, resulting in, and "
     "associated, with associated, with adjacent, with accompanying, overlying, w/, producing, "
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
    ("history", "history of, s p, status post, status, remote, prior history of, "
     "known history of, patient with, past history of, treated for, post"),
    ("recommend", "recommend, recommended, is recommended, could be obtained, could be performed, "
     "can be obtained, suggest follow up, follow up, advised, is advised, correlate, correlation, "
     "clinical correlation, consider ct, consider mri, consider mr, consider ultrasound, if, "
     "consider follow up, consider biopsy, consider further, should, to exclude, to rule out, "
     "rule out, r o, to evaluate for, evaluate for, assess for, to assess for, evaluation for, "
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
     "within normal range, of normal, preserved, patent, grossly intact, healthy"),
    ("borderline normal", "upper limit of normal, upper limits of normal, at the upper limit of "
     "normal, at the upper limits of normal, at upper limits of normal, top normal, "
     "upper normal, high normal, borderline in size"),
    ("property", "size, calibre, diameter, contour, contours, echotexture, morphology, enhancement,"
     " position, attenuation, signal, echogenicity, shape, texture, outline, appearance, "
     "configuration, signal intensity, density, thickness, echopattern, architecture, length, "
     "alignment, mineralisation, aeration, perfusion, course"),
    ("enlarged", "enlarged, bulky, enlarged in size, increased in length"),
    ("dilated", "dilated, distended, ectatic, nondilated dilated"),
    ("not enlarged", "not enlarged, nonenlarged, non enlarged, not increased in size"),
    ("not dilated", "not dilated, nondilated, non dilated, undilated, not distended"),
    ("aneurysmal", "aneurysmal, aneurysmally dilated"),
    ("fractured", "fractured"),
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
    ("ignore", "sternal notch, chest radiograph, chest x ray, abdominal radiograph, chest film, "
     "ct abdomen, abdomen and pelvis, ct of the abdomen, cystic duct, cystic artery, "
     "cyst aspiration, heart rate, bowel wall, bowel preparation, gas pattern, mass effect, "
     "bone window, lung window, liver window, soft tissue window, liver function, "
     "renal function, liver enzymes, effusion tap, normal saline, normal range, ribs bilaterally, "
     "gastric contents, aspiration, of the chest, chest ct, chest, abdominal ct, lung cancer "
     "screening, liver transplant, renal transplant, pleural based, subpleural, stone protocol, "
     "renal colic, colicky, flank pain, gallbladder fossa, pelvic pain, the study, right now, "
     "abdominal pain, chest pain, ct pulmonary angiogram, pulmonary angiogram, for age, "
     "renal stone protocol, kidney stone protocol, mass like, masslike, mass-like"),
    ("now", "now, currently, today"),
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
_PRONOUNS = frozenset(
    words(
        "it, this, these, they, largest, findings, appearances, finding, appearance, smallest, "
        "features, both, its, measuring, stable, unchanged, biggest, larger, dominant"
    )
)


@cache
def lexicon() -> dict[str, Any]:
    """word → (term or None, further words or None), the tree of every phrase."""
    terms: dict[str, Term] = {}
    for cat, forms in _PLAIN:
        for word in words(forms):
            for spelt in spellings(word):
                terms[spelt] = Term(cat, word)
    terms |= {word: Term("severity", canon) for word, canon in _SEVERITY.items()}
    terms |= {word: Term("number", canon) for word, canon in _NUMBERS.items()}
    for kind, place, forms in _PROCEDURES:
        for name in words(forms):
            terms[name] = Term("procedure", kind or name, place, layer="history")
    for source in (place_terms, thing_terms, change_terms, certainty_terms, negation_terms):
        for word, term in source().items():
            terms[word] = term
    terms |= {w: Term("ignore") for w in words(NOT_SIDES)}
    tree: dict[str, Any] = {}
    for phrase, term in terms.items():
        _enter(tree, phrase.replace("-", " ").replace("'", " ' ").split(), term)
    return tree


def _enter(tree: dict[str, Any], words: list[str], term: Term) -> None:
    node = tree
    for word in words[:-1]:
        entry = node.setdefault(word, [None, None])
        if entry[1] is None:
            entry[1] = {}
        node = entry[1]
    node.setdefault(words[-1], [None, None])[0] = term


_WORD = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|[,;:()/\[\]?&'+<>]|\n\s*\n")
_MARKS = {
    ",": Term("comma"), ";": Term("semicolon"), ":": Term("colon"), "(": Term("open"),
    ")": Term("close"), "?": Term("query"), "/": Term("or"), "[": Term("open"),
    "]": Term("close"), "&": Term("and"),
}  # fmt: skip
_MEASURE = Term("measure")
_SPINE = frozenset("tlc")
_LIST_MARKS = (".", ")", ":")  # after the number of a list's item
_NO_COUNT = frozenset(
    words(
        "image, images, series, grade, level, type, day, days, week, weeks, month, months, year, "
        "years, stage, phase, figure, case, number, frame, slice, in, on, of, at, by, from, since, "
        "view, rads, category, class"
    )
)


def scan(low: str, start: int, end: int) -> list[Item]:
    """The items of the sentence low[start:end], which is lower case."""
    tree = lexicon()
    lengths = measures(low, start, end)
    tokens = [(m[0], *m.span()) for m in _WORD.finditer(low, start, end)]
    segments = list(SEGMENTS.finditer(low, start, end)) if "seg" in low[start:end] else []
    items: list[Item] = []
    add = items.append
    at, count, skip_to = 0, len(tokens), start
    while at < count:
        word, begin, stop = tokens[at]
        if begin < skip_to:
            at += 1
            continue
        if lengths and stop > lengths[0].start:
            length = lengths.pop(0)
            add(Item(_MEASURE, length.start, length.end, length))
            skip_to = length.end
            continue
        if segments and begin >= segments[0].start():
            match = segments.pop(0)
            if begin == match.start():
                _add_segments(match, items)
                skip_to = match.end()
                continue
        entry = tree.get(word)
        if entry is not None:
            term, last, node, ahead = entry[0], at, entry[1], at + 1
            while node is not None and ahead < count:
                entry = node.get(tokens[ahead][0])
                if entry is None:
                    break
                if entry[0] is not None:
                    term, last = entry[0], ahead
                node = entry[1]
                ahead += 1
            if term is not None:
                add(Item(term, begin, tokens[last][2]))
                at = last + 1
                continue
        if word in _MARKS:
            add(Item(_MARKS[word], begin, stop))
        elif word in _SPINE or (
            word.isdecimal() and (at or low[stop : stop + 1] not in _LIST_MARKS)
        ):
            at += _number(word, at, tokens, items)
        at += 1
    return items


def _add_segments(match: re.Match[str], items: list[Item]) -> None:
    for n, place in enumerate(sites(match[1])):
        if n:
            items.append(Item(_MARKS["&"], match.start(), match.end()))
        items.append(Item(Term("place", place=place), match.start(), match.end()))


def _number(word: str, at: int, tokens: list[tuple[str, int, int]], items: list[Item]) -> int:
    """A vertebra ("T12") or a small count ("3 nodules"); how many more tokens were used."""
    _, begin, stop = tokens[at]
    if not word.isdecimal():
        if at + 1 < len(tokens) and tokens[at + 1][1] == stop and tokens[at + 1][0].isdecimal():
            n = int(tokens[at + 1][0])
            if (word == "t" and 2 < n <= 12) or (word == "l" and n <= 5):
                place = Place("bones", "spine", f"{word.upper()}{n}")
                items.append(Item(Term("place", place=place), begin, tokens[at + 1][2]))
            return 1
        return 0
    before = tokens[at - 1][0] if at else ""
    if 0 < int(word[:4]) <= 20 and len(word) <= 2 and before not in _NO_COUNT:
        items.append(Item(Term("number", str(int(word))), begin, stop))
    return 0


def begins_with_pronoun(low: str, start: int, end: int) -> bool:
    """Whether a sentence points back ("It measures", "The largest is")."""
    first, _, rest = low[start : min(end, start + 40)].partition(" ")
    return first in _PRONOUNS or rest.partition(" ")[0] in _PRONOUNS
