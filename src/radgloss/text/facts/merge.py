"""One report, one graph: what is said of the same thing in several places, joined.

"5 mm stone in the lower pole of the right kidney" in the findings and "Right renal stone" in the
impression are one stone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from radgloss.text.facts.graph import Fact

__all__ = ["merge"]


def merge(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Join facts of the same thing; what differs in any stated field stays apart.

    Same name, status and layer; sides, sites, sizes (within a tenth) and changes that do not
    contradict. The first mention keeps its place in the text and takes what the others add."""
    kept: list[Fact] = []
    by_name: dict[tuple[str, str, str], list[int]] = {}
    for fact in facts:
        key = (fact.finding.what, fact.finding.status, fact.layer)
        for n in by_name.get(key, ()):
            joined = _joined(kept[n], fact)
            if joined is not None:
                kept[n] = joined
                break
        else:
            by_name.setdefault(key, []).append(len(kept))
            kept.append(fact)
    return tuple(kept)


def _joined(first: Fact, second: Fact) -> Fact | None:
    a, b = first.finding, second.finding
    for mine, theirs in (
        (a.side, b.side),
        (a.site, b.site),
        (a.change, b.change),
        (a.number, b.number),
        (a.severity, b.severity),
    ):
        if mine and theirs and mine != theirs:
            return None
    if a.status == "absent" and (a.change, first.limit) != (b.change, second.limit):
        return None
    if a.size_mm and b.size_mm and abs(a.size_mm[0] - b.size_mm[0]) > 0.1 * a.size_mm[0]:
        return None
    if (
        first.sentence == second.sentence
        and first.section == second.section
        and ((a.size_mm and b.size_mm) or (a.side, a.site) != (b.side, b.site))
    ):
        return None  # "two cysts, 12 and 12 mm"
    certainty = b.certainty if a.certainty is None else a.certainty
    finding = replace(
        a,
        side=a.side or b.side,
        site=a.site or b.site,
        size_mm=max(a.size_mm, b.size_mm, key=len),
        certainty=certainty,
        change=a.change or b.change,
        previous_mm=a.previous_mm or b.previous_mm,
        severity=a.severity or b.severity,
        number=a.number or b.number,
    )
    features = tuple(dict.fromkeys((*first.features, *second.features)))
    return first._replace(
        finding=finding,
        features=features,
        distance_mm=first.distance_mm if first.distance_mm is not None else second.distance_mm,
        explains=first.explains or second.explains,
    )
