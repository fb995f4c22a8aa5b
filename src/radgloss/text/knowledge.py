"""What is known of findings before any report is read: names, synonyms, kinds and organs, as texts.

Made from the one table of `text.findings`, which is the project's own; no outside terminology is
in it. Every concept has several statements that mean the same."""

from __future__ import annotations

from functools import cache

from radgloss.text.findings import FINDINGS, ORGANS, FindingType

__all__ = ["concepts"]


@cache
def concepts() -> tuple[tuple[str, ...], ...]:
    """By finding, at least two statements that mean it; no statement means two findings.

    >>> [c for c in concepts() if "fatty liver" in c][0][:3]
    ('hepatic steatosis', 'fatty liver', 'fatty infiltration of the liver')
    """
    told = [_statements(row) for row in FINDINGS]
    shared = {s for i, many in enumerate(told) for s in many if any(
        s in other for k, other in enumerate(told) if k != i)}  # fmt: skip
    kept = (tuple(s for s in many if s not in shared) for many in told)
    return tuple(many for many in kept if len(many) >= 2)


def _statements(row: FindingType) -> tuple[str, ...]:
    """Its names, its kind and organ, and what it is."""
    place = "" if row.layer == "device" else f" of the {row.organ}"
    adjectives = () if row.layer == "device" else ORGANS[row.organ]
    built = (f"{row.kind}{place}", *(f"{a} {row.kind}" for a in adjectives))
    said = (row.what, *row.synonyms, *built, f"{row.layer}: {row.kind}{place}")
    return tuple(dict.fromkeys(s.lower() for s in said))
