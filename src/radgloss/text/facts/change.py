"""Change against the comparison, and what changes only the view of it.

"Resolving" is smaller and still there; "resolved" is gone. "Less conspicuous" is a change of
visibility. "Increased density" is no change of anything. Where only two sizes are given, the change
follows from them: beyond a twentieth and at least one millimetre, else unchanged."""

from __future__ import annotations

from radgloss.text.facts.terms import Term, spellings, words
from radgloss.types import Change

__all__ = ["change_terms", "from_sizes"]

_WORDS: tuple[tuple[str, Change, str], ...] = (
    ("change", "new", "new, newly, there is now, there are now, interval development of, newly "
     "developed, has developed, have developed, interval placement of, new since, newly seen, "
     "recently developed, interval appearance of, now seen, not seen previously, newly apparent"),
    ("change", "increased", "increased, increasing, enlarging, larger, grown, progressed, "
     "progression of, worsened, worsening, worse, increase in, increase in size of, interval "
     "increase in, growth of, progressive, growing, has enlarged, have enlarged, bigger, "
     "interval growth, interval progression of, increased in size, growth, interval enlargement of,"
     " interval worsening of, interval increase in size of, enlarged since, grew, increase of, "
     "has grown, interval enlargement, interval increase, increase, progression, deteriorated, "
     "more extensive, progressing, increases"),
    ("change", "decreased", "decreased, decreasing, smaller, improved, improving, regressed, "
     "regression of, resolving, shrunk, decrease in, decrease in size of, interval decrease in, "
     "improvement in, improvement of, reduced, partially resolved, decreased in size, reduction in,"
     " interval improvement in, interval improvement of, near complete resolution of, "
     "partial resolution of, almost complete resolution of, almost complete regression of, "
     "nearly complete resolution of, near complete regression of, nearly resolved, "
     "almost resolved, almost completely resolved, nearly completely resolved, "
     "near completely resolved, almost completely cleared, nearly cleared, almost cleared, "
     "marked regression of, healing of, almost healing of, almost healed, partially healed, "
     "partial regression of, subtotal regression of, subtotal resolution of, resolving further, "
     "less extensive, "
     "diminished, interval decrease in size of, declined, "
     "improvement, regression, interval decrease, interval improvement, partially regressed, "
     "reduction of, clearing, partial clearing of, has shrunk, decrease, lessened"),
    ("change", "resolved", "resolved, cleared, no longer seen, no longer visible, has passed, "
     "resolution of, interval resolution of, disappeared, interval removal of, removal of, "
     "no longer identified, no longer visualised, been removed, removed, complete resolution of, "
     "no longer evident, clearance of, has gone, no longer demonstrated, completely resolved, "
     "interval clearing of, passed, resolution, no residual, extubated, "
     "regressed completely, completely cleared, complete regression of"),
    ("change", "unchanged", "unchanged, stable, no change in, no interval change in, similar, "
     "no significant change in, no significant interval change in, persistent, persists, persisting"
     ", redemonstrated, again seen, again noted, no change, no interval change, re demonstrated, "
     "no significant change, no significant interval change, not changed, not significantly "
     "changed, stable in size, unaltered, again demonstrated, again identified, constant, "
     "not appreciably changed, without change, without significant change, without interval change,"
     " persist, remains, remain, no change of, redemonstration of, essentially unchanged, "
     "no appreciable change in, similar in size, similar in appearance, static, persistence of, "
     "not changed significantly, residual"),
    ("conspicuity", "", "less conspicuous, more conspicuous, less well seen, better seen, "
     "better visualised, less apparent, more apparent, better appreciated, less well visualised"),
    ("known", "", "known"),
    ("mixed", "", "fluctuating, mixed response"),
    ("ignore", "", "increased density of, increased attenuation, decreased attenuation, "
     "increased echogenicity, decreased echogenicity, increased signal, decreased signal, "
     "increased uptake, decreased uptake, increased markings, previously seen, previously noted, "
     "previously described, previously demonstrated, previously identified, prior study, "
     "previous study, prior exam, previous exam, prior examination, previous examination, "
     "compared with, compared to, comparison with, reduced lung volumes, low lung volumes, "
     "decreased lung volumes, prior ct, previous ct, similar to prior, new line, "
     "prior radiograph, previous radiograph, increased risk, increased enhancement, "
     "decreased enhancement, reduced enhancement, increased flow, decreased flow, t1, t2, "
     "since the prior, since prior, in comparison with, in comparison to, on prior, on the prior, "
     "reduced flow, increased vascularity, decreased vascularity, increased signal intensity, "
     "decreased signal intensity, increased in density"),
)  # fmt: skip


def change_terms() -> dict[str, Term]:
    """Surface form → change ("conspicuity" where only the view changed).

    `link` marks a noun ("increase in"): denying it denies the change, not the thing."""
    found: dict[str, Term] = {}
    for cat, word, forms in _WORDS:
        for phrase in words(forms):
            for spelt in spellings(phrase):
                nominal = spelt.endswith((" in", " of")) or spelt in ("increase", "decrease")
                found[spelt] = Term(cat, word or phrase, link=nominal)
    return found


def from_sizes(now: tuple[float, ...], before: tuple[float, ...]) -> Change:
    """The change that two extents in mm imply.

    >>> from_sizes((32.0, 24.0), (28.0,)), from_sizes((18.0,), (18.0,)), from_sizes((5.0,), ())
    ('increased', 'unchanged', '')
    """
    if not now or not before:
        return ""
    difference = now[0] - before[0]
    if abs(difference) < max(1.0, 0.05 * before[0]):
        return "unchanged"
    return "increased" if difference > 0 else "decreased"
