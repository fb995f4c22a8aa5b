"""One short recipe for each named system: a function that returns a `Run`."""

from __future__ import annotations

from collections.abc import Callable

from radgloss.systems.alignment import clip
from radgloss.train.run import Run

__all__ = ["SYSTEMS"]

SYSTEMS: dict[str, Callable[[], Run]] = {
    "clip": clip.starter,
    "clip-debug": clip.debug,
}
