"""The curves of a page as small SVG pictures: reliability, risk against coverage, ROC.

Data from 0 to 1 on both axes; colours are left to the page's style, so that it may be dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import numpy.typing as npt

from radgloss.eval.metrics.abstaining import RiskCoverage
from radgloss.eval.metrics.calibrating import Bin

__all__ = ["reliability", "risk", "roc"]

SIDE, LEFT, BELOW, TOP = 260, 54, 38, 8  # pixels: of the field, and around it
ROUND = (0.02, 0.04, 0.1, 0.2, 0.4, 1.0)  # ends of an axis whose quarters read well
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
Floats = npt.NDArray[np.float64]


def reliability(bins: Sequence[Bin]) -> str:
    """What happened against what was said, with Wilson intervals; the diagonal is right."""
    marks = [
        f'<path class="whisker" d="M{_x(b.said)} {_y(b.low)}V{_y(b.high)}"/>'
        f'<circle class="dot" cx="{_x(b.said)}" cy="{_y(b.happened)}" r="3.5">'
        f"<title>said {b.said:.3f}, happened {b.happened:.3f}, n = {b.n}</title></circle>"
        for b in bins
    ]
    return _frame("probability said", "share that was so", [_line([0, 1], [0, 1], "even"), *marks])


def risk(curve: RiskCoverage) -> str:
    """Errors among the surest studies, for every share of them; the axis ends at a round number."""
    most = next(m for m in ROUND if m >= min(float(curve.risk.max()), 1.0))
    shown = np.linspace(0, len(curve.risk) - 1, min(len(curve.risk), 200)).astype(int)
    line = _line(curve.coverage[shown], curve.risk[shown] / most, "curve")
    return _frame("share decided, the surest first", "errors among them", [line], most)


def roc(curves: Mapping[str, tuple[Floats, Floats]]) -> str:
    """One line a finding, its name where the pointer rests."""
    lines = [
        _line(false, true, "many", f"<title>{escape(name)}</title>")
        for name, (false, true) in curves.items()
    ]
    return _frame("false alarms", "found", [_line([0, 1], [0, 1], "even"), *lines])


def _x(value: float) -> str:
    return f"{LEFT + SIDE * value:.1f}"


def _y(value: float) -> str:
    return f"{TOP + SIDE * (1 - value):.1f}"


def _line(x: npt.ArrayLike, y: npt.ArrayLike, kind: str, inside: str = "") -> str:
    points = zip(np.asarray(x, float), np.asarray(y, float), strict=True)
    path = " ".join(f"{_x(a)},{_y(b)}" for a, b in points)
    return f'<polyline class="{kind}" points="{path}">{inside}</polyline>'


def _frame(across: str, up: str, drawn: Sequence[str], most: float = 1.0) -> str:
    wide, tall = LEFT + SIDE + 12, TOP + SIDE + BELOW
    ticks = [
        f'<text x="{_x(t)}" y="{TOP + SIDE + 15}" text-anchor="middle">{t:g}</text>'
        f'<text x="{LEFT - 6}" y="{float(_y(t)) + 4:.1f}" text-anchor="end">{t * most:.3g}</text>'
        for t in TICKS
    ]
    return (
        f'<svg viewBox="0 0 {wide} {tall}" role="img" aria-label="{up} against {across}">'
        f'<rect class="field" x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}"/>'
        f"{''.join(ticks)}{''.join(drawn)}"
        f'<text x="{LEFT + SIDE / 2}" y="{tall - 4}" text-anchor="middle">{across}</text>'
        f'<text transform="translate(10 {TOP + SIDE / 2}) rotate(-90)" text-anchor="middle">{up}'
        "</text></svg>"
    )
