"""Reading studies: folder, file, zip or NIfTI in, a `Study` in real values out.

The parent walks, groups and orders; capped children (see `child`) parse and decode into one shared
array that the parent lends them, so no byte of a file is ever parsed here and no frame is copied.
Nothing but `InputRejected` escapes."""

from __future__ import annotations

import mmap
import os
import stat
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from radgloss import display
from radgloss.dicom import wire
from radgloss.dicom.header import Coded, Header, Scan
from radgloss.dicom.limits import Limits
from radgloss.dicom.stacks import Frame, Stack, stacks
from radgloss.dicom.worker import Worker
from radgloss.types import Image, InputRejected, Lut, Source, Study, Window

__all__ = [
    "Reader",
    "inspect",
    "protection",
    "read",
    "read_all",
    "read_colour",
    "read_each",
    "render",
    "scan",
]

PathLike = str | os.PathLike[str]
T = TypeVar("T")
Message = dict[str, Any]
_COLOURS = ("RGB", "PALETTE COLOR")
# Companions of a data set that are nobody's mistake, unless they turn out to be DICOM.
_COMPANIONS = {".txt", ".md", ".json", ".csv", ".tsv", ".xml", ".html", ".htm", ".log", ".yaml"}
_COMPANIONS |= {".yml", ".png", ".jpg", ".jpeg", ".gif", ".pdf", ".py", ".sh", ".bval", ".bvec"}
_COMPANION_NAMES = {"DICOMDIR", "LICENSE", "LICENCE", "README", "CHANGELOG", "Thumbs.db"}


@dataclass(frozen=True)
class _File:
    """A file, or a member of a zip; `name` is how it is called in messages."""

    name: str
    path: str
    member: str = ""

    def request(self, op: str, **more: Any) -> dict[str, Any]:
        return {"op": op, "path": self.path, "member": self.member, **more}


