"""Hostile input: one typed error in ten seconds, the parent's memory flat, nothing else lost."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from hostile import (
    ct_slice,
    deflate_bomb,
    j2k_lie,
    many_frames,
    nested_sequences,
    nifti_gz_bomb,
    rle_bomb,
    save,
    zip_bomb,
    zip_slip,
)
from radgloss.dicom import Limits, Reader, inspect, read
from radgloss.types import InputRejected, Study

MIB = 1 << 20


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as one:
        yield one


def refusal(reader: Reader, path: Path) -> str:
    """The code of the refusal, having checked the time and the parent's memory."""
    before, start = psutil.Process().memory_info().rss, time.monotonic()
    with pytest.raises(InputRejected) as caught:
        reader.read(path)
    assert time.monotonic() - start < 10
    assert psutil.Process().memory_info().rss - before < 64 * MIB
    assert caught.value.found
    assert caught.value.wanted
    return caught.value.code


BOMBS: dict[str, tuple[Callable[[Path], Path], set[str]]] = {
    "deflate": (lambda f: deflate_bomb(f / "a.dcm"), {"bomb"}),
    "rle": (lambda f: rle_bomb(f / "a.dcm"), {"too-large"}),
    "rle-small": (lambda f: rle_bomb(f / "a.dcm", 11520), {"too-large"}),
    "j2k": (lambda f: j2k_lie(f / "a.dcm"), {"codestream"}),
    "j2k-told": (lambda f: j2k_lie(f / "a.dcm", told=True), {"too-large"}),
    "j2k-within": (lambda f: j2k_lie(f / "a.dcm", 8000, told=True), {"codestream", "damaged"}),
    "nested-1000": (lambda f: nested_sequences(f / "a.dcm", 1000), {"nesting"}),
    "nested-50000": (lambda f: nested_sequences(f / "a.dcm", 50_000), {"nesting"}),
    "nested-100": (lambda f: nested_sequences(f / "a.dcm", 100), {"nesting"}),
    "frames": (lambda f: many_frames(f / "a.dcm"), {"too-large"}),
    "zip": (lambda f: zip_bomb(f / "a.zip"), {"bomb"}),
    "slip": (lambda f: zip_slip(f / "a.zip"), {"zip-slip"}),
    "nifti": (lambda f: nifti_gz_bomb(f / "a.nii.gz"), {"too-large"}),
    "nifti-short": (lambda f: nifti_gz_bomb(f / "a.nii.gz", 300, 1 << 24), {"truncated"}),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_one_typed_error(reader: Reader, tmp_path: Path, name: str) -> None:
    make, codes = BOMBS[name]
    assert refusal(reader, make(tmp_path)) in codes


def test_an_rle_bomb_within_the_limits_of_size_still_cannot_take_the_memory(tmp_path: Path) -> None:
    tight = Limits(memory_bytes=700 * MIB, frame_bytes=1 << 40, pixels_bytes=1 << 40)
    with Reader(tight) as reader:
        assert refusal(reader, rle_bomb(tmp_path / "a.dcm", 16384)) == "memory"


def test_a_child_that_is_silent_is_ended(tmp_path: Path) -> None:
    path = deflate_bomb(tmp_path / "a.dcm", 1 << 28)
    with Reader(Limits(wall_seconds=0.01)) as reader:
        assert refusal(reader, path) == "timeout"


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.97])
def test_a_truncated_file_is_refused(reader: Reader, tmp_path: Path, cut: float) -> None:
    whole = save(ct_slice(), tmp_path / "whole.dcm").read_bytes()
    path = tmp_path / "cut.dcm"
    path.write_bytes(whole[: int(len(whole) * cut)])
    assert refusal(reader, path) in ("truncated", "no-pixels", "not-an-image", "damaged")


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_picture_cut_within_its_header_is_truncated(
    reader: Reader, tmp_path: Path, syntax: str
) -> None:
    data = ct_slice(WindowCenterWidthExplanation="of a length that can be cut" * 2)
    data.file_meta.TransferSyntaxUID = syntax
    whole = save(data, tmp_path / "whole.dcm").read_bytes()
    text = whole.index(b"of a length")
    pixels = whole.index(b"\xe0\x7f\x10\x00")
    for end in (text + 5, text - 3, pixels + 3, pixels + 7):
        (tmp_path / "cut.dcm").write_bytes(whole[:end])
        assert refusal(reader, tmp_path / "cut.dcm") == "truncated"
    (tmp_path / "cut.dcm").write_bytes(whole[:pixels])  # nothing tells it from one without pixels
    assert refusal(reader, tmp_path / "cut.dcm") == "no-pixels"


