"""Small DICOM files, and a plain reader of them so that most tests need no child process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.errors import InvalidDicomError

from radgloss.archive import Archive, Scanned
from radgloss.types import Identity, InputRejected

CR = "1.2.840.10008.5.1.4.1.1.1"


def _write(path: Path, sop: str, note: str = "", **tags: str) -> Path:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CR, sop
    meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    meta.ImplementationClassUID = "1.2.3"
    data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    values = {
        "SOPClassUID": CR,
        "SOPInstanceUID": sop,
        "StudyInstanceUID": "1.2.50",
        "SeriesInstanceUID": "1.2.50.1",
        "Modality": "CR",
        "PatientID": "4711",
        "PatientName": "Doe^Jane",
        "ImageComments": note,
    }
    for keyword, value in (values | tags).items():
        setattr(data, keyword, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return path


def _read(path: Path) -> Scanned | InputRejected | None:
    try:
        d = pydicom.dcmread(path, stop_before_pixels=True)
    except (InvalidDicomError, OSError):
        return InputRejected("not-dicom", path.name, "something", "DICOM", "Leave it out.")
    patient = Identity(str(d.get("PatientID", "")), str(d.get("IssuerOfPatientID", "")))
    uids = (str(d.get(k, "")) for k in ("SOPInstanceUID", "SOPClassUID"))
    more = (str(d.get(k, "")) for k in ("StudyInstanceUID", "SeriesInstanceUID", "Modality"))
    return Scanned(*uids, *more, patient)


def _reader(folder: Path) -> dict[str, Scanned | InputRejected]:
    return {p.name: found for p in folder.iterdir() if (found := _read(p))}


@pytest.fixture
def write() -> Callable[..., Path]:
    """`write(path, sop, note="", **tags)`: one small file; another note, other bytes."""
    return _write


@pytest.fixture
def reader() -> Callable[[Path], dict[str, Scanned | InputRejected]]:
    return _reader


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def archive(home: Path) -> Iterator[Archive]:
    with Archive.open(home, identify=_reader, reserve=0, watermark=1) as opened:
        yield opened


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    """Twelve files of two series."""
    folder = tmp_path / "sent"
    for i in range(12):
        _write(folder / f"{i:02}.dcm", f"1.2.9.{i}", SeriesInstanceUID=f"1.2.50.{i % 2}")
    return folder


_IMPORT = """
import importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("helpers", sys.argv[1])
helpers = importlib.util.module_from_spec(spec); spec.loader.exec_module(helpers)
from radgloss.archive import Archive
archive = Archive.open(Path(sys.argv[2]), identify=helpers._reader, reserve=0, watermark=1,
                       batch_files=int(sys.argv[4]))
print("open", flush=True)
for ack in archive.receive_each([Path(sys.argv[3])]):
    print(ack.outcome.replace(" ", "-"), ack.sha256, ack.sop_instance_uid, flush=True)
archive.close()
print("done", flush=True)
"""


@pytest.fixture
def importing() -> Callable[..., subprocess.Popen[str]]:
    """`importing(home, folder, batch)`: another process that says what was acknowledged to it."""

    def start(home: Path, folder: Path, batch: int = 8) -> subprocess.Popen[str]:
        arguments = [__file__, str(home), str(folder), str(batch)]
        return subprocess.Popen(
            [sys.executable, "-c", _IMPORT, *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )

    return start
