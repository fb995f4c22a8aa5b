"""Headers into stacks: which frames form one image, in which order. Pure, no pixels, no files.

Series are split where frames cannot share a grid (orientation, spacing, size, frame of reference)
and, where several frames lie at one place, by what tells them apart (echo, b-value, phase …)."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from radgloss.dicom import geometry
from radgloss.dicom.header import MARKS, Header, Plane
from radgloss.types import InputRejected

__all__ = ["PROJECTIONS", "Frame", "Stack", "stacks"]

PROJECTIONS = ("CR", "DX", "MG", "RG", "IO", "PX", "XA", "RF", "XC")
_SAME_PLACE = 1e-2  # mm along the normal


@dataclass(frozen=True)
class Frame:
    """One frame of one file; `number` counts from 0."""

    name: str
    header: Header
    number: int
    plane: Plane


@dataclass(frozen=True)
class Stack:
    """Frames in order, and where they lie."""

    uid: str
    frames: tuple[Frame, ...]
    placed: geometry.Placed
    notes: tuple[str, ...] = ()

    @property
    def header(self) -> Header:
        """The first frame's."""
        return self.frames[0].header


def stacks(headers: Mapping[str, Header]) -> tuple[list[Stack], list[InputRejected]]:
    """Every image of these files, series by series, and the files whose geometry is impossible."""
    good, rejected, copies = _sound(headers)
    series: dict[str, list[Frame]] = defaultdict(list)
    made: list[Stack] = []
    for name, header in good.items():
        frames = [Frame(name, header, i, _plane(header, i)) for i in range(_count(header))]
        if header.volume:
            made += _volumes(frames)
        elif header.modality in PROJECTIONS or not _has_place(frames):
            made.append(_alone(frames))
        else:
            series[header.series_uid].extend(frames)
    for uid, frames in series.items():
        parts = [p for group in _by(frames, _grid) for p in _untangled(group, ())]
        made += [_stack(uid, i, part, notes) for i, (part, notes) in enumerate(parts)]
    made = [replace(s, notes=s.notes + _copy_note(s, copies)) for s in made]
    return sorted(made, key=_rank), rejected


def _rank(stack: Stack) -> tuple[int, str, int, str]:
    header = stack.header
    return header.series_number, header.series_uid, header.instance_number, stack.uid


def _count(header: Header) -> int:
    return header.pixels.frames if header.pixels else 0


def _plane(header: Header, number: int) -> Plane:
    return header.planes[min(number, len(header.planes) - 1)]


def _has_place(frames: Sequence[Frame]) -> bool:
    return all(f.plane.position and f.plane.orientation for f in frames)


def _sound(
    headers: Mapping[str, Header],
) -> tuple[dict[str, Header], list[InputRejected], dict[str, int]]:
    """Without impossible geometry and without second copies of an instance."""
    good: dict[str, Header] = {}
    rejected: list[InputRejected] = []
    first: dict[str, str] = {}
    copies: dict[str, int] = defaultdict(int)
    for name, header in headers.items():
        uid = header.sop_instance_uid
        if uid and uid in first:
            if headers[first[uid]].digest == header.digest:
                copies[first[uid]] += 1
            else:
                rejected.append(_duplicate(name))
            continue
        try:
            for plane in set(header.planes):
                geometry.check(name, plane)
        except InputRejected as error:
            rejected.append(error)
            continue
        if uid:
            first[uid] = name
        good[name] = header
    return good, rejected, copies


def _duplicate(name: str) -> InputRejected:
    return InputRejected(
        "duplicate",
        name,
        "an instance UID that another file has with other bytes",
        "one file for each instance",
        "Find out which of the two is right.",
    )


def _copy_note(stack: Stack, copies: Mapping[str, int]) -> tuple[str, ...]:
    count = sum(copies.get(name, 0) for name in {f.name for f in stack.frames})
    return (f"{count} identical copies of its files left aside",) if count else ()


# ------------------------------------------------------------------ grouping


def _by(frames: Iterable[Frame], key: Callable[[Frame], Hashable]) -> list[list[Frame]]:
    groups: dict[Hashable, list[Frame]] = defaultdict(list)
    for frame in frames:
        groups[key(frame)].append(frame)
    return list(groups.values())


def _grid(frame: Frame) -> Hashable:
    """What frames of one stack must share."""
    header, plane = frame.header, frame.plane
    assert header.pixels is not None
    return (
        header.pixels.rows,
        header.pixels.columns,
        header.frame_of_reference,
        header.pixels.photometric,
        "LOCALIZER" in header.image_type,
        tuple(round(v, 2) + 0.0 for v in plane.orientation),
        tuple(round(v, 4) for v in plane.spacing),
    )


