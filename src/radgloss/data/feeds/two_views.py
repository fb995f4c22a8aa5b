"""Two views of every picture (SimCLR, MoCo), made so that a radiologist would call them the same.

A view is cut, turned a little, moved and re-exposed. Colour does not exist here, a crop that leaves
the organ would be another picture, and a mirror image is another patient's: where words or labels
know right from left, a feed that mirrors is refused before any work.

Shapes: B pictures · 2 B views, the first of every picture, then the second · C channels · S
side."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import pi
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from radgloss.data.batch import Batch
from radgloss.data.feeds.desk import Desk, FromPairs, Progress
from radgloss.data.manifest import Entry, Manifest
from radgloss.data.pairs import Pairs
from radgloss.preprocess import Preprocess
from radgloss.types import InputRejected

__all__ = ["Change", "TwoViews", "knows_sides", "pictures_only", "viewed"]

SIDE = re.compile(r"\b(right|left)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Change:
    """How far two views of a picture may differ.

    least: the smallest side of a cut, as a share of the picture's. turn: degrees. gain and offset:
    shares of full contrast and brightness. noise: of full brightness. mirror: the share of views
    that are turned over, right for left."""

    least: float = 0.6
    turn: float = 10.0
    gain: float = 0.3
    offset: float = 0.2
    noise: float = 0.05
    mirror: float = 0.0


def viewed(images: torch.Tensor, change: Change, generator: torch.Generator) -> torch.Tensor:
    """One view of each picture, (B, C, S, S) → the same shape; background stays background."""
    n = len(images)

    def draw(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator) * 2 - 1

    share = 1 - (1 - change.least) * (draw(n) + 1) / 2  # side of the cut
    angle = change.turn * pi / 180 * draw(n)
    over = 1 - 2 * ((draw(n) + 1) / 2 < change.mirror).float()
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = share * angle.cos() * over, -share * angle.sin()
    theta[:, 1, 0], theta[:, 1, 1] = share * angle.sin() * over, share * angle.cos()
    theta[:, :, 2] = (1 - share)[:, None] * draw(n, 2)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    low = float(images.min())
    cut = F.grid_sample(images - low, grid, align_corners=False) + low
    seen = cut * (1 + change.gain * draw(n, 1, 1, 1)) + change.offset * draw(n, 1, 1, 1)
    return seen + torch.randn(seen.shape, generator=generator) * change.noise


def knows_sides(entry: Entry) -> bool:
    """Whether a study's words or labels tell right from left."""
    said = [entry.report.findings, entry.report.impression]
    said += [s for c in entry.captions for s in c.sentences]
    sided = any(label.get("side") in ("right", "left") for label in entry.labels.values())
    return sided or any(SIDE.search(text) for text in said)


def pictures_only(images: torch.Tensor, **more: torch.Tensor) -> Batch:
    """A batch without words."""
    none = torch.zeros(0, 0, dtype=torch.int64)
    answers = torch.zeros(len(images), 0, dtype=torch.int8)
    told: dict[str, Any] = {**more}
    return Batch(images, none, none.bool(), torch.zeros(0, dtype=torch.int64), answers, **told)


@dataclass(frozen=True)
class TwoViews(FromPairs):
    """change: how the two differ; None: not at all, the ablation."""

    change: Change | None = Change()

    def read(
        self,
        manifest: Manifest,
        split: str,
        preprocess: Preprocess,
        folder: Path,
        workers: int,
        progress: Progress,
    ) -> Pairs:
        """`Pairs.build`. Raises InputRejected('mirror') where side matters and views mirror."""
        if self.change is not None and self.change.mirror > 0:
            for entry in manifest.split(split):
                if knows_sides(entry):
                    raise InputRejected(
                        "mirror", f"{manifest.path.name} line {entry.line}",
                        f"words or labels with a side, and mirrored views ({self.change.mirror:g})",
                        "no mirror where right and left are known", "Set mirror to 0.",
                    )  # fmt: skip
        return super().read(manifest, split, preprocess, folder, workers, progress)

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """Both views of `desk.size` pictures; `study` says whose view it is."""

        def batch(k: int) -> Batch:
            chosen = desk.pairs.chosen(k, desk.size, desk.seed, desk.sampling)
            images = desk.pairs.images(chosen, k, desk.seed, None)
            generator = torch.Generator().manual_seed(desk.seed * 1_000_003 + k)
            both = [
                images if self.change is None else viewed(images, self.change, generator)
                for _ in range(2)
            ]
            return pictures_only(torch.cat(both), study=torch.arange(len(images)).repeat(2))

        return batch
