"""The table of a suite as JSON, as Markdown and as one self-contained page with pictures."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jinja2
from PIL import Image as Pillow

from radgloss import disk
from radgloss.bench.suite import NOT_OFFERED, ROWS
from radgloss.display import grey
from radgloss.eval.score import Examined, Score
from radgloss.types import Draft, Finding, Image

__all__ = ["COLUMNS", "Shown", "Table", "save"]

SCHEMA = 1
COLUMNS = ("model", "untrained", "chance", "ceiling")
LIMITS = (
    "Simulated patients prove that machinery is right: composition, side, negation, calibration. "
    "They prove nothing about patients."
)
SIDE = 260  # pixels of a thumbnail

Scores = tuple[Score, ...] | str


@dataclass(frozen=True, eq=False)
class Shown:
    """One case for the page: a picture, what is true, what was drafted."""

    title: str
    picture: str  # base64 PNG
    truth: tuple[str, ...]
    said: tuple[str, ...]

    @classmethod
    def of(cls, case: Examined, draft: Draft | None) -> Shown:
        """From a case whose pixels are still here."""
        image, frame = _best(case)
        truth = tuple(map(_said, case.truth.visible)) or ("nothing to be found",)
        if draft is None:
            said: tuple[str, ...] = ()
        elif draft.abstained:
            said = (f"No draft: {draft.why}.",)
        else:
            said = tuple(s.text for s in draft.sentences if s.section == "findings")
        return cls(case.exam, _png(image, frame), truth, said)


@dataclass(frozen=True, eq=False)
class Table:
    """Everything that was measured. columns: by column name, by row name, its scores.

    about: what was measured on what (model, phantom version, numbers of studies, date)."""

    columns: Mapping[str, Mapping[str, Scores]]
    about: Mapping[str, Any]
    shown: Sequence[Shown] = ()

    def rows(self) -> list[dict[str, str]]:
        """The table as text, one line a measure."""
        out = []
        for row in ROWS:
            measures = dict.fromkeys(
                m for c in self.columns.values() for m in _measures(c[row.name])
            )
            if not measures:
                out.append({"task": row.name, "measure": "", "n": ""}
                           | {c: NOT_OFFERED for c in self.columns})  # fmt: skip
            for measure in measures:
                cells = {c: _cell(of[row.name], measure) for c, of in self.columns.items()}
                n = max((s.n for of in self.columns.values() for s in _of(of[row.name], measure)),
                        default=0)  # fmt: skip
                out.append({"task": row.name, "measure": measure, "n": str(n or "")} | cells)
        return out


def _of(scores: Scores, measure: str) -> list[Score]:
    return [] if isinstance(scores, str) else [s for s in scores if s.measure == measure]


def _measures(scores: Scores) -> list[str]:
    return [] if isinstance(scores, str) else [s.measure for s in scores]


def _cell(scores: Scores, measure: str) -> str:
    if isinstance(scores, str):
        return scores
    found = _of(scores, measure)
    return str(found[0]) if found else "–"


def save(table: Table, folder: Path) -> dict[str, Path]:
    """Write scores.json, scores.md and index.html into `folder`; returns their paths by kind."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {
        "json": folder / "scores.json",
        "markdown": folder / "scores.md",
        "html": folder / "index.html",
    }
    disk.write(paths["json"], json.dumps(_plain(table), indent=1, sort_keys=True) + "\n")
    disk.write(paths["markdown"], _markdown(table))
    disk.write(paths["html"], _html(table))
    return paths


def _plain(table: Table) -> dict[str, Any]:
    columns = {
        name: {
            row: scores if isinstance(scores, str) else [_number(asdict(s)) for s in scores]
            for row, scores in of.items()
        }
        for name, of in table.columns.items()
    }
    return {"schema": SCHEMA, "suite": "phantom", "about": dict(table.about), "columns": columns}


def _number(score: dict[str, Any]) -> dict[str, Any]:
    """NaN is no JSON: what could not be measured is null."""
    return {k: None if isinstance(v, float) and v != v else v for k, v in score.items()}


def _markdown(table: Table) -> str:
    names = [c for c in COLUMNS if c in table.columns]
    lines = [
        "# PhantomBench", "", *(f"- {k}: {v}" for k, v in table.about.items()), "",
        f"*{LIMITS}*", "",
        f"| task | measure | {' | '.join(names)} | n |", "|---" * (len(names) + 3) + "|",
    ]  # fmt: skip
    for row in table.rows():
        cells = [row["task"], row["measure"], *(row[c] for c in names), row["n"]]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _html(table: Table) -> str:
    loader = jinja2.PackageLoader("radgloss.bench", "templates")
    page = jinja2.Environment(loader=loader, autoescape=True).get_template("phantom.html")
    about = {row.name: row.about for row in ROWS}
    names = [c for c in COLUMNS if c in table.columns]
    return page.render(
        rows=table.rows(), columns=names, about=table.about, tasks=about, shown=table.shown,
        limits=LIMITS, not_offered=NOT_OFFERED,
    )  # fmt: skip


def _best(case: Examined) -> tuple[Image, int]:
    """The image and frame that show most of a lesion, else the middle of the first image."""
    best, chosen = 0, None
    for image in case.case.study.images:
        for mask in case.truth.masks.get(image.uid, {}).values():
            area = mask.sum(axis=(1, 2))
            if area.max(initial=0) > best:
                best, chosen = int(area.max()), (image, int(area.argmax()))
    first = case.case.study.images[0]
    return chosen or (first, len(first.pixels) // 2)


def _png(image: Image, frame: int) -> str:
    picture = Pillow.fromarray(grey(image, frame))
    picture.thumbnail((SIDE, SIDE))
    held = io.BytesIO()
    picture.save(held, "PNG", optimize=True)
    return base64.b64encode(held.getvalue()).decode()


def _said(f: Finding) -> str:
    size = f"{f.size_mm[0]:.0f} mm" if f.size_mm else ""
    words = (f.number, f.severity, size, f.side, f.what, f.site, f.change)
    return " ".join(w for w in words if w)
