"""What one reading may cost. Every budget is checked before anything is allocated."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]

GiB = 1 << 30
MiB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """The budgets of a reading, in bytes, seconds and counts.

    memory_bytes: address space of one decoding child (RLIMIT_AS; see `protection()`).
    cpu_seconds: processor time for one request to a child.
    wall_seconds: the longest silence of a child before it is ended; it speaks once a frame.
    file_bytes: the largest file, and the most that a deflated or zipped one may inflate to.
    frame_bytes: the largest single frame, decoded. pixels_bytes: the whole float32 array.
    nesting: depth of sequences. files: most files of a folder or zip.
    zip_ratio: most that a zip may inflate by, over all its members (beyond 64 MiB).
    lost_children: how many children one reading may lose for each (begun) thousand of its files;
    after that it starts none, and names what it could not read.
    """

    memory_bytes: int = 2 * GiB
    cpu_seconds: int = 60
    wall_seconds: float = 9.0
    file_bytes: int = 4 * GiB
    inflated_bytes: int = 512 * MiB
    frame_bytes: int = 256 * MiB  # 8192², twice the largest radiograph
    pixels_bytes: int = 8 * GiB
    frames: int = 20_000
    nesting: int = 64
    files: int = 100_000
    zip_ratio: float = 200.0
    lost_children: int = 20
