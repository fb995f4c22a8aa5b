"""What is true of single frames of a simulated study, and of boxes in them, sentence by sentence.

Frames: one for each lesion where it is largest, the others spread over the stack. Boxes: lesions,
and organs as "T2-weighted MR image of the liver". A finding is stated of a frame where this very
picture shows it; it is denied where its organ is shown and it is nowhere in the patient. What is
present and not seen here is neither. Training and validation seeds never name an organ of a
held-out cell in that look, a held-out finding, or the wording of a held-out author."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from radgloss.data.manifest import Caption
from radgloss.data.phantom import held_out
from radgloss.data.phantom.grammar import Told
from radgloss.data.phantom.grammar.captions import (
    captions,
    frame_sentences,
    level_of,
    names_organ,
)
from radgloss.data.phantom.grammar.report import deniable as sayable
from radgloss.data.phantom.grammar.told import Wording
from radgloss.data.phantom.grammar.ways import MODALITIES
from radgloss.data.phantom.imaging import lesion_names
from radgloss.data.phantom.patients import split_of, stream
from radgloss.data.phantom.study import Phantom
from radgloss.data.phantom.truth import deniable, grouped
from radgloss.text.findings import EXAMS, finding_type
from radgloss.types import Finding, Image, Region

__all__ = ["captions_of"]

Mask = npt.NDArray[np.bool_]
LEAST_MM2 = 60.0  # of an organ that a frame is said to show
MOST_ORGANS, MOST_DENIALS = 4, 3  # that one frame's sentences name
MOST_OF_ONE = 6  # denials where a picture has one frame only, and so one caption
LARGE_MM2, PART, NEAR = 100.0, 0.25, 0.6  # of a lesion: always shown; a share of its best frame
# that is shown; a share from which its size may be read off the frame
LEAST_BOX, MARGIN = 24, 6  # pixels
WORDS = {  # a mask of the simulator → how a picture of it is called
    "liver": ("liver",),
    "gallbladder": ("gallbladder",),
    "bile ducts": ("bile ducts",),
    "spleen": ("spleen",),
    "pancreas": ("pancreas",),
    "right kidney": ("right kidney", "right kidney", "kidney"),
    "left kidney": ("left kidney", "left kidney", "kidney"),
    "aorta": ("aorta",),
    "bowel": ("bowel",),
    "stomach": ("stomach",),
    "bladder": ("urinary bladder",),
    "uterus": ("uterus",),
    "right ovary": ("right ovary",),
    "left ovary": ("left ovary",),
    "right lung": ("right lung",),
    "left lung": ("left lung",),
    "heart": ("heart",),
}
TABLE = {  # a mask → the organ of `text.findings` that it belongs to, where the name differs
    "right kidney": "kidneys", "left kidney": "kidneys", "right lung": "lungs",
    "left lung": "lungs", "uterus": "pelvis", "right ovary": "pelvis", "left ovary": "pelvis",
}  # fmt: skip
OVARIES = ("right ovary", "left ovary")
NEEDS = {  # a finding or an organ of the table → any mask that must be shown before it is denied
    "kidneys": ("right kidney", "left kidney"),
    "peritoneum": ("liver", "spleen", "bowel", "uterus", "bladder"),
    "pleura": ("lungs",),
    "ovarian cyst": OVARIES, "enlarged ovary": OVARIES, "adnexal mass": OVARIES,
    "intrauterine pregnancy": ("uterus",),
    "appendicitis": (), "diverticulitis": (), "ureteric stone": (),  # too small a part of a frame
}  # fmt: skip
LENGTHWISE = frozenset({"splenomegaly"})  # measured across the frames of a stack
SIDELESS = frozenset({"lateral"})  # views that do not tell right from left


def captions_of(phantom: Phantom, per_image: int = 4, boxes: int = 4) -> tuple[Caption, ...]:
    """Captions of at most that many frames of each image, and of that many boxes in it.

    The same for the same phantom, each image by its own dice; nothing for a head."""
    if phantom.patient.exam not in EXAMS:
        return ()
    out: list[Caption] = []
    for k, image in enumerate(phantom.study.images):
        picture = _Picture(phantom, image)
        rng = stream(phantom.patient.seed, phantom.patient.exam, "captions", k)
        out += [_frame(rng, picture, frame) for frame in _frames(rng, picture, per_image)]
        out += _boxes(rng, picture, boxes)
    return tuple(out)


@dataclass(frozen=True, eq=False)
class _Focus:
    """A lesion that this picture shows, and its area in each frame, mm²."""

    finding: Finding
    features: tuple[str, ...]
    mask: Mask
    area: npt.NDArray[np.float64]

    def shown(self, frame: int) -> bool:
        """Whether this frame shows enough of it to be spoken of."""
        area = self.area[frame]
        return bool(area > 0 and (area >= PART * self.area.max() or area >= LARGE_MM2))


@dataclass(frozen=True, eq=False)
class _Picture:
    """One image of a phantom with what can be said of it."""

    phantom: Phantom
    image: Image

    @property
    def exam(self) -> str:
        return self.phantom.patient.exam

    @property
    def film(self) -> bool:
        return MODALITIES[self.exam] == "XR"

    @property
    def look(self) -> str:
        """The phase, sequence or view as captions know it; views of ultrasound have no name."""
        return "" if self.image.modality == "US" else self.phantom.imaged.looks[self.image.uid]

    @property
    def training(self) -> bool:
        return split_of(self.phantom.patient.seed) != "test"

    @property
    def wording(self) -> Wording:
        return "open" if self.training else "all"

    @property
    def pixel(self) -> float:
        """The area of one pixel, mm²."""
        along = np.linalg.norm(self.image.affine[:3, :3], axis=0)
        return float(along[1] * along[2])

    @cached_property
    def unnamed(self) -> tuple[str, ...]:
        """The organs that no caption of this look may name."""
        if not self.training:
            return ()
        organs = EXAMS[self.exam].organs
        return tuple(o for o in organs if held_out.is_held_out_cell(o, self.exam, self.look))

    @cached_property
    def organs(self) -> Mapping[str, npt.NDArray[np.float64]]:
        """The area of each organ in each frame, (F,), mm²."""
        masks = self.phantom.truth.organs[self.image.uid]
        return {name: mask.sum(axis=(1, 2)) * self.pixel for name, mask in masks.items()}

    def showing(self, frame: int) -> tuple[str, ...]:
        """The masks of which this frame shows enough."""
        return tuple(name for name, area in self.organs.items() if area[frame] > LEAST_MM2)

    @cached_property
    def foci(self) -> tuple[_Focus, ...]:
        """The lesions that can be seen on this image, those of an unnamed organ left out."""
        phantom, uid = self.phantom, self.image.uid
        masks, seen = phantom.truth.masks[uid], phantom.imaged.seen[uid]
        lesions = phantom.patient.lesions
        names = lesion_names(lesions)
        return tuple(
            _Focus(_here(finding, self), lesion.features, masks[name],
                   masks[name].sum(axis=(1, 2)) * self.pixel)
            for name, lesion, finding in zip(names, lesions, phantom.truth.present, strict=True)
            if name in seen and name in masks and masks[name].any()
            and finding_type(finding.what).organ not in self.unnamed
        )  # fmt: skip

    @cached_property
    def troubled(self) -> tuple[str, ...]:
        """The organs in which something is wrong, seen or not."""
        return tuple({finding_type(f.what).organ for f in self.phantom.truth.present})

    @cached_property
    def absent(self) -> tuple[str, ...]:
        """What may be denied of this patient in words."""
        patient = self.phantom.patient
        told = Told(self.exam, findings=self.phantom.truth.present, deny=deniable(patient),
                    absent_organs=patient.absent, sex=patient.sex)  # fmt: skip
        hidden = held_out.FINDINGS if self.training else ()
        return tuple(
            what for what in sayable(told)
            if what not in hidden and finding_type(what).organ not in self.unnamed
        )  # fmt: skip

    def denied(self, frame: int) -> tuple[str, ...]:
        """Of these, what an author could look for in this frame."""
        shown = self.showing(frame)
        return tuple(what for what in self.absent if self.film or _looked_for(what, shown))


def _looked_for(what: str, shown: Sequence[str]) -> bool:
    organ = finding_type(what).organ
    return any(mask in shown for mask in NEEDS.get(what, NEEDS.get(organ, (organ,))))


def _here(finding: Finding, picture: _Picture) -> Finding:
    """What one picture tells of a finding: no change, no side where the view has none."""
    stack = picture.image.modality in ("CT", "MR")
    return replace(
        finding,
        side="" if picture.look in SIDELESS else finding.side,
        size_mm=() if stack and finding.what in LENGTHWISE else finding.size_mm,
        change="",
        previous_mm=(),
    )


def _measurable(focus: _Focus, frame: int) -> Finding:
    """The finding, with its size only where the frame passes near its widest part."""
    near = focus.area[frame] >= NEAR * focus.area.max()
    return focus.finding if near else replace(focus.finding, size_mm=())


# ------------------------------------------------------------------ frames


def _frames(rng: np.random.Generator, picture: _Picture, count: int) -> list[int]:
    """Best frames of lesions first, at most three in four; the others spread over the stack."""
    total = len(picture.image.pixels)
    if total <= count:
        return list(range(total))
    best = dict.fromkeys(int(picture.foci[k].area.argmax()) for k in
                         rng.permutation(len(picture.foci)))  # fmt: skip
    chosen = list(best)[: max(3 * count // 4, 1)]
    shows = [f for f in range(total) if f not in chosen and
             any(name in WORDS for name in picture.showing(f))]  # fmt: skip
    spread = shows or [f for f in range(total) if f not in chosen]
    left = min(count - len(chosen), len(spread))
    if left <= 0:
        return chosen[:count]
    return chosen + [int(rng.choice(part)) for part in np.array_split(np.array(spread), left)]


def _frame(rng: np.random.Generator, picture: _Picture, frame: int) -> Caption:
    """Every sentence of one frame."""
    shown = picture.showing(frame)
    named = [n for n in WORDS if n in shown and TABLE.get(n, n) not in picture.unnamed]
    kept = sorted(rng.permutation(len(named))[:MOST_ORGANS].tolist())
    here = [focus for focus in picture.foci if focus.shown(frame)]
    stated, looks = grouped([_measurable(f, frame) for f in here], [f.features for f in here])
    free = picture.denied(frame)
    most = MOST_DENIALS if len(picture.image.pixels) > 1 else MOST_OF_ONE
    denied = [free[k] for k in rng.permutation(len(free))[: int(rng.integers(1, most + 1))]]
    said = frame_sentences(
        rng, picture.exam, picture.look, [WORDS[named[k]][0] for k in kept], stated, denied,
        looks, wording=picture.wording, level=level_of(shown), troubled=picture.troubled,
        unnamed=picture.unnamed,
    )  # fmt: skip
    return Caption(picture.image.uid, frame, tuple(s.text for s in said))


# ------------------------------------------------------------------ boxes


def _boxes(rng: np.random.Generator, picture: _Picture, count: int) -> list[Caption]:
    """Lesions in half of the boxes at most, organs in the others."""
    foci = [picture.foci[k] for k in rng.permutation(len(picture.foci))]
    out = [_lesion_box(rng, picture, focus) for focus in foci[: count // 2]]
    names = [
        name
        for name, area in picture.organs.items()
        if name in WORDS
        and area.max(initial=0) > LEAST_MM2
        and TABLE.get(name, name) not in picture.unnamed
    ]
    chosen = [names[k] for k in rng.permutation(len(names))[: count - len(out)]]
    return out + [_organ_box(rng, picture, name) for name in chosen]


def _lesion_box(rng: np.random.Generator, picture: _Picture, focus: _Focus) -> Caption:
    """A lesion where it is largest: as a caption, and as an author would state it."""
    frame, finding = int(focus.area.argmax()), focus.finding
    organ = _organ_of(finding) if not picture.film else ""
    if organ and picture.organs.get(organ, np.zeros(frame + 1))[frame] <= LEAST_MM2:
        organ = ""
    (caption,) = captions(rng, picture.exam, picture.look, organ, [finding])
    stated = frame_sentences(
        rng, picture.exam, picture.look, [], [finding], wording=picture.wording
    )
    said = (caption.text, *(s.text for s in stated if s.kind == "statement"))
    free = tuple(t for t in said if not any(names_organ(t, o) for o in picture.unnamed))
    return Caption(picture.image.uid, frame, free, _region(focus.mask[frame], frame))


def _organ_of(finding: Finding) -> str:
    """The mask of the organ that a finding lies in, "" where none is that organ alone."""
    organ = finding_type(finding.what).organ
    if organ == "kidneys" and finding.side in ("right", "left"):
        return f"{finding.side} kidney"
    return organ if organ in WORDS else ""


def _organ_box(rng: np.random.Generator, picture: _Picture, name: str) -> Caption:
    """An organ in a frame that shows much of it, then with what is wrong in it there."""
    area = picture.organs[name]
    frame = int(rng.choice(np.flatnonzero(area >= area.max() / 2)))
    mask = picture.phantom.truth.organs[picture.image.uid][name][frame]
    box = _region(mask, frame)
    called = WORDS[name][int(rng.integers(len(WORDS[name])))]
    if picture.look in SIDELESS:
        called = called.removeprefix("right ").removeprefix("left ")
    (plain,) = captions(rng, picture.exam, picture.look, called)
    ill = [
        focus
        for focus in picture.foci
        if _organ_of(focus.finding) == name and focus.shown(frame) and _inside(focus, frame, box)
    ]
    stated, _ = grouped([_measurable(f, frame) for f in ill], [()] * len(ill))
    more = captions(rng, picture.exam, picture.look, called, stated) if stated else ()
    return Caption(picture.image.uid, frame, (plain.text, *(c.text for c in more)), box)


def _region(mask: Mask, frame: int) -> Region:
    """The bounding box of a mask (R, C) with a margin, moved inside the picture."""
    low, high = [], []
    for axis, size in enumerate(mask.shape):
        line = np.flatnonzero(mask.any(axis=1 - axis))
        first, last = int(line[0]) - MARGIN, int(line[-1]) + MARGIN
        lack = max(LEAST_BOX - (last - first + 1), 0)
        first, last = first - lack // 2, last + (lack + 1) // 2
        first, last = first - max(last - size + 1, 0), last - min(first, 0)
        low.append(max(first, 0))
        high.append(min(last, size - 1))
    return Region((frame, low[0], low[1]), (frame, high[0], high[1]))


def _inside(focus: _Focus, frame: int, box: Region) -> bool:
    """Whether the whole lesion lies in the box in that frame."""
    rows = slice(box.low[1], box.high[1] + 1)
    columns = slice(box.low[2], box.high[2] + 1)
    return bool(focus.mask[frame, rows, columns].sum() == focus.mask[frame].sum())
