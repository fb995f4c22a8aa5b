"""The child: the only program that touches the bytes of a file. `python -m radgloss.dicom.child N`.

It caps itself before it imports a parser, reads requests from the socket with descriptor N, and
answers each with plain values (see `wire`). It opens files for reading only and can write nothing
but the frames of the memory that it was lent. Whatever goes wrong becomes a refusal."""

from __future__ import annotations

import array
import contextlib
import gc
import os
import select
import socket
import sys
import threading
import time
from types import ModuleType
from typing import TYPE_CHECKING

from radgloss.dicom import wire
from radgloss.dicom.limits import Limits

if TYPE_CHECKING:
    from radgloss.dicom.serve import Server

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


def end_with(parent: int) -> None:
    """Watch the process that started us, from a thread that sleeps until it is gone.

    An idle child sees its socket close; one that decodes must not go on for nobody. The kernel's
    death signal (PR_SET_PDEATHSIG) will not do: it comes when the *thread* ends that started us,
    and a server's threads come and go while the process lives on."""
    threading.Thread(target=_outlive, args=(parent,), daemon=True).start()


def _outlive(parent: int) -> None:
    try:
        ended = select.poll()
        ended.register(os.pidfd_open(parent), select.POLLIN)
        while os.getppid() == parent and not ended.poll():
            pass
    except (AttributeError, OSError):  # no Linux, or one that is too old
        while os.getppid() == parent:
            time.sleep(1)
    os._exit(1)


def gain_no_privileges() -> None:
    """Nothing that is run from here may gain rights (Linux)."""
    if sys.platform.startswith("linux"):
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None, use_errno=True)
            libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS


def make_server(limits: Limits, channel: socket.socket) -> Server:
    """Import what every reading uses, inside the cap; pydicom comes with the first unusual file.

    A child needs no picture library, no progress bar and no network: without them it starts sooner
    and less code lies beside hostile bytes. The collector of garbage has nothing to find here."""
    modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
    for name in (*_UNUSED, *_LATER):
        modules[name] = None  # an import of it is an ImportError
    for name in _EMPTY:
        modules.setdefault(name, ModuleType(name))
    gc.disable()
    from radgloss.dicom.serve import Server

    gc.enable()
    gc.freeze()
    for name in _LATER:
        del modules[name]
    return Server(limits, channel)


_UNUSED = ("PIL", "tqdm", "requests", "gdcm", "jpeg_ls", "pylibjpeg", "openjpeg", "libjpeg")
# pydicom insists on these, for fetching example files; they may be empty.
_EMPTY = ("urllib.request", "pydicom.examples")
_LATER = ("rle",)  # wanted by `codecs` with the first file of run lengths


def main(descriptor: int) -> None:
    """Serve requests until the socket closes."""
    channel = socket.socket(fileno=descriptor)
    first = wire.receive(channel)
    first.pop("op")
    end_with(first.pop("parent"))
    limits = Limits(**first)
    cap(limits)
    gain_no_privileges()

    server = make_server(limits, channel)
    wire.send(channel, {"ok": True})
    while True:
        try:
            request = wire.receive(channel)
        except EOFError:
            return
        if request["op"] == "memory":
            server.lend(_descriptor(channel))
            continue
        if request["op"] == "return":
            server.give_back()
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
