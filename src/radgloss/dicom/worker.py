"""A capped child process, seen from the parent: start, ask, watch, end.

Started with `subprocess` and never forked, so neither the caller's `__main__` nor its threads are
dragged along; `-P` keeps the current folder, which may hold hostile files, off the import path.
Everything that goes wrong over there becomes one `InputRejected` here."""

from __future__ import annotations

import array
import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from radgloss.dicom import wire
from radgloss.dicom.limits import Limits
from radgloss.types import InputRejected

__all__ = ["AHEAD", "Losses", "Worker"]

Request = dict[str, Any]
Heard = Callable[[dict[str, Any]], None]

_WATCHED = not sys.platform.startswith("linux")  # no RLIMIT_AS that holds: watch instead
AHEAD = 6  # requests under way, so that the child never waits for us
_SMALL = 16 << 10  # bytes of a request that surely fits into a socket's buffer
_START_SECONDS = 60.0  # a cold disk may take long to import from


def _environment() -> dict[str, str]:
    """Only what Python needs: the user's secrets are no business of a child."""
    here = str(Path(__file__).resolve().parents[2])
    kept = {k: os.environ[k] for k in ("PATH", "LANG", "LC_ALL", "TMPDIR") if k in os.environ}
    path = os.pathsep.join(p for p in (here, os.environ.get("PYTHONPATH", "")) if p)
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    one["MALLOC_ARENA_MAX"] = "1"  # a second thread must not reserve address space of its own
    # Frames come and go: memory that was just freed must not go back to the kernel in between.
    one |= {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(64 << 20)}
    return kept | one | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass
class Losses:
    """The children that one reading has lost, and the most that it may; shared by its workers."""

    most: int
    count: int = 0

    def begin(self, most: int) -> None:
        """Count anew."""
        self.most, self.count = most, 0

    @property
    def spent(self) -> bool:
        """Whether no other child may be started."""
        return self.count >= self.most

    def refusal(self, what: str) -> InputRejected:
        """The refusal of a file that no child is left for."""
        return InputRejected(
            "given-up",
            what,
            f"a file not looked at: {self.count} children were lost to files before it",
            "a folder whose files do not end what decodes them",
            "Take out those refused as 'crashed', 'timeout' or 'memory', and read again.",
        )


