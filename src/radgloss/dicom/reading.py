"""Reading studies: folder, file, zip or NIfTI in, a `Study` in real values out.

The parent walks, groups and orders; capped children (see `child`) parse and decode into memory that
the parent lends them (see `memory`), so no byte of a file is ever parsed here. Files are read
twice: their headers, from which the place of every frame is found, then their pixels, which are
hashed at the same time. Nothing but `InputRejected` escapes."""

from __future__ import annotations

import functools
import mmap
import os
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from radgloss import display
from radgloss.dicom import assemble, wire
from radgloss.dicom.choosing import check_single, map_kind, no_pixels, nothing, with_pixels
from radgloss.dicom.crew import Crew
from radgloss.dicom.decoding import Decoded, decode
from radgloss.dicom.files import File, called, is_companion, listed
from radgloss.dicom.header import Coded, Header, Scan
from radgloss.dicom.limits import Limits
from radgloss.dicom.memory import anonymous_file
from radgloss.types import Image, InputRejected, Lut, Study, Window

__all__ = [
    "Reader",
    "read",
    "read_all",
    "read_colour",
    "read_each",
    "read_maps",
    "render",
    "scan",
]

PathLike = str | os.PathLike[str]
Message = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")


def _in_turn(act: Callable[P, T]) -> Callable[P, T]:
    """A method of `Reader` for one thread at a time: its children are shared."""

    @functools.wraps(act)
    def alone(*args: P.args, **options: P.kwargs) -> T:
        reader = args[0]
        assert isinstance(reader, Reader)
        with reader.turn:
            return act(*args, **options)

    return alone


