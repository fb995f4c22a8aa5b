"""What must hold of every contact sheet: each finding is on it, at a frame that shows it."""

from functools import cache

import numpy as np
import pytest

from radgloss.data.phantom import sheets
from radgloss.data.phantom.causal.looks import drawable
from radgloss.data.phantom.sheets import Pair, key_frames, pairs, sheet, sheet_of_findings
from radgloss.data.phantom.study import Phantom, make

TEST = 2_000_100


@cache
def pelvic() -> tuple[Pair, ...]:
    return tuple(pairs("us-pelvis", TEST))


@cache
def chest() -> Phantom:
    return make(TEST, "xr-chest")


def test_every_finding_of_an_exam_has_a_pair_and_its_frame_shows_the_mask() -> None:
    assert [p.what for p in pelvic()] == list(drawable("us-pelvis"))
    for pair in pelvic():
        assert {f.what for f in pair.phantom.truth.present} == {pair.what}
        image = pair.phantom.study.images[pair.image]
        masks = pair.phantom.truth.masks[image.uid]
        assert any(mask[pair.frame].any() for mask in masks.values())


def test_a_sheet_has_a_tile_for_every_pair_and_an_outline_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sheets, "pairs", lambda exam, seed: iter(pelvic()))
    whole = sheet_of_findings("us-pelvis", TEST)
    tiles = 2 * len(pelvic())
    assert whole.width == 6 * sheets.WIDE + 5 * sheets.GAP + 2 * sheets.PAD
    assert whole.height > -(-tiles // 6) * sheets.TALL["US"]
    red, _, blue = (np.asarray(c).astype(int) for c in whole.split())
    assert ((red - blue) > 60).sum() > 50 * len(pelvic())  # amber lines; all else is grey


def test_every_view_of_a_patient_is_on_the_sheet() -> None:
    films = chest().study.images
    assert sheet([chest()]).width == len(films) * (sheets.WIDE + sheets.GAP) - sheets.GAP + (
        2 * sheets.PAD
    )
    with pytest.raises(ValueError, match="at least one"):
        sheet([])


def test_key_frames_pass_through_the_lesions_of_a_stack() -> None:
    phantom = make(2_000_003, "mr-abdomen")
    image = phantom.study.images[0]
    frames = key_frames(phantom, image)
    assert list(frames) == sorted(set(frames))
    assert len(frames) == sheets.FRAMES
    for name in list(phantom.masks)[:1]:
        area = phantom.masks[name].sum(axis=(1, 2))
        assert max(area[k] for k in frames) >= area.max() / 2


def test_right_is_on_the_left_of_a_frontal_film_and_a_lateral_one_has_no_sides() -> None:
    seen = {}
    for image in chest().study.images:
        box = sheets._picture(image, 0)
        plain = box.copy()
        sheets._sides(plain, image)  # once more changes nothing but where letters are
        seen[image.view] = np.any(np.asarray(plain) != np.asarray(box))
    assert seen.get("LL", False) == np.False_
    frontal = next(i for i in chest().study.images if i.view in sheets.FRONTAL)
    assert frontal.affine[0, 2] > 0


def test_no_line_of_a_caption_is_cut_off() -> None:
    words = "moderate left hydronephrosis, right kidney cyst 41 mm lower pole"
    lines = sheets._wrapped(words, 120, sheets.TEXT)
    font = sheets.ImageFont.load_default(sheets.TEXT)
    assert " ".join(lines) == words
    assert all(font.getlength(line) <= 120 for line in lines)