class Worker:
    """One child and the socket to it; restarts it after it died, while `losses` allow.

    >>> with Worker(Limits()) as worker:
    ...     worker.ask({"op": "ping"}, "nothing")
    {'ok': True}
    """

    def __init__(self, limits: Limits, losses: Losses | None = None) -> None:
        self.limits = limits
        self.losses = losses or Losses(limits.lost_children)
        self._child: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._memory: int | None = None  # the descriptor of the shared array
        self._lent = False
        self._ready = False

    def __enter__(self) -> Worker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self) -> None:
        """Start the child if none runs; returns at once, the child imports meanwhile."""
        if self._child is not None:
            return
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-P", "-m", "radgloss.dicom.child", str(theirs.fileno())]
        self._child = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # codec libraries talk; nobody's name may reach a log
        )
        theirs.close()
        self._channel, self._lent, self._ready = ours, False, False
        ours.settimeout(self.limits.wall_seconds)
        wire.send(ours, {"op": "limits", "parent": os.getpid(), **asdict(self.limits)})

    def end(self) -> None:
        """End the child and close the socket."""
        child, channel = self._child, self._channel
        self._child = self._channel = None
        if channel is not None:
            channel.close()
        if child is not None:
            child.kill()
            child.wait()

    def share(self, descriptor: int | None) -> None:
        """Lend the child (and every later one) the memory to write frames into; None: no more.

        Only between requests. The child is told to let go, or its pages would stay in use."""
        if self._lent and self._channel is not None:
            with contextlib.suppress(OSError):  # it has gone; that is found when it is asked
                wire.send(self._channel, {"op": "return"})
        self._memory, self._lent = descriptor, False

    @property
    def pid(self) -> int | None:
        """Process id of the child, None while none runs."""
        return self._child.pid if self._child else None

    def ask(self, request: Request, what: str, heard: Heard | None = None) -> dict[str, Any]:
        """Send a request about `what` and wait for its last message; `heard` gets the others.

        Raises InputRejected: what the child found, or 'timeout', 'memory', 'crashed'."""
        answers: list[dict[str, Any] | InputRejected] = []
        self.ask_each(
            iter([(what, request)]),
            lambda _, answer: answers.append(answer),
            lambda _, message: heard(message) if heard else None,
        )
        if isinstance(answers[0], InputRejected):
            raise answers[0]
        return answers[0]

    def ask_each(
        self,
        requests: Iterator[tuple[str, Request]],
        answered: Callable[[str, dict[str, Any] | InputRejected], None],
        heard: Callable[[str, dict[str, Any]], None] = lambda what, message: None,
    ) -> None:
        """Send `(what, request)` one after another, a few ahead of the answers.

        So the child never waits for us. It answers in order: if it dies, the first unanswered
        request is the guilty one, and a fresh child gets the others: each request costs one child
        at most. Once too many are lost, those sent are refused and the others left undrawn."""
        try:
            self._bury()
            self._ask_each(requests, answered, heard)
        except BaseException:  # answers that nobody waits for must not meet the next question
            self.end()
            raise

    def _ask_each(
        self,
        requests: Iterator[tuple[str, Request]],
        answered: Callable[[str, dict[str, Any] | InputRejected], None],
        heard: Callable[[str, dict[str, Any]], None],
    ) -> None:
        ahead: deque[tuple[str, bytes]] = deque()  # sent or to be sent, not yet answered
        sent, more = 0, True
        while True:
            while more and len(ahead) < AHEAD:
                following = next(requests, None)
                more = following is not None
                if following is not None:
                    ahead.append((following[0], wire.encode(following[1])))
            if not ahead:
                return
            what = ahead[0][0]
            if self._child is None and self.losses.spent:
                for left, _ in ahead:
                    answered(left, self.losses.refusal(left))
                return
            try:
                self._begin()
                for _, request in list(ahead)[sent:]:
                    if sent and len(request) > _SMALL:
                        break  # it might block while the child blocks on its answers
                    self._send(request)
                    sent += 1
                while (message := self._next(self.limits.wall_seconds)).get("more"):
                    heard(what, message)
                answer = _accepted(message, what)
            except (_SlowError, _HeavyError, EOFError, OSError, wire.BadMessage) as trouble:
                answer, sent = self._obituary(trouble, what), 1
            answered(what, answer)
            ahead.popleft()
            sent -= 1

    def is_ready(self, patience: float) -> bool:
        """Whether the child has imported all it needs, after `patience` seconds at most.

        One that does not start is ended and is not ready."""
        self._bury()
        if self._child is None and self.losses.spent:
            return False
        try:
            self.start()
            if not self._ready:
                self._next(patience)
                self._ready = True
        except _SlowError:
            return False
        except (_HeavyError, EOFError, OSError, wire.BadMessage):
            self.losses.count += 1
            self.end()
            return False
        return True

    def _bury(self) -> None:
        """Forget a child that died while it had nothing to do: that is no file's fault."""
        if self._child is not None and self._child.poll() is not None:
            self.end()

    def _begin(self) -> None:
        """A child that is ready: its imports are no fault of a file."""
        self.start()
        if not self._ready:
            self._next(_START_SECONDS)
            self._ready = True

    def _send(self, request: bytes) -> None:
        """A child that has ended is not noticed here: answers that it gave before are still to be
        read, and only then is it known which request it left unanswered."""
        assert self._channel is not None
        try:
            if self._memory is not None and not self._lent:
                wire.send(self._channel, {"op": "memory"})
                descriptors = array.array("i", [self._memory])
                self._channel.sendmsg([b"m"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
                self._lent = True
            self._channel.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass
        except TimeoutError:
            raise _SlowError from None

    def _next(self, patience: float) -> dict[str, Any]:
        assert self._channel is not None
        assert self._child is not None
        if not _WATCHED:
            self._channel.settimeout(patience)
            return self._received()
        deadline = time.monotonic() + patience
        with selectors.DefaultSelector() as selector:
            selector.register(self._channel, selectors.EVENT_READ)
            while not selector.select(0.1):
                if time.monotonic() >= deadline:
                    raise _SlowError
                if _resident_bytes(self._child.pid) > self.limits.memory_bytes:
                    raise _HeavyError
        return self._received()

    def _received(self) -> dict[str, Any]:
        assert self._channel is not None
        try:
            return wire.receive(self._channel)
        except TimeoutError:  # a message cut short is silence too
            raise _SlowError from None

    def _obituary(self, trouble: BaseException, what: str) -> InputRejected:
        """End the child and say in the common words what it died of."""
        code = None
        if self._child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._child.wait(0.5)
        started = self._ready
        self.losses.count = self.losses.count + 1 if started else self.losses.most
        self.end()
        if isinstance(trouble, _SlowError) or code == -signal.SIGXCPU:
            return InputRejected(
                "timeout",
                what,
                "a file that takes too long to read",
                f"an answer within {self.limits.wall_seconds:g} s",
                "Leave it out, or raise Limits.wall_seconds.",
            )
        if isinstance(trouble, _HeavyError) or code == -signal.SIGKILL:
            return memory_rejection(what)
        found = "bytes that crash the decoder" if started else "a decoder that does not start"
        return InputRejected("crashed", what, found, "a readable file", "Leave it out.")


class _SlowError(Exception):
    """The child has been silent for too long."""


class _HeavyError(Exception):
    """The child holds more memory than it may."""


def memory_rejection(what: str) -> InputRejected:
    """The refusal of a file that needs more memory than `Limits` gives."""
    return InputRejected(
        "memory",
        what,
        "a file that needs more memory than it may have",
        "one that fits into Limits.memory_bytes",
        "Leave it out, or raise the limit.",
    )


def _accepted(message: dict[str, Any], what: str) -> dict[str, Any] | InputRejected:
    rejected = message.get("rejected")
    if rejected is None:
        return message
    if not isinstance(rejected, list) or len(rejected) != 4:
        raise wire.BadMessage("rejection")
    code, found, wanted, do = (str(part)[:300] for part in rejected)
    return InputRejected(code, what, found, wanted, do)


def _resident_bytes(pid: int) -> int:
    """Resident size by `ps`, for systems where an address space cannot be capped."""
    answer = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return int(answer.stdout.strip() or 0) * 1024
