"""A phrase is pointed at where it is: in pixels and millimetres that are known in closed form."""

import json
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Raster
from torch import nn
from torch.nn import functional as F
from typer.testing import CliRunner

import tiny
from radgloss import pointing, wiring
from radgloss.cli import app
from radgloss.data.batch import to_model
from radgloss.engine.aligner import Aligner
from radgloss.engine.attention import on_frame, on_image
from radgloss.engine.grounding import bank_of, ground, peak_box
from radgloss.exchange import heat
from radgloss.models.alignment import convirt, gloria
from radgloss.preprocess import Preprocess, prepare
from radgloss.text.prompts import Bank
from radgloss.text.tokenizer import Tokenizer
from radgloss.types import Image, InputRejected, Region, Study, Window

SIDE, CELLS = 30, 6
UPRIGHT = np.array([[0, 0, 2.0, -40], [1, 0, 0, 0], [0, -2.0, 0, 100], [0, 0, 0, 1]])
BRIGHT = (slice(30, 40), slice(20, 30))  # rows and columns of what is to be found


class Tower(nn.Module):
    """A token is the mean brightness of its cell, beside a one."""

    grid = CELLS

    def tokens(self, images):  # (B, C, S, S) -> (B, P, 2)
        cells = F.adaptive_avg_pool2d(images.mean(1), CELLS).flatten(1)
        return torch.stack([cells + 2, torch.ones_like(cells)], -1)

    def head(self, pooled):
        return pooled


class Model(nn.Module):
    """Its pictures point towards "bright" as far as they are bright."""

    def __init__(self):
        super().__init__()
        self.image = Tower()

    def encode_image(self, images):
        return F.normalize(self.image.head(self.image.tokens(images).mean(1)), dim=-1)

    def encode_text(self, tokens, mask):
        raise NotImplementedError


@pytest.fixture(scope="module")
def speaker():
    known = replace(
        tiny.checkpoint(), model=Model(), preprocess=Preprocess(SIDE, 2.0, 64),
        prompts={"bright": Bank(("bright",), ("dark",))},
    )  # fmt: skip
    made = Aligner(known)
    made.texts = lambda texts: np.array([[1.0, 0] if t == "bright" else [0, 1.0] for t in texts],
                                        np.float32)  # fmt: skip
    return made


def film(affine=UPRIGHT, **more):
    """60 × 40 pixels of 2 mm: 30 × 20 prepared pixels, and five of padding on either side."""
    pixels = np.zeros((1, 60, 40), np.float32)
    pixels[0][BRIGHT] = 1000
    return Image("1.2.3", pixels, affine, "DX", voi=(Window(500, 1000),), **more)


def study(image):
    return Study("1.2", (image,))


@pytest.mark.parametrize("way", ["places", "hidden"])
def test_the_box_is_where_the_closed_form_puts_it(speaker, way):
    """Prepared rows and columns 15 to 20, cell (3, 3) of six: exactly the bright square."""
    found = ground(speaker, study(film()), "bright", way)
    peak = np.unravel_index(found.heat.argmax(), found.heat.shape)
    assert all(s.start <= p < s.stop for s, p in zip(BRIGHT, peak, strict=True))
    assert found.heat.shape == (60, 40)
    assert (found.way, found.frame) == (way, 0)
    if way == "places":
        assert found.box == Region((0, 30, 20), (0, 39, 29))
    else:  # squares of 4.5 prepared pixels every 2.5
        middle = (np.array(found.box.low) + found.box.high) / 2
        np.testing.assert_allclose(middle, [0, 34.5, 24.5], atol=5)


def test_millimetres_are_those_of_the_outer_edges(speaker):
    """x = 2 column - 40 and z = 100 - 2 row; a pixel reaches 1 mm beyond its centre."""
    box = ground(speaker, study(film()), "bright", "places").box
    found = heat.millimetres(film(), box)
    assert found == {
        "trust": "patient", "middle": [9.0, 0.0, 31.0], "low": [-1.0, -0.5, 21.0],
        "high": [19.0, 0.5, 41.0], "size": [20.0, 20.0],
    }  # fmt: skip
    assert heat.millimetres(film(spacing="none"), box) == {}


