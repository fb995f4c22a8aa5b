"""Checks of the words against something else: detectors, measurements, the prior, the findings.

Each is a function of a `Reading` that yields what it found; none changes a word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from radgloss.engine.drafting.comparison import from_report
from radgloss.engine.drafting.organs import decided
from radgloss.engine.drafting.reading import ASSERTED, Reading, Said, canonical, row
from radgloss.engine.drafting.words import NO_PRIOR, OTHER, PRIOR
from radgloss.text.facts import Fact
from radgloss.types import Finding, Flag, Measurement, Side

__all__ = ["classifier", "comparison", "impression", "size", "unvalidated"]

THERE_BEFORE = ("increased", "decreased", "unchanged", "resolved")


def classifier(reading: Reading) -> Iterator[Flag]:
    """The detectors decided the opposite of what the words say.

    What a diagnosis interprets ("a cystic lesion, a hydatid cyst") is judged as that diagnosis."""
    answers = decided(reading.draft.predictions)
    sure = {canonical(p.label): p.probability for p in reading.draft.predictions}
    for said in reading.of("findings", "impression"):
        for fact in said.facts:
            name = canonical(fact.finding.what)
            there = _claims(said, fact)
            if there is None or answers.get(name, there) == there or _interpreted(said, fact):
                continue
            verb = "finds it" if answers[name] else "denies it"
            found = f"the detector {verb} (probability {sure[name]:.2g})"
            yield Flag("classifier", f"{name}: {found}", said.number)


def _interpreted(said: Said, fact: Fact) -> bool:
    """Whether the same sentence says which diagnosis an observation stands for."""
    return fact.layer == "observation" and any(
        f.layer == "diagnosis" and f.organ == fact.organ and f.finding.status in ASSERTED
        for f in said.facts
    )


def _claims(said: Said, fact: Fact) -> bool | None:
    """Whether a fact says that the thing is there at all; None where it says neither."""
    finding = fact.finding
    if finding.status == "present":
        return True if finding.certainty is None or finding.certainty >= 0.5 else None
    partial = finding.side or finding.site or fact.limit or OTHER.search(said.sentence.text)
    if finding.status != "absent" or partial or finding.change not in ("", "resolved"):
        return None
    return False


def unvalidated(reading: Reading) -> Iterator[Flag]:
    """A denial, or a "normal", that no validated detector bears out; told once of a whole draft
    over which none stood."""
    if not reading.draft.predictions:
        if any(f.finding.status == "absent" for s in reading.said for f in s.facts):
            found = "no detector stood over this text, so nothing bears its denials out"
            yield Flag("unvalidated", found)
        return
    answers = decided(reading.draft.predictions)
    normal = {o.organ for o in reading.draft.organs if o.state == "assessed and normal"}
    for said in reading.of("findings", "impression"):
        open_ = []
        for fact in said.facts:
            if fact.finding.status != "absent":
                continue
            if fact.layer == "normal":
                bare = fact.finding.what.removesuffix(" abnormality")
                open_ += [f"{bare}: called normal"] if bare not in normal else []
            elif answers.get(canonical(fact.finding.what)) is None:
                open_.append(f"{fact.finding.what}: denied")
        if open_:
            found = f"{'; '.join(dict.fromkeys(open_))}, without a validated detector that says so"
            yield Flag("unvalidated", found, said.number)


def comparison(reading: Reading) -> Iterator[Flag]:
    """A comparison where no prior was given, or one that the prior's report contradicts."""
    case = reading.case
    if case.prior is None and not case.prior_report:
        for said in reading.said:
            if word := _compares(said):
                yield Flag("comparison", f"{word!r}, and no prior was given", said.number)
        return
    before = from_report(case.prior_report, reading.exam) if case.prior_report else ()
    for said in reading.of("findings", "impression"):
        for fact in said.facts:
            yield from _unlike(said, fact.finding, before)


def _compares(said: Said) -> str:
    """The word that compares; "" where none does."""
    text = said.sentence.text
    if NO_PRIOR.search(text):
        return ""
    for fact in said.facts:
        if fact.finding.change:
            return fact.finding.change
        if fact.finding.previous_mm:
            return f"{fact.finding.previous_mm[0]:g} mm before"
    match = PRIOR.search(text)
    return match[0].lower() if match else ""


def _unlike(said: Said, finding: Finding, before: Sequence[Finding]) -> Iterator[Flag]:
    name = canonical(finding.what)
    then = [b for b in before if canonical(b.what) == name]
    sides = {b.side for b in then if b.status == "present"}
    there = (
        "" in sides or "bilateral" in sides or finding.side in sides or (sides and not finding.side)
    )
    gone = any(b.status == "absent" and not (b.side or b.site) for b in then)
    if finding.change == "new" and there:
        yield Flag("comparison", f"{name}: called new, and the prior's report has it", said.number)
    if finding.change in THERE_BEFORE and gone and not sides and finding.status != "absent":
        found = f"called {finding.change}, and the prior's report denies it"
        yield Flag("comparison", f"{name}: {found}", said.number)
    lengths = {mm for b in then for mm in b.size_mm}
    if finding.previous_mm and lengths and not set(finding.previous_mm) <= lengths:
        found = f"{finding.previous_mm[0]:g} mm before is no length of the prior's report"
        yield Flag("comparison", f"{name}: {found}", said.number)


