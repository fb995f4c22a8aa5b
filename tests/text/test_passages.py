"""A text that a model cannot take whole is placed by its parts, and never cut."""

import numpy as np
import pytest

from radgloss.text.passages import direction
from radgloss.types import InputRejected

WORDS = ("no", "effusion", "cyst", "right", "left", "stone")


def embed(most):
    """A model of bags of words that takes so many of them."""

    def of(text):
        words = text.lower().replace(".", " ").split()
        if len(words) > most:
            raise InputRejected("text-too-long", "a text", str(len(words)), str(most), "Shorten.")
        counts = np.array([words.count(w) for w in WORDS], np.float32)
        return counts / max(np.linalg.norm(counts), 1e-12)

    return of


def test_a_text_that_fits_is_asked_once_as_it_is():
    asked = []
    of = embed(9)
    found = direction(lambda t: asked.append(t) or of(t), "No effusion. A cyst.")
    assert asked == ["No effusion. A cyst."]
    np.testing.assert_array_equal(found, of("No effusion. A cyst."))


def test_a_longer_one_is_the_mean_direction_of_its_sentences():
    of = embed(2)
    found = direction(of, "No effusion. Right stone.")
    mean = of("no effusion") + of("right stone")
    np.testing.assert_allclose(found, mean / np.linalg.norm(mean), rtol=1e-6)


def test_the_last_word_of_a_long_sentence_still_counts():
    of = embed(2)
    ends = {end: direction(of, f"a cyst and a stone in the {end}") for end in ("left", "right")}
    assert ends["left"][WORDS.index("left")] > 0
    assert not np.allclose(ends["left"], ends["right"])


def test_one_word_that_is_too_long_is_refused():
    with pytest.raises(InputRejected) as refused:
        direction(embed(0), "cyst")
    assert refused.value.code == "text-too-long"


def test_another_reason_is_not_hidden():
    def empty(text):
        raise InputRejected("empty-text", "the text", "no words", "at least one", "Type a word.")

    with pytest.raises(InputRejected) as refused:
        direction(empty, "One. Two.")
    assert refused.value.code == "empty-text"
