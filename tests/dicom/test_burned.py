"""Letters burned into pictures: found, read, and compared with the file's orientation.

Films are simulated (`data.phantom`) on a small grid; the letters there are the phantom's own."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont
from typer.testing import CliRunner

from radgloss.cli import app
from radgloss.data.phantom import physics
from radgloss.dicom import burned
from radgloss.dicom.deid import ocr
from radgloss.dicom.write import write_images
from radgloss.types import Image, Study, Window

READER = ocr.tesseract()
needs_tesseract = pytest.mark.skipif(READER is None, reason="no tesseract on this machine")
LEFT = np.array([[0, 0, 0.7, 0], [1, 0, 0, 0], [0, -0.7, 0, 0], [0, 0, 0, 1.0]])  # +x along a row
NAME = "ROENTGEN"
SAYS = {"L": "left", "R": "right"}


def film(letter="", words="", affine=LEFT, view="PA", notes=(), side=512):
    """A grey film with rib-like shades, a side letter of lead and a line of words."""
    y, x = np.mgrid[:side, :side] / side
    values = (1500 + 900 * np.sin(9 * y) * np.cos(5 * x)).astype(np.float32)
    values = physics.marked(values, letter, 0.7)
    if words:
        picture = Picture.new("L", (side, side))
        ImageDraw.Draw(picture).text((40, side - 60), words, 255, ImageFont.load_default(28))
        values = np.maximum(values, np.asarray(picture) * np.float32(16))
    return Image(
        "2.25.11", values[None], affine, "DX", view=view, voi=(Window(2048, 4096),), notes=notes,
        body_part="CHEST", synthetic=True,
    )  # fmt: skip


def read(image):
    return burned.burned_in(Study("2.25.1", (image,)), READER)


def sides(image):
    return [(b.says, b.agrees) for b in burned.sides(image, 0)]


@pytest.mark.parametrize(("letter", "says"), SAYS.items())
def test_a_marker_on_its_own_side_agrees_with_the_orientation(letter, says):
    assert sides(film(letter)) == [(says, True)]


def test_a_picture_turned_over_without_its_orientation_contradicts_its_marker():
    turned = replace(film("R"), affine=LEFT @ np.diag([1, 1, -1.0, 1]))
    assert sides(turned) == [("right", False)]


@pytest.mark.parametrize(
    "change", [{"view": "LL"}, {"notes": ("orientation not stated: taken as left and feet",)}]
)
def test_no_side_is_judged_where_none_can_be_known(change):
    assert sides(film("L", **change)) == [("left", None)]


@pytest.mark.parametrize("side", [400, 1400])
@pytest.mark.parametrize("letter", ["L", "R"])
def test_a_marker_is_read_on_small_and_large_films(letter, side):
    assert [says for says, _ in sides(film(letter, side=side))] == [SAYS[letter]]


@needs_tesseract
def test_a_film_without_letters_has_none():
    assert read(film()) == ()


@needs_tesseract
def test_words_are_found_where_they_stand_and_stay_out_of_every_repr():
    (found,) = (b for b in read(film(words=NAME)) if b.text == NAME)
    assert 440 < found.box.top < 470
    assert 25 < found.box.left < 45
    assert NAME not in repr(found)
    assert NAME not in json.dumps(burned.told([found])) + "".join(burned.lines([found]))
    assert burned.told([found], words=True)[0]["text"] == NAME


def test_a_letter_of_a_word_is_no_side_marker():
    assert sides(film(words="RLRL")) == []


@needs_tesseract
def test_the_box_that_is_offered_for_removal_covers_the_words():
    image = film(words=NAME)
    (found,) = (b for b in read(image) if b.text == NAME)
    hidden = image.pixels.copy()
    box = found.box
    hidden[0, box.top : box.top + box.height, box.left : box.left + box.width] = 0
    assert not [b for b in read(replace(image, pixels=hidden)) if b.kind == "words"]
    assert f"--mask {box.top},{box.left},{box.height},{box.width}" in burned.lines([found])[-1]


@needs_tesseract
def test_report_tells_of_letters_and_writes_none_of_them(tmp_path):
    """A draft and every file that goes with it are silent about what is burned in."""
    write_images(Study("2.25.1", (film("R", NAME),), synthetic=True), tmp_path / "in")
    runner = CliRunner()
    words = ["report", "-i", str(tmp_path / "in"), "-o", str(tmp_path / "out")]
    done = runner.invoke(app, [*words, "--format", "txt,json,html,fhir", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)["burned_in"]
    assert {b["kind"] for b in told} == {"side", "words"}
    assert NAME not in done.stdout
    for path in (tmp_path / "out").rglob("*"):
        assert not path.is_file() or NAME.encode() not in path.read_bytes(), path.name


@needs_tesseract
def test_inspect_gives_the_words_only_where_they_are_asked_for(tmp_path):
    write_images(Study("2.25.1", (film("L", NAME),), synthetic=True), tmp_path / "in")
    runner = CliRunner()
    shown = runner.invoke(app, ["inspect", str(tmp_path / "in"), "--burned-in"]).stdout
    assert "side" in shown
    assert "agrees: True" in shown
    assert NAME not in shown
    asked = runner.invoke(app, ["inspect", str(tmp_path / "in"), "--burned-in", "--words"]).stdout
    assert NAME in asked
