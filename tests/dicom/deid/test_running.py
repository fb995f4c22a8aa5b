"""A folder in, a folder out: relations stay, names do not, one bad file stops no other."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw, ImageFont
from pydicom.pixels import pixel_array
from typer.testing import CliRunner

import radgloss
from hostile import ct_slice, deflate_bomb, nested_sequences, save
from radgloss.cli import app
from radgloss.errors import InputRejected

FILES = Path(pydicom.__file__).parent / "data" / "test_files"


def read_all(folder):
    return [pydicom.dcmread(p) for p in sorted(folder.rglob("*.dcm"))]


def study(folder, name="Doe^Jane", number="MR-4711", study="1.2.3"):
    folder.mkdir(parents=True, exist_ok=True)
    for z in range(3):
        data = ct_slice(float(z), study, study + ".4", PatientName=name, PatientID=number,
                        StudyDate=f"2020010{z + 1}",
                        StudyDescription=f"CT of {name[:3]}")  # fmt: skip
        save(data, folder / f"{name}-{study}-{z}.dcm")
    return folder


def test_relations_between_files_stay_and_one_key_makes_one_person(tmp_path):
    source = study(study(tmp_path / "in"), study="1.2.9")
    options = {"retain": ["shifted-dates"], "key": tmp_path / "key"}
    radgloss.deid(source, tmp_path / "a", **options)
    radgloss.deid(source, tmp_path / "b", **options)
    radgloss.deid(source, tmp_path / "c", retain=["shifted-dates"])
    first, again, other = (read_all(tmp_path / name) for name in "abc")
    assert [d.SOPInstanceUID for d in first] == [d.SOPInstanceUID for d in again]
    assert not {d.StudyInstanceUID for d in first} & {d.StudyInstanceUID for d in other}
    assert len({d.PatientID for d in first}) == 1
    assert len({d.StudyInstanceUID for d in first}) == 2
    days = sorted({int(d.StudyDate) for d in first})
    assert len(days) == 3
    assert not {20200101, 20200102, 20200103} & set(days)


def test_no_name_is_in_the_output_its_paths_or_its_report(tmp_path):
    radgloss.deid(study(tmp_path / "in"), tmp_path / "out", clean=["descriptors"])
    for path in (tmp_path / "out").rglob("*"):
        assert "doe" not in str(path.relative_to(tmp_path)).lower()
        if path.is_file():
            text = path.read_bytes().lower()
            assert b"doe" not in text
            assert b"4711" not in text


def test_bad_files_are_left_out_and_the_others_come_through(tmp_path):
    source = study(tmp_path / "in")
    nested_sequences(source / "deep.dcm", 2000)
    deflate_bomb(source / "bomb.dcm", 1 << 30)
    (source / "noise.dcm").write_bytes(b"noise" * 100)
    (source / "README.txt").write_text("not an object")
    shutil.copy(FILES / "dicomdirtests" / "DICOMDIR", source / "DICOMDIR")
    done = radgloss.deid(source, tmp_path / "out")
    assert len(done.written) == 3
    assert {p.what for p in done.left_out} == {"deep.dcm", "bomb.dcm", "noise.dcm"}
    assert sorted(done.ignored) == ["DICOMDIR", "README.txt"]


def test_the_command_says_what_to_look_at_and_exits_4_when_something_was_left_out(tmp_path):
    source = study(tmp_path / "in")
    (source / "noise.dcm").write_bytes(b"noise" * 100)
    command = ["deid", "-i", str(source), "-o", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(app, command)
    said = json.loads(done.stdout[: done.stdout.rindex("}") + 1])
    assert done.exit_code == 4
    assert said["counts"]["instances"] == 3
    assert said["left_out"] == {"not-dicom": 1}
    assert said["look_at"]
    assert "Doe" not in done.stdout


def test_nothing_is_written_over_or_beside_the_input(tmp_path):
    source = study(tmp_path / "in")
    for output in (source, source / "out"):
        with pytest.raises(InputRejected, match="output"):
            radgloss.deid(source, output)
    with pytest.raises(InputRejected, match="deid-key"):
        radgloss.deid(source, tmp_path / "out", key=tmp_path / "out" / "key")


def test_documents_inside_dicom_are_refused(tmp_path):
    data = ct_slice(SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1")
    with pytest.raises(InputRejected, match="deid-document"):
        radgloss.deid(save(data, tmp_path / "a.dcm"), tmp_path / "out")


UNMASKED = ["CT_small", "MR_small_RLE", "JPEG2000", "SC_rgb_jpeg_dcmtk", "MR_small_bigendian"]


@pytest.mark.parametrize("name", [*UNMASKED, "examples_palette", "image_dfl"])
def test_pixels_that_are_not_masked_are_what_they_were(tmp_path, name):
    radgloss.deid(FILES / f"{name}.dcm", tmp_path / "out")
    (new,) = read_all(tmp_path / "out")
    old = pydicom.dcmread(FILES / f"{name}.dcm")
    assert np.array_equal(pixel_array(new), pixel_array(old))


@pytest.mark.parametrize("name", ["CT_small", "MR_small_RLE", "SC_ybr_full_422_uncompressed",
                                  "examples_rgb_color", "MR_small_bigendian"])  # fmt: skip
def test_only_the_boxes_of_a_mask_change(tmp_path, name):
    mask = (3, 5, 10, 20)
    radgloss.deid(FILES / f"{name}.dcm", tmp_path / "out", masks=[mask])
    (new,) = read_all(tmp_path / "out")
    after, before = pixel_array(new), pixel_array(pydicom.dcmread(FILES / f"{name}.dcm"))
    inside = np.zeros(after.shape[:2], bool)
    inside[3:13, 5:25] = True
    assert np.array_equal(after[~inside], before[~inside])
    assert len(np.unique(after[inside].reshape(inside.sum(), -1), axis=0)) == 1


@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="dciodvfy is not installed")
@pytest.mark.parametrize("name", ["CT_small", "MR_small", "reportsi", "rtplan", "examples_overlay"])
def test_dciodvfy_finds_no_error_that_was_not_there_before(tmp_path, name):
    radgloss.deid(FILES / f"{name}.dcm", tmp_path / "out")
    (new,) = (tmp_path / "out").rglob("*.dcm")

    def errors(path):
        done = subprocess.run(["dciodvfy", path], capture_output=True)
        lines = (done.stderr + done.stdout).decode("latin-1").splitlines()
        return {line for line in lines if line.startswith("Error") and "2.25." not in line}

    assert errors(new) <= errors(FILES / f"{name}.dcm")


@pytest.mark.skipif(not shutil.which("tesseract"), reason="tesseract is not installed")
def test_text_burned_into_a_picture_is_masked_and_a_side_marker_stays(tmp_path):
    picture = Image.new("L", (512, 512), 20)
    pen = ImageDraw.Draw(picture)
    pen.text((20, 20), "DOE JANE 12.04.1961", 255, ImageFont.load_default(22))
    pen.text((470, 250), "R", 255, ImageFont.load_default(30))
    pixels = np.asarray(picture)
    data = ct_slice(Rows=512, Columns=512, BitsAllocated=8, BitsStored=8, HighBit=7,
                    PixelRepresentation=0, PixelData=pixels.tobytes(), Modality="OT")  # fmt: skip
    done = radgloss.deid(save(data, tmp_path / "a.dcm"), tmp_path / "out", clean=["pixels"])
    (new,) = read_all(tmp_path / "out")
    after = pixel_array(new)
    assert done.written[0].masks
    assert (after[15:50, 15:260] > 100).sum() == 0
    assert np.array_equal(after[240:300, 460:], pixels[240:300, 460:])
    assert new.BurnedInAnnotation == "NO"


def test_cleaning_pixels_without_a_reader_of_text_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputRejected, match="deid-no-ocr"):
        radgloss.deid(study(tmp_path / "in"), tmp_path / "out", clean=["pixels"])