def _height(frame: Frame, axis: np.ndarray) -> float:
    return float(np.array(frame.plane.position) @ axis)


def _ordered(frames: Sequence[Frame]) -> list[Frame]:
    axis = geometry.normal(frames[0].plane.orientation)
    return sorted(frames, key=lambda f: (_height(f, axis), f.header.instance_number, f.number))


def _levels(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Frames that lie at the same place, place by place along the normal."""
    axis = geometry.normal(frames[0].plane.orientation)
    levels: list[list[Frame]] = []
    last = -np.inf
    for frame in _ordered(frames):
        height = _height(frame, axis)
        if height - last > _SAME_PLACE:
            levels.append([])
            last = height
        levels[-1].append(frame)
    return levels


def _untangled(
    frames: Sequence[Frame], notes: tuple[str, ...]
) -> list[tuple[list[Frame], tuple[str, ...]]]:
    """Split until no two frames lie at one place; say by what."""
    levels = _levels(frames)
    deepest = max(map(len, levels))
    if deepest == 1:
        return [([f for level in levels for f in level], notes)]
    for number, name in enumerate(MARKS):
        if any(len({f.plane.marks[number] for f in level}) > 1 for level in levels):
            groups = _by(frames, functools.partial(_mark, number))
            return [
                part
                for group in sorted(groups, key=functools.partial(_first_mark, number))
                for part in _untangled(group, (*notes, _split_note(name, group, number)))
            ]
    if all(len(level) == deepest for level in levels):
        note = f"{deepest} frames at each place, told apart by nothing but their order"
        parts = [[level[i] for level in levels] for i in range(deepest)]
        return [(part, (*notes, note)) for part in parts]
    extra = sum(len(level) - 1 for level in levels)
    note = f"duplicate places: {extra} frames left aside"
    return [([level[0] for level in levels], (*notes, note))]


def _mark(number: int, frame: Frame) -> str:
    return frame.plane.marks[number]


def _first_mark(number: int, group: Sequence[Frame]) -> tuple[float, str]:
    return _sortable(_mark(number, group[0]))


def _sortable(mark: str) -> tuple[float, str]:
    try:
        return float(mark), ""
    except ValueError:
        return float("inf"), mark


def _split_note(name: str, group: Sequence[Frame], number: int) -> str:
    mark = group[0].plane.marks[number]
    shown = (mark or "none") if _sortable(mark)[0] < float("inf") or not mark else "of its own"
    return f"one of several at the same places: {name} {shown}"  # words stay in the file


# ------------------------------------------------------------------ one stack


def _stack(uid: str, index: int, frames: Sequence[Frame], notes: tuple[str, ...]) -> Stack:
    ordered = list(frames)
    if ordered[0].header.pixels and ordered[0].header.series_uid == "":
        uid = ordered[0].header.sop_instance_uid
    placed = geometry.place_stack([f.plane for f in ordered])
    name = uid if index == 0 else f"{uid}-{index + 1}"
    return Stack(name, tuple(ordered), placed, (*notes, *placed.notes, *ordered[0].header.notes))


def _alone(frames: Sequence[Frame]) -> Stack:
    """A file that is an image of its own: a radiograph, or frames without a place."""
    header = frames[0].header
    placed = geometry.place_projection(header)
    if header.modality not in PROJECTIONS and header.planes[0].spacing:
        placed = replace(placed, spacing="patient", notes=("no position in the patient",))
    notes = (*placed.notes, *header.notes)
    return Stack(
        header.sop_instance_uid or f"sha256-{header.digest[:16]}", tuple(frames), placed, notes
    )


def _volumes(frames: Sequence[Frame]) -> list[Stack]:
    """A NIfTI file's volumes, each in the order that its layout says."""
    header = frames[0].header
    slices, flipped = header.layout[0], header.layout[2]
    made = []
    for start in range(0, len(frames), slices):
        volume = frames[start : start + slices]
        volume = volume[::-1] if flipped else volume
        affine = np.array(header.affine).reshape(4, 4)
        number = start // slices
        uid = header.sop_instance_uid + (f"-{number + 1}" if number else "")
        more = (f"volume {number + 1} of {len(frames) // slices}",) if len(frames) > slices else ()
        placed = geometry.Placed(affine, "patient", ())
        made.append(Stack(uid, tuple(volume), placed, (*header.notes, *more)))
    return made
