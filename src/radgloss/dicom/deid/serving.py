"""The child's two acts: de-identify one file, and show its pictures to a reader of text.

What comes out is bytes in parts and plain counts; the parent writes them. The key comes in with
the request: a file that took this process over could read it, and could tell nobody but the
parent, who believes only what has the shape that it asked for."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import IO, Any

from pydicom.dataset import FileDataset
from pydicom.uid import UID

from radgloss.dicom import codecs, opening, parse, wire
from radgloss.dicom.deid import acts, marks, picture, subject, writing
from radgloss.dicom.deid.keyed import Key
from radgloss.dicom.deid.options import Options
from radgloss.dicom.deid.summary import Act, Summary
from radgloss.dicom.header import Pixels
from radgloss.dicom.limits import Limits
from radgloss.dicom.source import DEFLATED, Source
from radgloss.dicom.values import text_of
from radgloss.types import InputRejected

__all__ = ["on_deid", "on_look"]

Message = dict[str, Any]
Tell = Callable[[Message], None]
_DOCUMENTS = "1.2.840.10008.5.1.4.1.1.104."  # encapsulated PDF, CDA, STL, …
_WITHOUT_TEXT = tuple(  # segmentations, doses, parametric maps
    f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("66.", "481.2", "30")
)


def on_deid(source: Source, request: Message, limits: Limits, tell: Tell) -> Message:
    """The new file's bytes in messages `part` (base64), then its `Summary`."""
    options = Options(frozenset(request["options"]))
    key = Key(bytes.fromhex(request["key"]))
    boxes: list[list[int]] = request["boxes"]
    data, file = _opened(source, limits)
    syntax, pixels = _syntax(data), _pixels(data, file)
    coded = _coded(source, limits) if pixels and boxes else None
    modality, burned = text_of(data, "Modality"), subject.said(data, "BurnedInAnnotation")
    job = acts.Job(options, key, subject.patient_of(data), subject.who(data, options))
    _clean(data, job, source)
    if coded is not None:
        _describe_masked(data, coded)
    target = writing.EXPLICIT if coded is not None or syntax == DEFLATED else syntax
    head = writing.header(data, target)
    for part in _bytes(source, file, data, head, pixels, coded, boxes, target, limits):
        tell({"part": base64.b64encode(part).decode("ascii")})
    summary = Summary(
        place=_place(data, job),
        acts=tuple(Act(t, k, beyond, n) for (t, k, beyond), n in sorted(job.tally.items())),
        found=tuple((*pair,) for pair in sorted(job.found.items())),
        modality=modality[:16],
        burned="YES" in burned,
        private_class=UID(data.SOPClassUID).is_private,
        syntax=target,
        pixels=pixels is not None,
        residue=job.who.lies_in(head),
    )
    return {"summary": wire.pack(summary)}


def _opened(source: Source, limits: Limits) -> tuple[FileDataset, IO[bytes]]:
    if source.is_nifti:
        raise InputRejected("not-dicom", "file", "a NIfTI file", "a DICOM file", "Leave it out.")
    data, file = opening.dataset(source, limits)
    opening.check_depth(data, limits.nesting)
    sop_class = text_of(data, "SOPClassUID")
    if text_of(data.file_meta, "MediaStorageSOPClassUID") == parse.DICOMDIR:
        raise InputRejected(
            "dicomdir", "file", "a DICOMDIR, which only lists other files", "an object",
            "Leave it out.",
        )  # fmt: skip
    if not sop_class:
        raise InputRejected(
            "damaged", "file", "a file that does not say what it is", "a DICOM object",
            "Leave it out.",
        )  # fmt: skip
    if sop_class.startswith(_DOCUMENTS):
        raise InputRejected(
            "deid-document", "file", "a document inside a DICOM file", "an object whose content "
            "can be cleaned", "Clean the document itself, by hand.",
        )  # fmt: skip
    return data, file


def _syntax(data: FileDataset) -> str:
    stated = text_of(data.file_meta, "TransferSyntaxUID")
    if stated:
        return stated
    implicit, little = data.original_encoding
    if implicit:
        return writing.IMPLICIT
    return writing.EXPLICIT if little else writing.BIG


def _pixels(data: FileDataset, file: IO[bytes]) -> writing.Element | None:
    found = parse.pixel_element(data, file)
    return writing.Element(*found) if found else None


def _coded(source: Source, limits: Limits) -> Pixels:
    source.file.seek(0)
    pixels = parse.opened_header(source, limits, digest=False).pixels
    if pixels is None or pixels.kind != "int" or pixels.allocated < 8:
        raise InputRejected(
            "deid-pixels", "file", "pixels that cannot be masked", "whole numbers of 8 bits and up",
            "Leave it out, or look at it by eye.",
        )  # fmt: skip
    return pixels


def _clean(data: FileDataset, job: acts.Job, source: Source) -> None:
    """The profile, then what every object must have, then what it says of itself."""
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        if not text_of(data, keyword):
            setattr(data, keyword, job.key.uid(f"none {keyword} {source.digest()}"))
    acts.clean(data, job)
    data.PatientID = data.PatientName = job.key.pseudonym(job.patient)
    marks.mark(data, job.options)


def _describe_masked(data: FileDataset, coded: Pixels) -> None:
    target = picture.written_as(coded)
    data.PhotometricInterpretation, data.SamplesPerPixel = target.photometric, target.samples
    if target.samples > 1:
        data.PlanarConfiguration = 0
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if keyword in data:
            delattr(data, keyword)


def _bytes(
    source: Source,
    file: IO[bytes],
    data: FileDataset,
    head: bytes,
    pixels: writing.Element | None,
    coded: Pixels | None,
    boxes: list[list[int]],
    target: str,
    limits: Limits,
) -> Iterator[bytes]:
    for at in range(0, len(head), 1 << 20):
        yield head[at : at + (1 << 20)]
    if coded is not None:
        frames = picture.masked(source, coded, boxes, limits)
        size = coded.frames * picture.written_as(coded).frame_bytes
        vr = "OW" if coded.allocated > 8 else "OB"
        yield from writing.native(0x7FE00010, vr, frames, size)
    elif pixels is not None:
        yield from writing.copied(file, pixels, data, target)


def _place(data: FileDataset, job: acts.Job) -> tuple[str, ...]:
    """Patient, study, series, instance: the folders and the name of the new file."""
    uids = (data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID)
    return job.key.pseudonym(job.patient), *(str(uid) for uid in uids)


def on_look(source: Source, limits: Limits, tell: Tell) -> Message:
    """Grey pictures in messages `grey` (base64), `rows`, `columns`, `step`; then how many frames.

    Nothing is sent of objects that hold no picture, or none of whole numbers."""
    data, file = _opened(source, limits)
    sop_class = text_of(data, "SOPClassUID")
    if parse.pixel_element(data, file) is None or sop_class.startswith(_WITHOUT_TEXT):
        return {"frames": 0}
    source.file.seek(0)
    header = parse.opened_header(source, limits, digest=False)
    coded = header.pixels
    if coded is None or coded.kind != "int" or coded.allocated < 8:
        return {"frames": 0}
    assert coded.syntax in codecs.NATIVE or coded.syntax in codecs.COMPRESSED
    for step, grey in picture.grey(source, header, limits):
        text = base64.b64encode(grey.tobytes()).decode("ascii")
        tell({"grey": text, "rows": grey.shape[0], "columns": grey.shape[1], "step": step})
    return {"frames": coded.frames}
