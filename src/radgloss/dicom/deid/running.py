"""A folder de-identified into another: the parent's part.

It opens none of the files: a capped child reads each and sends back new bytes, which are put in
place whole or not at all, under names made of the new UIDs. One bad file stops no other."""

from __future__ import annotations

import base64
import binascii
import filecmp
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from radgloss.dicom import wire
from radgloss.dicom.deid import ocr
from radgloss.dicom.deid.keyed import Key
from radgloss.dicom.deid.ocr import Box, Tesseract
from radgloss.dicom.deid.options import Options
from radgloss.dicom.deid.picture import SAMPLED
from radgloss.dicom.deid.summary import Summary
from radgloss.dicom.files import File, called, is_companion, listed
from radgloss.dicom.limits import Limits
from radgloss.dicom.worker import Worker
from radgloss.types import InputRejected

__all__ = ["Done", "Written", "check_places", "deidentify"]

Message = dict[str, Any]
_PATIENT = re.compile(r"P[A-Z2-7]{12}")
_UID = re.compile(r"[0-9][0-9.]{0,63}")


@dataclass(frozen=True)
class Looked:
    """What reading a file's pictures came to: frames it has, frames that were read, boxes."""

    frames: int
    read: int
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Written:
    """One new file: its path within the output, what was done, and what its pictures showed."""

    path: str
    summary: Summary
    looked: Looked | None
    masks: tuple[Box, ...]