def test_a_sequence_cut_short_is_truncated(reader: Reader, tmp_path: Path) -> None:
    whole = nested_sequences(tmp_path / "a.dcm", 3).read_bytes()
    (tmp_path / "b.dcm").write_bytes(whole[:-9])
    assert refusal(reader, tmp_path / "b.dcm") == "truncated"


def test_a_wrong_path_an_empty_file_and_an_empty_folder_are_said(
    reader: Reader, tmp_path: Path
) -> None:
    assert refusal(reader, tmp_path / "nowhere") == "no-such-file"
    assert refusal(reader, tmp_path) == "empty"
    (tmp_path / "a.dcm").write_bytes(b"")
    assert refusal(reader, tmp_path / "a.dcm") == "empty"
    (tmp_path / "a.dcm").write_text("Dear colleague, " * 99)
    assert refusal(reader, tmp_path / "a.dcm") == "not-dicom"


def test_pipes_devices_and_looping_links_are_refused_without_waiting(
    reader: Reader, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(reader, tmp_path / "pipe") == "not-a-file"
    assert refusal(reader, Path("/dev/zero")) == "not-a-file"
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert refusal(reader, tmp_path / "loop") == "no-such-file"
    save(ct_slice(), tmp_path / "good.dcm")
    study = reader.read(tmp_path)
    assert sorted(e.what for e in study.left_out) == ["loop", "pipe"]


def test_one_bad_file_among_good_ones_is_named_and_the_rest_is_read(
    reader: Reader, tmp_path: Path
) -> None:
    for z in range(4):
        save(ct_slice(z), tmp_path / f"{z}.dcm")
    whole = (tmp_path / "2.dcm").read_bytes()
    (tmp_path / "2.dcm").write_bytes(whole[:-50])
    j2k_lie(tmp_path / "lie.dcm")
    study = reader.read(tmp_path)
    assert study.images[0].pixels.shape == (3, 8, 8)
    assert {e.what: e.code for e in study.left_out} == {
        "2.dcm": "truncated",
        "lie.dcm": "codestream",
    }


def test_companions_of_a_data_set_are_nobodys_mistake(reader: Reader, tmp_path: Path) -> None:
    save(ct_slice(), tmp_path / "a.dcm")
    (tmp_path / "README.md").write_text("about these slices")
    (tmp_path / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    assert reader.read(tmp_path).left_out == ()
    assert set(reader.scan(tmp_path).ignored) == {"README.md", ".DS_Store"}
    (tmp_path / "b.dcm").write_text("not a slice")
    assert [e.code for e in reader.read(tmp_path).left_out] == ["not-dicom"]


def test_mixed_patients_and_mixed_examinations_are_refused(reader: Reader, tmp_path: Path) -> None:
    save(ct_slice(0), tmp_path / "a.dcm")
    save(ct_slice(1, study="1.2.4"), tmp_path / "b.dcm")
    assert refusal(reader, tmp_path) == "mixed-studies"
    assert len(reader.read_all(tmp_path)) == 2
    save(ct_slice(1, study="1.2.4", PatientID="P2"), tmp_path / "b.dcm")
    assert refusal(reader, tmp_path) == "mixed-patients"
    assert inspect(tmp_path)["patients"] == 2


def test_a_refusal_never_names_the_patient(reader: Reader, tmp_path: Path) -> None:
    save(ct_slice(PatientName="Canary^Yellow", PatientID="CANARY"), tmp_path / "a.dcm")
    save(ct_slice(1, PatientName="Canary^Red", PatientID="CANARY2"), tmp_path / "b.dcm")
    with pytest.raises(InputRejected) as caught:
        reader.read(tmp_path)
    assert "canary" not in str(caught.value).lower()
    assert "canary" not in repr(reader.read_all(tmp_path)).lower()
    assert "canary" not in repr(reader.scan(tmp_path)).lower()


@pytest.mark.parametrize(
    "changes",
    [
        {"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]},
        {"ImageOrientationPatient": [2, 0, 0, 0, 1, 0]},
        {"PixelSpacing": [0.0, 0.5]},
        {"PixelSpacing": [-1.0, 0.5]},
        {"PixelSpacing": [1e30, 1e30]},
        {"ImagePositionPatient": [0.0, 0.0, 1e9]},
    ],
)
def test_contradictory_geometry_is_refused(
    reader: Reader, tmp_path: Path, changes: dict[str, list[float]]
) -> None:
    assert refusal(reader, save(ct_slice(**changes), tmp_path / "a.dcm")) == "geometry"


def test_the_same_instance_twice_is_once_and_two_versions_are_reported(
    reader: Reader, tmp_path: Path
) -> None:
    path = save(ct_slice(), tmp_path / "a.dcm")
    (tmp_path / "b.dcm").write_bytes(path.read_bytes())
    study = reader.read(tmp_path)
    assert study.images[0].pixels.shape == (1, 8, 8)
    assert study.left_out == ()
    assert "identical copies" in " ".join(study.images[0].notes)
    other = ct_slice()
    other.PixelData = bytes(128)
    save(other, tmp_path / "b.dcm")
    assert [e.code for e in reader.read(tmp_path).left_out] == ["duplicate"]


def test_no_name_in_a_zip_reaches_the_disk(reader: Reader, tmp_path: Path) -> None:
    good = save(ct_slice(), tmp_path / "good.dcm").read_bytes()
    (tmp_path / "in").mkdir()
    study = reader.read(zip_slip(tmp_path / "in" / "a.zip", good))
    assert [e.code for e in study.left_out] == ["zip-slip", "zip-slip"]
    assert study.images[0].pixels.shape == (1, 8, 8)
    assert not (tmp_path / "escaped.dcm").exists()


@pytest.mark.parametrize(("modality", "code"), [("SR", "not-an-image"), ("CT", "no-pixels")])
def test_objects_without_pixels_say_what_they_are(
    reader: Reader, tmp_path: Path, modality: str, code: str
) -> None:
    data = ct_slice(Modality=modality)
    for keyword in ("PixelData", "Rows", "Columns"):
        delattr(data, keyword)
    assert refusal(reader, save(data, tmp_path / "a.dcm")) == code


def test_video_is_refused_as_video(reader: Reader, tmp_path: Path) -> None:
    path = save(ct_slice(), tmp_path / "a.dcm")
    old, new = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.4.102\0"
    whole = path.read_bytes()
    at = whole.index(old)
    grown = whole[: at - 2] + len(new).to_bytes(2, "little") + new + whole[at + len(old) :]
    path.write_bytes(grown)
    assert refusal(reader, path) == "video"


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=4))))
def test_changed_bytes_give_a_study_or_a_typed_error(
    reader: Reader, tmp_path: Path, changes: list[tuple[int, bytes]]
) -> None:
    path = tmp_path / "a.dcm"
    whole = bytearray(save(ct_slice(), path).read_bytes())
    for at, new in changes:
        at = 132 + at % (len(whole) - 140)
        whole[at : at + len(new)] = new
    path.write_bytes(whole)
    try:
        study = reader.read(path)
    except InputRejected:
        return
    assert isinstance(study, Study)
    assert all(np.isfinite(i.pixels).all() for i in study.images)


def test_the_module_face_ends_its_children(tmp_path: Path) -> None:
    save(ct_slice(), tmp_path / "a.dcm")
    before = {c.pid for c in psutil.Process().children(recursive=True)}
    read(tmp_path)
    assert {c.pid for c in psutil.Process().children(recursive=True)} <= before
