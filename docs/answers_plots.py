"""The pictures of docs/reading-answers.md, from answers that `answers_pictures.py` collected.

Plain on purpose: one idea a picture, few colours (Okabe and Ito's, which the colour-blind can tell
apart), counts beside shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from PIL import Image as Raster
from scipy.special import expit

from radgloss.display import grey
from radgloss.eval.metrics.calibrating import reliability
from radgloss.trust.calibration import expected_calibration_error

mpl.use("Agg")
import matplotlib.pyplot as plt

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#999999"
EXAMS = {
    "xr-chest": ("chest film", BLUE, "o"),
    "ct-abdomen": ("CT of the abdomen", ORANGE, "s"),
    "mr-abdomen": ("MR of the abdomen", GREEN, "^"),
    "ct-head": ("CT of the head, never met", RED, "x"),
}
MOST = 150_000  # bytes
Rows = Sequence[Mapping[str, Any]]
plt.rcParams |= {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
                 "legend.frameon": False}  # fmt: skip


def _save(figure: Any, path: Path) -> None:
    """A PNG as fine as `MOST` bytes allow: first fewer colours, then fewer pixels."""
    path.parent.mkdir(exist_ok=True)
    for dpi, colours in product((110, 100, 90, 80, 70), (256, 160)):
        figure.savefig(path, dpi=dpi)
        with Raster.open(path) as whole:
            small = whole.convert("RGB").quantize(colours, dither=Raster.Dither.NONE)
        small.save(path, "PNG", optimize=True)
        if path.stat().st_size < MOST:
            break
    plt.close(figure)


def calibration(rows: Rows, path: Path) -> None:
    """What was said against what was so, before and after calibration; all findings, all exams."""
    told = [(p, logit, row["true"][what]) for row in rows if not row["refused"]
            for what, (p, logit, *_) in row["said"].items() if what in row["true"]]  # fmt: skip
    p, logit, true = (np.array(x) for x in zip(*told, strict=True))
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.9), layout="constrained")
    shown = (("as the model scores", expit(logit), GREY), ("calibrated on validation", p, BLUE))
    for axis, (name, said, colour) in zip(axes, shown, strict=True):
        bins = reliability(said, true.astype(bool))
        ece = expected_calibration_error(said, true.astype(bool))
        x, y = [b.said for b in bins], [b.happened for b in bins]
        spread = [[b.happened - b.low for b in bins], [b.high - b.happened for b in bins]]
        axis.plot([0, 1], [0, 1], color="black", lw=0.8, ls=":")
        axis.errorbar(x, y, spread, color=colour, marker="o", ms=5, lw=1.2, capsize=2)
        axis.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xlabel="probability said", aspect="equal")
        axis.set_title(f"{name}: error {ece:.3f}", fontsize=10)
    axes[0].set_ylabel("share that was so")
    figure.suptitle(
        f"{len(p):,} answers; on the dotted line a number means what it says", fontsize=9
    )
    _save(figure, path)


def decisions(counts: Mapping[str, Mapping[str, int]], path: Path) -> None:
    """By finding, of all films: decided and right, decided and wrong, left open."""
    names = list(counts)
    figure, axis = plt.subplots(figsize=(8, 0.28 * len(names) + 1.1), layout="constrained")
    left = np.zeros(len(names))
    parts = (("right", "decided, right", BLUE), ("wrong", "decided, wrong", RED),
             ("open", "left open", "#dddddd"))  # fmt: skip
    for key, name, colour in parts:
        share = np.array([counts[n][key] / counts[n]["n"] for n in names])
        axis.barh(names, share, left=left, color=colour, label=name)
        left += share
    axis.invert_yaxis()
    axis.set(xlim=(0, 1), xlabel="share of chest films")
    axis.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    _save(figure, path)


def maps(x: np.ndarray, rows: Rows, finding: str, path: Path) -> None:
    """Studies as points: all by examination, and the chest films alone by one finding."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 4.3), layout="constrained")
    place = _flat(x)
    exams = np.array([r["exam"] for r in rows])
    for exam, (name, colour, mark) in EXAMS.items():
        mine = exams == exam
        axes[0].scatter(*place[mine].T, s=14, c=colour, marker=mark, lw=0.9 if mark == "x" else 0,
                        label=f"{name} ({mine.sum()})", alpha=0.8)  # fmt: skip
    axes[0].set_title("all studies, by examination", fontsize=10)
    films = np.flatnonzero([r["exam"] == "xr-chest" and finding in r["true"] for r in rows])
    true = np.array([rows[i]["true"][finding] for i in films])
    alone = _flat(x[films])
    portable = np.array(["AP" in rows[i].get("views", ()) for i in films])
    for there, colour, name in ((False, GREY, "absent"), (True, BLUE, "present")):
        for ap, mark, view in ((False, "o", "PA"), (True, "+", "AP")):
            mine = (true == there) & (portable == ap)
            axes[1].scatter(*alone[mine].T, s=30 if ap else 14, c=colour, marker=mark, alpha=0.8,
                            lw=1 if ap else 0, label=f"{name}, {view} ({mine.sum()})")  # fmt: skip
    axes[1].set_title(f"chest films alone, by {finding}", fontsize=10)
    for axis in axes:
        axis.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2)
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    _save(figure, path)


def _flat(x: np.ndarray) -> np.ndarray:  # (n, D) -> (n, 2)
    """t-SNE (van der Maaten and Hinton 2008), begun at the principal components."""
    from sklearn.manifold import TSNE

    return np.asarray(
        TSNE(perplexity=min(30, (len(x) - 1) / 3), metric="cosine", init="pca", random_state=0)
        .fit_transform(x.astype(np.float64))
    )  # fmt: skip


def pointing(
    examples: Sequence[Mapping[str, Any]],
    box_lines: Callable[[Any], tuple[float, float, float, float]],
    finding: str,
    path: Path,
) -> None:
    """Film by film: the truth, where the score comes from, and where the network looked."""
    titles = {"hit": "there, and pointed at", "miss": "there, and missed", "none": "not there"}
    columns = ("film, truth outlined", f"what {finding} hangs on", "where it looked")
    figure, axes = plt.subplots(len(examples), 3, figsize=(5.6, 2.1 * len(examples)),
                                layout="constrained", squeeze=False)  # fmt: skip
    for line, shown in zip(axes, examples, strict=True):
        film = grey(shown["image"], 0)
        for axis in line:
            axis.imshow(film, cmap="gray", vmin=0, vmax=255)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        if shown["mask"] is not None:
            line[0].contour(shown["mask"], levels=[0.5], colors=[GREEN], linewidths=1.2)
        line[0].set_ylabel(titles[shown["outcome"]])
        line[0].set_xlabel(_wrapped(shown["answer"]), fontsize=8)
        _warm(line[1], shown["heat"])
        x, y, width, height = box_lines(shown["box"])
        line[1].add_patch(plt.Rectangle((x, y), width, height, fill=False, ec="white", lw=1.4))
        looked = shown["looked"] - np.median(shown["looked"])
        _warm(line[2], np.clip(looked / looked.max(), 0, 1))
    for axis, title in zip(axes[0], columns, strict=True):
        axis.set_title(title, fontsize=8)
    _save(figure, path)


def _warm(axis: Any, heat: np.ndarray) -> None:
    axis.imshow(
        heat, cmap="autumn", vmin=0, vmax=1, alpha=0.6 * np.clip((heat - 0.15) / 0.35, 0, 1)
    )


def _wrapped(text: str, width: int = 44) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, width))