class Reader:
    """Reads with warm children; for many studies in a row. Close it, or use `with`.

    workers: children that decode at the same time."""

    def __init__(self, limits: Limits = Limits(), workers: int = 1) -> None:  # noqa: B008 - frozen
        self.limits = limits
        self._workers = [Worker(limits) for _ in range(max(workers, 1))]

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the children."""
        for worker in self._workers:
            worker.end()

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the children that run now."""
        return tuple(w.pid for w in self._workers if w.pid is not None)

    def scan(self, path: PathLike) -> Scan:
        """Headers of every file under `path`; no pixels. See `radgloss.dicom.scan`."""
        return self._scan(Path(path))[1]

    def read_all(self, path: PathLike) -> tuple[Study, ...]:
        """Every study under `path`; see `radgloss.dicom.read_all`."""
        files, scanned = self._scan(Path(path))
        groups: dict[str, dict[str, Header]] = defaultdict(dict)
        for name, header in scanned.headers.items():
            groups[header.study_uid][name] = header
        studies, left_out = [], list(scanned.rejected)
        for uid, headers in groups.items():
            study, refused = self._study(uid, headers, files)
            left_out += refused
            if study is not None:
                studies.append(study)
        if not studies:
            raise _nothing(Path(path), left_out)
        studies.sort(key=lambda s: (s.identity.study_date, s.uid))
        return (replace(studies[0], left_out=tuple(left_out)), *studies[1:])

    def read_each(self, path: PathLike) -> Iterator[Study | InputRejected]:
        """What was refused, then every study, one in memory at a time; `dicom.read_each`."""
        files, scanned = self._scan(Path(path))
        yield from scanned.rejected
        groups: dict[str, dict[str, Header]] = defaultdict(dict)
        for name, header in scanned.headers.items():
            groups[header.study_uid][name] = header
        for uid, headers in groups.items():
            study, refused = self._study(uid, headers, files)
            if study is None:
                yield from refused
            else:
                yield replace(study, left_out=tuple(refused))

    def read(self, path: PathLike) -> Study:
        """One study; see `radgloss.dicom.read`."""
        files, scanned = self._scan(Path(path))
        _check_single(Path(path).name, scanned.headers)
        uid = next((h.study_uid for h in scanned.headers.values()), "")
        study, refused = self._study(uid, scanned.headers, files)
        left_out = (*scanned.rejected, *refused)
        if study is None:
            raise _nothing(Path(path), left_out)
        return replace(study, left_out=left_out)

    def read_colour(self, path: PathLike) -> npt.NDArray[np.uint8]:
        """One colour file; see `radgloss.dicom.read_colour`."""
        files, scanned = self._scan(Path(path))
        name, header = _single(Path(path), scanned)
        pixels = header.pixels
        if pixels is None:
            raise _no_pixels(name, header)
        size = pixels.rows * pixels.columns * 3
        descriptor = anonymous_file(size * pixels.frames)
        worker = self._workers[0]
        try:
            worker.share(descriptor)
            wanted = list(range(pixels.frames))
            request = files[name].request(
                "colour", header=wire.pack(Coded.of(header)), frames=wanted
            )
            worker.ask(request, name)
            memory = mmap.mmap(descriptor, size * pixels.frames)
        finally:
            worker.share(None)
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

    def _scan(self, path: Path) -> tuple[dict[str, _File], Scan]:
        self._workers[0].start()  # it imports while we walk
        files, rejected, ignored = self._files(path)
        alone = path.is_file() and len(files) == 1 and not files[0].member
        answers: dict[str, Header | InputRejected] = {}

        def answered(name: str, answer: Message | InputRejected) -> None:
            if isinstance(answer, InputRejected):
                answers[name] = answer
                return
            try:
                answers[name] = _understood(Header, answer.get("header"), name)
            except InputRejected as error:
                answers[name] = error

        self._each(((f.name, f.request("header")) for f in files), len(files), answered)
        headers: dict[str, Header] = {}
        for file in files:
            answer = answers[file.name]
            if isinstance(answer, Header):
                headers[file.name] = answer
            elif not alone and _is_companion(file.name, answer):
                ignored.append(file.name)
            else:
                rejected.append(answer)
        if not headers and not rejected:
            raise _nothing(path, [])
        return {f.name: f for f in files}, Scan(headers, tuple(rejected), tuple(ignored))

    def _files(self, path: Path) -> tuple[list[_File], list[InputRejected], list[str]]:
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
            return _walk(path, self.limits)
        if not stat.S_ISREG(mode):
            raise _not_a_file(path.name)
        if _starts_like_zip(path):
            return self._members(path)
        return [_File(path.name, str(path))], [], []

    def _members(self, path: Path) -> tuple[list[_File], list[InputRejected], list[str]]:
        answer = self._workers[0].ask({"op": "members", "path": str(path)}, path.name)
        names = _understood(tuple[str, ...], answer.get("names"), path.name)
        refused = _understood(tuple[tuple[str, ...], ...], answer.get("refused"), path.name)
        files = [_File(f"{path.name}/{name}", str(path), name) for name in names]
        rejected = [
            InputRejected(
                code, f"{path.name}/{name}", _ZIP_WORDS.get(code, code), "a plain member", ""
            )
            for name, code in refused
        ]
        return files, rejected, []

    def _each(
        self,
        requests: Iterator[tuple[str, Message]],
        count: int,
        answered: Callable[[str, Message | InputRejected], None],
        heard: Callable[[str, Message], None] = lambda what, message: None,
    ) -> None:
        """Give every request to whichever worker is free; our own first error is raised last."""
        workers = self._workers[: max(count // 4, 1)]  # a few files are not worth another child
        if len(workers) == 1:
            workers[0].ask_each(requests, answered, heard)
            return
        for worker in workers:
            worker.start()
        waiting = _Locked(requests)
        errors: list[BaseException] = []

        def serve(worker: Worker) -> None:
            try:
                worker.ask_each(waiting, answered, heard)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=serve, args=(w,), daemon=True) for w in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]

    # -------------------------------------------------------------- pixels

    def _study(
        self, uid: str, headers: Mapping[str, Header], files: Mapping[str, _File]
    ) -> tuple[Study | None, list[InputRejected]]:
        usable, rejected = _with_pixels(headers)
        while True:  # a file that fails to decode is left out, and the stacks are made anew
            found, refused = stacks(usable)
            if not found:
                return None, rejected + refused
            images, failed = self._images(found, files)
            if not failed:
                break
            rejected += failed.values()
            usable = {n: h for n, h in usable.items() if n not in failed}
            del images
        rejected += refused
        first = found[0].header
        return (
            Study(
                uid=uid or first.sop_instance_uid,
                images=tuple(images),
                identity=first.identity,
                description=first.study_description,
                age_years=_age(first),
                sex=first.identity.sex if first.identity.sex in ("M", "F", "O") else "",
                digests={
                    f.header.sop_instance_uid or f.name: f.header.digest
                    for stack in found
                    for f in stack.frames
                },
                synthetic=any(s.header.synthetic for s in found),
            ),
            rejected,
        )

    def _images(
        self, found: Sequence[Stack], files: Mapping[str, _File]
    ) -> tuple[list[Image], dict[str, InputRejected]]:
        room = _Room(found, self.limits)
        jobs: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        headers: dict[str, Header] = {}
        for index, stack in enumerate(found):
            for place, frame in enumerate(stack.frames):
                jobs[frame.name].append((frame.number, index, place))
                headers[frame.name] = frame.header
        failed: dict[str, InputRejected] = {}
        padded: list[tuple[int, int]] = []

        def requests() -> Iterator[tuple[str, Message]]:
            for name, wanted in jobs.items():
                wanted.sort()
                places = [[n, room.frame_number(index, place)] for n, index, place in wanted]
                header = wire.pack(Coded.of(headers[name]))
                yield name, files[name].request("frames", header=header, places=places)

        def heard(name: str, message: Message) -> None:
            if message.get("padded"):
                number = int(message["frame"])
                padded.extend((index, place) for n, index, place in jobs[name] if n == number)

        def answered(name: str, answer: Message | InputRejected) -> None:
            if isinstance(answer, InputRejected):
                failed[name] = answer

        for worker in self._workers:
            worker.share(room.descriptor)
        try:
            self._each(requests(), len(jobs), answered, heard)
        finally:
            for worker in self._workers:
                worker.share(None)
            room.close_descriptor()
        if failed:
            return [], failed
        _fill(room, found, padded)
        return [_image(stack, room.pixels(i)) for i, stack in enumerate(found)], {}


