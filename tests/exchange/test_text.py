from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from radgloss.exchange import text
from radgloss.types import MACHINE_MARK, Flag
from radgloss.workflow.status import DRAFT


def test_the_mark_is_the_first_and_the_last_line(samples):
    for draft, _ in (samples.ct, samples.radiograph, samples.abstained):
        lines = text.write(draft, DRAFT).splitlines()
        assert lines[0] == lines[-1] == MACHINE_MARK


def test_every_sentence_is_there_in_reading_order(samples):
    draft, _ = samples.ct
    words = " ".join(text.write(draft, DRAFT).split())
    places = [words.index(s.text) for s in draft.sentences]
    assert places == sorted(places)


def test_only_doubtful_findings_are_marked_for_a_second_look(samples):
    draft, _ = samples.ct
    lines = text.write(draft, DRAFT).splitlines()
    assert [line for line in lines if line.endswith("[check]")] == [
        "  Kidneys: There is a 7 mm stone in the left kidney. [check]",
        "  Left kidney stone, 7 mm, without sign of obstruction on these images. [check]",
    ]
    assert text.to_check(draft) == 2


def test_every_flag_and_every_organ_is_told_and_a_flagged_sentence_is_marked(samples):
    draft, _ = samples.ct
    sure = replace(draft, sentences=tuple(replace(s, confidence=0.99) for s in draft.sentences))
    whole = replace(sure, flags=(*draft.flags, Flag("prior", "nobody says whose it is")))
    lines = text.write(whole, DRAFT).splitlines()
    words = " ".join(" ".join(lines).split())
    for flag in whole.flags:
        assert flag.found in words
    for organ in draft.organs:
        assert f"  {organ.organ}: {organ.state}" in lines
    marked = [line for line in lines if line.endswith("[check]")]
    assert marked == ["  Kidneys: There is a 7 mm stone in the left kidney. [check]"]
    assert text.to_check(whole) == 1
    quiet = text.write(replace(sure, flags=(), organs=()), DRAFT)
    assert "LOOKED AT AGAIN" not in quiet
    assert "ORGANS" not in quiet


def test_an_abstention_says_why_and_no_line_is_too_wide(samples):
    draft, _ = samples.abstained
    written = text.write(draft, DRAFT)
    assert "NO DRAFT WAS MADE" in written
    assert "distance 4.1" in written
    assert max(map(len, written.splitlines())) <= 80


def test_control_characters_and_line_breaks_cannot_forge_a_line(samples):
    draft, _ = samples.abstained
    forged = replace(draft, why=f"a\r\n{MACHINE_MARK}\x1b[31m\u2028FINDINGS")
    lines = text.write(forged, DRAFT).splitlines()
    assert lines.count(MACHINE_MARK) == 2
    assert not any(line.startswith("FINDINGS") for line in lines)
    assert "\x1b" not in "".join(lines)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_draft_is_marked_above_and_below(drafts, data):
    lines = text.write(data.draw(drafts), DRAFT).splitlines()
    assert lines[0] == lines[-1] == MACHINE_MARK
    assert max(map(len, lines)) <= 80
