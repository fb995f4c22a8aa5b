from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radgloss.exchange import words
from radgloss.types import Finding, InputRejected


@settings(deadline=None, max_examples=100)
@given(st.text())
def test_one_line_is_one_line_that_any_format_can_hold(text):
    line = words.one_line(text)
    assert len(line.splitlines()) <= 1
    assert line == words.one_line(line)
    line.encode("utf-8")
    assert all(c.isprintable() or ord(c) > 0xA0 for c in line)


@pytest.mark.parametrize(
    ("confidence", "word"),
    [(1.0, "supported"), (0.9, "supported"), (0.89, "likely"), (0.7, "likely"), (0.69, "check"),
     (0.0, "check"), (None, "check"), (float("nan"), "check")],
)  # fmt: skip
def test_less_certain_never_sounds_more_certain(confidence, word):
    assert words.confidence_word(confidence) == word


def test_a_finding_reads_what_side_site_size_status():
    finding = Finding("kidney stone", "present", "left", "lower pole", (6.0, 4.5))
    assert words.finding_words(finding) == "kidney stone, left, lower pole, 6 × 4.5 mm, present"
    assert words.finding_words(Finding("effusion", "absent")) == "effusion, absent"


def test_a_study_is_called_by_terms_of_the_standard_alone(samples):
    _, study = samples.ct
    assert words.study_kind(study) == "CT Abdomen"
    image = replace(study.images[0], body_part="JOHN SMITH", description="his chest")
    assert words.study_kind(replace(study, images=(image,))) == "CT"
    image = replace(image, modality="SMITH", body_part="C-spine")
    assert words.study_kind(replace(study, images=(image,))) == "OT Cspine"


def test_a_refused_file_is_told_by_number_and_digest_never_by_name():
    named = [InputRejected("damaged", f"{n}.dcm", "noise", "DICOM", "Leave it out.") for n in "ba"]
    named[0].digest = "f" * 64
    first, second = words.unnamed(named)
    assert (first.what, second.what) == ("refused input 1", f"refused input 2 (SHA-256 {'f' * 16})")
    whole = InputRejected("no-dicom-source", "the study", "NIfTI", "DICOM", "Leave sr out.")
    assert words.unnamed([whole])[0].what == "the study"


def test_provenance_holds_no_free_text_of_the_study():
    from radgloss.exchange.provenance import record
    from radgloss.types import Draft, Origin, Study

    study = Study("1.2", (), description="Smith John follow-up")
    draft = Draft("1.2", (), Origin("c", "p", "0"))
    assert "Smith" not in str(record(draft, study))
