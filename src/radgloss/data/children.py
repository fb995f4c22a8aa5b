"""Working processes that never run the caller's script again.

A spawned process imports the caller's main module first, so that a plain script without an
`if __name__ == "__main__"` guard would start itself once more in each. What is asked of these
processes lives in this package, so the main module is not shown to them."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

__all__ = ["pool"]


def pool(workers: int) -> ProcessPoolExecutor:
    """A pool of spawned processes; close it, or use it in a `with`."""
    return ProcessPoolExecutor(workers, _Context(), initializer=_end_with_parent)


def _end_with_parent() -> None:
    """A child whose parent was killed ends too, instead of working on for nobody."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class _Process(SpawnProcess):
    def start(self) -> None:
        with _main_unseen():
            super().start()


class _Context(SpawnContext):
    Process = _Process


@contextmanager
def _main_unseen() -> Iterator[None]:
    """While it lasts, a new process finds no main module to import."""
    seen: dict[str, Any] = vars(sys.modules["__main__"])
    kept: dict[str, Any] = {name: seen[name] for name in ("__file__", "__spec__") if name in seen}
    seen.pop("__file__", None)
    seen["__spec__"] = None
    try:
        yield
    finally:
        seen.update(kept)
