"""The child: the only program that touches the bytes of a file. `python -m radgloss.dicom.child N`.

It caps itself before it imports a parser, reads requests from the socket with descriptor N, and
answers each with plain values (see `wire`). It opens files for reading only and can write nothing
but the frames of the memory that it was lent. Whatever goes wrong becomes a refusal."""

from __future__ import annotations

import array
import contextlib
import importlib.util
import os
import socket
import sys
from types import ModuleType

from radgloss.dicom import wire
from radgloss.dicom.limits import Limits

__all__ = ["main"]


def cap(limits: Limits) -> None:
    """Lower this process's own limits: address space, no file written, no core, few files."""
    import resource

    def lower(name: str, value: int) -> None:
        which = getattr(resource, name, None)
        if which is None:
            return
        with contextlib.suppress(ValueError, OSError):  # macOS refuses RLIMIT_AS
            resource.setrlimit(which, (value, value))

    lower("RLIMIT_AS", limits.memory_bytes)
    lower("RLIMIT_FSIZE", 0)
    lower("RLIMIT_CORE", 0)
    lower("RLIMIT_NOFILE", 64)


def allow_seconds(seconds: int) -> None:
    """Give the next request its processor time; beyond it the kernel ends this process."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    budget = int(used.ru_utime + used.ru_stime) + 1 + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (budget, hard))


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends (Linux; elsewhere: end of file)."""
    if sys.platform.startswith("linux"):
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None, use_errno=True)
            libc.prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
            libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS


def leave_out_what_is_not_needed() -> None:
    """Keep from being imported what pydicom would import if it is there, and no reading uses.

    A child needs no picture library, no progress bar and no network: it starts sooner, and less
    code lies beside hostile bytes. `urllib.request`, which pydicom insists on, waits for a use."""
    modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
    for name in _UNUSED:
        modules[name] = None  # an import of it is an ImportError
    name = "urllib.request"
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.loader is not None and name not in sys.modules:
        spec.loader = loader = importlib.util.LazyLoader(spec.loader)
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        loader.exec_module(module)


_UNUSED = ("PIL", "tqdm", "requests", "gdcm", "jpeg_ls", "pylibjpeg", "openjpeg", "libjpeg")


def main(descriptor: int) -> None:
    """Serve requests until the socket closes."""
    channel = socket.socket(fileno=descriptor)
    first = wire.receive(channel)
    first.pop("op")
    limits = Limits(**first)
    cap(limits)
    die_with_parent()

    leave_out_what_is_not_needed()
    from radgloss.dicom.serve import Server  # imports pydicom and numpy: inside the cap

    wire.send(channel, {"ok": True})
    server = Server(limits, channel)
    while True:
        try:
            request = wire.receive(channel)
        except EOFError:
            return
        if request["op"] == "memory":
            server.lend(_descriptor(channel))
            continue
        allow_seconds(limits.cpu_seconds)
        wire.send(channel, server.answer(request))


def _descriptor(channel: socket.socket) -> int:
    """The file descriptor that the parent lends us (SCM_RIGHTS, unix(7))."""
    _, ancillary, _, _ = channel.recvmsg(1, socket.CMSG_SPACE(array.array("i").itemsize))
    received = array.array("i")
    received.frombytes(ancillary[0][2][: received.itemsize])
    return received[0]


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        main(int(sys.argv[1]))
    os._exit(0)
