"""Words as they were meant: abbreviations spelt out, and one slip of the hand in a long word.

A long word that nobody knows is read as the one word for a thing or a place that lies one letter
away (one too many, too few or wrong, or two in the wrong order: Damerau, CACM 1964), where that
cannot change what was said. The first letter must stand, the last may not be another, and a prefix
that carries meaning (hypo-, hyper-, intra-, infra-, un-, …) is never mended into or out of being.
Where two words are as near, or the word is a real one of its own, nothing is mended."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from radgloss.text.facts.terms import words

__all__ = ["SHORT", "Speller"]

SHORT: dict[str, tuple[str, ...]] = {
    short: tuple(meant.split())
    for short, meant in (
        ("rij", "right internal jugular line"), ("lij", "left internal jugular line"),
        ("rscl", "right subclavian line"), ("lscl", "left subclavian line"),
        ("hsm", "hepatomegaly and splenomegaly"), ("pna", "pneumonia"), ("fx", "fracture"),
        ("hepatosplenomegaly", "hepatomegaly and splenomegaly"), ("pulm", "pulmonary"),
        ("abd", "abdominal"), ("eff", "effusion"), ("effs", "effusions"), ("lg", "large"),
        ("mod", "moderate"), ("sm", "small"), ("nl", "normal"), ("cardiomeg", "cardiomegaly"),
        ("opac", "opacity"), ("infil", "infiltrate"),
        ("tb", "tuberculosis"), ("dvt", "deep vein thrombosis"), ("chole", "cholecystectomy"),
        ("appy", "appendectomy"), ("tah", "hysterectomy"), ("prob", "probably"),
        ("poss", "possibly"), ("susp", "suspicious"), ("unch", "unchanged"), ("incr", "increased"),
        ("decr", "decreased"), ("sft", "soft tissue"), ("consol", "consolidation"),
        ("atel", "atelectasis"), ("calcs", "calculi"), ("lns", "lymph nodes"), ("panc", "pancreas"),
        ("hx", "history"), ("pl", "pleural"), ("rov", "right ovary"), ("lov", "left ovary"),
        ("cds", "cul de sac"), ("ff", "free fluid"), ("ffs", "free fluid"),
    )
}  # fmt: skip
"""An abbreviation (or a word for two things at once) and the words that it stands for."""

_PREFIXES = words(
    "hypo, hyper, infra, intra, inter, extra, supra, super, sub, peri, para, pre, post, ante, anti,"
    " endo, ecto, epi, retro, trans, iso, hemi, micro, macro, meso, uni, un, non, dis, de, im, in, "
    "bi, poly, mono, mega, brady, tachy, normo, dys, re, ex, an"
)
_REAL = frozenset(  # within one letter of a word of the lexicon, and another word
    words(
        "urethral, urethra, perineal, peroneal, thoracotomy, thoracotomies, incubated, infraction, "
        "infractions, confusion, confusions, revolution, revolved, expensive, contusion, "
        "inflation, inclusion, devotion, factures, affective, prostatic, humoral, "
        "aspirated, imploded, medically, visually, vesicles, mitigated, lactation, formally, "
        "prevented, presently, perfusions, diffusions, infusions, infusion, diffusion, "
        "invasive, deviated, dilution, dilutions, calcifies, facture, starvation, collective, "
        "corrections, correction, selection, reflection, refraction, retraction, collations, "
        "diluted, undiluted, standing, deceased, conclusions, conclusion, seclusion, abscessus, "
        "illusion, desmoid, desmoids, injection, injections, contract, contracts, interpose, "
        "tripping, "
        "blending, colonies, splenius, flattered, reflected, ejection, inspection, inflection, "
        "insertion, contents, contests"
    )
)  # fmt: skip
_SHORTEST, _LONG = 7, 8  # letters: of the slip, of what was meant
_MOST = 50_000  # words remembered


class Speller(dict[str, str]):
    """Word → what was meant. A dict that fills itself, since reports use the same words.

    An abbreviation of several words gives them with spaces between."""

    def __init__(self, known: Collection[str], wanted: Collection[str]) -> None:
        """known: words that stand as they are. wanted: those that a slip may be mended into."""
        super().__init__()
        self._known = frozenset(known)
        self._near: dict[str, set[str]] = {}
        for word in wanted:
            if len(word) >= _LONG and word.isalpha():
                for less in _shorter(word):
                    self._near.setdefault(less, set()).add(word)

    def __missing__(self, word: str) -> str:
        if len(self) > _MOST:
            self.clear()
        short = SHORT.get(word)
        meant = self[word] = " ".join(short) if short else self._meant(word)
        return meant

    def _meant(self, word: str) -> str:
        if len(word) < _SHORTEST or word in self._known or word in _REAL or not word.isalpha():
            return word
        near = {w for less in _shorter(word) for w in self._near.get(less, ())}
        found = [w for w in near if _one_slip(word, w) and _same_sense(word, w)]
        return found[0] if len(found) == 1 else word


def _shorter(word: str) -> Iterator[str]:
    """The word, and the word without each of its letters."""
    yield word
    for n in range(len(word)):
        yield word[:n] + word[n + 1 :]


def _one_slip(wrong: str, right: str) -> bool:
    """Whether one letter or one exchange of neighbours lies between them."""
    if wrong == right:
        return False
    first = next(
        (n for n, (a, b) in enumerate(zip(wrong, right, strict=False)) if a != b),
        min(len(wrong), len(right)),
    )
    a, b = wrong[first:], right[first:]
    if len(a) == len(b):
        return a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
    return a[1:] == b if len(a) > len(b) else a == b[1:]


def _same_sense(wrong: str, right: str) -> bool:
    """Whether the slip leaves first letter, ending and every prefix that carries meaning."""
    if wrong[0] != right[0] or (len(wrong) == len(right) and wrong[:-1] == right[:-1]):
        return False
    if abs(len(wrong) - len(right)) == 1 and (wrong.startswith(right) or right.startswith(wrong)):
        return False  # an ending of its own: "consolidates", "abdominale"
    return all(wrong.startswith(p) == right.startswith(p) for p in _PREFIXES)
