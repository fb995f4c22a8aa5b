"""A checkpoint of pictures alone, or of words alone, does what it can and says what it cannot."""

from dataclasses import replace

import numpy as np
import pytest

import tiny
from radgloss.engine.aligner import Aligner
from radgloss.models.representation import simclr, skipgram
from radgloss.types import InputRejected


def aligner(model):
    return Aligner(replace(tiny.checkpoint(), architecture="other", model=model.eval()))


def test_a_space_of_pictures_embeds_pictures_and_refuses_words():
    able = aligner(simclr.build(simclr.VARIANTS["debug"]))
    vector = able.embed_image(tiny.image()).vector
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5)
    with pytest.raises(InputRejected) as error:
        able.embed_text("A stone.")
    assert error.value.code == "no-words"


def test_a_space_of_words_embeds_words_and_refuses_pictures():
    able = aligner(skipgram.build(skipgram.Config(skipgram.Words(vocabulary=400), width=8)))
    vector = able.embed_text("A stone.").vector
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5)
    with pytest.raises(InputRejected) as error:
        able.embed_image(tiny.image())
    assert error.value.code == "no-pictures"
