"""Files that other people's tools accept, and that read back as what was written."""

import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pydicom
import pytest

from radgloss import dicom
from radgloss.data import phantom
from radgloss.dicom.seg import read_segments, write_segments
from radgloss.dicom.write import write_images
from radgloss.types import Image, InputRejected, Study

NEW_TAG = "(0x0008,0x001c)"  # Synthetic Data came in 2023, after dciodvfy's tables


@cache
def study(exam: str) -> Study:
    return phantom.make(2_000_004, exam).study


@pytest.mark.parametrize("exam", ["ct-abdomen", "xr-chest", "ct-head"])
def test_dciodvfy_finds_no_error(exam: str, tmp_path: Path) -> None:
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed")
    paths = write_images(study(exam), tmp_path)
    for path in (paths[0], paths[-1]):
        told = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False)
        text = told.stdout + told.stderr
        assert "CTImage" in text or "DXImageForPresentation" in text
        errors = [line for line in text.splitlines() if line.startswith("Error")]
        assert all(NEW_TAG in line for line in errors), text


def test_ct_reads_back_with_its_place_and_values(tmp_path: Path) -> None:
    image = study("ct-abdomen").images[0]
    paths = write_images(study("ct-abdomen"), tmp_path)
    assert len(paths) == image.pixels.shape[0]
    for k in (0, 17, len(paths) - 1):
        ds = pydicom.dcmread(paths[k])
        hu = ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
        assert np.abs(hu - image.pixels[k]).max() <= 0.5
        assert np.allclose(ds.ImagePositionPatient, image.to_mm(k, 0, 0), atol=1e-3)
        assert np.allclose(ds.PixelSpacing, [image.affine[1, 1], image.affine[0, 2]], atol=1e-4)
        assert [float(v) for v in ds.ImageOrientationPatient] == [1, 0, 0, 0, 1, 0]
        corner = np.array(ds.ImagePositionPatient, float) + np.array(
            [ds.PixelSpacing[1] * 10, ds.PixelSpacing[0] * 20, 0], float
        )
        assert np.allclose(corner, image.to_mm(k, 20, 10), atol=0.01)
        assert float(ds.SliceThickness) == 5
        assert ds.SOPInstanceUID == image.sources[k].sop_instance_uid


@pytest.mark.parametrize("inverted", [False, True])
def test_a_film_reads_back_with_its_sense(inverted: bool, tmp_path: Path) -> None:
    seed = next(
        s for s in range(50)
        if phantom.draw(s, "xr-chest").acquisition.inverted == inverted
        and phantom.draw(s, "xr-chest").acquisition.views == ("PA",)
    )  # fmt: skip
    made = phantom.make(seed, "xr-chest").study
    (path,) = write_images(made, tmp_path)
    ds = pydicom.dcmread(path)
    assert ds.PhotometricInterpretation == ("MONOCHROME1" if inverted else "MONOCHROME2")
    assert np.array_equal(ds.pixel_array, made.images[0].pixels[0])
    assert list(ds.PatientOrientation) == ["L", "F"]
    assert ds.ViewPosition == "PA"
    assert ds.BitsStored == 12
    assert np.allclose(ds.ImagerPixelSpacing, made.images[0].affine[0, 2], atol=1e-4)


def test_every_file_says_that_nobody_is_in_it(tmp_path: Path) -> None:
    for exam in ("ct-head", "xr-chest"):
        path = write_images(study(exam), tmp_path / exam)[0]
        ds = pydicom.dcmread(path)
        assert ds.SyntheticData == "YES"
        assert ds.PatientIdentityRemoved == "YES"
        assert str(ds.PatientName).startswith("Phantom^")
        assert ds.PatientID.startswith("PHANTOM-")
        assert not ds.PatientBirthDate


def test_the_same_study_gives_the_same_bytes(tmp_path: Path) -> None:
    one = write_images(study("ct-head"), tmp_path / "one")
    two = write_images(phantom.make(2_000_004, "ct-head").study, tmp_path / "two")
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]