class Reader:
    """Reads with warm children; for many studies in a row. Close it, or use `with`.

    Any thread may use it, and its children outlive that thread; one is served at a time.
    workers: the most children that work at the same time; more than one start where they pay."""

    def __init__(self, limits: Limits = Limits(), workers: int = 1) -> None:  # noqa: B008 - frozen
        self.limits = limits
        self._crew = Crew(limits, workers)
        self.turn = threading.RLock()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @_in_turn
    def close(self) -> None:
        """End the children."""
        self._crew.end()

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the children that run now."""
        return self._crew.pids

    def scan(self, path: PathLike) -> Scan:
        """Headers of every file under `path`; no pixels. See `radgloss.dicom.scan`."""
        return self._scan(Path(path), digests=True)[1]

    @_in_turn
    def meta(self, path: PathLike) -> dict[str, str]:
        """The file meta information of a single file, as text; {} where there are more files."""
        self._crew.begin(1)
        files, _, _ = self._files(Path(path))
        if len(files) != 1:
            return {}
        answer = self._crew.ask(files[0].request("inspect"), files[0].name)
        return dict(answer.get("meta", {}))

    def read_all(self, path: PathLike) -> tuple[Study, ...]:
        """Every study under `path`; see `radgloss.dicom.read_all`."""
        files, scanned = self._scan(Path(path))
        studies, left_out = [], list(scanned.rejected)
        for uid, headers in _by_study(scanned.headers).items():
            study, refused = self._study(uid, headers, files)
            left_out += refused
            if study is not None:
                studies.append(study)
        self._take_digests(left_out, files)
        if not studies:
            raise nothing(Path(path), left_out)
        studies.sort(key=lambda s: (s.identity.study_date, s.uid))
        return (replace(studies[0], left_out=tuple(left_out)), *studies[1:])

    def read_each(self, path: PathLike) -> Iterator[Study | InputRejected]:
        """What was refused, then every study, one in memory at a time; `dicom.read_each`."""
        files, scanned = self._scan(Path(path))
        self._take_digests(scanned.rejected, files)
        yield from scanned.rejected
        for uid, headers in _by_study(scanned.headers).items():
            self._crew.begin(len(headers))
            study, refused = self._study(uid, headers, files)
            self._take_digests(refused, files)
            if study is None:
                yield from refused
            else:
                yield replace(study, left_out=tuple(refused))

    def read(self, path: PathLike) -> Study:
        """One study; see `radgloss.dicom.read`."""
        files, scanned = self._scan(Path(path))
        check_single(called(Path(path)), scanned.headers)
        uid = next((h.study_uid for h in scanned.headers.values()), "")
        study, refused = self._study(uid, scanned.headers, files)
        left_out = (*scanned.rejected, *refused)
        self._take_digests(left_out, files)
        if study is None:
            raise nothing(Path(path), left_out)
        return replace(study, left_out=left_out)

    def read_maps(self, path: PathLike) -> tuple[Image, ...]:
        """What lies over pictures, in its own values; see `radgloss.dicom.read_maps`."""
        files, scanned = self._scan(Path(path))
        maps = {n: h for n, h in scanned.headers.items() if map_kind(h)}
        decoded = self._decoded(maps, files)
        if not decoded.stacks:
            raise nothing(Path(path), decoded.refused or [_no_map(Path(path))])
        return tuple(assemble.images(decoded.stacks, decoded.arrays))

    @_in_turn
    def read_colour(self, path: PathLike) -> npt.NDArray[np.uint8]:
        """One colour file; see `radgloss.dicom.read_colour`."""
        files, scanned = self._scan(Path(path))
        name, header = _single(Path(path), scanned)
        pixels = header.pixels
        if pixels is None:
            raise no_pixels(name, header)
        size = pixels.rows * pixels.columns * 3
        descriptor = anonymous_file(size * pixels.frames)
        wanted = list(range(pixels.frames))
        request = files[name].request("colour", header=wire.pack(Coded.of(header)), frames=wanted)
        try:
            with self._crew.lent(descriptor):
                self._crew.ask(request, name)
            memory = mmap.mmap(descriptor, size * pixels.frames)
        finally:
            os.close(descriptor)
        shape = (pixels.frames, pixels.rows, pixels.columns, 3)
        return np.frombuffer(memory, np.uint8).reshape(shape)

    def render(
        self, path: PathLike, frame: int = 0, window: Window | Lut | None = None
    ) -> npt.NDArray[np.uint8]:
        """One frame as shown; see `radgloss.dicom.render`."""
        try:
            images = self.read(path).images
        except InputRejected as error:
            if error.code == "colour":
                colours = self.read_colour(path)
                if not 0 <= frame < len(colours):
                    raise _no_frame(Path(path), frame) from None
                return np.asarray(colours[frame])
            if error.code != "not-a-picture":
                raise
            images = self.read_maps(path)
        for image in images:
            for place, source in enumerate(image.sources):
                if source.frame_number == frame + 1:
                    return display.grey(image, place, window)
        raise _no_frame(Path(path), frame)

    # -------------------------------------------------------------- headers

    @_in_turn
    def _scan(self, path: Path, digests: bool = False) -> tuple[dict[str, File], Scan]:
        """Files by name and what they say; digests of all, or of those alone that need one now."""
        self._crew.start()  # it imports while we walk
        self._crew.begin(1)
        files, rejected, ignored = self._files(path)
        self._crew.begin(len(files))
        alone = path.is_file() and len(files) == 1 and not files[0].member
        answers = self._headers(files, digests)
        if not digests:
            alike = _need_digest(answers)
            answers |= self._headers([f for f in files if f.name in alike], True)
        headers: dict[str, Header] = {}
        for file in files:
            answer = answers[file.name]
            if isinstance(answer, Header):
                headers[file.name] = answer
            elif not alone and is_companion(file.name, answer):
                ignored.append(file.name)
            else:
                rejected.append(answer)
        if not headers and not rejected:
            raise nothing(path, [])
        return {f.name: f for f in files}, Scan(headers, tuple(rejected), tuple(ignored))

    def _headers(self, files: Sequence[File], digests: bool) -> dict[str, Header | InputRejected]:
        answers: dict[str, Header | InputRejected] = {}

        def answered(name: str, answer: Message | InputRejected) -> None:
            if isinstance(answer, InputRejected):
                answers[name] = answer
                return
            try:
                answers[name] = wire.understood(Header, answer.get("header"), name)
            except InputRejected as error:
                answers[name] = error

        requests = ((f.name, f.request("header", digest=digests)) for f in files)
        self._crew.share_out(requests, len(files), answered)
        return answers

    def _files(self, path: Path) -> tuple[list[File], list[InputRejected], list[str]]:
        return listed(path, self.limits, self._crew.ask)

    # -------------------------------------------------------------- pixels

    def _study(
        self, uid: str, headers: Mapping[str, Header], files: Mapping[str, File]
    ) -> tuple[Study | None, list[InputRejected]]:
        usable, rejected = with_pixels(headers)
        decoded = self._decoded(usable, files)
        rejected += decoded.refused
        if not decoded.stacks:
            return None, rejected
        images = assemble.images(decoded.stacks, decoded.arrays)
        return assemble.study(uid, decoded.stacks, images, decoded.digests), rejected

    @_in_turn
    def _take_digests(self, problems: Iterable[InputRejected], files: Mapping[str, File]) -> None:
        """Note the digest of every refused member of a zip, which nobody else can take."""
        known = {p.what: p for p in problems if p.code not in _NOT_AGAIN}
        members = [f for name, f in files.items() if f.member and name in known]

        def answered(name: str, answer: Message | InputRejected) -> None:
            digest = answer.get("digest") if isinstance(answer, dict) else None
            known[name].digest = digest if isinstance(digest, str) else ""

        requests = ((f.name, f.request("digest")) for f in members)
        self._crew.share_out(requests, len(members), answered)

    @_in_turn
    def _decoded(self, headers: Mapping[str, Header], files: Mapping[str, File]) -> Decoded:
        return decode(headers, files, self._crew, self.limits)


_NOT_AGAIN = ("bomb", "crashed", "given-up", "memory", "timeout")  # files no child meets twice


def _by_study(headers: Mapping[str, Header]) -> dict[str, dict[str, Header]]:
    groups: dict[str, dict[str, Header]] = defaultdict(dict)
    for name, header in headers.items():
        groups[header.study_uid][name] = header
    return groups


def _need_digest(answers: Mapping[str, Header | InputRejected]) -> set[str]:
    """Files that only their bytes can tell apart: of one instance UID, or without any."""
    headers = {n: h for n, h in answers.items() if isinstance(h, Header) and not h.digest}
    uses = Counter(h.sop_instance_uid for h in headers.values())
    return {n for n, h in headers.items() if not h.sop_instance_uid or uses[h.sop_instance_uid] > 1}


def _no_map(path: Path) -> InputRejected:
    found = "no segmentation, dose distribution or parametric map"
    return InputRejected("no-map", called(path), found, "one at least", "Read it as pictures.")


def _no_frame(path: Path, frame: int) -> InputRejected:
    return InputRejected("no-such-frame", path.name, f"no frame {frame + 1}", "one of the file", "")


def _single(path: Path, scanned: Scan) -> tuple[str, Header]:
    if len(scanned.headers) != 1:
        raise nothing(path, scanned.rejected)
    return next(iter(scanned.headers.items()))


# ------------------------------------------------------------------ the public face


def read(path: PathLike, limits: Limits = Limits(), workers: int = 1) -> Study:  # noqa: B008
    """Read one examination from a DICOM file, a folder, a zip or a NIfTI file.

    → Study in real values; files that could not be used are in `study.left_out`.
    Raises InputRejected ('mixed-patients', 'mixed-studies', or why nothing could be used)."""
    with Reader(limits, workers) as reader:
        return reader.read(path)


def read_all(path: PathLike, limits: Limits = Limits(), workers: int = 1) -> tuple[Study, ...]:  # noqa: B008
    """Read every examination of a folder or zip, by date; `left_out` is with the first."""
    with Reader(limits, workers) as reader:
        return reader.read_all(path)


def read_each(
    path: PathLike,
    limits: Limits = Limits(),  # noqa: B008
    workers: int = 1,
) -> Iterator[Study | InputRejected]:
    """Every study of a folder or zip, one in memory at a time, and every refused file.

    For archives too large to hold. Raises InputRejected where nothing is there at all."""
    with Reader(limits, workers) as reader:
        yield from reader.read_each(path)


def scan(path: PathLike, limits: Limits = Limits(), workers: int = 1) -> Scan:  # noqa: B008
    """Headers only: who, what, where and SHA-256 of every file. Raises InputRejected if none."""
    with Reader(limits, workers) as reader:
        return reader.scan(path)


def read_maps(path: PathLike, limits: Limits = Limits(), workers: int = 1) -> tuple[Image, ...]:  # noqa: B008
    """Segmentations, doses and parametric maps, which `read` leaves out: they are no pictures.

    → their values (1 for a voxel inside a segment, Gy, …) as `Image`s with their place in the
    patient; segments of one object are images of their own. Raises InputRejected."""
    with Reader(limits, workers) as reader:
        return reader.read_maps(path)


def read_colour(path: PathLike, limits: Limits = Limits()) -> npt.NDArray[np.uint8]:  # noqa: B008
    """A colour image file as (F, R, C, 3) uint8 RGB. Raises InputRejected."""
    with Reader(limits) as reader:
        return reader.read_colour(path)


def render(
    path: PathLike,
    frame: int = 0,
    window: Window | Lut | None = None,
    limits: Limits = Limits(),  # noqa: B008
) -> npt.NDArray[np.uint8]:
    """One frame of one file as shown on a screen: (R, C) grey or (R, C, 3) RGB.

    frame: from 0, in the order of the file. window: the file's first one where None."""
    with Reader(limits) as reader:
        return reader.render(path, frame, window)