def test_a_film_stored_the_other_way_round_is_pointed_at_in_the_same_millimetres(speaker):
    turned = film()
    affine = UPRIGHT @ np.array([[1, 0, 0, 0], [0, -1, 0, 59], [0, 0, -1, 39], [0, 0, 0, 1.0]])
    turned = replace(turned, pixels=turned.pixels[:, ::-1, ::-1].copy(), affine=affine)
    found = ground(speaker, study(turned), "bright", "places")
    assert found.box == Region((0, 20, 10), (0, 29, 19))
    assert heat.millimetres(turned, found.box) == heat.millimetres(film(), Region(
        (0, 30, 20), (0, 39, 29)))  # fmt: skip


def test_a_crop_is_pointed_at_in_the_millimetres_of_the_whole(speaker):
    """Other scale, other padding (22 of 30 columns), the same place within half a cell."""
    part = film().cut(Region((0, 20, 10), (0, 59, 39)))
    found = ground(speaker, study(part), "bright", "places")
    half = 2.5 * 80 / SIDE
    middle = heat.millimetres(part, found.box)["middle"]
    np.testing.assert_allclose(middle, [9.0, 0.0, 31.0], atol=half)


def test_of_a_stack_the_frame_that_shows_it_is_chosen(speaker):
    affine = np.array([[0, 0, 2.0, -40], [0, 2.0, 0, -60], [2.0, 0, 0, 500], [0, 0, 0, 1]])
    pixels = np.full((7, 60, 40), -1000, np.float32)
    pixels[4][BRIGHT] = 1000
    scan = Image("1.2.4", pixels, affine, "CT")
    found = ground(speaker, study(scan), "bright", "places")
    assert found.frame == 4
    assert found.box == Region((4, 30, 20), (4, 39, 29))
    assert heat.millimetres(scan, found.box)["middle"] == [9.0, 9.0, 508.0]
    assert heat.millimetres(scan, found.box)["size"] == [2.0, 20.0, 20.0]


# ------------------------------------------------------------------ the inverse


def turned(order, signs):
    """An affine whose axes (frame, row, column) run along those world axes, 3, 1 and 1 mm apart."""
    affine = np.zeros((4, 4))
    for axis, (world, sign, mm) in enumerate(zip(order, signs, (3.0, 1.0, 1.0), strict=True)):
        affine[world, axis] = sign * mm
    affine[:3, 3], affine[3, 3] = (7, -20, 300), 1
    return affine


ORDERS = st.permutations([0, 1, 2])
SIGNS = st.tuples(*[st.sampled_from([-1, 1])] * 3)
SHAPES = st.tuples(st.integers(9, 14), st.integers(12, 24), st.integers(12, 24))


@settings(deadline=None, max_examples=40)
@given(ORDERS, SIGNS, SHAPES, st.integers(0, 5), st.integers(0, 5), st.integers(0, 63))
def test_a_box_holds_exactly_the_voxels_that_the_placement_puts_into_it(
    order, signs, shape, row, column, n
):
    """Whatever orientation, padding and scale: every voxel, sent forward, judges the inverse."""
    pixels = np.zeros(shape, np.float32)
    image = Image("1", pixels, turned(order, signs), "CT")
    placed = prepare(image, Preprocess(SIDE, 2.0, 64))
    n %= len(placed.pixels)
    grid = np.zeros((CELLS, CELLS), np.float32)
    grid[row, column] = 1
    top, left, bottom, right = box = peak_box(grid, grid > -1, SIDE)
    assert box == (5 * row, 5 * column, 5 * row + 5, 5 * column + 5)
    region = placed.placement.region(n, *box)
    voxels = np.argwhere(np.ones(shape, bool))
    forward = np.linalg.inv(placed.placement.to_source)
    place = (forward @ np.c_[voxels, np.ones(len(voxels))].T)[:3].T
    edges = np.array([[n - 0.5, n + 0.5], [top - 0.5, bottom - 0.5], [left - 0.5, right - 0.5]])
    depth = np.minimum(place - edges[:, 0], edges[:, 1] - place)  # above 0 within, by axis
    held = ((voxels >= region.low) & (voxels <= region.high)).all(1)
    assert held[(depth > 1e-6).all(1)].all()
    assert held.any()
    along = np.abs(placed.placement.to_source[:3, :3]).argmax(0)  # source axis of each prepared one
    wide = np.greater(region.high, region.low)[along]  # the box has one voxel at least, thus not
    assert (depth[held][:, wide] > -1e-6).all()


