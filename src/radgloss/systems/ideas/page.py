"""The table of ideas from the lines of their arms: with, without, and the difference.

The interval of a difference is Student's over seeds, each arm against its twin of the same seed.
With three seeds it is wide; an interval that holds zero is a null result and says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from radgloss.systems.ideas.rows import MEASURES, ROWS, Measure, Row
from radgloss.systems.ideas.ways import WAYS

__all__ = ["NOT_YET", "Difference", "difference", "markdown", "plain"]

NOT_YET = "not measured yet"
Lines = Sequence[Mapping[str, Any]]
TITLES = {"representations": "Representations and ways of learning",
          "alignment": "Text-image alignment",
          "image-to-text": "Image-to-text"}  # fmt: skip
VERDICTS = ("higher", "lower", "no difference shown", "one seed", NOT_YET)
OTHERS = ("findings", "sides", "own_text", "probes", "nearest", "clusters", "organs")


@dataclass(frozen=True)
class Difference:
    """with less without, mean over seeds; low and high of 95 %, NaN for one seed."""

    mean: float
    low: float
    high: float
    seeds: int

    @property
    def verdict(self) -> str:
        """Which way it points, or that it does not."""
        if self.seeds < 2:
            return "one seed"
        return "higher" if self.low > 0 else "lower" if self.high < 0 else "no difference shown"


def difference(one: Mapping[int, float], other: Mapping[int, float]) -> Difference | None:
    """By seed, one less the other; None where they share no seed.

    >>> difference({0: 0.8, 1: 0.9, 2: 0.7}, {0: 0.6, 1: 0.6, 2: 0.6}).verdict
    'no difference shown'
    >>> round(difference({0: 0.8, 1: 0.8, 2: 0.8}, {0: 0.6, 1: 0.6, 2: 0.6}).low, 3)
    0.2
    """
    shared = sorted(one.keys() & other.keys())
    if not shared:
        return None
    gaps = np.array([one[s] - other[s] for s in shared])
    n, mean = len(gaps), float(gaps.mean())
    if n < 2:
        return Difference(mean, float("nan"), float("nan"), n)
    reach = float(stats.t.ppf(0.975, n - 1) * gaps.std(ddof=1) / np.sqrt(n))
    return Difference(mean, mean - reach, mean + reach, n)


def markdown(lines: Lines) -> str:
    """All rows at a glance, then both tables; a row that nobody measured says so."""
    parts = [*_glance(lines), ""]
    for table, title in TITLES.items():
        parts += [f"## {title}", ""]
        for row in ROWS:
            if row.table == table:
                parts += [*_row(row, lines), ""]
    return "\n".join(parts)


def plain(lines: Lines, names: Sequence[str] = ()) -> list[dict[str, str]]:
    """A row of words for each comparison, for a screen."""
    out = []
    for row in ROWS:
        if names and row.system not in names:
            continue
        own = _values(lines, row.system, row.measure)
        for arm in row.without:
            gap = difference(own, _values(lines, arm, row.measure))
            out.append(
                {"system": row.system, "measure": row.measure, "with": _mean(own),
                 "without": f"{_mean(_values(lines, arm, row.measure))} ({arm})",
                 "difference": _gap(gap), "shown": gap.verdict if gap else NOT_YET}
            )  # fmt: skip
    return out


def _glance(lines: Lines) -> list[str]:
    """Each row beside its plainest comparison, and how many went which way."""
    found = [f for row in ROWS for f in plain(lines, [row.system])[:1]]
    shown = [f["shown"] for f in found]
    counts = [f"{shown.count(v)} {v}" for v in VERDICTS if v in shown]
    return [
        "## At a glance",
        "",
        f"Each row beside its plainest comparison: {', '.join(counts)}.",
        "",
        "| row | measure | with | without | difference | shown |",
        "|---|---|---|---|---|---|",
        *(f"| {' | '.join(_cells(row, f))} |" for row, f in zip(ROWS, found, strict=True)),
    ]


def _cells(row: Row, found: Mapping[str, str]) -> list[str]:
    down = "" if MEASURES[row.measure].higher else " ↓"
    return [row.title, found["measure"] + down,
            *(found[k] for k in ("with", "without", "difference", "shown"))]  # fmt: skip


def _row(row: Row, lines: Lines) -> list[str]:
    measure = MEASURES[row.measure]
    own = _values(lines, row.system, row.measure)
    head = [f"### {row.title}", "", f"{row.primer}. Its idea: {row.idea}.", ""]
    if row.system in WAYS:
        head[2] += f" Ways of using one `{WAYS[row.system].base}`, trained once a seed."
    if not own:
        return [*head, f"`{row.system}`: {NOT_YET}."]
    down = "" if measure.higher else "; lower is better"
    head += [
        f"Judged by: {measure.what}{down}. Untrained {_mean(_untrained(lines, row))}, chance "
        f"{_chance(lines, row, measure)}, the truth allows {_number(measure.best)}.",
        "",
        "| arm | " + " | ".join(_others(lines, row)) + " | difference | shown |",
        "|---|" + "---|" * (len(_others(lines, row)) + 2),
    ]
    for arm in (row.system, *row.without):
        gap = difference(own, _values(lines, arm, row.measure)) if arm != row.system else None
        cells = [_mean(_values(lines, arm, name)) for name in _others(lines, row)]
        shown = "" if arm == row.system else gap.verdict if gap else NOT_YET
        head.append(f"| `{arm}` | {' | '.join(cells)} | {_gap(gap)} | {shown} |")
    return head


def _others(lines: Lines, row: Row) -> list[str]:
    """The measure first, then whatever else was measured of this system."""
    names = (*row.beside, *OTHERS)
    rest = [n for n in names if n != row.measure and _values(lines, row.system, n)]
    return [row.measure, *rest]


def _values(lines: Lines, recipe: str, name: str, learned: bool = True) -> dict[int, float]:
    """By seed."""
    return {
        line["seed"]: float(line["figures"][name])
        for line in lines
        if line["recipe"] == recipe and line["learned"] == learned
        and line["figures"].get(name) is not None
    }  # fmt: skip


def _untrained(lines: Lines, row: Row) -> dict[int, float]:
    return _values(lines, row.system, row.measure, learned=False)


def _chance(lines: Lines, row: Row, measure: Measure) -> str:
    if measure.chance_key:
        return _mean(_values(lines, row.system, measure.chance_key))
    return _number(measure.chance)


def _mean(values: Mapping[int, float]) -> str:
    return _number(float(np.mean(list(values.values())))) if values else "–"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _gap(gap: Difference | None) -> str:
    if gap is None:
        return ""
    if gap.seeds < 2:
        return f"{gap.mean:+.3f}"
    return f"{gap.mean:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})"
