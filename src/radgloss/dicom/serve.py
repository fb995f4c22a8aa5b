"""The child's acts: parse a header, decode frames into lent memory. Runs in the child only.

Every exception becomes a refusal `[code, found, wanted, do]`; the text is ours, never the
library's, because a library's message may quote the file."""

from __future__ import annotations

import contextlib
import mmap
import os
import queue
import socket
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from radgloss.dicom import codecs, parse, pixels, wire
from radgloss.dicom.header import Coded
from radgloss.dicom.limits import Limits
from radgloss.dicom.source import Source, members
from radgloss.types import InputRejected

__all__ = ["Server"]

Message = dict[str, Any]


class Server:
    """Answers one request after another; `memory` is the descriptor of the lent array."""

    def __init__(self, limits: Limits, channel: socket.socket) -> None:
        self.limits, self.channel = limits, channel
        self.memory: int | None = None  # set by `lend`
        self._whole: mmap.mmap | None = None
        self._hasher = _Hasher()
        warnings.simplefilter("ignore")  # a file's oddities go into notes, not on a screen

    def lend(self, descriptor: int) -> None:
        """Take this memory from now on, and let go of the one before."""
        self.give_back()
        self.memory = descriptor
        size = os.fstat(descriptor).st_size
        if size <= self.limits.memory_bytes // 4:  # map once what leaves room to decode
            self._whole = mmap.mmap(descriptor, size)

    def give_back(self) -> None:
        """Let go of the lent memory, which lives for as long as anybody holds it."""
        if self.memory is not None:
            os.close(self.memory)
        self.memory = self._whole = None

    def answer(self, request: Message) -> Message:
        """The last message for a request: a result or a refusal. Never raises."""
        act = getattr(self, "on_" + request["op"])
        try:
            return {"ok": True, **act(request)}
        except InputRejected as error:
            return {"rejected": [error.code, error.found, error.wanted, error.do]}
        except MemoryError:
            return _refusal("memory", "a file that needs more memory than it may have")
        except RecursionError:
            return _refusal("nesting", "sequences nested without end")
        except zlib.error:
            return _refusal("damaged", "compressed data that does not inflate")
        except OSError as error:
            return _refusal("unreadable", f"a file that cannot be read ({type(error).__name__})")
        except BaseException as error:  # the catch-all that the promise rests on
            return _refusal("damaged", f"a damaged file ({type(error).__name__})")

    def on_ping(self, request: Message) -> Message:
        """Alive."""
        return {}

    def on_codecs(self, request: Message) -> Message:
        """Which transfer syntaxes can be decoded here."""
        return {"codecs": codecs.available()}

    def on_members(self, request: Message) -> Message:
        """The names in a zip, and those refused."""
        names, rejected = members(request["path"], self.limits)
        return {"names": names, "refused": rejected}

    def on_header(self, request: Message) -> Message:
        """Everything but the pixels; with `digest` the SHA-256 as well."""
        with Source(request["path"], request["member"], self.limits) as source:
            if source.is_nifti:
                from radgloss.dicom import nifti  # nibabel: only where one is met

                return {"header": wire.pack(nifti.header(source, self.limits))}
            return {"header": wire.pack(parse.header(source, self.limits, request["digest"]))}

    def on_frames(self, request: Message) -> Message:
        """Decode frames into the lent memory: [[frame from 0, place], …] → padded, digest.

        The file is hashed beside the decoding; a word goes out after each frame but the last."""
        header = wire.unpack(Coded, request["header"])
        places: list[list[int]] = request["places"]
        with Source(request["path"], request["member"], self.limits) as source:
            source.load()
            with self._hasher.hashing(source) as digest:
                padded = self._frames(source, header, places)
            return {"padded": padded, "digest": digest()}

    def _frames(self, source: Source, header: Coded, places: list[list[int]]) -> list[int]:
        """Write the frames to their places; the numbers of those with padding or NaN."""
        read = pixels.frames
        if header.volume:
            from radgloss.dicom import nifti

            read = nifti.frames
        decoded = read(source, header, [frame for frame, _ in places], self.limits)
        padded = []
        for (frame, place), values in zip(places, decoded, strict=True):
            if self._write(place, values):
                padded.append(frame)
            if frame != places[-1][0]:
                wire.send(self.channel, {"more": True})
        return padded

    def on_colour(self, request: Message) -> Message:
        """Decode colour frames into the lent memory, as RGB bytes."""
        from radgloss.dicom import colour

        header = wire.unpack(Coded, request["header"])
        with Source(request["path"], request["member"], self.limits) as source:
            decoded = colour.frames(source, header, request["frames"], self.limits)
            for place, values in enumerate(decoded):
                with _window(self.memory, place * values.nbytes, values.nbytes) as room:
                    room.array(np.uint8, values.shape)[...] = values
                wire.send(self.channel, {"more": True, "frame": place})
        return {}

    def on_digest(self, request: Message) -> Message:
        """The SHA-256 of a file, whatever it is."""
        with Source(request["path"], request["member"], self.limits) as source:
            return {"digest": source.digest()}

    def on_inspect(self, request: Message) -> Message:
        """The file meta information as text."""
        with Source(request["path"], request["member"], self.limits) as source:
            return {"meta": {} if source.is_nifti else parse.meta(source, self.limits)}

    def on_deid(self, request: Message) -> Message:
        """A file de-identified: its new bytes in parts, then where it belongs and what was done."""
        from radgloss.dicom.deid import serving

        with Source(request["path"], request["member"], self.limits) as source:
            return serving.on_deid(source, request, self.limits, self._tell)

    def on_deid_look(self, request: Message) -> Message:
        """Grey pictures of a file, for somebody who reads text."""
        from radgloss.dicom.deid import serving

        with Source(request["path"], request["member"], self.limits) as source:
            return serving.on_look(source, self.limits, self._tell)

    def _tell(self, message: Message) -> None:
        wire.send(self.channel, {"more": True, **message})

    def _write(self, place: int, values: pixels.RealFrame) -> int:
        rows, columns = values.shape
        size = rows * columns * 4
        if self._whole is not None:
            flat = np.frombuffer(self._whole, np.float32, rows * columns, place * size)
            return values.into(flat.reshape(rows, columns))
        with _window(self.memory, place * size, size) as room:
            return values.into(room.array(np.float32, (rows, columns)))


