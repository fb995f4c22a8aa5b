"""Laws of the fact graph that hold for any text, and the rules of its parts one by one."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radgloss.text.facts import findings, merge, read
from radgloss.text.facts.measure import measures
from radgloss.text.facts.sections import parts
from radgloss.text.facts.sentences import sentences
from radgloss.text.facts.tokens import joined, tokens
from radgloss.types import Report

FEW = settings(max_examples=150, deadline=None)
VOCABULARY = """no the left right cyst liver kidney 12 mm cm , . ; : and or with without is are
normal not effusion pneumothorax may represent unchanged previously ( ) ? segment VI of in stone
lung cannot exclude which opposite side respectively absent seen however increased 3.5 x T12 that
enlarged dilated spleen history recommend versus likely nodule large 2"""
WORDS = st.sampled_from(VOCABULARY.split())


@FEW
@given(st.text())
def test_tokens_put_any_text_together_again(text):
    found = tokens(text)
    assert joined(text, found) == text
    assert all(text[t.start : t.end] == t.text for t in found)


@FEW
@given(st.decimals(0, 9999, places=2, allow_nan=False), st.sampled_from(["mm", " cm", "-mm", ")"]))
def test_a_number_is_one_token_whatever_follows(number, after):
    assert tokens(f"a {number}{after}.")[1].text == str(number)


@FEW
@given(st.one_of(st.text(), st.lists(WORDS, max_size=60).map(" ".join)))
def test_reading_never_raises_and_every_span_lies_in_the_text(text):
    for fact in read(text):
        assert 0 <= fact.span[0] < fact.span[1] <= len(text)
    assert read(text) == read(text)


@FEW
@given(st.lists(WORDS, max_size=40).map(" ".join))
def test_merging_twice_is_merging_once(text):
    once = merge(read(text))
    assert merge(once) == once


SAID = (
    "A 12 mm cyst in the spleen.",
    "Small left pleural effusion, unchanged.",
    "No pneumothorax or consolidation.",
    "The right kidney shows a 4 mm stone.",
    "Possible pneumonia in the right lower lobe.",
    "The liver, spleen and pancreas are normal.",
)
UNRELATED = ("The patient tolerated the procedure well.", "Images were stored.", "Thank you.")


@FEW
@given(st.permutations(SAID), st.sampled_from(UNRELATED), st.integers(0, len(SAID)))
def test_an_unrelated_sentence_changes_no_fact(said, unrelated, at):
    lines = list(said)
    before = [f.finding for f in read(" ".join(lines))]
    lines.insert(at, unrelated)
    assert [f.finding for f in read(" ".join(lines))] == before


@pytest.mark.parametrize(
    "thing",
    ["pneumothorax", "pleural effusion", "liver cyst", "hydronephrosis", "free air", "cardiomegaly",
     "renal calculus", "ascites", "pulmonary edema", "splenomegaly", "rib fracture"],
)  # fmt: skip
def test_no_flips_a_finding_and_nothing_else(thing):
    (there,) = read(f"There is {thing}.")
    for denial in ("No", "There is no", "No evidence of", "Without", "Negative for"):
        (gone,) = read(f"{denial} {thing}.")
        assert gone.finding.what == there.finding.what
        assert (there.finding.status, gone.finding.status) == ("present", "absent")


def test_reading_takes_time_in_proportion_to_the_text():
    def steps(text):  # calls, not seconds: a clock would make this test a guess
        count = 0

        def tick(frame, event, argument):
            nonlocal count
            count += event == "call"

        sys.setprofile(tick)
        try:
            read(text)
        finally:
            sys.setprofile(None)
        return count

    read("Warm.")
    once, often = steps(" ".join(SAID) * 5), steps(" ".join(SAID) * 50)
    assert often < 12 * once
    words = "no cyst and left 12 mm " * 200
    assert steps(words * 4) < 8 * steps(words)


def now(text):
    return [(m.sizes, m.previous, m.kind) for m in measures(text) if m.kind != "paired"]


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("12 mm", ((12.0,),)), ("1.2 cm", ((12.0,),)), ("1,2 cm", ((12.0,),)),
        ("12-mm", ((12.0,),)), ("12mm", ((12.0,),)), ("1.2 × 0.8 cm", ((12.0, 8.0),)),
        ("3.2 x 2.4 x 2.0 cm", ((32.0, 24.0, 20.0),)), ("12 by 8 mm", ((12.0, 8.0),)),
        ("12 and 15 mm", ((12.0,), (15.0,))), ("up to 9 mm", ((9.0,),)),
        ("2–3 mm", ((3.0,),)), ("<5 mm", ()), ("sub-5-mm", ()), ("less than 5 mm", ()),
        ("1.2 × 0.8 and 2 cm", ((12.0, 8.0), (20.0,))), ("two 5 mm stones", ((5.0,),)),
    ],
)  # fmt: skip
def test_every_way_to_write_a_size_is_read(text, sizes):
    assert now(text) == [(sizes, (), "size")]


@pytest.mark.parametrize(
    "text",
    ["18 mm (previously 12 mm)", "12 → 18 mm", "increased from 12 to 18 mm", "18 mm, was 12 mm",
     "now 18 mm compared with 12 mm", "18 mm from 12 mm", "previously 12 mm, now 18 mm"],
)  # fmt: skip
def test_every_way_to_give_the_previous_size_is_read(text):
    assert now(text) == [(((18.0,),), (12.0,), "size")]


@pytest.mark.parametrize(
    "text",
    ["3 mm slices", "slice thickness 5 mm", "2 cm above the carina", "5 x 2 mm stones",
     "wall measures 4 mm", "blood pressure 90 mm Hg", "12 cm3", "on 04/03/2024", "grade 2",
     "series 3, image 45", "14 French", "minus 12 HU"],
)  # fmt: skip
def test_what_only_looks_like_a_size_is_none(text):
    assert all(kind != "size" for _, _, kind in now(text.lower()))


def test_sentences_survive_decimals_titles_lists_and_hard_wraps():
    text = (
        "1. A 3.5 cm cyst, seen by Dr. House.\n2. No stone.\n"
        "The long line that somebody wrapped after many words and\nleft kidney is normal"
    )
    assert [text[a:b].split()[0] for a, b in sentences(text)] == ["1.", "2.", "The"]


def test_sections_are_found_by_their_headings():
    text = "CLINICAL HISTORY: pain\nFINDINGS:\nLiver: normal.\nIMPRESSION\nNormal."
    assert [p.name for p in parts(text)] == ["history", "findings", "impression"]


def test_impression_and_findings_are_merged_into_one_fact():
    report = Report(
        indication="Pneumothorax?",
        findings="5 mm stone in the lower pole of the right kidney. No hydronephrosis.",
        impression="Right renal stone. No hydronephrosis.",
    )
    found = findings(report, "ct-abdomen")
    assert [(f.what, f.status, f.side, f.site, f.size_mm) for f in found] == [
        ("kidney stone", "present", "right", "lower pole", (5.0,)),
        ("hydronephrosis", "absent", "", "", ()),
    ]
