"""An impression out of findings: the same facts, joined and in the order of urgency; none is new.

Deterministic. What is there comes first, by the ACR's category of actionable findings (minutes,
hours, days, none), within one by what was asked, then by the order of the organs. Then what was
asked and is denied: the answer to the question. Each fact is worded anew by `templates`, so that an
impression can be read without the findings; the law that reads both back is in the tests."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from radgloss.engine.drafting.reading import ASSERTED, canonical, row, states
from radgloss.text import templates
from radgloss.types import Evidence, Finding, Sentence

__all__ = ["impression", "merged"]

NEVER = 4  # the rank of a finding that is not actionable
LAST = 99  # the place of a finding that no organ of the house has


def impression(
    findings: Sequence[Sentence],
    exam: str,
    silent: Collection[str] = (),
    asked: Collection[str] = (),
) -> tuple[Sentence, ...]:
    """The impression of a findings section.

    silent: the findings that nothing is said of. asked: those that indication and history name."""
    stated = [(f, s) for s in findings for f in s.findings]
    positive = merged([(f, s) for f, s in stated if f.status in ASSERTED])
    if not positive:
        answers = _answers(stated, asked)
        none = templates.nothing_found(list(silent), exam)
        return (*answers, Sentence(none, "impression")) if answers else (_plain(none),)
    ranked = sorted(positive, key=lambda found: _rank(found[0], exam, asked))
    return (*(_sentence(f, of) for f, of in ranked), *_answers(stated, asked))


def merged(
    stated: Sequence[tuple[Finding, Sentence]],
) -> list[tuple[Finding, tuple[Sentence, ...]]]:
    """Each finding that no other says more fully, with the sentences that say it.

    Two that could be one thing, or two, stay apart: to join them would be a fact of its own."""
    bare = [replace(f, certainty=None) for f, _ in stated]
    kept: list[Finding] = []
    for n, finding in enumerate(bare):
        fuller = (g for m, g in enumerate(bare) if g != finding and states(g, finding))
        if finding not in bare[:n] and not any(not states(finding, g) for g in fuller):
            kept.append(finding)
    found = []
    for finding in kept:
        of = [k for k, part in enumerate(bare) if states(finding, part)]
        sure = [c for k in of if (c := stated[k][0].certainty) is not None]
        sentences = tuple(dict.fromkeys(stated[k][1] for k in of))
        found.append((replace(finding, certainty=min(sure, default=None)), sentences))
    return found


def _rank(finding: Finding, exam: str, asked: Collection[str]) -> tuple[int, bool, int]:
    known = row(finding.what)
    category = known.category if known else 0
    place = templates.by_organ(exam, known) if known else LAST
    return category or NEVER, canonical(finding.what) not in asked, place


def _sentence(finding: Finding, of: Sequence[Sentence]) -> Sentence:
    evidence: tuple[Evidence, ...] = tuple(dict.fromkeys(e for s in of for e in s.evidence))
    sure = [s.confidence for s in of if s.confidence is not None]
    return Sentence(
        templates.sentence(finding), "impression", "", (finding,), evidence,
        min(sure) if sure and len(sure) == len(of) else None,
    )  # fmt: skip


def _answers(
    stated: Sequence[tuple[Finding, Sentence]], asked: Collection[str]
) -> tuple[Sentence, ...]:
    """The denials of what was asked: one sentence each, as the findings have them."""
    found = {f: s for f, s in stated if f.status == "absent" and canonical(f.what) in asked}
    return tuple(_sentence(f, (s,)) for f, s in found.items())


def _plain(text: str) -> Sentence:
    return Sentence(text, "impression")
