"""What is wrong with a report, counted on its facts: six classes of error, and fact F1.

Both texts are read by rules (`text.facts`), each thing once. A finding stated by both is one pair;
within a name the pairs are chosen so that sides, then sizes, then severities agree as far as they
can. What is left over, and what does not agree, is an error of exactly one class:

    invented     said, where the reference says nothing of it
    missed       in the reference, and the prediction says nothing of it
    negation     said by one and denied by the other
    side         both state a side, and not the same
    size         both state a severity or a size, and they are apart (sizes: over 1 mm and a tenth)
    comparison   a change ("new", "larger", "unchanged") where there is no earlier study, or, where
                 nobody says whether there is, where the reference compares with nothing

Silence on a side, a size or a severity is no error, nor is "possible" for "present". Denials that
the reference does not make are not counted: nobody can tell whether they are true. The classes are
near those that radiologists counted in ReXVal (Yu et al. 2023); whether these counts go with a
radiologist's has not been measured. Same text, same counts, thousands of reports a second."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.optimize import linear_sum_assignment

from radgloss.eval.metrics.facts import match
from radgloss.eval.metrics.reports.known import about
from radgloss.eval.metrics.reports.language import check_english
from radgloss.eval.metrics.reports.sums import Family, Floats, Member, NotAvailable, Value, ratio
from radgloss.text.facts import Fact, merge, read
from radgloss.types import Finding, Side

__all__ = ["CLASSES", "Mistakes", "fact_f1", "mistakes", "six_classes", "sized"]

CLASSES = ("invented", "missed", "negation", "side", "size", "comparison")
_SCALE = {
    **dict.fromkeys(("trace", "tiny", "minimal", "minor", "physiologic", "borderline"), 0.0),
    **dict.fromkeys(("small", "mild"), 1.0),
    **dict.fromkeys(("small to moderate", "mild to moderate"), 1.5),
    "moderate": 2.0,
    **dict.fromkeys(("moderate to large", "moderate to severe", "moderate to marked"), 2.5),
    **dict.fromkeys(("large", "severe", "marked", "massive", "extensive"), 3.0),
}
_APART = 1.0  # steps of the scale between two severities that disagree
_COMPARES = re.compile(
    r"\b(compar\w+|previous\w*|priors?|interval|unchanged|stable|again|redemonstrat\w+|new|newly"
    r"|increas\w+|decreas\w+|worsen\w*|improv\w+|resol\w+|persist\w+|earlier|since|before|larger"
    r"|smaller|grown)\b",
    re.IGNORECASE,
)
_NO_PRIOR = re.compile(
    r"\b(?:no|without|none)\s+(?:relevant\s+|available\s+|old\s+|recent\s+|earlier\s+)?"
    r"(?:priors?|previous|comparisons?)\b[^.\n]*"
    r"|\bcomparisons?\s*:\s*(?:none|not available|unavailable)\b[^.\n]*"
    r"|\b(?:priors?|previous|comparisons?)\b[^.\n]{0,30}\b(?:not available|unavailable)\b[^.\n]*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Mistakes:
    """How many errors of each class one report has."""

    invented: int = 0
    missed: int = 0
    negation: int = 0
    side: int = 0
    size: int = 0
    comparison: int = 0

    @property
    def all(self) -> int:
        return sum(getattr(self, name) for name in CLASSES)


@dataclass(frozen=True)
class _Read:
    """What a text states: positive findings by name, denied names, and facts with a change."""

    positive: tuple[Finding, ...]
    denied: tuple[Finding, ...]
    changes: int
    compares: bool


def mistakes(reference: str, prediction: str, exam: str = "") -> Mistakes:
    """The errors of a prediction against its reference, a text or a `Reference` with what is known.

    >>> mistakes("Small left effusion. No pneumothorax.",
    ...          "Large right effusion and new pneumothorax.")
    Mistakes(invented=0, missed=0, negation=1, side=1, size=0, comparison=1)
    """
    true, said = _both(reference, prediction, exam)
    count = dict.fromkeys(CLASSES, 0)
    theirs, mine = _by_name(true.positive), _by_name(said.positive)
    for name in theirs.keys() | mine.keys():
        a, b = _split(theirs.get(name, []), mine.get(name, []))
        pairs = _pairs(a, b)
        count["missed"] += len(a) - len(pairs)
        count["invented"] += len(b) - len(pairs)
        for i, j in pairs:
            wrong = _first_wrong(a[i], b[j])
            if wrong:
                count[wrong] += 1
        for here, other, denials in ((a, b, said.denied), (b, a, true.denied)):
            if here and not other and any(_denies(d, f) for d in denials for f in here):
                count["missed" if here is a else "invented"] -= len(here)
                count["negation"] += len(here)
    prior = about(reference).prior
    if not (true.compares if prior is None else prior):
        count["comparison"] = said.changes
    return Mistakes(**count)


def sized(reference: str, prediction: str, exam: str = "") -> Iterator[tuple[float, float]]:
    """The longest extents in mm of each finding that both texts give a size for."""
    true, said = _both(reference, prediction, exam)
    theirs, mine = _by_name(true.positive), _by_name(said.positive)
    for name in theirs.keys() & mine.keys():
        a, b = _split(theirs[name], mine[name])
        for i, j in _pairs(a, b):
            if a[i].size_mm and b[j].size_mm:
                yield a[i].size_mm[0], b[j].size_mm[0]


def six_classes(exam: str = "") -> Family:
    """Errors a report of each class, of all, and the share of reports without any."""
    at = {name: n for n, name in enumerate(CLASSES)}

    def count(references: Sequence[str], predictions: Sequence[str]) -> Floats:
        _check(references, exam)
        found = np.ones((len(predictions), len(CLASSES) + 2))  # …, reports without, reports
        for row, (true, said) in enumerate(zip(references, predictions, strict=True)):
            wrong = mistakes(true, said, exam)
            found[row, : len(CLASSES)] = [getattr(wrong, name) for name in CLASSES]
            found[row, -2] = wrong.all == 0
        return found

    def total(sums: Floats) -> Floats:
        return np.asarray(sums[..., : len(CLASSES)].sum(-1) / np.maximum(sums[..., -1], 1))

    classes = (
        Member(f"errors: {name}", ratio(n, -1), "low", probed=False) for name, n in at.items()
    )
    return Family(
        "errors",
        f"errors a report|facts:radgloss rules{_of(exam)}|size:1 mm or a tenth|severity:1 step",
        (*classes, Member("errors: all", total, "low"), Member("reports without error", _whole)),
        count,
    )


def _whole(sums: Floats) -> Floats:
    return np.asarray(sums[..., -2] / np.maximum(sums[..., -1], 1))


def fact_f1(exam: str = "") -> Family:
    """F1 of facts over the corpus: 2 hits / (stated by one + stated by the other).

    `fact F1`: findings that are there, by name and side, where a side left open agrees with any.
    `every field`: name, side, site, size, severity and change must all be the same, open or not.
    `with denials`: as the first, and what is denied must be denied, with what is limited."""
    kinds: tuple[tuple[str, Callable[[_Read, _Read], tuple[int, int]]], ...] = (
        ("fact F1", _plain), ("fact F1, every field", _strict), ("fact F1, with denials", _denials)
    )  # fmt: skip

    def count(references: Sequence[str], predictions: Sequence[str]) -> Floats:
        _check(references, exam)
        found = np.empty((len(predictions), 2 * len(kinds)))
        for row, (a, b) in enumerate(zip(references, predictions, strict=True)):
            true, said = _both(a, b, exam)
            found[row] = [n for _, both in kinds for n in both(true, said)]
        return found

    members = tuple(Member(name, _f1(2 * n)) for n, (name, _) in enumerate(kinds))
    signature = f"fact F1|facts:radgloss rules{_of(exam)}|uncertain:positive|micro|nothing said:1"
    return Family("facts", signature, members, count)


def _f1(at: int) -> Value:
    def value(sums: Floats) -> Floats:
        hits, total = 2 * sums[..., at], sums[..., at + 1]
        return np.divide(hits, total, out=np.ones_like(hits), where=total != 0)

    return value


def _of(exam: str) -> str:
    return f", {exam}" if exam else ""


def _check(references: Sequence[str], exam: str) -> None:
    check_english(references)
    told = (_both(t, "", exam)[0] for t in references)
    if not any(facts.positive or facts.denied for facts in told):
        raise NotAvailable("no fact was read in any reference")


# ------------------------------------------------------------------ reading


def _both(reference: str, prediction: str, exam: str) -> tuple[_Read, _Read]:
    """What both texts state, read as of the reference's examination."""
    exam = about(reference).exam or exam
    return _read(str(reference), exam), _read(str(prediction), exam)


