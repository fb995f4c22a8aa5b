"""Words of doubt, as the probability that a reader of the report should hold.

Doubt is about the finding that the words govern; an observation beside it stays certain ("opacity,
likely pneumonia"). "Cannot exclude" is possible, never absent. The probabilities are conventions
that differ between authors; they are numbers to order words by, no measurement."""

from __future__ import annotations

from radgloss.text.facts.terms import Term, spellings, words
from radgloss.types import Status

__all__ = ["ABSENT", "CAUSES", "PRESENT", "certainty_terms", "status_of"]

PRESENT = 0.85  # from here on a hedge asserts
ABSENT = 0.03  # down to here it denies

# probability, does it explain what stands before it, surface forms
_BEFORE: tuple[tuple[float, bool, str], ...] = (
    (0.97, True, "diagnostic of, pathognomonic for, pathognomonic of, diagnostic for, "
     "characteristic of, classic for"),
    (0.85, True, "consistent with, compatible with, in keeping with, represents, representing, "
     "c w, c/w, 2/2, d/t, indicating, diagnosed as, corresponding to, corresponds to, "
     "correspond to, manifesting as, "
     " indicative of, in line with, typical of, typical for, reflecting, "
     "representative of, reflects, most consistent with, represent, most in keeping with, "
     "with features of, with the features of, with typical features of, with imaging features of, "
     "with the appearance of, with appearances of, with the characteristics of, with signs of, "
     "with characteristics of, having features of, fulfilling the criteria for, meeting criteria "
     "for, fulfilling criteria for, with the pattern of, with findings of, "
     "most compatible with, due to, secondary to, related to, keeping with, resulting from"),
    (0.75, True, "likely represents, likely representing, likely reflects, likely reflecting, "
     "most suggestive of, favoured to represent, favours, favouring, probably represents, "
     "highly suggestive of, likely due to, probably due to, most likely, most likely represents, "
     "strongly suggestive of, likely related to, most likely represent, likely represent, "
     "likely secondary to, probably reflects, probably represent, probably reflecting, "
     "most likely representing, most likely reflecting, suspected to be, favoured to be, "
     "probably related to, presumably, likely reflect, probably secondary to"),
    (0.65, True, "suspicious for, concerning for, worrisome for, suspicion of, concern for, "
     "suspicious of, thought to be, thought to represent, believed to be, believed to represent, "
     "presumed to be, presumed to represent, interpreted as, felt to represent, felt to be, "
     "raising concern for, raises concern for, suspicion for, raising suspicion for"
     ", c/f, raising the suspicion of, worrying for"),
    (0.4, True, "may represent, could represent, may reflect, could reflect, might represent, "
     "might reflect, possibly representing, suggests, suggesting, suggestive of, may be due to, "
     "could be due to, may be related to, may be secondary to, may indicate, could indicate, "
     "may suggest, could suggest, might suggest, may be, could be, might be, may relate to, "
     "could relate to, may be compatible with, could be compatible with, may be consistent with, "
     "could be consistent with, differential includes, differential diagnosis includes, ddx, "
     "differential considerations include, can represent, can be seen with, possibly reflecting, "
     "possibly due to, possibly related to, may correspond to, could correspond to, suggest, "
     "assumed to represent, assumed to be, initially thought to be, "
     "initially thought to represent, might indicate, possibly represents, possibly represent, "
     "may well represent, resembling, "
     "s/o, can be seen in, considerations include, possibilities include, such as"),
    (0.4, False, "cannot exclude, cannot rule out, does not exclude, do not exclude, can not "
     "exclude, unable to exclude, question of, possibility of, not exclude, difficult to exclude, "
     "could not exclude, may have, suggestion of, consider, can't exclude, may also be, "
     "cannot entirely exclude, cannot completely exclude, cannot definitively exclude, "
     "the possibility of, question"),
    (0.4, True, "to suggest, to indicate, to imply, to raise concern for, to account for"),
    (0.2, True, "less likely"),
)  # fmt: skip
CAUSES = frozenset(  # what is denied before them says nothing of what follows
    words("due to, secondary to, related to, resulting from, likely due to, probably due to, "
          "2/2, d/t, likely related to, likely secondary to, probably related to, "
          "probably secondary to, "
          "may be due to, could be due to, may be related to, may be secondary to, may relate to, "
          "could relate to, possibly due to, possibly related to, less likely")
)  # fmt: skip
_EITHER_WAY: tuple[tuple[float, str], ...] = (  # before a noun, or after a verb
    (0.97, "confirmed, proven"),
    (0.75, "likely, probable, probably, favoured, presumed"),
    (0.65, "suspected, suspicious, concerning"),
    (0.4, "possible, possibly, questionable, questioned, equivocal, perhaps, query"),
    (0.08, "unlikely, doubtful, improbable"),
)
_AFTER: tuple[tuple[float, str], ...] = (
    (0.4, "cannot be excluded, cannot be ruled out, not excluded, cannot be entirely excluded, "
     "could be present, may be present, might be present, not ruled out, remains possible, "
     "can not be excluded, is a possibility, could not be excluded, difficult to exclude entirely, "
     "is difficult to exclude, are difficult to exclude, is hard to exclude, "
     "cannot be confidently excluded, "
     "cannot be completely excluded, is a consideration, should be considered, is considered, "
     "not entirely excluded, cannot be definitively excluded, not completely excluded, "
     "in the differential, is in the differential, can't be excluded, is questioned, "
     "may also be considered, to be considered, is not clear, are not clear, is unclear, "
     "are unclear, not entirely clear, is uncertain, are uncertain, remains uncertain"),
    (0.65, "is suspected, are suspected"),
    (0.2, "less likely, felt less likely, considered less likely"),
    (0.08, "very unlikely, highly unlikely"),
)  # fmt: skip


def certainty_terms() -> dict[str, Term]:
    """Surface form → hedge, its probability and whether it explains what stands before it."""
    found: dict[str, Term] = {}
    for p, link, forms in _BEFORE:
        for word in words(forms):
            for spelt in spellings(word):
                found[spelt] = Term("hedge", word, p=p, link=link)
    for p, forms in _EITHER_WAY:
        for word in words(forms):
            for spelt in spellings(word):
                found[spelt] = Term("doubt", p=p)
    for p, forms in _AFTER:
        for word in words(forms):
            if word not in found:
                found[word] = Term("doubted", p=p)
    for word in ("versus", "vs", "v s", "as opposed to", "and or"):
        found[word] = Term("versus", p=0.4)
    return found


def status_of(p: float | None) -> tuple[Status, float | None]:
    """A status, and the certainty to write beside it: of presence where it is uncertain.

    >>> status_of(None), status_of(0.85), status_of(0.4)
    (('present', None), ('present', 0.85), ('uncertain', 0.4))
    """
    if p is None:
        return "present", None
    if p >= PRESENT:
        return "present", p
    if p <= ABSENT:
        return "absent", 1 - p
    return "uncertain", p
