"""Words are computed once, and no further than they reach."""

import numpy as np
import torch

import tiny
from radgloss.engine.aligner import Aligner
from radgloss.engine.texts import CHUNK, Texts
from radgloss.types import Study

TEXTS = ("No liver cyst.", "There is a kidney stone.", "Splenomegaly.", "A left pneumothorax.")


def counting(aligner):
    """The tower's calls, as (texts, tokens) of each."""
    calls = []
    encode = aligner.texts._encode

    def counted(tokens, mask):
        calls.append(tuple(tokens.shape))
        return encode(tokens, mask)

    aligner.texts._encode = counted
    return calls


def test_a_text_is_encoded_once():
    aligner = Aligner(tiny.checkpoint())
    calls = counting(aligner)
    first = aligner.texts(TEXTS)
    again = aligner.texts((TEXTS[2], TEXTS[0], TEXTS[2]))
    assert calls == [(4, calls[0][1])]
    np.testing.assert_array_equal(again, first[[2, 0, 2]])
    aligner.embed_text(TEXTS[1])
    assert len(calls) == 1


def test_labels_are_read_together_and_cost_no_words_the_second_time():
    aligner, study = Aligner(tiny.checkpoint()), Study("1.2", (tiny.image(),))
    calls = counting(aligner)
    aligner.label(study, ["hepatic cyst", "renal stone", "splenomegaly"])
    assert len(calls) == 1
    other = Study("1.3", (tiny.image(seed=1),))
    aligner.label(other, ["splenomegaly", "hepatic cyst"])
    assert len(calls) == 1


def test_order_batch_and_padding_change_no_vector():
    aligner = Aligner(tiny.checkpoint())
    many = [" ".join([t] * n) for n in (1, 3, 2) for t in TEXTS]
    together = aligner.texts(many)
    for text, vector in zip(many, together, strict=True):
        alone = Aligner(tiny.checkpoint()).embed_text(text).vector
        np.testing.assert_allclose(vector, alone, atol=1e-5)


def test_a_batch_is_as_wide_as_its_own_longest_text():
    lengths = [3] * CHUNK + [40] + [3] * (CHUNK - 1)

    def tokenize(texts):
        n = np.array([lengths[int(t)] for t in texts])
        mask = np.arange(n.max())[None] < n[:, None]
        return mask.astype(np.int64), mask

    shapes = []

    def encode(tokens, mask):
        shapes.append(tuple(tokens.shape))
        return mask.sum(1, keepdim=True).float()

    texts = Texts(tokenize, encode)
    found = texts([str(i) for i in range(len(lengths))])
    assert found[:, 0].tolist() == lengths
    assert shapes == [(CHUNK, 3), (CHUNK, 40)]
    assert texts.computed == CHUNK * 43


def test_what_is_kept_is_bounded_and_the_oldest_goes(monkeypatch):
    monkeypatch.setattr("radgloss.engine.texts.MOST", 2)
    asked = []

    def tokenize(texts):
        asked.extend(texts)
        return np.ones((len(texts), 1), np.int64), np.ones((len(texts), 1), bool)

    texts = Texts(tokenize, lambda tokens, mask: torch.ones(len(tokens), 1))
    for t in ("a", "b", "c", "a", "c"):
        texts((t,))
    assert asked == ["a", "b", "c", "a"]
