"""Captions read apart: held against the grammar that writes them."""

from random import Random

import numpy as np
import pytest

from radgloss.data.phantom.grammar.captions import CT, FILMS, captions, picture_of
from radgloss.data.phantom.grammar.scenery import SEQUENCES
from radgloss.text.looks import look_of, taken
from radgloss.types import Finding

WAYS = (
    *(("ct-abdomen", how) for how in CT),
    *(("mr-abdomen", how) for how in (*SEQUENCES, "ADC")),
    *FILMS,
    ("us-abdomen", ""),
)
KIND = {"ct-abdomen": "CT", "mr-abdomen": "MR", "us-abdomen": "US"}


@pytest.mark.parametrize(("exam", "how"), WAYS)
def test_every_wording_of_a_look_has_its_one_name(exam, how):
    name = f"{KIND.get(exam, 'XR')} {how}".strip()
    for seed in range(20):
        words = picture_of(exam, how, Random(seed))
        assert look_of(words) == name, words
        assert taken(f"{words} of the spleen.").of == "spleen"


def test_what_a_picture_is_centred_on_is_read_whatever_else_is_said():
    stone = Finding("kidney stone", side="left", size_mm=(12.0,))
    for seed in range(20):
        rng = np.random.default_rng(seed)
        (said,) = captions(rng, "ct-abdomen", "portal venous", "left kidney", [stone])
        (bare,) = captions(rng, "ct-abdomen", "portal venous", "left kidney")
        (frame,) = captions(rng, "ct-abdomen", "portal venous", level="kidneys")
        parts = [(t.of, t.plain) for t in (taken(c.text) for c in (said, bare, frame))]
        assert parts == [("left kidney", False), ("left kidney", True), ("", False)]


def test_words_that_tell_no_look_have_none():
    for words in ("No pleural effusion.", "The liver is seen.", "Lateral segment of the liver."):
        assert look_of(words) == ""
