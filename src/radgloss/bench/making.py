"""Patients made by other processes while those who are finished are already asked about.

A folder appears only when it is whole, so whoever waits for it may read it at once."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from radgloss.data.phantom import many
from radgloss.data.phantom.many import Job

__all__ = ["Clock", "Making", "Progress"]

Progress = Callable[[str, int, int], object]  # stage, done, total
GLANCE = 0.1  # seconds between looks for a folder


class _GivenUpError(Exception):
    """The making was given up from outside."""


class Making:
    """The making of patients, as a context; left early, what is not begun is not made."""

    def __init__(self, jobs: Sequence[Job], folder: Path, workers: int, progress: Progress) -> None:
        self._jobs, self._folder = jobs, folder
        self._workers, self._progress = workers, progress
        self._begun, self._ended = threading.Event(), threading.Event()
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._make, name="making", daemon=True)

    def __enter__(self) -> Making:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def folder(self, job: Job) -> Path:
        """The folder of a patient, as soon as it is there; raises what the making raised."""
        path = self._folder / job.folder
        self._begun.wait()  # until folders of another version are gone
        while not path.is_dir():
            alive = self._thread.is_alive()  # before its last word is read
            if self._problem is not None:
                raise self._problem
            assert alive or path.is_dir(), f"{job} was never made"
            time.sleep(GLANCE)
        return path

    def _make(self) -> None:
        try:
            many.generate(self._jobs, self._folder, self._workers, False, self._tell)
        except _GivenUpError:
            pass
        except BaseException as problem:
            self._problem = problem
        finally:
            self._begun.set()

    def _tell(self, done: int, total: int) -> None:
        self._begun.set()
        if self._ended.is_set() and done < total:
            raise _GivenUpError
        self._progress("making", done, total)


class Clock:
    """Seconds of each stage: `with clock("reading"): …`."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._stage, self._since = "", 0.0

    def __call__(self, stage: str) -> Clock:
        self._stage = stage
        return self

    def __enter__(self) -> None:
        self._since = time.perf_counter()

    def __exit__(self, *problem: object) -> None:
        self.seconds[self._stage] += time.perf_counter() - self._since
