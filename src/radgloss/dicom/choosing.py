"""Which of the files that were found can be read together, and why the others cannot. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from radgloss import terms
from radgloss.dicom.header import Header
from radgloss.types import InputRejected

__all__ = ["check_single", "no_pixels", "nothing", "with_pixels"]

_COLOURS = ("RGB", "PALETTE COLOR")


def with_pixels(
    headers: Mapping[str, Header],
) -> tuple[dict[str, Header], list[InputRejected]]:
    usable, rejected = {}, []
    for name, header in headers.items():
        if header.pixels is None:
            rejected.append(no_pixels(name, header))
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


def no_pixels(name: str, header: Header) -> InputRejected:
    from_class = _DOCUMENTS.get(header.modality, "")
    if from_class or header.modality not in _PICTURES:
        found = (
            from_class
            or f"a DICOM object without pixels ({terms.modality(header.modality) or 'no modality'})"
        )
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


def nothing(path: Path, left_out: Sequence[InputRejected]) -> InputRejected:
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


def check_single(name: str, headers: Mapping[str, Header]) -> None:
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
