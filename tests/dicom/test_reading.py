"""What reading promises: order, place, values, notes; the child touches bytes, not the parent."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from hostile import ct_slice, encapsulated, save
from radgloss.dicom import Limits, Reader, inspect, protection
from radgloss.types import Image, InputRejected, Lut

FILES = Path(pydicom.__file__).parent / "data" / "test_files"
SHARED = os.environ.get("RADGLOSS_TEST_DATA", "")  # a folder of public pictures


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(workers=2) as one:
        yield one


def series(folder: Path, heights: list[float], **changes: object) -> Path:
    """Slices whose instance numbers run against their positions, pixels telling the height."""
    for i, z in enumerate(heights):
        data = ct_slice(z, **changes)
        data.InstanceNumber = len(heights) - i
        data.PixelData = np.full(64, int(z * 10), "<i2").tobytes()
        save(data, folder / f"{(i * 7) % len(heights):03d}-{i}.dcm")
    return folder


def test_slices_are_ordered_by_position_never_by_instance_number(
    reader: Reader, tmp_path: Path
) -> None:
    (image,) = reader.read(series(tmp_path, [0.0, 2.5, 5.0, 7.5])).images
    assert np.allclose(image.pixels[:, 0, 0], np.array([0, 25, 50, 75]) - 1024)
    assert np.allclose(image.to_mm(0, 0, 0), [10, 20, 0])
    assert np.allclose(image.to_mm(3, 2, 4), [10 + 4 * 0.75, 20 + 2 * 0.5, 7.5])
    assert image.units == "HU"
    assert image.notes == ()


def test_a_gap_is_said_and_the_ends_stay_in_place(reader: Reader, tmp_path: Path) -> None:
    (image,) = reader.read(series(tmp_path, [0, 2, 4, 8, 10])).images
    assert any("gap" in note and "after frame 3" in note for note in image.notes)
    assert np.allclose(image.to_mm(4, 0, 0), [10, 20, 10])


def test_a_tilted_gantry_shears_the_affine(reader: Reader, tmp_path: Path) -> None:
    for i in range(5):
        save(ct_slice(i * 3.0, ImagePositionPatient=[0.0, i * 1.0, i * 3.0]), tmp_path / f"{i}.dcm")
    (image,) = reader.read(tmp_path).images
    assert np.allclose(image.to_mm(4, 0, 0), [0, 4, 12])
    assert any("tilt" in note and "18.4" in note for note in image.notes)


def test_two_orientations_are_two_images(reader: Reader, tmp_path: Path) -> None:
    for i in range(3):
        save(ct_slice(i * 3.0), tmp_path / f"a{i}.dcm")
        turned = ct_slice(i * 3.0, ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
        turned.ImagePositionPatient = [0.0, i * 2.0, 0.0]
        save(turned, tmp_path / f"b{i}.dcm")
    images = reader.read(tmp_path).images
    assert [i.pixels.shape for i in images] == [(3, 8, 8)] * 2
    assert len({i.uid for i in images}) == 2


def test_echoes_at_the_same_places_are_images_of_their_own(reader: Reader, tmp_path: Path) -> None:
    for i in range(3):
        for echo in (80.0, 9.5):
            data = ct_slice(i * 3.0, Modality="MR", EchoTime=echo)
            save(data, tmp_path / f"{i}-{echo}.dcm")
    images = reader.read(tmp_path).images
    assert [n for i in images for n in i.notes] == [
        "one of several at the same places: EchoTime 9.5",
        "one of several at the same places: EchoTime 80.0",
    ]


def test_padding_becomes_the_darkest_real_value(reader: Reader, tmp_path: Path) -> None:
    data = ct_slice(PixelPaddingValue=-2000)
    values = np.arange(64, dtype="<i2")
    values[:8] = -2000
    data.PixelData = values.tobytes()
    (image,) = reader.read(save(data, tmp_path / "a.dcm")).images
    assert image.pixels[0, 0].tolist() == [8 - 1024.0] * 8
    data.PhotometricInterpretation = "MONOCHROME1"
    (image,) = reader.read(save(data, tmp_path / "a.dcm")).images
    assert image.inverted
    assert image.pixels[0, 0].tolist() == [63 - 1024.0] * 8


def test_bits_above_high_bit_are_no_pixels(reader: Reader, tmp_path: Path) -> None:
    data = ct_slice(BitsStored=12, HighBit=11)
    data.PixelData = np.full(64, 0x7FFF, "<i2").tobytes()  # overlay bits above, -1 below
    (image,) = reader.read(save(data, tmp_path / "a.dcm")).images
    assert np.all(image.pixels == -1 - 1024)


def test_modality_and_voi_tables_are_kept_apart(reader: Reader, tmp_path: Path) -> None:
    data = ct_slice(PixelRepresentation=0)
    del data.RescaleSlope, data.RescaleIntercept
    modality, voi = Dataset(), Dataset()
    modality.LUTDescriptor, modality.ModalityLUTType = [64, 0, 16], "US"
    modality.LUTData = (np.arange(64, dtype="<u2") * 3).tobytes()
    modality["LUTDescriptor"].VR, modality["LUTData"].VR = "US", "OW"
    voi.LUTDescriptor, voi.LUTData = [190, 0, 8], np.arange(190, dtype="<u2").tobytes()
    voi["LUTDescriptor"].VR, voi["LUTData"].VR = "US", "OW"
    data.ModalityLUTSequence, data.VOILUTSequence = Sequence([modality]), Sequence([voi])
    (image,) = reader.read(save(data, tmp_path / "a.dcm")).images
    assert np.array_equal(image.pixels.ravel(), np.arange(64) * 3)
    assert isinstance(image.voi[0], Lut)
    assert reader.render(tmp_path / "a.dcm")[0, 5] == 15


def radiograph(folder: Path, **changes: object) -> Path:
    data = ct_slice(**changes)
    data.Modality, data.ViewPosition = "DX", "PA"
    for keyword in ("PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient"):
        if keyword not in changes:
            delattr(data, keyword)
    return save(data, folder / "dx.dcm")


@pytest.mark.parametrize(
    ("changes", "spacing", "step"),
    [
        ({"ImagerPixelSpacing": [0.2, 0.2]}, "detector", 0.2),
        (
            {"ImagerPixelSpacing": [0.2, 0.2], "EstimatedRadiographicMagnificationFactor": 1.25},
            "patient",
            0.16,
        ),
        ({"ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.18, 0.18]}, "patient", 0.18),
        ({"ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.2, 0.2]}, "detector", 0.2),
        ({}, "none", 1.0),
    ],
)
def test_a_radiograph_says_how_far_its_millimetres_can_be_trusted(
    reader: Reader, tmp_path: Path, changes: dict[str, object], spacing: str, step: float
) -> None:
    (image,) = reader.read(radiograph(tmp_path, **changes)).images
    assert image.spacing == spacing
    assert np.isclose(np.linalg.norm(image.affine[:3, 2]), step)
    assert image.view == "PA"


def test_a_flipped_radiograph_is_seen_in_its_affine(reader: Reader, tmp_path: Path) -> None:
    (usual,) = reader.read(radiograph(tmp_path, PatientOrientation=["L", "F"])).images
    assert np.allclose(usual.affine[:3, 2], [1, 0, 0])
    assert np.allclose(usual.affine[:3, 1], [0, 0, -1])
    (flipped,) = reader.read(radiograph(tmp_path, PatientOrientation=["R", "F"])).images
    assert np.allclose(flipped.affine[:3, 2], [-1, 0, 0])


def enhanced(folder: Path, heights: list[float]) -> Path:
    """An enhanced CT whose frames come in the given order, each with its own rescale."""
    data = ct_slice()
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    for keyword in ("PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient"):
        delattr(data, keyword)
    del data.RescaleSlope, data.RescaleIntercept
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing = [0.5, 0.5]
    shared.PlaneOrientationSequence = Sequence([orientation])
    shared.PixelMeasuresSequence = Sequence([measures])
    frames = []
    for i, z in enumerate(heights):
        frame, position, scale = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [0.0, 0.0, z]
        scale.RescaleSlope, scale.RescaleIntercept = i + 1, 0
        frame.PlanePositionSequence = Sequence([position])
        frame.PixelValueTransformationSequence = Sequence([scale])
        frames.append(frame)
    data.SharedFunctionalGroupsSequence = Sequence([shared])
    data.PerFrameFunctionalGroupsSequence = Sequence(frames)
    data.NumberOfFrames = len(heights)
    data.PixelData = np.repeat(np.full(len(heights), 10, "<i2"), 64).tobytes()
    return save(data, folder / "e.dcm")


def test_frames_of_an_enhanced_file_are_ordered_and_scaled_one_by_one(
    reader: Reader, tmp_path: Path
) -> None:
    (image,) = reader.read(enhanced(tmp_path, [4.0, 0.0, 2.0])).images
    assert image.pixels[:, 0, 0].tolist() == [20.0, 30.0, 10.0]
    assert [s.frame_number for s in image.sources] == [2, 3, 1]
    assert np.allclose(image.to_mm(2, 0, 0), [0, 0, 4])


@pytest.mark.parametrize(
    ("syntax", "encoder", "options"),
    [
        ("4.80", "jpegls_encode", {}),
        ("4.90", "jpeg2k_encode", {"reversible": True, "codecformat": "J2K"}),
        ("4.201", "htj2k_encode", {"reversible": True}),
        ("4.110", "jpegxl_encode", {"lossless": True}),
    ],
)
def test_frames_coded_without_loss_come_back_exactly(
    reader: Reader, tmp_path: Path, syntax: str, encoder: str, options: dict[str, object]
) -> None:
    import imagecodecs

    values = np.random.default_rng(0).integers(0, 65536, (40, 56)).astype(np.uint16)
    frame = getattr(imagecodecs, encoder)(values, **options)
    path = encapsulated(tmp_path / "a.dcm", f"1.2.840.10008.1.2.{syntax}".encode(), 40, 56, frame)
    (image,) = reader.read(path).images
    assert np.array_equal(image.pixels[0], values)


def test_two_workers_give_the_same_bytes_as_one(reader: Reader, tmp_path: Path) -> None:
    folder = series(tmp_path, [float(z) for z in range(12)])
    with Reader() as single:
        assert np.array_equal(
            single.read(folder).images[0].pixels, reader.read(folder).images[0].pixels
        )


def test_nifti_and_its_zip_and_dicom_agree_on_the_patients_left(
    reader: Reader, tmp_path: Path
) -> None:
    import nibabel as nib

    voxels = np.zeros((5, 6, 7), np.int16)
    voxels[4, 1, 6] = 99
    affine = np.diag([2.0, 3.0, 4.0, 1.0])
    affine[:3, 3] = [-10, -20, -30]
    nib.save(nib.Nifti1Image(voxels, affine), tmp_path / "a.nii.gz")
    (image,) = reader.read(tmp_path / "a.nii.gz").images
    place = np.argwhere(image.pixels == 99)[0]
    ras = affine @ [4, 1, 6, 1]
    assert np.allclose(image.to_mm(*place), [-ras[0], -ras[1], ras[2]])
    assert image.affine[0, 2] > 0  # columns run to the left, as in a DICOM axial
    assert image.affine[1, 1] > 0  # rows to the back


def test_importing_the_room_imports_no_parser_and_reading_none_in_the_parent(
    tmp_path: Path,
) -> None:
    path = save(ct_slice(), tmp_path / "a.dcm")
    code = (
        "import sys, radgloss.dicom as d; d.Limits(); d.read(sys.argv[1]);"
        "sys.exit(any(m in sys.modules for m in ('pydicom', 'imagecodecs', 'torch', 'nibabel')))"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)


def test_a_nifti_with_an_extension_is_read(reader: Reader, tmp_path: Path) -> None:
    voxels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    made = nibabel.Nifti1Image(voxels, np.diag([3.0, 3.0, 3.0, 1.0]))
    made.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"x" * 12_000))
    nibabel.save(made, tmp_path / "a.nii.gz")
    (image,) = reader.read(tmp_path / "a.nii.gz").images
    assert sorted(image.pixels.ravel()) == list(range(24))


def test_a_refused_member_of_a_zip_is_known_by_its_bytes(reader: Reader, tmp_path: Path) -> None:
    inside = {"a.dcm": save(ct_slice(), tmp_path / "a.dcm").read_bytes(), "b.dcm": b"no DICOM" * 9}
    inside["c.dcm"] = save(ct_slice(1.0, Modality="SR", Rows=0), tmp_path / "c.dcm").read_bytes()
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as bundle:
        for name, data in inside.items():
            bundle.writestr(name, data)
    refused = reader.read(tmp_path / "all.zip").left_out
    assert {p.what: p.digest for p in refused} == {
        f"all.zip/{name}": hashlib.sha256(inside[name]).hexdigest() for name in ("b.dcm", "c.dcm")
    }


def test_an_ultrasound_picture_takes_its_scale_from_its_regions(
    reader: Reader, tmp_path: Path
) -> None:
    def region(x: float, y: float, kind: int = 1, units: int = 3) -> Dataset:
        item = Dataset()
        item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = kind, 1, 0
        item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = units
        item.PhysicalDeltaX, item.PhysicalDeltaY = x, y
        return item

    def read(*regions: Dataset) -> Image:
        data = ct_slice(Modality="US", SOPClassUID="1.2.840.10008.5.1.4.1.1.6.1")
        for keyword in ("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"):
            del data[keyword]
        data.SequenceOfUltrasoundRegions = Sequence(regions)
        return reader.read(save(data, tmp_path / "us.dcm")).images[0]

    doppler, grey = region(0.01, 0.5, kind=3, units=4), region(0.05, -0.04)
    image = read(grey, doppler)
    assert image.spacing == "patient"
    assert np.allclose(np.linalg.norm(image.affine[:3, 1:3], axis=0), [0.4, 0.5])
    for regions in ((), (doppler,), (grey, region(0.1, 0.1)), (region(0.0, 0.04),)):
        assert read(*regions).spacing == "none"


def test_inspect_says_what_is_there_and_not_who(tmp_path: Path) -> None:
    path = save(ct_slice(), tmp_path / "a.dcm")
    found = inspect(path)
    assert found["images"][0]["shape"] == [1, 8, 8]
    assert found["meta"]["TransferSyntaxUID"] == "1.2.840.10008.1.2.1"
    assert "Nobody" not in str(found)
    assert "Nobody" in str(inspect(path, identity=True))


def test_protection_names_the_limit_and_the_codecs() -> None:
    said = protection(Limits(memory_bytes=1 << 30))
    assert said["memory_bytes"] == 1 << 30
    assert {"1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90"} <= set(said["codecs"])


def test_colour_is_refused_by_read_and_given_by_read_colour(reader: Reader) -> None:
    path = FILES / "SC_rgb_rle_2frame.dcm"
    with pytest.raises(InputRejected, match="colour") as caught:
        reader.read(path)
    assert caught.value.code == "colour"
    assert reader.read_colour(path).shape == (2, 100, 100, 3)


@pytest.mark.parametrize(
    ("name", "kind"), [("rtdose_1frame.dcm", "dose"), ("liver_1frame.dcm", "segmentation")]
)
def test_what_lies_over_pictures_is_no_picture_and_can_still_be_looked_at(
    reader: Reader, tmp_path: Path, name: str, kind: str
) -> None:
    with pytest.raises(InputRejected, match=kind) as caught:
        reader.read(FILES / name)
    assert caught.value.code == "not-a-picture"
    image, *_ = reader.read_maps(FILES / name)
    data = pydicom.dcmread(FILES / name)
    expected = data.pixel_array * float(data.get("DoseGridScaling", 1.0))
    assert np.allclose(image.pixels[0], expected.reshape(image.pixels[0].shape))
    found = inspect(FILES / name)
    assert found["images"] == []
    assert found["set_aside"][0]["shape"] == list(image.pixels.shape)
    assert reader.render(FILES / name).shape == image.pixels[0].shape


@pytest.mark.parametrize(
    ("sop_class", "modality"),
    [
        ("1.2.840.10008.5.1.4.1.1.30", "MR"),  # a parametric map says what it was made from
        ("1.2.840.10008.5.1.4.1.1.66.7", "SEG"),
        ("1.3.9999.1", "SEG"),  # a maker's own class
        ("1.3.9999.2", "RTDOSE"),
    ],
)
def test_a_map_beside_its_pictures_is_left_out_by_name(
    reader: Reader, tmp_path: Path, sop_class: str, modality: str
) -> None:
    for z in range(3):
        save(ct_slice(z), tmp_path / f"{z}.dcm")
    over = ct_slice(1, Modality=modality)
    over.SOPClassUID = over.file_meta.MediaStorageSOPClassUID = sop_class
    over.SOPInstanceUID = "1.2.3.99"
    save(over, tmp_path / "over.dcm")
    study = reader.read(tmp_path)
    assert [(e.what, e.code) for e in study.left_out] == [("over.dcm", "not-a-picture")]
    assert [i.pixels.shape for i in study.images] == [(3, 8, 8)]
    assert [i.pixels.shape for i in reader.read_maps(tmp_path)] == [(1, 8, 8)]
    with pytest.raises(InputRejected) as caught:
        reader.read_maps(tmp_path / "0.dcm")
    assert caught.value.code == "no-map"


def test_every_code_is_in_the_table_of_errors() -> None:
    root = Path(__file__).resolve().parents[2]
    listed = set(re.findall(r"`([a-z0-9-]+)`", (root / "docs/errors.md").read_text()))
    source = "".join(p.read_text() for p in (root / "src/radgloss/dicom").glob("*.py"))
    raised = set(re.findall(r'(?:InputRejected|_refused|_refusal)\(\s*"([a-z-]+)"', source))
    assert raised <= listed


def test_a_real_series_is_read_in_order(reader: Reader) -> None:
    folder = Path(SHARED, "mr_dicom_t1", "dicoms")
    if not SHARED or not folder.exists():
        pytest.skip("RADGLOSS_TEST_DATA names no folder with mr_dicom_t1")
    (image,) = reader.read(folder).images
    assert image.pixels.shape == (96, 384, 274)
    assert image.notes == ()
