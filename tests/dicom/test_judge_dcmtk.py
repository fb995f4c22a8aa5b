"""Our pixels against dcmtk's, on every image file that pydicom ships with itself.

What was found about dcmj2pnm 3.6.7, so that the comparison is fair:
- without an option it maps the whole range of the stored bits; `+Wm` is min-max of the one frame,
  so it is compared with a window that spans that frame; `+Wi 1` is the file's first window;
- it burns in overlays unless `-O`;
- it applies MONOCHROME1 last, as PS3.3 says, and writes RGB for palettes and YBR;
- it knows neither JPEG 2000 nor, in this program, JPEG-LS (`dcmdjpls` does);
- 32-bit big endian pixels in OW it reads as swapped 16-bit words: the little endian twin of the
  same dose, which it reads as we do, shows who is right."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image as Picture

from radgloss.dicom import Header, Reader
from radgloss.types import Image, InputRejected, Window

ROOT = Path(pydicom.__file__).parent / "data"
FILES = ROOT / "test_files"
TINY = "TINY_ALPHA"  # 50 headers of 740 bytes, no pixels

pytestmark = pytest.mark.skipif(not shutil.which("dcmj2pnm"), reason="dcmj2pnm is not installed")

# Exactly these are decoded by us and not by dcmj2pnm (JPEG 2000, JPEG-LS, a broken data set).
NOT_BY_DCMTK = {
    "693_J2KI.dcm",
    "GDCMJ2K_TextGBR.dcm",
    "J2K_pixelrep_mismatch.dcm",
    "JPEG2000.dcm",
    "JPEGLSNearLossless_08.dcm",
    "JPEGLSNearLossless_16.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "SC_rgb_gdcm_KY.dcm",
    "SC_rgb_jls_lossy_line.dcm",
    "SC_rgb_jls_lossy_sample.dcm",
    "SC_rgb_jpeg.dcm",  # switches from explicit to implicit half way
    "examples_jpeg2k.dcm",
}
# Images that we refuse although they have pixels: its codestream is cut by a false delimiter.
REFUSED = {"JPEG2000-embedded-sequence-delimiter.dcm": "codestream"}
# dcmtk swaps 16-bit words in 32-bit big endian pixels; checked against the twin below.
DCMTK_IS_WRONG = {"rtdose_expb.dcm": "rtdose.dcm", "rtdose_expb_1frame.dcm": "rtdose_1frame.dcm"}


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as one:
        yield one


def shipped() -> list[Path]:
    found = (Path(folder) / name for folder, _, names in os.walk(ROOT) for name in names)
    return sorted(p for p in found if TINY not in p.parts and p.suffix not in (".py", ".pyc"))


def header_of(reader: Reader, path: Path) -> Header | str:
    try:
        scanned = reader.scan(path)
    except InputRejected as error:
        return error.code
    if scanned.headers:
        return next(iter(scanned.headers.values()))
    return scanned.rejected[0].code


def images_of(reader: Reader, path: Path) -> tuple[Image, ...]:
    """Of a picture, or of what lies over pictures."""
    try:
        return reader.read(path).images
    except InputRejected as error:
        if error.code != "not-a-picture":
            raise
        return reader.read_maps(path)


def dcmtk(path: Path, *options: str) -> np.ndarray | None:
    done = subprocess.run(["dcmj2pnm", "-O", *options, str(path)], capture_output=True, check=False)
    if done.returncode or not done.stdout:
        return None
    return np.asarray(Picture.open(io.BytesIO(done.stdout))).astype(int)


def frame_window(reader: Reader, path: Path, frame: int) -> Window:
    """The window from the smallest to the largest value of one frame."""
    for image in images_of(reader, path):
        for place, source in enumerate(image.sources):
            if source.frame_number == frame + 1:
                low, high = float(image.pixels[place].min()), float(image.pixels[place].max())
                return Window((low + high) / 2, max(high - low, 1e-6), "LINEAR_EXACT")
    raise AssertionError(f"{path.name} has no frame {frame}")


def grey_pair(
    reader: Reader, path: Path, header: Header, frame: int
) -> tuple[np.ndarray, np.ndarray | None]:
    assert header.pixels is not None
    grey = header.pixels.samples == 1 and header.pixels.photometric.startswith("MONOCHROME")
    options, window = ["+F", str(frame + 1)], None
    if grey and header.windows:
        options += ["+Wi", "1"]
    elif grey:
        options += ["+Wm"]
        window = frame_window(reader, path, frame)
    return reader.render(path, frame, window).astype(int), dcmtk(path, *options)


def test_every_shipped_image_agrees_with_dcmtk_within_one_grey_level(
    reader: Reader, capsys: pytest.CaptureFixture[str]
) -> None:
    compared, alone, refused, wrong = 0, set(), {}, []
    for path in shipped():
        header = header_of(reader, path)
        if isinstance(header, str):
            if dcmtk(path, "+Wm") is not None:
                refused[path.name] = header
            continue
        if header.pixels is None:
            continue
        for frame in sorted({0, header.pixels.frames - 1}):
            try:
                ours, theirs = grey_pair(reader, path, header, frame)
            except InputRejected as error:
                refused[path.name] = error.code
                continue
            if theirs is None:
                alone.add(path.name)
                continue
            compared += 1
            if ours.shape != theirs.shape or np.abs(ours - theirs).max() > 1:
                wrong.append(path.name)
    with capsys.disabled():
        print(f"\n{compared} frames compared with dcmj2pnm; not read by it: {sorted(alone)}")
    assert set(wrong) == set(DCMTK_IS_WRONG)
    assert alone == NOT_BY_DCMTK
    assert refused == REFUSED
    assert compared > 90


@pytest.mark.parametrize(("big", "little"), DCMTK_IS_WRONG.items())
def test_where_dcmtk_swaps_words_the_little_endian_twin_proves_us_right(
    reader: Reader, big: str, little: str
) -> None:
    ours, twin = reader.read_maps(FILES / big)[0], reader.read_maps(FILES / little)[0]
    assert np.array_equal(ours.pixels, twin.pixels)
    assert np.array_equal(ours.affine, twin.affine)


@pytest.mark.parametrize(
    "name",
    [
        "MR_small_RLE.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_expb.dcm",
        "MR_small_implicit.dcm",
        "MR_small_jp2klossless.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
        "MR_small_padded.dcm",
    ],
)
def test_lossless_syntaxes_equal_their_uncompressed_twin_exactly(reader: Reader, name: str) -> None:
    twin = reader.read(FILES / "MR_small.dcm").images[0].pixels
    assert np.array_equal(reader.read(FILES / name).images[0].pixels, twin)


def decompressed(tool: str, path: Path, folder: Path) -> np.ndarray:
    """Stored values as another program decodes them."""
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")
    out = folder / "raw.dcm"
    subprocess.run([tool, str(path), str(out)], check=True, capture_output=True)
    data = pydicom.dcmread(out)
    return data.pixel_array.astype(np.float64) * float(data.get("RescaleSlope", 1)) + float(
        data.get("RescaleIntercept", 0)
    )


@pytest.mark.parametrize(
    ("tool", "name"),
    [
        ("dcmdjpls", "MR_small_jpeg_ls_lossless.dcm"),
        ("dcmdrle", "MR_small_RLE.dcm"),
        ("dcmdrle", "rtdose_rle_1frame.dcm"),
    ],
)
def test_lossless_syntaxes_equal_an_independent_decoder_exactly(
    reader: Reader, tmp_path: Path, tool: str, name: str
) -> None:
    theirs = decompressed(tool, FILES / name, tmp_path)
    (ours, *_) = images_of(reader, FILES / name)
    slope = float(pydicom.dcmread(FILES / name).get("DoseGridScaling", 1.0))
    assert np.array_equal(ours.pixels[0], (theirs * slope).astype(np.float32))


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm"])
@pytest.mark.parametrize(
    "command",
    ["dcmcjpeg +e1", "dcmcjpeg +el +sv 6", "dcmcjpls", "dcmcrle", "dcmconv +tb", "dcmconv +td"],
)
def test_what_dcmtk_compresses_without_loss_is_read_as_the_original(
    reader: Reader, tmp_path: Path, command: str, name: str
) -> None:
    tool, *options = command.split()
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")
    out = tmp_path / "out.dcm"
    subprocess.run([tool, *options, str(FILES / name), str(out)], check=True, capture_output=True)
    ours, original = reader.read(out).images[0], reader.read(FILES / name).images[0]
    assert np.array_equal(ours.pixels, original.pixels)


@pytest.mark.parametrize(
    ("tool", "name"),
    [
        ("dcmdjpeg", "JPEG-lossy.dcm"),
        ("dcmdjpeg", "JPGExtended.dcm"),
        ("dcmdjpls", "JPEGLSNearLossless_08.dcm"),
        ("dcmdjpls", "JPEGLSNearLossless_16.dcm"),
    ],
)
def test_lossy_syntaxes_are_within_one_level_before_windowing_in_99_percent(
    reader: Reader, tmp_path: Path, tool: str, name: str
) -> None:
    theirs = decompressed(tool, FILES / name, tmp_path)
    ours = reader.read(FILES / name).images[0].pixels[0]
    assert (np.abs(ours - theirs) <= 1).mean() >= 0.99


@pytest.mark.parametrize("name", ["693_J2KI.dcm", "J2K_pixelrep_mismatch.dcm", "JPEG2000.dcm"])
def test_jpeg_2000_agrees_with_another_wrapper_of_openjpeg(reader: Reader, name: str) -> None:
    data = pydicom.dcmread(FILES / name)
    data.pixel_array_options(decoding_plugin="pylibjpeg")
    theirs = data.pixel_array * float(data.get("RescaleSlope", 1)) + float(
        data.get("RescaleIntercept", 0)
    )
    if "PixelPaddingValue" in data:
        keep = data.pixel_array != data.PixelPaddingValue
    else:
        keep = np.ones(theirs.shape, bool)
    ours = reader.read(FILES / name).images[0].pixels[0]
    assert (np.abs(ours - theirs) <= 1)[keep].mean() >= 0.99
    assert np.isfinite(ours).all()
