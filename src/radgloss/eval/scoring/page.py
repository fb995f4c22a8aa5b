"""A sheet in words: aligned Markdown for a person, plain values for a machine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from radgloss.eval.scoring.perturb import NOTICED, PERTURBATIONS
from radgloss.eval.scoring.sheet import Comparison, Probe, Row, Sheet

__all__ = ["perturbations", "plain", "text"]

LEVEL = 0.05


def text(sheet: Sheet) -> str:
    """Scores, tests, perturbations, what could not be measured, signatures."""
    parts = [_head(sheet), _scores(sheet)]
    parts += [_against(sheet, name) for name in sheet.systems]
    parts += [perturbations(sheet.probes), _absent(sheet.rows), _signatures(sheet)]
    return "\n\n".join(p for p in parts if p) + "\n"


def _head(sheet: Sheet) -> str:
    d = sheet.distinct
    lines = [f"{sheet.pairs} reports of {sheet.patients} patients. {d.predictions} of the "
             f"predictions are distinct ({d.references} of the references); the commonest stands "
             f"{d.commonest} times."]  # fmt: skip
    if d.collapsed:
        lines.append("The system says nearly the same of everybody: whatever it scores, it has "
                     "not read the pictures.")  # fmt: skip
    return "\n".join([*lines, *(f"- {note}" for note in sheet.notes)])


def _scores(sheet: Sheet) -> str:
    names = (*sheet.baselines, *sheet.systems)
    tested = {(c.measure, c.against): c for c in sheet.comparisons}
    rows = []
    for row in (r for r in sheet.rows if not r.absent):
        beside = [_number(row.beside[n]) + _mark(row, tested.get((row.score.measure, n)))
                  for n in names]  # fmt: skip
        aim = "↓" if row.score.aim == "low" else ""
        rows.append([f"{row.score.measure} {aim}".strip(), _value(row), *beside])
    legend = ("↓ less is better. + the system is better than this, − worse (Holm p < "
              f"{LEVEL:g} over all {len(sheet.comparisons)} tests); no sign: no difference was "
              "shown, or none was tested (random).")  # fmt: skip
    if not rows:
        return ""
    return f"{_table(['measure', 'system (95 %)', *names], rows)}\n\n{legend}"


def _mark(row: Row, compared: Comparison | None) -> str:
    if compared is None or not compared.holm < LEVEL:
        return ""
    return " +" if (compared.difference > 0) == (row.score.aim == "high") else " −"


def _value(row: Row) -> str:
    s = row.score
    if not s.measured or s.low is None or s.high is None:
        return _number(s.value)
    return f"{_number(s.value)} ({_number(s.low)}–{_number(s.high)})"


def _number(x: float) -> str:
    if x != x:
        return "–"
    return f"{x:.1f}" if abs(x) >= 10 else f"{x:.3f}"


def _against(sheet: Sheet, name: str) -> str:
    rows = [[c.measure, f"{_signed(c.difference)} ({_signed(c.low)} to {_signed(c.high)})",
             _p(c.p), _p(c.holm)] for c in sheet.comparisons if c.against == name]  # fmt: skip
    return _table(["measure", f"system less {name} (95 %)", "p", "p, Holm"], rows) if rows else ""


def _signed(x: float) -> str:
    return "–" if x != x else f"{x:+.3f}".replace("-", "−")


def _p(p: float) -> str:
    return "–" if p != p else f"{p:.4f}" if p >= 0.0001 else "< 0.0001"


def perturbations(probes: Sequence[Probe]) -> str:
    """The table of what each measure sees."""
    if not probes:
        return ""
    counts = {p.perturbation: p.n for p in probes}
    shown = [p for p in PERTURBATIONS if counts.get(p.name)]
    rows: list[list[str]] = []
    blind: dict[str, list[str]] = {}
    for measure in dict.fromkeys(p.measure for p in probes):
        own = {p.perturbation: p for p in probes if p.measure == measure}
        rows.append([measure, *(_share(own[p.name]) for p in shown)])
        unseen = ", ".join(p.name for p in shown if p.harmful and own[p.name].noticed is False)
        blind.setdefault(unseen, []).append(measure)
    told = "; ".join(f"{p.short}: {p.name} ({counts[p.name]} reports"
                     f"{'' if p.harmful else ', harmless'})" for p in shown)  # fmt: skip
    legend = (
        "What a measure loses on a known error in a right report, in per cent of what it loses on "
        f"another patient's report. Below {NOTICED:.0%} it does not notice; on harmless changes it "
        f"should lose nothing. {told}."
    )
    unseen_by = [f"- {', '.join(names)}: does not notice {what}" for what, names in blind.items()
                 if what]  # fmt: skip
    table = _table(["% lost on", *(p.short for p in shown)], rows)
    return "\n\n".join([table, legend, *(["\n".join(unseen_by)] if unseen_by else [])])


def _share(probe: Probe) -> str:
    return "–" if probe.share != probe.share else f"{100 * probe.share:.0f}".replace("-0", "0")


def _absent(rows: Sequence[Row]) -> str:
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.absent:
            reasons.setdefault(row.absent, []).append(row.score.measure)
    return "\n".join(f"- not available: {', '.join(names)}: {reason}."
                     for reason, names in reasons.items())  # fmt: skip


def _signatures(sheet: Sheet) -> str:
    lines = dict.fromkeys(row.signature for row in sheet.rows if not row.absent)
    return "\n".join(["Signatures", "", *(f"    {s}" for s in (*lines, sheet.signature))])


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[n]) for row in (header, *rows)) for n in range(len(header))]
    lines = [header, ["-" * w for w in widths], *rows]
    return "\n".join(
        "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def plain(sheet: Sheet) -> dict[str, Any]:
    """For JSON: NaN is null."""
    value: dict[str, Any] = _finite(asdict(sheet))
    for probe, entry in zip(sheet.probes, value["probes"], strict=True):
        entry["noticed"] = probe.noticed
    value["distinct"]["collapsed"] = sheet.distinct.collapsed
    return value


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