@settings(deadline=None, max_examples=25)
@given(ORDERS, SIGNS, SHAPES, st.integers(0, 63), st.integers(0, 23))
def test_one_frame_s_map_is_that_frame_of_the_whole_map(order, signs, shape, n, frame):
    image = Image("1", np.zeros(shape, np.float32), turned(order, signs), "CT")
    placed = prepare(image, Preprocess(SIDE, 2.0, 64))
    frames = len(placed.pixels)
    n, frame = 1 + n % (frames - 2), frame % shape[0]
    maps = np.zeros((frames, CELLS, CELLS), np.float32)
    maps[n] = np.random.default_rng(0).random((CELLS, CELLS))
    whole = on_image(maps, placed.placement, SIDE)[frame]
    one = on_frame(maps[n], n, placed.placement, SIDE, frame)
    np.testing.assert_allclose(one, whole, atol=1e-5)


# ------------------------------------------------------------------ the ways


def test_the_places_parts_add_up_to_the_score():
    """Of a true tower; the score is the phrase's own log-odds in that frame."""
    speaker = Aligner(tiny.checkpoint())
    image = tiny.image("DX", 1)
    found = ground(speaker, study(image), "kidney stone", "places")
    bank = bank_of("kidney stone", {})
    along = speaker.texts(bank.present).mean(0) - speaker.texts(bank.absent).mean(0)
    vector = speaker.embed_image(image).vector
    scale = float(speaker.checkpoint.model.scale.detach())
    assert found.score == pytest.approx(scale * float(vector @ along), abs=1e-4)


def of(module, variant="debug", **changes):
    torch.manual_seed(0)
    tokenizer = Tokenizer.train(tiny.WORDS, 300)
    config = module.VARIANTS[variant]
    config = replace(config, text=replace(config.text, vocabulary=len(tokenizer)), **changes)
    model = module.build(config).eval()
    return Aligner(replace(tiny.checkpoint(), tokenizer=tokenizer, model=model))


def test_parts_that_do_not_add_up_are_not_offered():
    """ConVIRT's projection bends, so that no place has a part of its own."""
    speaker = of(convirt)
    with pytest.raises(InputRejected) as refused:
        ground(speaker, study(tiny.image("DX", 1)), "stone", "places")
    assert refused.value.code == "no-place"
    assert ground(speaker, study(tiny.image("DX", 1)), "stone").way == "hidden"


def test_words_that_attend_are_the_first_choice_where_a_model_has_them():
    """The map is the mean attention of the phrase's own words, taken back to the image."""
    speaker, image = of(gloria), tiny.image("DX", 1)
    found = ground(speaker, study(image), "kidney stone")
    assert found.way == "words"
    placed = prepare(image, speaker.checkpoint.preprocess)
    told = speaker.checkpoint.tokenizer.encode(["There is kidney stone."], 16)
    pixels = to_model(placed.pixels)[0]
    looks = speaker.checkpoint.model.heat_map(
        pixels, *(torch.from_numpy(x) for x in (told.tokens, told.mask, told.words))
    ).detach().numpy()  # fmt: skip
    grid = looks[2:4].mean(0)
    cell = np.unravel_index(grid.argmax(), grid.shape)
    side = 32 / len(grid)
    region = placed.placement.region(0, *(c * side for c in cell), *((c + 1) * side for c in cell))
    assert all(a <= b for a, b in zip(found.box.low, region.low, strict=True))
    assert all(a >= b for a, b in zip(found.box.high, region.high, strict=True))
    assert ground(of(gloria, "debug-global"), study(image), "stone").way == "hidden"