class _Hasher:
    """One thread that hashes a file while another decodes it; neither needs the interpreter's lock
    for long."""

    def __init__(self) -> None:
        self._files: queue.SimpleQueue[Source] = queue.SimpleQueue()
        self._digests: queue.SimpleQueue[str | Exception] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def hashing(self, source: Source) -> Iterator[Callable[[], str]]:
        """Hash `source` during the block, which ends when that is done as well."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
        self._files.put(source)
        found: list[str | Exception] = []
        try:
            yield lambda: _digest(found[0])
        finally:
            found.append(self._digests.get())  # nobody may close the file before

    def _work(self) -> None:
        while True:
            source = self._files.get()
            try:
                self._digests.put(source.digest())
            except Exception as error:  # raised again where it is asked for
                self._digests.put(error)
            del source


def _digest(found: str | Exception) -> str:
    if isinstance(found, Exception):
        raise found
    return found


class _window:  # noqa: N801 - used as a verb
    """A part of the lent memory, mapped while it is written: the address space stays small."""

    def __init__(self, descriptor: int | None, start: int, size: int) -> None:
        assert descriptor is not None
        page = start - start % mmap.ALLOCATIONGRANULARITY
        self.inset = start - page
        self.map = mmap.mmap(descriptor, size + self.inset, offset=page)

    def __enter__(self) -> _window:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(BufferError):  # a traceback may still hold the array
            self.map.close()

    def array(self, kind: type, shape: tuple[int, ...]) -> np.ndarray:
        """The mapped bytes as an array."""
        count = int(np.prod(shape))
        return np.frombuffer(self.map, kind, count, self.inset).reshape(shape)


def _refusal(code: str, found: str) -> Message:
    return {"rejected": [code, found, "a readable file", "Leave it out."]}
