"""A template writes nothing by itself: its words for the normal are used where they were earned."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radgloss.engine.drafting.template import NOT_ASSESSED, filled, template
from radgloss.text.facts import read
from radgloss.types import (
    MACHINE_MARK,
    Draft,
    Finding,
    InputRejected,
    OrganState,
    Origin,
    Report,
    Sentence,
)

TEXT = """CHEST
Lungs: {lungs|The lungs are clear.}
Pleura: {pleura|No pleural effusion or pneumothorax.}
Heart: {heart}
Rest: {other}
Conclusion: {impression}
"""
STATES = ("abnormal", "assessed and normal", "uncertain", "not assessed")


def draft(**states):
    made = (
        Sentence("There is cardiomegaly.", "findings", "heart", (Finding("cardiomegaly"),)),
        Sentence("There is a left rib fracture.", "findings", "bones", (Finding("rib fracture"),)),
        Sentence("There is cardiomegaly.", "impression"),
    )
    organs = tuple(OrganState(organ, state) for organ, state in states.items())
    return Draft("1", made, Origin("m", "p", "0"), organs=organs)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(STATES), st.sampled_from(STATES))
def test_normal_words_are_used_just_where_the_organ_is_assessed_and_normal(lungs, pleura):
    text = filled(template(TEXT, "xr-chest"), draft(lungs=lungs, pleura=pleura))
    assert ("The lungs are clear." in text) == (lungs == "assessed and normal")
    assert ("No pleural effusion" in text) == (pleura == "assessed and normal")
    assert (f"Lungs: {NOT_ASSESSED}" in text) == (lungs != "assessed and normal")


def test_every_sentence_stands_in_it_once_and_the_machine_is_named():
    text = filled(template(TEXT), draft())
    assert text.count("There is a left rib fracture.") == 1
    assert "Heart: There is cardiomegaly." in text
    assert "Conclusion: There is cardiomegaly." in text
    lines = text.splitlines()
    assert lines[0] == lines[-1] == MACHINE_MARK
    without = filled(template("{heart}"), draft())
    assert "There is a left rib fracture." in without  # nothing is lost for want of a field


def test_an_abstention_fills_no_field():
    silent = replace(draft(), sentences=(), abstained=True, why="a head")
    text = filled(template(TEXT), silent)
    assert "No draft was made: a head" in text
    assert "cardiomegaly" not in text


@pytest.mark.parametrize(("text", "found"), [
    ("{lungs", "a lone '{'"), ("lungs} {heart}", "a lone '}'"),
    ("{lungs} {lungs}", "twice"), ("{wings}", "no such field"), ("{}", "no such field"),
    ("{impression}", "none for a finding"), ("No field at all.", "none for a finding"),
    ("{lungs|There is a nodule.}", "that state lung nodule"),
    ("{lungs|No pleural effusion.}", "speak of the pleura"),
    ("{impression|Normal.} {lungs}", "words for the normal"),
    ("There is a pneumothorax. {lungs}", "states pneumothorax"),
    ("The heart is normal. {lungs}", "states heart abnormality"),
    ("{pancreas}", "no such field"),
])  # fmt: skip
def test_a_template_that_contradicts_itself_is_refused(text, found):
    with pytest.raises(InputRejected) as refused:
        template(text, "xr-chest")
    assert refused.value.code == "template"
    assert found in refused.value.found


@settings(deadline=None, max_examples=80)
@given(st.text(max_size=40))
def test_braces_written_twice_are_braces_and_any_other_text_stays(text):
    escaped = text.replace("{", "{{").replace("}", "}}")
    if any(f.finding.status for f in read(Report(findings=text))):
        return  # refused, for it states something
    made = filled(template(escaped + "\n{lungs}"), draft())
    assert text in made
