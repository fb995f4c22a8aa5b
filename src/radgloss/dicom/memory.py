"""Memory that the parent lends its children, in one of two ways.

`Whole`: all frames of a study in one anonymous shared memory; children write, nothing is copied.
`Passed`: a few shared slots through which single frames pass into memory of the parent's own. The
kernel gives shared memory out in small pages and takes long over each; a long series in private
memory of large pages is there sooner, copy included."""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from collections import Counter, deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from radgloss.dicom.limits import Limits
from radgloss.dicom.stacks import Stack
from radgloss.types import InputRejected

__all__ = ["Passed", "Whole", "anonymous_file", "room_for"]

Shape = tuple[int, int, int]


class Whole:
    """One anonymous memory for all stacks; children write frames into it.

    Stacks of different frame sizes start at multiples of their own frame size, so that a frame's
    place is one number."""

    def __init__(self, shapes: Sequence[Shape], limits: Limits) -> None:
        self._shapes, self._first = shapes, []
        end = 0
        for frames, rows, columns in shapes:
            size = rows * columns * 4
            first = -(-end // size)
            self._first.append(first)
            end = (first + frames) * size
        _check(end, limits)
        self.descriptor = anonymous_file(end)
        self._memory = mmap.mmap(self.descriptor, end)

    def take(self, index: int, place: int) -> int:
        """Where frame `place` of stack `index` is to be written, in frames of its size."""
        return self._first[index] + place

    def land(self, taken: int, index: int, place: int) -> None:
        """The frame is written: it lies where it belongs."""

    def drop(self, taken: int) -> None:
        """The frame will not come."""

    def pixels(self, index: int) -> npt.NDArray[np.float32]:
        """(F, R, C) of one stack, no copy."""
        shape = self._shapes[index]
        start = self._first[index] * shape[1] * shape[2] * 4
        flat = np.frombuffer(self._memory, np.float32, int(np.prod(shape)), start)
        return flat.reshape(shape)

    def close(self) -> None:
        """No child can be lent this memory any more."""
        os.close(self.descriptor)


class Passed:
    """`slots` shared frames of one size, and the arrays of all stacks in memory of our own."""

    def __init__(self, shapes: Sequence[Shape], slots: int, limits: Limits) -> None:
        _, rows, columns = shapes[0]
        _check(sum(shape[0] for shape in shapes) * rows * columns * 4, limits)
        size = slots * rows * columns * 4
        self.descriptor = anonymous_file(size)
        memory = mmap.mmap(self.descriptor, size)
        self._slots = np.frombuffer(memory, np.float32).reshape(slots, rows, columns)
        self._arrays = [np.empty(shape, np.float32) for shape in shapes]
        self._free = deque(range(slots))

    def take(self, index: int, place: int) -> int:
        """A free slot; there are as many as there can be requests under way."""
        return self._free.popleft()

    def land(self, taken: int, index: int, place: int) -> None:
        """The frame is written into its slot: bring it to its place and free the slot."""
        self._arrays[index][place] = self._slots[taken]
        self._free.append(taken)

    def drop(self, taken: int) -> None:
        """The frame will not come: free its slot."""
        self._free.append(taken)

    def pixels(self, index: int) -> npt.NDArray[np.float32]:
        """(F, R, C) of one stack, no copy."""
        return self._arrays[index]

    def close(self) -> None:
        """No child can be lent this memory any more."""
        os.close(self.descriptor)


def room_for(found: Sequence[Stack], under_way: int, limits: Limits) -> Whole | Passed:
    """The memory for these stacks; `under_way`: the most files that are asked for at a time.

    Raises InputRejected: 'too-large' for `limits`, 'memory' where the system has no more."""
    try:
        return _room_for(found, under_way, limits)
    except (MemoryError, OSError):
        raise InputRejected(
            "memory",
            "study",
            "more pixels than this machine has memory for",
            "a study that fits",
            "Read its series one by one.",
        ) from None


def _room_for(found: Sequence[Stack], under_way: int, limits: Limits) -> Whole | Passed:
    shapes = [_shape(stack) for stack in found]
    uses = Counter(frame.name for stack in found for frame in stack.frames)
    alike = len({shape[1:] for shape in shapes}) == 1 and max(uses.values()) == 1
    if alike and len(uses) >= 4 * under_way:
        return Passed(shapes, under_way, limits)
    return Whole(shapes, limits)


def _shape(stack: Stack) -> Shape:
    pixels = stack.header.pixels
    assert pixels is not None
    return len(stack.frames), pixels.rows, pixels.columns


def _check(size: int, limits: Limits) -> None:
    if size > limits.pixels_bytes:
        raise InputRejected(
            "too-large",
            "study",
            f"{size} bytes of pixels",
            f"at most {limits.pixels_bytes}",
            "Read its series one by one, or raise Limits.pixels_bytes.",
        )


def anonymous_file(size: int) -> int:
    """A descriptor of `size` zero bytes that no path leads to."""
    if sys.platform.startswith("linux"):
        descriptor = os.memfd_create("radgloss", os.MFD_CLOEXEC)
    else:
        descriptor, path = tempfile.mkstemp()
        os.unlink(path)
    os.ftruncate(descriptor, size)
    return descriptor
