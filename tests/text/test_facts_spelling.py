"""Slips of the hand are mended where that cannot change what was said, and nowhere else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radgloss.text.facts import read
from radgloss.text.facts.spelling import Speller

WANTED = ("consolidation", "pneumothorax", "hydronephrosis", "hypodense", "hyperdense",
          "metastasis", "metastases", "infrarenal", "effusion", "fractured")  # fmt: skip
KNOWN = (*WANTED, "increased", "decreased", "intrahepatic")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("consolidtion", "consolidation"),  # one too few
        ("consolidattion", "consolidation"),  # one too many
        ("consolidatiun", "consolidation"),  # one wrong
        ("consoildation", "consolidation"),  # two in the wrong order
        ("pnuemothorax", "pneumothorax"),
        ("effussion", "effusion"),
    ],
)
def test_one_slip_is_mended(written, meant):
    assert Speller(KNOWN, WANTED)[written] == meant


@pytest.mark.parametrize(
    "written",
    [
        "hypdense",  # hypo- or hyper-? nobody knows
        "intrarenal",  # not infra-
        "metastasus",  # as near to one metastasis as to many
        "xonsolidation",  # the first letter must stand
        "effusio",  # too little of it is left: an ending of its own
        "fractures",  # another ending, another word
        "incresed",  # a change is never mended into being
        "consoldtion",  # two slips
        "injection",  # a word of its own, whatever stands near
        "stone",
    ],
)
def test_what_could_change_the_meaning_is_left_as_written(written):
    assert Speller((*KNOWN, "infection"), (*WANTED, "infection"))[written] == written


LONG = ("pneumothorax", "consolidation", "hydronephrosis", "cardiomegaly", "splenomegaly",
        "atelectasis", "pancreatitis", "appendicitis")  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(LONG), st.integers(1, 9), st.sampled_from("abcdefghiklmnoprstu"))
def test_a_slip_within_a_word_gives_the_same_fact_or_none_and_never_another(word, at, letter):
    at = min(at, len(word) - 2)
    for slip in (word[:at] + word[at + 1 :], word[:at] + letter + word[at:],
                 word[:at] + letter + word[at + 1 :],
                 word[:at] + word[at + 1] + word[at] + word[at + 2 :]):  # fmt: skip
        right = {(f.finding.what, f.finding.status) for f in read(f"No {word}.")}
        assert {(f.finding.what, f.finding.status) for f in read(f"No {slip}.")} in (right, set())