def size(reading: Reading) -> Iterator[Flag]:
    """A length that is no measurement of this case, digit for digit.

    A measurement counts for a finding where its name holds the finding's; the words may round it to
    whole millimetres, or to a tenth, and no further."""
    for said in reading.of("findings", "impression"):
        for fact in said.facts:
            finding = fact.finding
            if not finding.size_mm or fact.layer == "device":
                continue
            known = lengths(finding.what, reading.case.measurements)
            wrong = [mm for mm in finding.size_mm if not any(_copied(mm, k) for k in known)]
            if not wrong:
                continue
            told = ", ".join(f"{k:g}" for k in known)
            found = f"measured is {told} mm" if known else "nobody measured it"
            text = f"{finding.what}: {wrong[0]:g} mm in the words, and {found}"
            yield Flag("size", text, said.number)


def lengths(what: str, measurements: Sequence[Measurement]) -> tuple[float, ...]:
    """The measured lengths of a finding, mm.

    >>> lengths("kidney stone", [Measurement("left kidney stone", 0.6, "cm")])
    (6.0,)
    """
    row_names = _names(what)
    scale = {"mm": 1.0, "cm": 10.0}
    return tuple(
        round(m.value * scale[m.unit], 6)
        for m in measurements
        if m.unit in scale and any(n in m.name.lower() for n in row_names)
    )


def _names(what: str) -> tuple[str, ...]:
    known = row(what)
    names = (known.what, *known.synonyms) if known else (what,)
    return tuple(n.lower() for n in names)


def _copied(stated: float, measured: float) -> bool:
    """Whether a stated length is a measured one at the digits that it is written with."""
    step = 0.5 if stated == round(stated) else 0.05
    return abs(stated - measured) <= step + 1e-9


def impression(reading: Reading) -> Iterator[Flag]:
    """The impression contradicts the findings or goes beyond them, or leaves out what is urgent.

    A diagnosis may be drawn from findings that do not name it, as long as something of that organ
    is stated there."""
    found = [f for s in reading.of("findings") for f in s.facts]
    said = reading.of("impression")
    for sentence in said:
        for fact in sentence.facts:
            if why := _beyond(sentence, fact, found):
                yield Flag("impression", f"{canonical(fact.finding.what)}: {why}", sentence.number)
    concluded = {canonical(f.finding.what) for s in said for f in s.facts}
    concluded |= {f.explains for s in said for f in s.facts}
    for source in reading.of("findings") if said else ():
        for fact in source.facts:
            name = canonical(fact.finding.what)
            if fact.finding.status in ASSERTED and _category(name) and name not in concluded:
                told = f"{name}: actionable, and the impression does not name it"
                yield Flag("impression", told, source.number)


def _beyond(said: Said, fact: Fact, found: Sequence[Fact]) -> str:
    """How a fact of the impression is not borne out by the findings; "" where it is."""
    name, finding = canonical(fact.finding.what), fact.finding
    same = [f for f in found if canonical(f.finding.what) == name]
    there = [f.finding for f in same if f.finding.status in ASSERTED]
    if finding.status == "absent":
        denies = _claims(said, fact) is False
        return "denied here, and stated in the findings" if denies and there else ""
    if finding.status not in ASSERTED or row(name) is None or _interpreted(said, fact):
        return ""
    if not there:
        denied = (f for f in same if f.finding.status == "absent" and not f.limit)
        if any(f.finding.side in ("", finding.side) for f in denied):
            return "stated here, and denied in the findings"
        seen = any(f.organ == fact.organ and f.finding.status in ASSERTED for f in found)
        if fact.layer == "diagnosis" and (seen or fact.explains):
            return ""
        return "stated here, and not in the findings"
    sides = {f.side for f in there}
    if finding.side and not sides & {finding.side, "bilateral"}:
        return f"{finding.side} here, and {_or(sides)} in the findings"
    lengths = {mm for f in there for mm in f.size_mm}
    known = lengths if all(f.size_mm for f in there) else ()  # else it may be of the one without
    wrong = [mm for mm in finding.size_mm if known and not any(_copied(mm, k) for k in known)]
    return f"{wrong[0]:g} mm here, and another length in the findings" if wrong else ""


def _or(sides: set[Side]) -> str:
    return " or ".join(sorted(s or "of no side" for s in sides))


def _category(what: str) -> int:
    known = row(what)
    return known.category if known else 0
