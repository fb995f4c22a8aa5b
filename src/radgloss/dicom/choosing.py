"""Which of the files that were found can be read together, and why the others cannot. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from radgloss import terms
from radgloss.dicom.files import called
from radgloss.dicom.header import Header
from radgloss.types import InputRejected

__all__ = ["check_single", "map_kind", "no_pixels", "nothing", "patients", "with_pixels"]

_COLOURS = ("RGB", "PALETTE COLOR")
_SEPARATE = "Separate them; `radgloss label` and `index` take several."


def with_pixels(
    headers: Mapping[str, Header],
) -> tuple[dict[str, Header], list[InputRejected]]:
    """The grey pictures among these files, and why the others are none."""
    usable, rejected = {}, []
    for name, header in headers.items():
        if header.pixels is None:
            rejected.append(no_pixels(name, header))
        elif map_kind(header):
            rejected.append(_not_a_picture(name, header))
        elif header.pixels.photometric.startswith(("YBR", *_COLOURS)) or header.pixels.samples > 1:
            rejected.append(
                InputRejected(
                    "colour",
                    name,
                    f"photometric {header.pixels.photometric!r}, which is colour",
                    "MONOCHROME1 or MONOCHROME2",
                    "Leave it out: no model here reads colour.",
                )
            )
        else:
            usable[name] = header
    return usable, rejected


def map_kind(header: Header) -> str:
    """What lies over pictures without being one: "a segmentation (SEG)"; "" for anything else.

    By SOP class, and by modality where the class is private. A derived picture that people read
    (an ADC or perfusion image) is stored as CT or MR and remains a picture."""
    if header.pixels is None:
        return ""
    return _MAPS.get(header.sop_class_uid, "") or _MAP_MODALITIES.get(header.modality, "")


_MAPS = {
    "1.2.840.10008.5.1.4.1.1.30": "a parametric map",
    "1.2.840.10008.5.1.4.1.1.66.4": "a segmentation (SEG)",
    "1.2.840.10008.5.1.4.1.1.66.7": "a label map (SEG)",
    "1.2.840.10008.5.1.4.1.1.66.8": "a height map",
    "1.2.840.10008.5.1.4.1.1.81.1": "an ophthalmic thickness map",
    "1.2.840.10008.5.1.4.1.1.82.1": "a corneal topography map",
    "1.2.840.10008.5.1.4.1.1.481.2": "a dose distribution (RTDOSE)",
}
_MAP_MODALITIES = {"SEG": "a segmentation (SEG)", "RTDOSE": "a dose distribution (RTDOSE)"}


def _not_a_picture(name: str, header: Header) -> InputRejected:
    return InputRejected(
        "not-a-picture",
        name,
        f"{map_kind(header)}, which lies over pictures",
        "a picture that a person reads",
        "Nothing need be done.",
    )


def no_pixels(name: str, header: Header) -> InputRejected:
    from_class = _CLASSES.get(header.sop_class_uid, "") or _DOCUMENTS.get(header.modality, "")
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
_CLASSES = {  # objects that carry an image's modality
    "1.2.840.10008.5.1.4.1.1.4.2": "a spectrum",
    "1.2.840.10008.5.1.4.1.1.66": "raw data",
    "1.2.840.10008.5.1.4.1.1.104.1": "an encapsulated document (PDF)",
    "1.3.12.2.1107.5.9.1": "a maker's private data",
}
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
            "empty", called(path), "no DICOM file", "at least one image", "Check the path."
        )
    codes = sorted({e.code for e in left_out})
    code = codes[0] if len(codes) == 1 else "nothing-usable"
    found = f"{len(left_out)} files, none usable ({', '.join(codes)})"
    return InputRejected(
        code, called(path), found, "at least one image", "`radgloss inspect` lists them one by one."
    )


def check_single(name: str, headers: Mapping[str, Header]) -> None:
    """One patient, one examination."""
    if patients(headers) > 1:
        raise InputRejected(
            "mixed-patients",
            name,
            f"files of {patients(headers)} patients",
            "one examination of one patient",
            _SEPARATE,
        )
    studies = {h.study_uid for h in headers.values()}
    if len(studies) > 1:
        raise InputRejected(
            "mixed-studies",
            name,
            f"files of {len(studies)} examinations",
            "one examination",
            _SEPARATE,
        )


def patients(headers: Mapping[str, Header]) -> int:
    """How many different patients these files name."""
    return len({_patient(h) for h in headers.values()})


def _patient(header: Header) -> tuple[str, str]:
    identity = header.identity
    if identity.patient_id:
        return identity.patient_id, identity.issuer
    return identity.patient_name, ""