def test_uids_are_unique_and_well_formed(tmp_path: Path) -> None:
    paths = write_images(study("ct-abdomen"), tmp_path)
    seen = [pydicom.dcmread(p, stop_before_pixels=True) for p in paths]
    names = {ds.SOPInstanceUID for ds in seen}
    assert len(names) == len(paths)
    assert {len({ds[k].value for ds in seen}) for k in ("StudyInstanceUID", "SeriesInstanceUID",
            "FrameOfReferenceUID")} == {1}  # fmt: skip
    assert all(n.startswith("2.25.") and len(n) <= 64 and n.is_valid for n in names)


def test_an_oblique_image_keeps_its_directions(tmp_path: Path) -> None:
    turn = np.deg2rad(20)
    affine = np.eye(4)
    affine[:3, 2] = 0.7 * np.array([np.cos(turn), np.sin(turn), 0])
    affine[:3, 1] = 0.9 * np.array([-np.sin(turn), np.cos(turn), 0])
    affine[:3, 0] = [0, 0, 3]
    affine[:3, 3] = [-12.5, 4.25, 100]
    pixels = np.arange(2 * 4 * 5, dtype=np.float32).reshape(2, 4, 5) - 20
    made = Study("1.2.3", (Image("1.2.3.4", pixels, affine, "CT", body_part="ABDOMEN"),))
    paths = write_images(made, tmp_path)
    ds = pydicom.dcmread(paths[1])
    across, down = (
        np.array(ds.ImageOrientationPatient[:3]),
        np.array(ds.ImageOrientationPatient[3:]),
    )
    place = np.array(ds.ImagePositionPatient) + 4 * 0.7 * across + 3 * 0.9 * down
    assert np.allclose(place, made.images[0].to_mm(1, 3, 4), atol=1e-3)
    assert "SyntheticData" not in ds


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    odd = Image("1.2", np.zeros((1, 2, 2), np.float32), np.eye(4), "PT")
    with pytest.raises(InputRejected) as told:
        write_images(Study("1", (odd,)), tmp_path)
    assert told.value.code == "write-modality"


def section(modality: str, frames: int, high: int) -> Image:
    """A small image of any modality with a place in the patient and distinct values."""
    affine = np.array([[0, 0, 0.8, -50], [0, 0.9, 0, -40], [4.0, 0, 0, 10], [0, 0, 0, 1]])
    values = np.arange(frames * 20 * 30, dtype=np.float32).reshape(frames, 20, 30) % high
    return Image("2.25.7", values, affine, modality, body_part="ABDOMEN", synthetic=True)


MR = {
    "ScanningSequence": "GR", "SequenceVariant": "SP", "RepetitionTime": "150", "EchoTime": "4.6",
    "FlipAngle": "70", "MagneticFieldStrength": "1.5",
}  # fmt: skip


@pytest.mark.parametrize(("modality", "frames"), [("MR", 3), ("US", 1), ("US", 4)])
def test_mr_and_ultrasound_are_valid_and_read_back(
    modality: str, frames: int, tmp_path: Path
) -> None:
    image = section(modality, frames, 250)
    if modality == "MR":
        image = replace(image, technique=MR, description="T1 axial")
    paths = write_images(Study("2.25.8", (image,), synthetic=True), tmp_path)
    assert len(paths) == (frames if modality == "MR" else 1)
    if shutil.which("dciodvfy"):
        told = subprocess.run(["dciodvfy", paths[0]], capture_output=True, text=True, check=False)
        errors = [e for e in (told.stdout + told.stderr).splitlines() if e.startswith("Error")]
        assert all(NEW_TAG in e for e in errors), errors
    ds = pydicom.dcmread(paths[0])
    if modality == "MR":
        assert (ds.ScanningSequence, float(ds.EchoTime)) == ("GR", 4.6)
        assert np.allclose(ds.ImagePositionPatient, [-50, -40, 10])
    else:
        region = ds.SequenceOfUltrasoundRegions[0]
        assert (region.PhysicalDeltaX, region.PhysicalDeltaY) == (0.08, 0.09)
    read = dicom.read(tmp_path).images[0]
    assert np.array_equal(read.pixels, image.pixels)
    if modality == "MR":
        assert np.allclose(read.affine, image.affine)
    else:
        assert read.spacing == "patient"
        assert np.allclose(np.linalg.norm(read.affine[:3, 1:3], axis=0), [0.9, 0.8])