@dataclass
class Done:
    """A run: new files, refused ones, those that were never meant as objects."""

    options: Options
    fingerprint: str
    reader: Tesseract | None
    written: list[Written] = field(default_factory=list)
    left_out: list[InputRejected] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def deidentify(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    options: Options,
    key: Key,
    boxes: Sequence[Box] = (),
    limits: Limits = Limits(),  # noqa: B008
    tick: Callable[[int, int], None] = lambda done, total: None,
) -> Done:
    """De-identify every DICOM object under `source` into the empty or new folder `output`.

    boxes: masked in every picture besides the text that is found. tick: called with files done and
    their total. What was refused is in the result; files that contradict the rules of the child
    are refused too. Raises InputRejected: 'deid-no-ocr' where pixels are to be cleaned and nobody
    can read them, 'output' for a folder in use, 'nothing-usable' where no file came through."""
    source, output = Path(source), Path(output)
    reader = _reader(options, boxes)
    check_places(source, output)
    done = Done(options, key.fingerprint, reader)
    with Worker(limits) as worker:
        files, done.left_out, done.ignored = listed(source, limits, worker.ask)
        worker.losses.begin(limits.lost_children * -(-max(len(files), 1) // 1000))
        output.mkdir(parents=True, exist_ok=True)
        run = _Run(worker, output, options, key, tuple(boxes), done)
        for number, file in enumerate(files, 1):
            run.one(file)
            tick(number, len(files))
    if not done.written:
        raise _nothing(source, done)
    return done


def _reader(options: Options, boxes: Sequence[Box]) -> Tesseract | None:
    if "pixels" not in options:
        return None
    found = ocr.tesseract()
    if found is None and not boxes:
        raise InputRejected(
            "deid-no-ocr", "--clean pixels", "no tesseract on this machine",
            "the program that reads text in pictures",
            "Install tesseract-ocr, name the places with --mask, or leave the option out.",
        )  # fmt: skip
    return found


def check_places(source: Path, output: Path) -> None:
    """Raises InputRejected ('output') where the new files would meet others."""
    if output.is_dir() and any(output.iterdir()):
        found, do = "a folder that is not empty", "Choose a new or an empty folder."
    elif source.is_dir() and output.resolve().is_relative_to(source.resolve()):
        found, do = "a folder inside the input", "Choose one outside."
    else:
        return
    raise InputRejected("output", called(output), found, "an empty folder outside the input", do)


def _nothing(source: Path, done: Done) -> InputRejected:
    if len(done.left_out) == 1:
        return done.left_out[0]
    codes = ", ".join(sorted({p.code for p in done.left_out})) or "no DICOM"
    found = f"{len(done.left_out)} files, none usable ({codes})"
    return InputRejected(
        "nothing-usable", called(source), found, "at least one DICOM object", "Check the path."
    )


@dataclass
class _Run:
    worker: Worker
    output: Path
    options: Options
    key: Key
    boxes: tuple[Box, ...]
    done: Done

    def one(self, file: File) -> None:
        """One file through the child and into its place, or among those left out."""
        try:
            looked = self._look(file) if self.done.reader else None
            masks = (*self.boxes, *(looked.boxes if looked else ()))
            self.done.written.append(self._write(file, looked, masks))
        except InputRejected as problem:
            if is_companion(file.name, problem):
                self.done.ignored.append(file.name)
            else:
                self.done.left_out.append(problem.with_traceback(None))

    def _look(self, file: File) -> Looked:
        """Every word that is read in the sampled frames; masked in all of them."""
        assert self.done.reader is not None
        pictures: list[tuple[int, np.ndarray]] = []
        answer = self.worker.ask(
            file.request("deid_look"),
            file.name,
            lambda m: pictures.append(_picture(m, file.name)),
        )
        frames = wire.understood(int, answer.get("frames"), file.name)
        found: list[Box] = []
        for step, grey in pictures[:SAMPLED]:
            for box in ocr.boxes_of(grey, self.done.reader, file.name):
                found.append(Box(*(side * step for side in astuple(box))))
        return Looked(frames, len(pictures), tuple(dict.fromkeys(found)))

    def _write(self, file: File, looked: Looked | None, masks: tuple[Box, ...]) -> Written:
        aside = self.output / ".part"
        request = file.request(
            "deid",
            options=sorted(self.options.names),
            key=self.key.secret.hex(),
            boxes=[list(astuple(b)) for b in masks] if not looked or looked.frames else [],
        )
        try:
            with aside.open("wb") as part:
                answer = self.worker.ask(request, file.name, lambda m: _append(part, m, file.name))
            summary = wire.understood(Summary, answer.get("summary"), file.name)
            place = _place(summary, file.name)
            target = self.output / place
            if target.exists() and not filecmp.cmp(aside, target, shallow=False):
                raise InputRejected(
                    "duplicate", file.name, "another file of an instance that was written",
                    "one file for each instance", "Find out which is right.",
                )  # fmt: skip
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(aside, target)
        finally:
            aside.unlink(missing_ok=True)
        return Written(place.as_posix(), summary, looked, masks if summary.pixels else ())


def _append(part: BinaryIO, message: Message, name: str) -> None:
    part.write(_decoded(wire.understood(str, message.get("part"), name), name))


def _decoded(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise _strange(name) from None


def _picture(message: Message, name: str) -> tuple[int, np.ndarray]:
    rows, columns, step = (
        wire.understood(int, message.get(word), name) for word in ("rows", "columns", "step")
    )
    data = _decoded(wire.understood(str, message.get("grey"), name), name)
    if rows < 1 or columns < 1 or step < 1 or rows * columns != len(data):
        raise _strange(name)
    return step, np.frombuffer(data, np.uint8).reshape(rows, columns)


def _place(summary: Summary, name: str) -> Path:
    """Folders and name made of the new UIDs, which are believed only if they look like it."""
    if len(summary.place) != 4:
        raise _strange(name)
    patient, *uids = summary.place
    if not _PATIENT.fullmatch(patient) or not all(_UID.fullmatch(u) for u in uids):
        raise InputRejected(
            "damaged", name, "UIDs that are none", "digits and dots", "Ask for the file again."
        )
    study, series, instance = uids
    return Path(patient, study, series, f"{instance}.dcm")


def _strange(name: str) -> InputRejected:
    return InputRejected(
        "crashed", name, "bytes that confuse the decoder", "a readable file", "Leave it out."
    )