def test_a_phrase_of_one_finding_and_side_is_asked_as_the_training_texts_say_it():
    bank = Bank(("Effusion.",) * 3, ("No effusion.",), ("Right effusion.",), ())
    prompts = {"pleural effusion": bank}
    assert bank_of("pleural effusion", prompts) == bank
    assert bank_of("right pleural effusion", prompts).present == ("Right effusion.",)
    assert "Left pleural effusion." in bank_of("left effusion", prompts).present
    assert bank_of("left effusion", prompts).absent == bank.absent
    assert bank_of("shining thing", prompts).present[0] == "Shining thing."


@pytest.mark.parametrize(
    ("phrase", "way", "code"),
    [("no bright thing", "", "no-place"), ("  ", "", "empty-text"), ("bright", "dance", "no-place"),
     ("bright", "words", "no-place")],
)  # fmt: skip
def test_what_is_nowhere_is_refused(speaker, phrase, way, code):
    with pytest.raises(InputRejected) as refused:
        ground(speaker, study(film()), phrase, way)
    assert refused.value.code == code


def test_an_even_map_is_a_single_cell_and_no_error():
    assert peak_box(np.zeros((4, 4), np.float32), np.ones((4, 4), bool), 32) == (0, 0, 8, 8)


# ------------------------------------------------------------------ what is written


def test_the_picture_shows_the_box_where_it_is(speaker):
    found = ground(speaker, study(film()), "bright", "places")
    picture = np.asarray(
        Raster.open(BytesIO(heat.overlay(found.image, 0, found.heat, found.box, "bright")))
    )
    assert picture.shape[1] == 256  # 40 pixels; 6.4 times as large
    white = (picture == 255).all(-1)
    assert white[192, 128:192].all()
    assert white[255, 128:192].all()
    assert white[192:256, 128].all()
    assert white[192:256, 191].all()
    red = picture[224, 160].astype(int)
    assert red[0] > red[2] + 20  # warm within
    assert (picture[60, 60] == picture[60, 60][0]).all()  # grey outside


def test_command_and_python_write_the_same_and_say_whether_it_holds(tmp_path, monkeypatch):
    model = wiring.Model(tiny.checkpoint())
    monkeypatch.setattr(wiring, "load", lambda *_, **__: model)
    monkeypatch.setattr(wiring, "read", lambda *_: study(tiny.image("DX", 1)))
    done = CliRunner().invoke(
        app, ["ground", "left pneumothorax", "-i", "x", "-o", str(tmp_path / "o"), "--json"]
    )
    assert done.exit_code == 0, done.exception
    said = json.loads(done.stdout)
    assert said == json.loads((tmp_path / "o" / "ground.json").read_text())
    assert said["holds"]["label"] == "pneumothorax"
    (label,) = model.label(study(tiny.image("DX", 1)), ["pneumothorax"])
    assert said["holds"]["abstained"] == label.abstained
    again = model.ground(study(tiny.image("DX", 1)), "left pneumothorax")
    assert said["pixels"] == {"low": list(again.box.low), "high": list(again.box.high)}
    assert {p.name for p in (tmp_path / "o").iterdir()} == {
        "ground.png", "ground.json", "provenance.json",
    }  # fmt: skip
    record = json.loads((tmp_path / "o" / "provenance.json").read_text())
    assert set(record["outputs"]) == {"ground.png", "ground.json"}
    told = CliRunner().invoke(app, ["ground", "effusion", "-i", "x", "-o", str(tmp_path / "p")])
    assert "pleural effusion: " in told.stdout
    assert "counted from 0" in told.stdout


def test_what_cannot_be_written_is_refused_before_anything_is_asked(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputRejected) as refused:
        pointing.point(None, study(film()), "bright", tmp_path / "file" / "o")
    assert refused.value.code == "output"