@lru_cache(4096)
def _read(text: str, exam: str) -> _Read:
    facts = [f for f in merge(read(text, exam)) if f.layer != "history"]
    return _Read(
        tuple(_there(f.finding) for f in facts if f.finding.status in ("present", "uncertain")
              and f.layer != "normal"),
        tuple(f.finding for f in facts if f.finding.status == "absent"
              and f.finding.change in ("", "resolved")),
        len({(f.finding.what, f.finding.change) for f in facts if _changed(f)}),
        bool(_COMPARES.search(_NO_PRIOR.sub(" ", text))),
    )  # fmt: skip


def _changed(fact: Fact) -> bool:
    return bool(fact.finding.change) or bool(fact.seen)


def _there(finding: Finding) -> Finding:
    """Sure or not: a finding that is spoken of as possibly there."""
    return replace(finding, status="present", certainty=None)


def _by_name(found: Iterable[Finding]) -> dict[str, list[Finding]]:
    named: dict[str, list[Finding]] = defaultdict(list)
    for f in found:
        named[f.what].append(f)
    return named


def _split(a: list[Finding], b: list[Finding]) -> tuple[list[Finding], list[Finding]]:
    """ "Bilateral" is a left and a right one where the other text tells left from right."""
    sides = [{f.side for f in x} for x in (a, b)]
    return (_sided(a) if sides[1] & {"left", "right"} else a,
            _sided(b) if sides[0] & {"left", "right"} else b)  # fmt: skip


