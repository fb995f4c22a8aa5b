"""The figures of docs/reading-answers.md are counted as they say they are."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def page():
    spec = importlib.util.spec_from_file_location("answers", DOCS / "answers_pictures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def film(true, probability, abstained, hit=None, patient="a", refused=""):
    pointed = [] if hit is None else [{"what": "pleural effusion", "hit": hit, "chance": 0.25}]
    return {"exam": "xr-chest", "refused": refused, "patient": patient, "pointed": pointed,
            "said": {"pleural effusion": [probability, 0.0, abstained, ""]},
            "true": {"pleural effusion": true}}  # fmt: skip


def test_decided_right_wrong_and_open_are_all_films(page):
    rows = [film(True, 0.9, False), film(True, 0.2, False), film(False, 0.1, False),
            film(False, 0.6, True), {**film(True, 0.9, False), "exam": "ct-abdomen"}]  # fmt: skip
    (counts,) = page.decided(rows).values()
    assert counts == {"n": 4, "present": 2, "right": 2, "wrong": 1, "open": 1}


def test_the_tables_say_what_was_counted(page):
    rows = [film(True, 0.9, False, True), film(True, 0.9, False, False, "b"),
            {"exam": "ct-head", "refused": "strange", "true": {}, "said": {}}]  # fmt: skip
    text = page.tables({"rows": rows, "model": "m", "date": "2026-01-01"})
    assert "| pleural effusion | 2 of 2 | 2 | 2 | 0 |" in text
    assert "| pleural effusion | 2 | 50% (0% to 100%) | 25% |" in text
    assert "1 of 1 head CTs" in text
    assert "0 of 2 of kinds that it knows" in text


def test_a_random_finger_hits_as_often_as_every_finger_tried(page):
    mask = np.random.default_rng(0).random((11, 9)) > 0.95
    for slack in (0, 1, 3):
        near = [mask[max(r - slack, 0) : r + slack + 1, max(c - slack, 0) : c + slack + 1].any()
                for r in range(11) for c in range(9)]  # fmt: skip
        assert page._near(mask, slack) == pytest.approx(np.mean(near))


def test_pictures_are_small_enough_to_be_looked_at_over_a_slow_line():
    pictures = sorted((DOCS / "pictures").glob("answers-*.png"))
    assert len(pictures) == 4
    assert max(p.stat().st_size for p in pictures) < 150_000
