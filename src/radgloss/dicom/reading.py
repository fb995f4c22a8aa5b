"""Reading studies: folder, file, zip or NIfTI in, a `Study` in real values out.

The parent walks, groups and orders; capped children (see `child`) parse and decode into memory that
the parent lends them (see `memory`), so no byte of a file is ever parsed here. Files are read
twice: their headers, from which the place of every frame is found, then their pixels, which are
hashed at the same time. Nothing but `InputRejected` escapes."""

from __future__ import annotations

import mmap
import os
import stat
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from radgloss import display
from radgloss.dicom import assemble, wire
from radgloss.dicom.choosing import check_single, no_pixels, nothing, with_pixels
from radgloss.dicom.crew import Crew
from radgloss.dicom.files import File, is_companion, members, not_a_file, starts_like_zip, walk
from radgloss.dicom.header import Coded, Header, Scan
from radgloss.dicom.limits import Limits
from radgloss.dicom.memory import Passed, Whole, anonymous_file, room_for
from radgloss.dicom.stacks import Stack, stacks
from radgloss.types import Image, InputRejected, Lut, Study, Window

__all__ = ["Reader", "read", "read_all", "read_colour", "read_each", "render", "scan"]

PathLike = str | os.PathLike[str]
T = TypeVar("T")
Message = dict[str, Any]