def _sided(found: list[Finding]) -> list[Finding]:
    both: tuple[Side, ...] = ("left", "right")
    return [replace(f, side=s) for f in found for s in (both if f.side == "bilateral" else
                                                        (f.side,))]  # fmt: skip


def _denies(denial: Finding, finding: Finding) -> bool:
    sides = {denial.side, finding.side}
    return denial.what == finding.what and (len(sides) == 1 or "" in sides or "bilateral" in sides)


# ------------------------------------------------------------------ pairing


def _pairs(a: Sequence[Finding], b: Sequence[Finding]) -> list[tuple[int, int]]:
    """As many as possible, with the least that disagrees."""
    if not a or not b:
        return []
    if len(a) == len(b) == 1:
        return [(0, 0)]
    cost = np.array([[4 * _other_side(x, y) + 2 * _other_size(x, y) + _other_severity(x, y)
                      + 0.5 * (x.site != y.site) for y in b] for x in a])  # fmt: skip
    rows, columns = linear_sum_assignment(cost)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def _first_wrong(a: Finding, b: Finding) -> str:
    if _other_side(a, b):
        return "side"
    return "size" if _other_size(a, b) or _other_severity(a, b) else ""


def _other_side(a: Finding, b: Finding) -> bool:
    return bool(a.side and b.side and a.side != b.side)


def _other_size(a: Finding, b: Finding) -> bool:
    if not (a.size_mm and b.size_mm):
        return False
    return abs(a.size_mm[0] - b.size_mm[0]) > max(1.0, 0.1 * a.size_mm[0])


def _other_severity(a: Finding, b: Finding) -> bool:
    x, y = _SCALE.get(a.severity), _SCALE.get(b.severity)
    return x is not None and y is not None and abs(x - y) >= _APART


# ------------------------------------------------------------------ the three ways of agreeing


def _plain(true: _Read, said: _Read) -> tuple[int, int]:
    """Hits, and what both state together."""
    return _agreeing(true.positive, said.positive, ("side",), ("side",))


def _strict(true: _Read, said: _Read) -> tuple[int, int]:
    fields = ("side", "site", "size_mm", "severity", "change")
    return _agreeing(true.positive, said.positive, fields, ())


def _denials(true: _Read, said: _Read) -> tuple[int, int]:
    there, not_there = _plain(true, said), _agreeing(true.denied, said.denied, ("side",), ("side",))
    return there[0] + not_there[0], there[1] + not_there[1]


def _agreeing(
    true: Sequence[Finding], said: Sequence[Finding], fields: tuple[str, ...], open: tuple[str, ...]
) -> tuple[int, int]:
    theirs, mine = _by_name(true), _by_name(said)
    hits = total = 0
    for name in theirs.keys() | mine.keys():
        a, b = _split(theirs.get(name, []), mine.get(name, []))
        hits += match(b, a, fields, open).hits
        total += len(a) + len(b)
    return hits, total
