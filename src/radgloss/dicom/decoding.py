"""The pixels of a study's files, decoded by children into one array for each stack.

A file that cannot be decoded is left out, and the stacks are made anew from the others. What has
been decoded stays: a frame is asked for once, however many of its neighbours fail, and a file that
has failed is never asked for again.

Shapes: F frames · R rows · C columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from radgloss.dicom import assemble, wire
from radgloss.dicom.crew import Crew
from radgloss.dicom.files import File
from radgloss.dicom.header import Coded, Header
from radgloss.dicom.limits import Limits
from radgloss.dicom.memory import Passed, Whole, room_for
from radgloss.dicom.stacks import Frame, Stack, stacks
from radgloss.types import InputRejected

__all__ = ["Decoded", "decode"]

Message = dict[str, Any]
Pixels = npt.NDArray[np.float32]


@dataclass
class Told:
    """What children have said so far, by file name; `padded`: frames with padding or NaN."""

    digests: dict[str, str] = field(default_factory=dict)
    refused: dict[str, InputRejected] = field(default_factory=dict)
    padded: set[tuple[str, int]] = field(default_factory=set)


@dataclass(frozen=True)
class Decoded:
    """Stacks with an array (F, R, C) each, SHA-256 of their files, and what was refused."""

    stacks: Sequence[Stack]
    arrays: Sequence[Pixels]
    digests: Mapping[str, str]
    refused: list[InputRejected]


def decode(
    headers: Mapping[str, Header], files: Mapping[str, File], crew: Crew, limits: Limits
) -> Decoded:
    """Every stack of these files that can be decoded; none where nothing can.

    Raises InputRejected where all of it would not fit into `limits`."""
    told = Told()
    found, misplaced = stacks(headers)
    arrays: Sequence[Pixels] = []
    before: Sequence[Stack] = []
    while found:
        failed = len(told.refused)
        arrays = closed_up(before, arrays, found) or _filled(
            found, _by_frame(before, arrays, told), files, told, crew, limits
        )
        if len(told.refused) == failed:
            break
        headers = {n: h for n, h in headers.items() if n not in told.refused}
        before, (found, misplaced) = found, stacks(headers)
    arrays = arrays if found else []
    padded = [
        (i, p)
        for i, s in enumerate(found)
        for p, f in enumerate(s.frames)
        if _key(f) in told.padded
    ]
    assemble.fill(found, arrays, padded)
    return Decoded(found, arrays, told.digests, [*told.refused.values(), *misplaced])


def _key(frame: Frame) -> tuple[str, int]:
    return frame.name, frame.number


def _by_frame(
    before: Sequence[Stack], arrays: Sequence[Pixels], told: Told
) -> dict[tuple[str, int], Pixels]:
    """Every frame (R, C) that was decoded for the stacks before; no copy."""
    return {
        _key(frame): array[place]
        for stack, array in zip(before, arrays, strict=True)
        for place, frame in enumerate(stack.frames)
        if frame.name not in told.refused
    }


def closed_up(
    before: Sequence[Stack], arrays: Sequence[Pixels], found: Sequence[Stack]
) -> list[Pixels]:
    """The arrays of `found` where they are those before with gaps, closed up in place; else [].

    So losing a slice of a long series takes no memory. Nothing is moved unless all can stay."""
    home = {_key(f): (i, p) for i, s in enumerate(before) for p, f in enumerate(s.frames)}
    moves: dict[int, list[int]] = {}
    for stack in found:
        old = [home.get(_key(frame), (-1, 0)) for frame in stack.frames]
        index, places = old[0][0], [place for _, place in old]
        one = index >= 0 and index not in moves and all(i == index for i, _ in old)
        if not one or places != sorted(places):
            return []
        moves[index] = places
    for index, places in moves.items():
        for new, place in enumerate(places):
            if new != place:
                arrays[index][new] = arrays[index][place]
    return [arrays[index][: len(places)] for index, places in moves.items()]


def _filled(
    found: Sequence[Stack],
    have: Mapping[tuple[str, int], Pixels],
    files: Mapping[str, File],
    told: Told,
    crew: Crew,
    limits: Limits,
) -> list[Pixels]:
    """An array for each stack: frames that we have are copied, the others asked for."""
    room = room_for(found, crew.under_way, limits)
    try:
        with crew.lent(room.descriptor):
            _ask(found, have, files, room, told, crew)
    finally:
        room.close()
    arrays = [room.pixels(i) for i in range(len(found))]
    for stack, array in zip(found, arrays, strict=True):
        for place, frame in enumerate(stack.frames):
            if _key(frame) in have:
                array[place] = have[_key(frame)]
    return arrays


def _ask(
    found: Sequence[Stack],
    have: Mapping[tuple[str, int], Pixels],
    files: Mapping[str, File],
    room: Whole | Passed,
    told: Told,
    crew: Crew,
) -> None:
    """Have every frame that is missing written to its place; `told` gets what is said of it."""
    jobs: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    headers: dict[str, Header] = {}
    for index, stack in enumerate(found):
        for place, frame in enumerate(stack.frames):
            if _key(frame) not in have:
                jobs[frame.name].append((frame.number, index, place))
                headers[frame.name] = frame.header
    taken: dict[str, list[int]] = {}

    def requests() -> Iterator[tuple[str, Message]]:
        for name, wanted in jobs.items():
            wanted.sort()
            taken[name] = [room.take(index, place) for _, index, place in wanted]
            numbers = (number for number, _, _ in wanted)
            places = [list(pair) for pair in zip(numbers, taken[name], strict=True)]
            header = wire.pack(Coded.of(headers[name]))
            yield name, files[name].request("frames", header=header, places=places)

    def answered(name: str, answer: Message | InputRejected) -> None:
        slots = taken.pop(name)
        try:
            if isinstance(answer, InputRejected):
                raise answer
            odd = wire.understood(tuple[int, ...], answer.get("padded"), name)
            told.digests[name] = wire.understood(str, answer.get("digest"), name)
        except InputRejected as error:
            told.refused[name] = error.with_traceback(None)  # it would hold the frames' memory
            for slot in slots:
                room.drop(slot)
            return
        told.padded.update((name, number) for number in odd)
        for slot, (_, index, place) in zip(slots, jobs[name], strict=True):
            room.land(slot, index, place)

    costly = any(h.pixels and h.pixels.length < 0 for h in headers.values())
    crew.share_out(requests(), len(jobs), answered, costly)
