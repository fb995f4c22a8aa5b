"""What denies, how far it reaches, and what only looks like a denial.

After NegEx (Chapman et al., J Biomed Inform 2001) in its division into triggers before and after,
pseudo-triggers and ends of scope; the lists and the rules of scope are our own. An adjective under
a denial limits what is denied: "no new nodule" says nothing about old ones."""

from __future__ import annotations

from radgloss.text.facts.terms import Term, spellings, words

__all__ = ["negation_terms"]

_DENY = (
    "no, without, w o, w/o, absence of, no evidence of, no evidence for, no sign of, no signs of, "
    "negative for, free of, fails to show, fail to show, failed to show, rather than, nor, neither,"
    " no evidence to suggest, without evidence of, no indication of, no suggestion of, devoid of, "
    "no features of, not a, not an, no findings of, lack of, no radiographic evidence of, "
    "no sonographic evidence of, no ct evidence of, no imaging evidence of, clear of, "
    "no findings to suggest, without any evidence of, no mr evidence of, instead of, "
    "no sonographic signs of, no radiological evidence of, no suspicion of, nil, zero, "
    "without signs of, without findings of, nothing to suggest, no findings suggestive of, "
    "without sign of, not consistent with, not compatible with, no features to suggest, "
    "w/out, neg for, no e/o, without e/o, no evid of, no signs to suggest"
)
_NOT = "not, isn't, aren't, never"
_DENIED_AFTER = (
    "absent, ruled out, excluded, not present, none, negative, not evident, has been excluded, "
    "no longer present, is ruled out, nil, free, neg"
)
_NOT_SEEN = (  # a thing is absent, an organ not assessed
    "not seen, not identified, not visualised, not demonstrated, not appreciated, not detected, "
    "not found, not observed, not noted, nonvisualised, non visualised, not clearly identified, "
    "cannot be identified, could not be identified, cannot be seen, not shown, "
    "could not be visualised, cannot be visualised, nonvisualisation of, non visualisation of, "
    "not definitely seen, not depicted, not recognised, not convincingly seen, not visible"
)
_NOT_ASSESSED = (  # neither thing nor organ was assessed
    "obscured, not well seen, poorly seen, poorly visualised, suboptimally visualised, "
    "not assessed, not evaluated, cannot be assessed, cannot be evaluated, not well visualised, "
    "incompletely visualised, not included, incompletely evaluated, limited evaluation of, "
    "not fully assessed, suboptimally evaluated, limited assessment of, not imaged, "
    "not clearly seen, out of the field of view, not clearly visualised, partially obscured, "
    "poorly evaluated, not fully evaluated, "
    "incompletely assessed, suboptimally assessed, not well evaluated, not well assessed, "
    "limited visualisation of, suboptimally seen, outside the field of view, not adequately "
    "assessed, incompletely imaged, not completely visualised, could not be assessed, "
    "evaluation is limited, not examined, not fully visualised, obscures"
)
_PSEUDO = (  # words that hold a trigger and deny nothing
    "not only, without difficulty, not necessarily, not without, no lack of, no contraindication, "
    "without contrast, without intravenous contrast, without iv contrast, without and with, "
    "with and without, without complication, without complications, no contrast, no known, "
    "no comparison, no prior, no previous, no history of, without oral contrast, no prior studies, "
    "with or without, no prior study, no complication, no complications, not limited to, "
    "without intravenous contrast material, without fat saturation, normal variant"
)
_LIMITS = (
    "focal, acute, significant, discrete, suspicious, overt, frank, large, sizeable, sizable, "
    "displaced, drainable, visualised, visible, concerning, appreciable, measurable, dominant, "
    "otherwise, substantial, gross, active, grossly, radiopaque, lobar"
)
_DOUBTED = "definite, obvious, convincing, definitive, clear cut, conclusive, definitely"
# "clear" alone is a word for normal


def negation_terms() -> dict[str, Term]:
    """Surface form → trigger."""
    found: dict[str, Term] = {}
    for cat, forms in (
        ("deny", _DENY),
        ("not", _NOT),
        ("denied", _DENIED_AFTER),
        ("unseen", _NOT_SEEN),
        ("unassessed", _NOT_ASSESSED),
        ("ignore", _PSEUDO),
    ):
        for word in words(forms):
            for spelt in spellings(word):
                found.setdefault(spelt, Term(cat, word if cat == "denied" else ""))
    for word in words(_LIMITS):
        for spelt in spellings(word):
            found.setdefault(spelt, Term("limit", word))
    for word in words(_DOUBTED):
        found[word] = Term("limit", "definite", p=0.1)
        found[f"no {word}"] = Term("deny", "definite", p=0.1)
        found[f"no {word} evidence of"] = Term("deny", "definite", p=0.1)
        found[f"without {word} evidence of"] = Term("deny", "definite", p=0.1)
        found[f"without {word}"] = Term("deny", "definite", p=0.1)
    for word in ("no clear", "without clear", "no clear evidence of", "without clear evidence of"):
        found[word] = Term("deny", "definite", p=0.1)
    for word in ("no evidence to suggest that", "no evidence that", "no indication that",
                 "nothing to suggest that"):  # fmt: skip
        found[word] = Term("deny change")
    return found
