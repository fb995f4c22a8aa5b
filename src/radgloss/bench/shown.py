"""One case for the page: its picture, where the truth lies, what is true and what was said."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from radgloss.display import grey
from radgloss.eval.metrics.regions import box_of
from radgloss.eval.score import Examined
from radgloss.text.findings import EXAMS
from radgloss.types import Draft, Finding, Image, Region

__all__ = ["Shown"]

SIDE = 360  # pixels of a thumbnail
TRUE, SAID = (255, 196, 0), (86, 180, 233)  # amber and blue: told apart by every eye


@dataclass(frozen=True, eq=False)
class Shown:
    """picture: base64 PNG, lesions boxed in amber, the places that the draft points at in blue.

    said: None where no drafts are offered."""

    title: str
    picture: str
    truth: tuple[str, ...]
    said: tuple[str, ...] | None

    @classmethod
    def of(cls, case: Examined, draft: Draft | None) -> Shown:
        """From a case whose pixels are still here."""
        image, frame = _best(case)
        truth = tuple(map(_words, case.truth.visible)) or ("nothing to be found",)
        said: tuple[str, ...] | None = None
        pointed: list[Region] = []
        if draft is not None and draft.abstained:
            said = (f"No draft: {draft.why}.",)
        elif draft is not None:
            found = [s for s in draft.sentences if s.section == "findings"]
            said = tuple(s.text for s in found)
            pointed = [e.region for s in found for e in s.evidence
                       if e.region is not None and e.image == image.uid
                       and e.region.low[0] <= frame <= e.region.high[0]]  # fmt: skip
        title = EXAMS[case.exam].title if case.exam in EXAMS else f"{case.exam}, foreign"
        return cls(title, _png(image, frame, _boxes(case, image, frame), pointed), truth, said)


def _best(case: Examined) -> tuple[Image, int]:
    """The image and frame that show most of a visible lesion, else the middle of the first."""
    best, chosen = 0, None
    kinds = {f.what for f in case.truth.visible}
    for image in case.case.study.images:
        for name, mask in case.truth.masks.get(image.uid, {}).items():
            area = mask.sum(axis=(1, 2))
            if name.partition("#")[0] in kinds and area.max(initial=0) > best:
                best, chosen = int(area.max()), (image, int(area.argmax()))
    first = case.case.study.images[0]
    return chosen or (first, len(first.pixels) // 2)


def _boxes(case: Examined, image: Image, frame: int) -> list[Region]:
    """The visible lesions of one frame."""
    kinds = {f.what for f in case.truth.visible}
    return [
        box_of(mask[frame : frame + 1])
        for name, mask in case.truth.masks.get(image.uid, {}).items()
        if name.partition("#")[0] in kinds and mask[frame].any()
    ]


def _png(image: Image, frame: int, true: list[Region], said: list[Region]) -> str:
    """Square pixels, at most `SIDE`, with boxes."""
    rows_mm, columns_mm = (float(np.linalg.norm(image.affine[:3, k])) or 1.0 for k in (1, 2))
    shown = grey(image, frame)
    height, width = shown.shape[0] * rows_mm, shown.shape[1] * columns_mm
    scale = SIDE / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    picture = Pillow.fromarray(shown).resize(size, Pillow.Resampling.LANCZOS).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for boxes, colour in ((true, TRUE), (said, SAID)):
        for box in boxes:
            y0, y1 = (v * rows_mm * scale for v in (box.low[1] - 1, box.high[1] + 2))
            x0, x1 = (v * columns_mm * scale for v in (box.low[2] - 1, box.high[2] + 2))
            pen.rectangle((x0, y0, x1, y1), outline=colour, width=2)
    held = io.BytesIO()
    picture.save(held, "PNG", optimize=True)
    return base64.b64encode(held.getvalue()).decode()


def _words(f: Finding) -> str:
    size = f"{f.size_mm[0]:.0f} mm" if f.size_mm else ""
    words = (f.number, f.severity, size, f.side, f.what, f.site, f.change)
    return " ".join(w for w in words if w)
