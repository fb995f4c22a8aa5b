"""What the archive must know of a file, and whom it asks: the capped child of `radgloss.dicom`.

The archive itself never parses a received byte."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from radgloss import dicom, terms
from radgloss.types import Identity, InputRejected

__all__ = ["Children", "Identify", "Scanned", "checked"]

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


@dataclass(frozen=True)
class Scanned:
    """One file's own word on what and whose it is."""

    sop_instance_uid: str
    sop_class_uid: str
    study_uid: str
    series_uid: str
    modality: str
    identity: Identity = field(default=Identity(), repr=False)


Identify = Callable[[Path], Mapping[str, Scanned | InputRejected]]
"""A folder of files into what each says, by file name; a file that is left out was not DICOM."""


class Children:
    """The `Identify` of every day: capped child processes, started when first needed, kept warm."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._reader: dicom.Reader | None = None

    def __call__(self, folder: Path) -> dict[str, Scanned | InputRejected]:
        """Every file of that folder, by name; one caller at a time."""
        with self._lock:
            self._reader = self._reader or dicom.Reader()
            scan = self._reader.scan(folder)
        found: dict[str, Scanned | InputRejected] = {r.what: r for r in scan.rejected}
        # Copies have names of ours, so only what is in them can have made them companions.
        found |= {name: _dicomdir(name) for name in scan.ignored}
        for name, header in scan.headers.items():
            found[name] = Scanned(
                header.sop_instance_uid,
                header.sop_class_uid,
                header.study_uid,
                header.series_uid,
                header.modality,
                header.identity,
            )
        return found

    def close(self) -> None:
        """End the children."""
        with self._lock:
            if self._reader:
                self._reader.close()
            self._reader = None


def _dicomdir(name: str) -> InputRejected:
    return InputRejected("dicomdir", name, "an index of other files", "an object", "Leave it out.")


def _nifti(name: str) -> InputRejected:
    """It has no UID, no study and no patient: nothing that an archive could file it under."""
    do = "Keep it where it is; report, label and index read it there."
    return InputRejected("nifti", name, "a NIfTI file", "a DICOM object with UIDs", do)


def checked(found: Scanned | InputRejected | None, name: str) -> Scanned | InputRejected:
    """The same with everything that will be stored in clear made sure of; `name` is the sender's.

    A UID must be digits and dots, 64 at most (PS3.5 9.1); a modality unknown to the standard is
    kept as OT."""
    if found is None and name.lower().endswith((".nii", ".nii.gz")):
        return _nifti(name)
    if found is None:
        do = "Leave it out."
        return InputRejected("not-dicom", name, "no DICOM object", "a DICOM file", do)
    if isinstance(found, InputRejected):
        if found.code == "not-dicom" and name.lower().endswith((".nii", ".nii.gz")):
            return _nifti(name)
        return InputRejected(found.code, name, found.found, found.wanted, found.do)
    for what in ("sop_instance_uid", "sop_class_uid", "study_uid", "series_uid"):
        uid = getattr(found, what)
        if len(uid) > 64 or not _UID.fullmatch(uid):
            kind = "an empty" if not uid else "a malformed"
            return InputRejected(
                "bad-uid",
                name,
                f"{kind} {what.replace('_', ' ').replace('sop', 'SOP').replace('uid', 'UID')}",
                "digits and dots, 64 at most",
                "Ask the sender to write the object again with a valid UID.",
            )
    # Stored in clear: whatever is not a term of the standard could be anything, a name as well.
    modality = terms.modality(found.modality) or "OT"
    return Scanned(
        found.sop_instance_uid,
        found.sop_class_uid,
        found.study_uid,
        found.series_uid,
        modality,
        found.identity,
    )
