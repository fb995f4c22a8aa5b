"""Several children at one list of requests: whoever is free takes the next.

The first child does all there is until another is ready, and another is started only where the work
lasts longer than its start, so that asking for more workers never makes a reading slower."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from radgloss.dicom.limits import Limits
from radgloss.dicom.worker import AHEAD, Losses, Worker
from radgloss.types import InputRejected

__all__ = ["Crew"]

T = TypeVar("T")
Message = dict[str, Any]
_PAYS = 160  # files of a slice each: from here on a second child is worth its start
_PAYS_CODED = 24  # the same where pixels are compressed
_WORTH = 4  # files for each child that runs already


class Crew:
    """The children of one reader."""

    def __init__(self, limits: Limits, workers: int) -> None:
        self._limits, self._losses = limits, Losses(limits.lost_children)
        self._workers = [Worker(limits, self._losses) for _ in range(max(workers, 1))]

    def start(self) -> None:
        """Start the first child; returns at once."""
        self._workers[0].start()

    def begin(self, files: int) -> None:
        """A reading of so many files begins: children that were lost before no longer count."""
        self._losses.begin(self._limits.lost_children * -(-files // 1000))

    def end(self) -> None:
        """End all children."""
        for worker in self._workers:
            worker.end()

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the children that run now."""
        return tuple(w.pid for w in self._workers if w.pid is not None)

    @property
    def under_way(self) -> int:
        """The most requests that are sent and not yet answered."""
        return AHEAD * len(self._workers)

    @contextlib.contextmanager
    def lent(self, descriptor: int) -> Iterator[None]:
        """Lend every child this memory during the block; no child keeps it afterwards."""
        for worker in self._workers:
            worker.share(descriptor)
        try:
            yield
        finally:
            for worker in self._workers:
                worker.share(None)

    def ask(self, request: Message, what: str) -> Message:
        """One request to the first child. Raises InputRejected."""
        return self._workers[0].ask(request, what)

    def share_out(
        self,
        requests: Iterator[tuple[str, Message]],
        count: int,
        answered: Callable[[str, Message | InputRejected], None],
        costly: bool = False,
    ) -> None:
        """Give every one of `count` requests to a child that is free.

        answered: called with what each is about and its answer, by several threads.
        costly: each request takes as long as ten others. Our own first error is raised last."""
        waiting = _Locked(requests)
        self._divide(waiting, self._worth_having(count, costly), answered)
        for what, _ in waiting:  # where no more children may be lost
            answered(what, self._losses.refusal(what))

    def _divide(
        self,
        waiting: _Locked[tuple[str, Message]],
        others: Sequence[Worker],
        answered: Callable[[str, Message | InputRejected], None],
    ) -> None:
        errors: list[BaseException] = []

        def serve(worker: Worker) -> None:
            try:
                while not worker.is_ready(0.02):
                    if waiting.drained or worker.pid is None:
                        return  # the others have done it all, or it cannot start
                worker.ask_each(waiting, answered)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=serve, args=(w,), daemon=True) for w in others]
        for thread in threads:
            thread.start()
        try:
            self._workers[0].ask_each(waiting, answered)
        finally:
            waiting.drained = True
            for thread in threads:
                thread.join()
        if errors:
            raise errors[0]

    def _worth_having(self, count: int, costly: bool) -> list[Worker]:
        """Children besides the first that this work is long enough for; they are started."""
        pays = _PAYS_CODED if costly else _PAYS
        chosen: list[Worker] = []
        if self._losses.spent:
            return chosen
        for number, worker in enumerate(self._workers[1:], 2):
            if count >= number * _WORTH if worker.pid else 2 * count >= number * pays:
                worker.start()
                chosen.append(worker)
        return chosen


class _Locked(Iterator[T]):
    """One iterator that several threads draw from; `drained` once there is no more."""

    def __init__(self, items: Iterator[T]) -> None:
        self._items, self._lock = items, threading.Lock()
        self.drained = False

    def __next__(self) -> T:
        with self._lock:
            try:
                return next(self._items)
            except StopIteration:
                self.drained = True
                raise
