"""The table of a suite as text, as JSON, as Markdown and as one self-contained page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import jinja2

from radgloss import disk
from radgloss.bench.shown import Shown
from radgloss.bench.suite import NOT_OFFERED, ROWS
from radgloss.eval.score import Score

__all__ = ["COLUMNS", "LIMITS", "Line", "Table", "plain", "save", "text"]

SCHEMA = 1
COLUMNS = ("model", "untrained", "chance", "ceiling")
LIMITS = (
    "Simulated patients prove that machinery is right: composition, side, negation, calibration. "
    "They prove nothing about patients."
)
BETTER = {"high": "", "low": " ↓", "none": " ·"}  # a mark where more is not better

Scores = tuple[Score, ...] | str


@dataclass(frozen=True, eq=False)
class Table:
    """Everything that was measured. columns: by column name, by row name, its scores.

    about: what was measured on what (model, phantom version, numbers of studies, date). pairs: by
    organ and look, how many of its pictures the first column named right, and whether training
    never showed the pair."""

    columns: Mapping[str, Mapping[str, Scores]]
    about: Mapping[str, Any]
    shown: Sequence[Shown] = ()
    pairs: Mapping[tuple[str, str], tuple[float, bool]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The columns that there are, in their order."""
        return [c for c in COLUMNS if c in self.columns]

    def lines(self) -> Iterator[Line]:
        """One line a measure; a row that nobody answers is one line without a measure."""
        for row in ROWS:
            given = {c: self.columns[c][row.name] for c in self.names}
            silent = frozenset(n for n, s in given.items() if isinstance(s, str))
            by_measure: dict[str, dict[str, Score]] = {}
            for name, scores in given.items():
                for score in () if isinstance(scores, str) else scores:
                    by_measure.setdefault(score.measure, {})[name] = score
            for measure, found in by_measure.items():
                yield Line(row.name, measure, found, silent)
            if not by_measure:
                yield Line(row.name, "", {}, silent)


@dataclass(frozen=True, eq=False)
class Line:
    """One measure of one task, by column."""

    task: str
    measure: str
    scores: Mapping[str, Score]
    silent: frozenset[str] = frozenset()  # columns that do not offer the verb

    @property
    def title(self) -> str:
        """The measure, marked ↓ where less is better and · where neither is."""
        aim = next((s.aim for s in self.scores.values()), "high")
        return self.measure + BETTER[aim]

    @property
    def n(self) -> str:
        """How many things the first column that answers was measured on."""
        return next((str(s.n) for s in self.scores.values() if s.n), "")

    @property
    def detail(self) -> bool:
        """One finding of many, which the short table leaves out."""
        return self.task == "labels" and self.measure.startswith("AUROC, ")

    def cell(self, column: str) -> str:
        """The value with its interval, or in words why there is none."""
        if column in self.silent:
            return NOT_OFFERED
        return str(self.scores[column]) if column in self.scores else "–"

    def value(self, column: str) -> str:
        """The value alone."""
        score = self.scores.get(column)
        if score is None or column in self.silent:
            return self.cell(column)
        return str(score) if score.value != score.value else f"{score.value:.3g}"


# ------------------------------------------------------------------ text


def text(table: Table) -> str:
    """The short table for a terminal: intervals of the first column, no line a finding."""
    first, *others = table.names
    head = ["task", "measure", first, *others, "n"]
    body, nobody, last = [], [], ""
    for line in table.lines():
        if line.silent == frozenset(table.names):
            nobody.append(line.task)
        elif not line.detail:
            task = line.task if line.task != last else ""
            cells = [line.value(c) for c in others]
            body.append([task, line.title, line.cell(first), *cells, line.n])
            last = line.task
    widths = [max(len(r[k]) for r in [head, *body]) for k in range(len(head))]
    rows = [head, ["─" * w for w in widths], *body]
    out = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]
    if nobody:
        out += ["", f"{NOT_OFFERED}: {', '.join(nobody)}"]
    return "\n".join([*out, "", LIMITS])


# ------------------------------------------------------------------ files


def save(table: Table, folder: Path) -> dict[str, Path]:
    """Write phantom.json, phantom.md and phantom.html; returns their paths by kind."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = {"json": "phantom.json", "markdown": "phantom.md", "html": "phantom.html"}
    paths = {kind: folder / name for kind, name in kinds.items()}
    disk.write(paths["json"], json.dumps(plain(table), indent=1, sort_keys=True) + "\n")
    disk.write(paths["markdown"], _markdown(table))
    disk.write(paths["html"], _html(table))
    return paths


def plain(table: Table) -> dict[str, Any]:
    """Plain values; what could not be measured is null."""
    columns = {
        name: {
            row: scores if isinstance(scores, str) else [_number(asdict(s)) for s in scores]
            for row, scores in of.items()
        }
        for name, of in table.columns.items()
    }
    pairs = [
        {"organ": organ, "look": look, "accuracy": value, "held_out": held}
        for (organ, look), (value, held) in table.pairs.items()
    ]
    return {"schema": SCHEMA, "suite": "phantom", "about": dict(table.about), "columns": columns,
            "pairs": pairs, "limits": LIMITS}  # fmt: skip


def _number(score: dict[str, Any]) -> dict[str, Any]:
    """NaN is no JSON."""
    return {k: None if isinstance(v, float) and v != v else v for k, v in score.items()}


def _markdown(table: Table) -> str:
    names = table.names
    lines = [
        "# PhantomBench", "", f"*{LIMITS}*", "",
        *(f"- {k}: {v}" for k, v in table.about.items()), "",
        f"| task | measure | {' | '.join(names)} | n |", "|---" * (len(names) + 3) + "|",
    ]  # fmt: skip
    for line in table.lines():
        cells = [line.task, line.title, *(line.cell(c) for c in names), line.n]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _html(table: Table) -> str:
    loader = jinja2.PackageLoader("radgloss.bench", "templates")
    surroundings = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True,
                                      lstrip_blocks=True)  # fmt: skip
    lines = list(table.lines())
    return surroundings.get_template("phantom.html").render(
        tasks=[(r, [x for x in lines if x.task == r.name]) for r in ROWS],
        columns=table.names, about=table.about, shown=table.shown, limits=LIMITS,
        not_offered=NOT_OFFERED, pairs=table.pairs,
        organs=list(dict.fromkeys(organ for organ, _ in table.pairs)),
        looks=list(dict.fromkeys(look for _, look in table.pairs)),
    )  # fmt: skip