class Reader:
    """Reads with warm children; for many studies in a row. Close it, or use `with`.

    workers: the most children that work at the same time; more than one start where they pay."""

    def __init__(self, limits: Limits = Limits(), workers: int = 1) -> None:  # noqa: B008 - frozen
        self.limits = limits
        self._crew = Crew(limits, workers)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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

    def meta(self, path: PathLike) -> dict[str, str]:
        """The file meta information of a single file, as text; {} where there are more files."""
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
        if not studies:
            raise nothing(Path(path), left_out)
        studies.sort(key=lambda s: (s.identity.study_date, s.uid))
        return (replace(studies[0], left_out=tuple(left_out)), *studies[1:])

    def read_each(self, path: PathLike) -> Iterator[Study | InputRejected]:
        """What was refused, then every study, one in memory at a time; `dicom.read_each`."""
        files, scanned = self._scan(Path(path))
        yield from scanned.rejected
        for uid, headers in _by_study(scanned.headers).items():
            study, refused = self._study(uid, headers, files)
            if study is None:
                yield from refused
            else:
                yield replace(study, left_out=tuple(refused))

    def read(self, path: PathLike) -> Study:
        """One study; see `radgloss.dicom.read`."""
        files, scanned = self._scan(Path(path))
        check_single(Path(path).name, scanned.headers)
        uid = next((h.study_uid for h in scanned.headers.values()), "")
        study, refused = self._study(uid, scanned.headers, files)
        left_out = (*scanned.rejected, *refused)
        if study is None:
            raise nothing(Path(path), left_out)
        return replace(study, left_out=left_out)

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
            study = self.read(path)
        except InputRejected as error:
            if error.code != "colour":
                raise
            return np.asarray(self.read_colour(path)[frame])
        for image in study.images:
            for place, source in enumerate(image.sources):
                if source.frame_number == frame + 1:
                    return display.grey(image, place, window)
        raise InputRejected(
            "no-such-frame", Path(path).name, f"no frame {frame + 1}", "a frame of the file", ""
        )

    # -------------------------------------------------------------- headers

    def _scan(self, path: Path, digests: bool = False) -> tuple[dict[str, File], Scan]:
        """Files by name and what they say; digests of all, or of those alone that need one now."""
        self._crew.start()  # it imports while we walk
        files, rejected, ignored = self._files(path)
        alone = path.is_file() and len(files) == 1 and not files[0].member
        answers = self._headers(files, digests)
        if not digests:
            answers |= self._headers([f for f in files if f.name in _need_digest(answers)], True)
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
                answers[name] = _understood(Header, answer.get("header"), name)
            except InputRejected as error:
                answers[name] = error

        requests = ((f.name, f.request("header", digest=digests)) for f in files)
        self._crew.share_out(requests, len(files), answered)
        return answers

    def _files(self, path: Path) -> tuple[list[File], list[InputRejected], list[str]]:
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError) as error:
            raise InputRejected(
                "no-such-file",
                path.name or str(path),
                f"nothing that can be opened ({type(error).__name__})",
                "a file or folder",
                "Check the path.",
            ) from None
        if stat.S_ISDIR(mode):
            return walk(path, self.limits)
        if not stat.S_ISREG(mode):
            raise not_a_file(path.name)
        if not starts_like_zip(path):
            return [File(path.name, str(path))], [], []
        answer = self._crew.ask({"op": "members", "path": str(path)}, path.name)
        names = _understood(tuple[str, ...], answer.get("names"), path.name)
        refused = _understood(tuple[tuple[str, ...], ...], answer.get("refused"), path.name)
        return *members(path, names, refused), []

    # -------------------------------------------------------------- pixels

    def _study(
        self, uid: str, headers: Mapping[str, Header], files: Mapping[str, File]
    ) -> tuple[Study | None, list[InputRejected]]:
        usable, rejected = with_pixels(headers)
        while True:  # a file that fails to decode is left out, and the stacks are made anew
            found, refused = stacks(usable)
            if not found:
                return None, rejected + refused
            images, answers = self._images(found, files)
            failed = {n: a for n, a in answers.items() if isinstance(a, InputRejected)}
            if not failed:
                break
            rejected += failed.values()
            usable = {n: h for n, h in usable.items() if n not in failed}
            del images
        digests = {n: str(a) for n, a in answers.items()}
        return assemble.study(uid, found, images, digests), rejected + refused

    def _images(
        self, found: Sequence[Stack], files: Mapping[str, File]
    ) -> tuple[list[Image], dict[str, str | InputRejected]]:
        """The images, and the digest of every file; no image where any file is refused."""
        room = room_for(found, self._crew.under_way, self.limits)
        try:
            with self._crew.lent(room.descriptor):
                answers, padded = self._frames(found, files, room)
        finally:
            room.close()
        if any(isinstance(answer, InputRejected) for answer in answers.values()):
            return [], answers
        arrays = [room.pixels(i) for i in range(len(found))]
        assemble.fill(found, arrays, padded)
        return [assemble.image(s, a) for s, a in zip(found, arrays, strict=True)], answers

    def _frames(
        self, found: Sequence[Stack], files: Mapping[str, File], room: Whole | Passed
    ) -> tuple[dict[str, str | InputRejected], list[tuple[int, int]]]:
        """Have every frame written to its place; → digest by file, padded frames by place."""
        jobs: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        headers: dict[str, Header] = {}
        for index, stack in enumerate(found):
            for place, frame in enumerate(stack.frames):
                jobs[frame.name].append((frame.number, index, place))
                headers[frame.name] = frame.header
        taken: dict[str, list[int]] = {}
        answers: dict[str, str | InputRejected] = {}
        padded: list[tuple[int, int]] = []

        def requests() -> Iterator[tuple[str, Message]]:
            for name, wanted in jobs.items():
                wanted.sort()
                taken[name] = [room.take(index, place) for _, index, place in wanted]
                numbers = (number for number, _, _ in wanted)
                places = [list(pair) for pair in zip(numbers, taken[name], strict=True)]
                header = wire.pack(Coded.of(headers[name]))
                yield name, files[name].request("frames", header=header, places=places)

        def answered(name: str, answer: Message | InputRejected) -> None:
            slots = taken.pop(name)
            try:
                if isinstance(answer, InputRejected):
                    raise answer
                odd = set(_understood(tuple[int, ...], answer.get("padded"), name))
                answers[name] = _understood(str, answer.get("digest"), name)
            except InputRejected as error:
                answers[name] = error.with_traceback(None)  # it would hold the frames' memory
                for slot in slots:
                    room.drop(slot)
                return
            for slot, (number, index, place) in zip(slots, jobs[name], strict=True):
                room.land(slot, index, place)
                if number in odd:
                    padded.append((index, place))

        costly = any(h.pixels and h.pixels.length < 0 for h in headers.values())
        self._crew.share_out(requests(), len(jobs), answered, costly)
        return answers, padded


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


def _understood(kind: type[T], plain: Any, what: str) -> T:
    """What a child said, checked; nonsense means that the file has taken it over."""
    try:
        return wire.unpack(kind, plain)
    except wire.BadMessage:
        raise InputRejected(
            "crashed", what, "bytes that confuse the decoder", "a readable file", "Leave it out."
        ) from None


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