def test_an_ultrasound_of_unknown_scale_states_none(tmp_path: Path) -> None:
    image = replace(section("US", 1, 250), spacing="none")
    (path,) = write_images(Study("2.25.8", (image,), synthetic=True), tmp_path)
    assert "SequenceOfUltrasoundRegions" not in pydicom.dcmread(path)
    assert dicom.read(path).images[0].spacing == "none"


def test_segments_lie_where_they_were_drawn_whoever_reads_them(tmp_path: Path) -> None:
    image = section("MR", 4, 250)
    study = Study("2.25.8", (image,), synthetic=True)
    paths = write_images(study, tmp_path / "dicom")
    liver = np.zeros(image.pixels.shape, bool)
    liver[1:3, 4:12, 5:20] = True
    cyst = np.zeros_like(liver)
    cyst[2, 6:9, 8:11] = True
    masks = {"organ/liver": liver, "finding/liver cyst#0": cyst, "organ/spleen": liver & ~liver}
    one = write_segments(masks, paths, "2.25.9", tmp_path / "a.dcm").read_bytes()
    assert write_segments(masks, paths, "2.25.9", tmp_path / "b.dcm").read_bytes() == one
    read = read_segments(tmp_path / "a.dcm")
    assert sorted(read) == ["finding/liver cyst#0", "organ/liver"]
    uids = [str(pydicom.dcmread(p, stop_before_pixels=True).SOPInstanceUID) for p in paths]
    for name in read:
        for k, uid in enumerate(uids):
            found = read[name].get(uid, np.zeros(liver.shape[1:], bool))
            assert np.array_equal(found, masks[name][k]), (name, k)
    if shutil.which("dciodvfy"):
        told = subprocess.run(
            ["dciodvfy", tmp_path / "a.dcm"], capture_output=True, text=True, check=False
        )
        errors = [e for e in (told.stdout + told.stderr).splitlines() if e.startswith("Error")]
        assert all(NEW_TAG in e for e in errors), errors


def test_segments_that_mark_nothing_or_do_not_fit_are_refused(tmp_path: Path) -> None:
    image = section("MR", 2, 250)
    paths = write_images(Study("2.25.8", (image,), synthetic=True), tmp_path)
    for masks in ({"liver": np.zeros((2, 20, 30), bool)}, {"liver": np.ones((2, 20, 31), bool)}):
        with pytest.raises(InputRejected) as told:
            write_segments(masks, paths, "2.25.9", tmp_path / "a.dcm")
        assert told.value.code == "segments"
    assert not (tmp_path / "a.dcm").exists()


@pytest.mark.parametrize("exam", ["ct-abdomen", "xr-chest"])
def test_our_own_reader_gives_back_the_study(exam: str, tmp_path: Path) -> None:
    write_images(study(exam), tmp_path)
    read = dicom.read(tmp_path)
    before, after = study(exam).images[0], read.images[0]
    assert (read.uid, after.uid) == (study(exam).uid, before.uid)
    assert np.array_equal(before.pixels, after.pixels)
    assert np.allclose(before.affine, after.affine, atol=1e-3)
    assert (before.modality, before.view, before.spacing, before.inverted, before.voi) == (
        after.modality, after.view, after.spacing, after.inverted, after.voi,
    )  # fmt: skip
    assert read.synthetic
    assert after.synthetic
    assert not read.left_out