class _Locked(Iterator[T]):
    """One iterator that several threads draw from."""

    def __init__(self, items: Iterator[T]) -> None:
        self._items, self._lock = items, threading.Lock()

    def __next__(self) -> T:
        with self._lock:
            return next(self._items)


class _Room:
    """One anonymous memory for all stacks; children write frames into it.

    Stacks of different frame sizes start at multiples of their own frame size, so that a frame's
    place is one number."""

    def __init__(self, found: Sequence[Stack], limits: Limits) -> None:
        self._shapes, self._first = [], []
        end = 0
        for stack in found:
            pixels = stack.header.pixels
            assert pixels is not None
            size = pixels.rows * pixels.columns * 4
            first = -(-end // size)
            self._shapes.append((len(stack.frames), pixels.rows, pixels.columns))
            self._first.append(first)
            end = (first + len(stack.frames)) * size
        if end > limits.pixels_bytes:
            raise InputRejected(
                "too-large",
                "study",
                f"{end} bytes of pixels",
                f"at most {limits.pixels_bytes}",
                "Read its series one by one, or raise Limits.pixels_bytes.",
            )
        self.descriptor = anonymous_file(end)
        self._memory = mmap.mmap(self.descriptor, end)

    def frame_number(self, index: int, place: int) -> int:
        """Where frame `place` of stack `index` starts, in frames of its size."""
        return self._first[index] + place

    def pixels(self, index: int) -> npt.NDArray[np.float32]:
        """(F, R, C) of one stack, no copy."""
        shape = self._shapes[index]
        start = self._first[index] * shape[1] * shape[2] * 4
        flat = np.frombuffer(self._memory, np.float32, int(np.prod(shape)), start)
        return flat.reshape(shape)

    def close_descriptor(self) -> None:
        """No child can be lent this memory any more."""
        os.close(self.descriptor)


def anonymous_file(size: int) -> int:
    """A descriptor of `size` zero bytes that no path leads to."""
    if sys.platform.startswith("linux"):
        descriptor = os.memfd_create("radgloss", os.MFD_CLOEXEC)
    else:
        descriptor, path = tempfile.mkstemp()
        os.unlink(path)
    os.ftruncate(descriptor, size)
    return descriptor


def _fill(room: _Room, found: Sequence[Stack], padded: Sequence[tuple[int, int]]) -> None:
    """Padding and NaN become the darkest real value of their stack (PS3.3 C.7.5.1.1.2)."""
    for index in {p[0] for p in padded}:
        pixels = room.pixels(index)
        darkest = np.nanmax if _inverted(found[index].header) else np.nanmin
        frames = [place for i, place in padded if i == index]
        whole = np.isnan(pixels).all() if len(frames) == len(pixels) else False
        value = 0.0 if whole else float(darkest(pixels))
        for place in frames:
            np.nan_to_num(pixels[place], copy=False, nan=value)


def _inverted(header: Header) -> bool:
    monochrome1 = header.pixels is not None and header.pixels.photometric == "MONOCHROME1"
    return monochrome1 or header.presentation_inverse


def _image(stack: Stack, pixels: npt.NDArray[np.float32]) -> Image:
    header = stack.header
    pixels.flags.writeable = False
    voi: list[Window | Lut] = [w.window() for w in header.windows]
    voi += [t.lut() for t in header.tables]
    coded = header.pixels
    assert coded is not None
    return Image(
        uid=stack.uid,
        pixels=pixels,
        affine=stack.placed.affine,
        modality=header.modality,
        view=header.view,
        spacing=stack.placed.spacing,
        units=header.units,
        inverted=_inverted(header),
        voi=tuple(voi),
        body_part=header.body_part,
        description=header.series_description,
        sources=tuple(_source(f) for f in stack.frames),
        notes=stack.notes,
        synthetic=header.synthetic,
    )


def _source(frame: Frame) -> Source:
    h = frame.header
    return Source(h.sop_instance_uid, h.sop_class_uid, h.series_uid, frame.number + 1)


def _with_pixels(
    headers: Mapping[str, Header],
) -> tuple[dict[str, Header], list[InputRejected]]:
    usable, rejected = {}, []
    for name, header in headers.items():
        if header.pixels is None:
            rejected.append(_no_pixels(name, header))
        elif header.pixels.photometric.startswith(("YBR", *_COLOURS)) or header.pixels.samples > 1:
            rejected.append(
                InputRejected(
                    "colour",
                    name,
                    f"photometric {header.pixels.photometric!r}, which is colour",
                    "MONOCHROME1 or MONOCHROME2",
                    "Use read_colour().",
                )
            )
        else:
            usable[name] = header
    return usable, rejected


def _no_pixels(name: str, header: Header) -> InputRejected:
    from_class = _DOCUMENTS.get(header.modality, "")
    if from_class or header.modality not in _PICTURES:
        found = from_class or f"a DICOM object without pixels ({header.modality or 'no modality'})"
        return InputRejected("not-an-image", name, found, "an image", "Nothing need be done.")
    return InputRejected(
        "no-pixels", name, "an image without pixels", "its pixels", "Send it again."
    )


_PICTURES = {"CT", "MR", "PT", "NM", "US", "CR", "DX", "MG", "XA", "RF", "OT", "SC"}
_DOCUMENTS = {
    "SR": "a structured report",
    "DOC": "an encapsulated document",
    "RTSTRUCT": "contours (RTSTRUCT)",
    "RTPLAN": "a treatment plan",
    "KO": "a key object selection",
    "PR": "a presentation state",
    "ECG": "a waveform",
}
_ZIP_WORDS = {
    "zip-slip": "a member name that points outside the zip, or appears twice",
    "encrypted": "an encrypted member",
}


def _age(header: Header) -> float | None:
    """PatientAge (PS3.5 AS), else from birth to study."""
    text = header.age.strip().upper()
    if len(text) == 4 and text[:3].isdigit() and text[3] in "DWMY":
        return int(text[:3]) / {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}[text[3]]
    born, done = header.identity.birth_date, header.identity.study_date
    if len(born) == 8 == len(done) and born.isdigit() and done.isdigit():
        years = int(done[:4]) - int(born[:4]) - (done[4:] < born[4:])
        return float(years) if 0 <= years < 130 else None
    return None


# ------------------------------------------------------------------ files


def _walk(root: Path, limits: Limits) -> tuple[list[_File], list[InputRejected], list[str]]:
    """Regular files under a folder, in a fixed order; links to folders are not followed."""
    files: list[_File] = []
    rejected: list[InputRejected] = []
    ignored: list[str] = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            path = os.path.join(folder, name)
            shown = os.path.relpath(path, root)
            if name.startswith("."):
                ignored.append(shown)
            elif not os.path.isfile(path):
                rejected.append(_not_a_file(shown))
            else:
                files.append(_File(shown, path))
        if len(files) > limits.files:
            raise InputRejected(
                "too-many", root.name, "more files than the limit", f"at most {limits.files}", ""
            )
    if not files and not rejected:
        raise InputRejected(
            "empty", root.name, "a folder without files", "DICOM files", "Check the path."
        )
    return files, rejected, ignored


def _not_a_file(name: str) -> InputRejected:
    return InputRejected(
        "not-a-file", name, "a link to nowhere, a device, pipe or socket", "a file", "Leave it out."
    )


def _starts_like_zip(path: Path) -> bool:
    """By its first four bytes, which are compared and not parsed."""
    try:
        with path.open("rb") as file:
            return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError:
        return False  # the child will say why


def _is_companion(name: str, error: InputRejected) -> bool:
    base = name.rsplit("/", 1)[-1]
    if error.code == "dicomdir":
        return True
    stem, suffix = os.path.splitext(base)
    known = suffix.lower() in _COMPANIONS or stem in _COMPANION_NAMES
    return known and error.code in ("not-dicom", "empty")


def _nothing(path: Path, left_out: Sequence[InputRejected]) -> InputRejected:
    if len(left_out) == 1:
        return left_out[0]
    if not left_out:
        return InputRejected(
            "empty", path.name, "no DICOM file", "at least one image", "Check the path."
        )
    codes = sorted({e.code for e in left_out})
    code = codes[0] if len(codes) == 1 else "nothing-usable"
    found = f"{len(left_out)} files, none usable ({', '.join(codes)})"
    return InputRejected(code, path.name, found, "at least one image", "See the files one by one.")


def _check_single(name: str, headers: Mapping[str, Header]) -> None:
    """One patient, one examination."""
    patients = {_patient(h) for h in headers.values()}
    if len(patients) > 1:
        raise InputRejected(
            "mixed-patients",
            name,
            f"files of {len(patients)} patients",
            "one examination of one patient",
            "Separate them, or use read_all().",
        )
    studies = {h.study_uid for h in headers.values()}
    if len(studies) > 1:
        raise InputRejected(
            "mixed-studies",
            name,
            f"files of {len(studies)} examinations",
            "one examination",
            "Separate them, or use read_all().",
        )


def _patient(header: Header) -> tuple[str, str]:
    identity = header.identity
    if identity.patient_id:
        return identity.patient_id, identity.issuer
    return identity.patient_name, ""


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
        raise _nothing(path, scanned.rejected)
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


def inspect(path: PathLike, limits: Limits = Limits(), identity: bool = False) -> dict[str, Any]:  # noqa: B008
    """What is in a file, folder or zip, without pixels, for people: no patient unless asked."""
    with Reader(limits) as reader:
        files, scanned = reader._scan(Path(path))
        meta = {}
        if len(files) == 1 and scanned.headers:
            name = next(iter(scanned.headers))
            meta = reader._workers[0].ask(files[name].request("inspect"), name).get("meta", {})
    usable, no_pixels = _with_pixels(scanned.headers)
    found, refused = stacks(usable)
    rejected = (*scanned.rejected, *no_pixels, *refused)
    described: dict[str, Any] = {
        "files": len(scanned.headers) + len(scanned.rejected),
        "meta": meta,
        "studies": sorted({h.study_uid for h in scanned.headers.values()}),
        "images": [_described(s) for s in found],
        "left_out": [e.to_dict() for e in rejected],
        "ignored": list(scanned.ignored),
    }
    if identity:
        described["identity"] = [
            vars(i) for i in dict.fromkeys(h.identity for h in scanned.headers.values())
        ]
    return described


def _described(stack: Stack) -> dict[str, Any]:
    header, pixels = stack.header, stack.header.pixels
    assert pixels is not None
    affine = stack.placed.affine
    return {
        "uid": stack.uid,
        "series": header.series_uid,
        "modality": header.modality,
        "description": header.series_description,
        "view": header.view,
        "shape": [len(stack.frames), pixels.rows, pixels.columns],
        "step_mm": [round(float(np.linalg.norm(affine[:3, i])), 4) for i in range(3)],
        "affine": [[float(v) for v in row] for row in affine],
        "spacing": stack.placed.spacing,
        "transfer_syntax": header.transfer_syntax,
        "photometric": pixels.photometric,
        "bits": [pixels.allocated, pixels.stored, pixels.high],
        "signed": pixels.signed,
        "units": header.units,
        "windows": [vars(w) for w in header.windows],
        "voi_tables": len(header.tables),
        "notes": list(stack.notes),
    }


def protection(limits: Limits = Limits()) -> dict[str, Any]:  # noqa: B008
    """Which protection is in force here, and which transfer syntaxes can be decoded."""
    capped = sys.platform.startswith("linux")
    with Worker(limits) as worker:
        codecs = worker.ask({"op": "codecs"}, "decoder").get("codecs", {})
    return {
        "process": "parsing and decoding in a child process of its own",
        "memory": "kernel limit (RLIMIT_AS)" if capped else "resident size watched by the parent",
        "memory_bytes": limits.memory_bytes,
        "wall_seconds": limits.wall_seconds,
        "cpu_seconds": limits.cpu_seconds,
        "codecs": codecs,
    }
