"""Stacks and their pixels into the nouns `Image` and `Study`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from radgloss.dicom.header import Header
from radgloss.dicom.stacks import Frame, Stack
from radgloss.types import Image, Lut, Source, Study, Window

__all__ = ["fill", "images", "study"]


def fill(
    found: Sequence[Stack],
    arrays: Sequence[npt.NDArray[np.float32]],
    padded: Sequence[tuple[int, int]],
) -> None:
    """Padding and NaN become the darkest real value of their stack (PS3.3 C.7.5.1.1.2).

    padded: (stack, place) of the frames that have any."""
    for index in {p[0] for p in padded}:
        pixels = arrays[index]
        darkest = np.nanmax if _inverted(found[index].header) else np.nanmin
        frames = [place for i, place in padded if i == index]
        whole = np.isnan(pixels).all() if len(frames) == len(pixels) else False
        value = 0.0 if whole else float(darkest(pixels))
        for place in frames:
            np.nan_to_num(pixels[place], copy=False, nan=value)


def _inverted(header: Header) -> bool:
    monochrome1 = header.pixels is not None and header.pixels.photometric == "MONOCHROME1"
    return monochrome1 or header.presentation_inverse


def images(found: Sequence[Stack], arrays: Sequence[npt.NDArray[np.float32]]) -> list[Image]:
    """One for each stack and its array (F, R, C), which can be written no more."""
    return [_image(stack, pixels) for stack, pixels in zip(found, arrays, strict=True)]


def _image(stack: Stack, pixels: npt.NDArray[np.float32]) -> Image:
    header = stack.header
    pixels.flags.writeable = False
    voi: list[Window | Lut] = [w.window() for w in header.windows]
    voi += [t.lut() for t in header.tables]
    coded = header.pixels
    assert coded is not None
    return Image(
        uid=stack.uid,
        pixels=pixels,
        affine=stack.placed.affine,
        modality=header.modality,
        view=header.view,
        spacing=stack.placed.spacing,
        units=header.units,
        inverted=_inverted(header),
        voi=tuple(voi),
        body_part=header.body_part,
        description=header.series_description,
        sources=tuple(_source(f) for f in stack.frames),
        notes=stack.notes,
        synthetic=header.synthetic,
    )


def _source(frame: Frame) -> Source:
    h = frame.header
    return Source(h.sop_instance_uid, h.sop_class_uid, h.series_uid, frame.number + 1)


def study(
    uid: str, found: Sequence[Stack], made: Sequence[Image], digests: Mapping[str, str]
) -> Study:
    """The images that were made of these stacks, as one examination; `digests` by file name."""
    first = found[0].header
    return Study(
        uid=uid or first.sop_instance_uid,
        images=tuple(made),
        identity=first.identity,
        description=first.study_description,
        age_years=_age(first),
        sex=first.identity.sex if first.identity.sex in ("M", "F", "O") else "",
        digests={
            f.header.sop_instance_uid or f.name: digests[f.name]
            for stack in found
            for f in stack.frames
        },
        synthetic=any(s.header.synthetic for s in found),
    )


def _age(header: Header) -> float | None:
    """PatientAge (PS3.5 AS), else from birth to study."""
    text = header.age.strip().upper()
    if len(text) == 4 and text[:3].isdigit() and text[3] in "DWMY":
        return int(text[:3]) / {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}[text[3]]
    born, done = header.identity.birth_date, header.identity.study_date
    if len(born) == 8 == len(done) and born.isdigit() and done.isdigit():
        years = int(done[:4]) - int(born[:4]) - (done[4:] < born[4:])
        return float(years) if 0 <= years < 130 else None
    return None
