"""A sheet of figures as text, as JSON and as one self-contained page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from radgloss import disk
from radgloss.bench.manifest import plots
from radgloss.bench.manifest.figures import Label, Sheet
from radgloss.eval.score import Score

__all__ = ["plain", "rows", "save", "text"]

SCHEMA = 1
BETTER = {"high": "", "low": " ↓", "none": " ·"}  # as in PhantomBench's tables


def rows(sheet: Sheet) -> list[dict[str, str]]:
    """A line of words for each finding, best ranked first."""
    order = sorted(sheet.labels, key=lambda x: -x.auroc[0] if x.auroc[0] == x.auroc[0] else 1)
    return [_row(label) for label in order]


def _row(x: Label) -> dict[str, str]:
    point = x.point
    return {
        "finding": x.name,
        "n": str(x.n),
        "with it": str(x.positives),
        "AUROC (DeLong)": _with(x.auroc),
        "patients": _span(x.patients),
        "ECE": _number(x.ece),
        "Brier": _number(x.brier),
        "slope": _number(x.slope),
        "decided": f"{x.decided:.0%}",
        "right": _number(x.right),
        "sensitivity": _number(point.sensitivity) if point else "–",
        "specificity": _number(point.specificity) if point else "–",
    }


def text(sheet: Sheet) -> str:
    """What stands beside the findings, for a terminal."""
    lines = [f"{s.task}: {s.measure}{BETTER[s.aim]}  {_told(s)}  (n {s.n})" for s in sheet.scores]
    for kind, groups in sheet.groups.items():
        lines += [
            f"{kind}, {g.name}: AUROC {_with((g.auroc, g.low, g.high))}, ECE {_number(g.ece)}, "
            f"n {g.n}"
            for g in groups
        ]
    return "\n".join([*lines, *(f"left out: {p}" for p in sheet.problems)])


def plain(sheet: Sheet) -> dict[str, Any]:
    """Plain values; what could not be measured is null."""
    return _clean(
        {
            "schema": SCHEMA, "about": dict(sheet.about),
            "labels": [asdict(x) for x in sheet.labels],
            "scores": [asdict(s) for s in sheet.scores],
            "groups": {kind: [asdict(g) for g in of] for kind, of in sheet.groups.items()},
            "reliability": [asdict(b) for b in sheet.reliability],
            "left_out": list(sheet.problems),
        }
    )  # fmt: skip


def save(sheet: Sheet, folder: Path) -> dict[str, Path]:
    """Write eval.json and eval.html; returns their paths by kind."""
    paths = {"json": folder / "eval.json", "html": folder / "eval.html"}
    written = json.dumps(plain(sheet), indent=1, sort_keys=True, ensure_ascii=False)
    disk.write(paths["json"], written + "\n")
    disk.write(paths["html"], _html(sheet))
    return paths


def _html(sheet: Sheet) -> str:
    loader = jinja2.PackageLoader("radgloss.bench", "templates")
    surroundings = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    tasks = {s.task: [x for x in sheet.scores if x.task == s.task] for s in sheet.scores}
    pictures = {
        "Do probabilities mean what they say?": plots.reliability(sheet.reliability),
        "What does silence buy?": plots.risk(sheet.risk) if sheet.risk else "",
        "How well are findings ranked?": plots.roc(sheet.roc) if sheet.roc else "",
    }
    return surroundings.get_template("eval.html").render(
        about=sheet.about, rows=rows(sheet), tasks=_titled(tasks), groups=sheet.groups,
        pictures={k: Markup(v) for k, v in pictures.items() if v},
        problems=sheet.problems, number=_number, interval=_with,
    )  # fmt: skip


def _titled(tasks: Mapping[str, Sequence[Score]]) -> dict[str, list[tuple[str, str, int]]]:
    return {
        task: [(s.measure + BETTER[s.aim], _told(s), s.n) for s in of] for task, of in tasks.items()
    }


def _told(score: Score) -> str:
    return str(score) if score.chance is None else f"{score}, chance {score.chance:.3f}"


def _with(value: Sequence[float]) -> str:
    middle, low, high = value
    if middle != middle:
        return "–"
    return f"{middle:.3f} ({_number(low)}–{_number(high)})"


def _span(ends: tuple[float, float]) -> str:
    return "–" if ends[0] != ends[0] else f"{ends[0]:.3f}–{ends[1]:.3f}"


def _number(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"


def _clean(value: Any) -> Any:
    """NaN is no JSON."""
    if isinstance(value, dict):
        return {k: _clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(v) for v in value]
    return None if isinstance(value, float) and value != value else value
