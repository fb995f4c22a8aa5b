"""Words and facts: what is worded is read back, an impression adds nothing, states are earned."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radgloss.engine.drafting.asked import asked
from radgloss.engine.drafting.comparison import FAR, SHARE, changed, from_report, grown
from radgloss.engine.drafting.impression import impression
from radgloss.engine.drafting.organs import organ_states, validated
from radgloss.engine.drafting.reading import canonical, states
from radgloss.text import templates
from radgloss.text.facts import read
from radgloss.text.findings import EXAMS, SITES, exam_findings, finding_type
from radgloss.trust import Calibration
from radgloss.types import Finding, Prediction, Report, Sentence

SURE = Calibration(1.0, 0.0, 0.1, 0.9, 50, 50, 0.9, 0.02)
NEVER = Calibration(1.0, 0.0, None, None, 50, 50, 0.5, 0.2)


def facts(text, exam, section="findings"):
    report = Report(findings=text) if section == "findings" else Report(impression=text)
    return [f.finding for f in read(report, exam)]


@st.composite
def stated(draw, exam):
    """A finding as a drafter may state it."""
    row = draw(st.sampled_from(exam_findings(exam)))
    status = draw(st.sampled_from(["present", "present", "absent"]))
    if status == "absent":
        return Finding(row.what, "absent")
    side = draw(st.sampled_from(("", *(s for s in row.sides if s != "bilateral"))))
    sized = row.layer != "device" and row.kind in ("cyst", "mass", "nodule", "stone", "lesion")
    size = draw(st.sampled_from([(), (6.0,), (12.5, 8.0)])) if sized else ()
    change = draw(st.sampled_from(["", "", "new", "unchanged"]))
    return Finding(row.what, "present", side, "", size, change=change)


@st.composite
def sections(draw):
    """An examination and a findings section of it: one sentence a finding, denials joined."""
    exam = draw(st.sampled_from(tuple(EXAMS)))
    found = draw(st.lists(stated(exam), max_size=7, unique_by=lambda f: f.what))
    made = [Sentence(templates.sentence(f), "findings", finding_type(f.what).organ, (f,), (), 0.9)
            for f in found if f.status == "present"]  # fmt: skip
    denied = tuple(f for f in found if f.status == "absent")
    if denied:
        text = templates.denials([f.what for f in denied])
        made.append(Sentence(text, "findings", "", denied, (), 0.8))
    return exam, tuple(made)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_what_is_worded_is_read_back(data):
    exam = data.draw(st.sampled_from(tuple(EXAMS)))
    finding = data.draw(stated(exam))
    assert facts(templates.sentence(finding), exam) == [finding]


@pytest.mark.parametrize("exam", EXAMS)
def test_a_site_is_read_back(exam):
    for row in exam_findings(exam):
        for site in SITES.get(row.organ, ()):
            side = "right" if "right" in row.sides else ""  # the left lung has no middle lobe
            finding = Finding(row.what, "present", side, site)
            assert facts(templates.sentence(finding), exam) == [finding]


@pytest.mark.parametrize("exam", EXAMS)
def test_findings_denied_together_are_each_denied(exam):
    whats = [row.what for row in exam_findings(exam)]
    for n in range(1, len(whats) + 1):
        said = facts(templates.denials(whats[:n]), exam)
        assert sorted(f.what for f in said) == sorted(whats[:n])
        assert {f.status for f in said} == {"absent"}


@pytest.mark.parametrize("exam", EXAMS)
def test_nothing_found_states_nothing(exam):
    whats = [row.what for row in exam_findings(exam)]
    for silent in ([], whats[:1], whats):
        told = facts(templates.nothing_found(silent, exam), exam, "impression")
        assert all(f.status == "absent" for f in told)
        assert not silent or not told


@settings(deadline=None, max_examples=150)
@given(sections(), st.data())
def test_an_impression_says_nothing_that_the_findings_do_not(section, data):
    exam, sentences = section
    names = data.draw(st.frozensets(st.sampled_from([r.what for r in exam_findings(exam)])))
    known = {f.what for s in sentences for f in s.findings}
    silent = [r.what for r in exam_findings(exam) if r.what not in known]
    made = impression(sentences, exam, silent, names)
    own = [f for s in sentences for f in s.findings]
    said = facts("\n".join(s.text for s in made), exam, "impression")
    assert all(any(states(f, g) for f in own) for g in said)
    assert all(any(states(f, g) for f in own) for s in made for g in s.findings)
    present = {f.what for f in own if f.status == "present"}
    assert present == {f.what for f in said if f.status == "present"}  # and leaves nothing out
    assert made  # never an empty conclusion


@settings(deadline=None, max_examples=80)
@given(sections(), st.data())
def test_what_is_asked_orders_an_impression_and_adds_no_observation(section, data):
    exam, sentences = section
    names = data.draw(st.frozensets(st.sampled_from([r.what for r in exam_findings(exam)])))

    def positive(made):
        return [f for s in made for f in s.findings if f.status == "present"]

    plain, told = (positive(impression(sentences, exam, (), n)) for n in ((), names))
    assert set(plain) == set(told)

    def urgency(f):
        return finding_type(f.what).category or 4

    assert [urgency(f) for f in told] == sorted(urgency(f) for f in told)


def test_the_urgent_comes_first_then_what_was_asked():
    whats = ["cardiomegaly", "lung nodule", "pneumothorax", "lung mass"]
    sentences = [Sentence(templates.sentence(Finding(w)), "findings", "", (Finding(w),))
                 for w in whats]  # fmt: skip
    made = impression(sentences, "xr-chest", (), {"lung mass"})
    assert [s.findings[0].what for s in made] == [
        "pneumothorax", "lung mass", "lung nodule", "cardiomegaly",
    ]  # fmt: skip


def test_the_answer_to_the_question_stands_in_the_impression():
    denied = Sentence("No pneumothorax.", "findings", "", (Finding("pneumothorax", "absent"),))
    heart = Sentence("There is cardiomegaly.", "findings", "", (Finding("cardiomegaly"),))
    texts = [s.text for s in impression([denied, heart], "xr-chest", (), {"pneumothorax"})]
    assert texts == ["There is cardiomegaly.", "No pneumothorax."]


def test_one_thing_said_twice_is_concluded_once_and_two_things_twice():
    stone, small = (
        Finding("kidney stone", "present", "left", size_mm=(6.0,)),
        Finding("kidney stone"),
    )
    right = Finding("kidney stone", "present", "right")
    section = [Sentence("", "findings", "", (f,)) for f in (small, stone, right)]
    assert [s.findings for s in impression(section, "ct-abdomen")] == [(stone,), (right,)]


# ------------------------------------------------------------------ what is asked


@pytest.mark.parametrize("text", ["r/o pneumothorax", "Pneumothorax?", "known pneumothorax",
                                  "no pneumothorax", "PTX, query"])  # fmt: skip
def test_a_finding_is_named_whatever_is_said_of_it(text):
    assert asked(text, "xr-chest") == {"pneumothorax"}


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=60))
def test_any_history_can_be_read(text):
    assert all(isinstance(what, str) for what in asked(text, "xr-chest"))


# ------------------------------------------------------------------ organs


def prediction(what, p, abstained=False):
    return Prediction(what, p, 0.0, abstained)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(tuple(EXAMS)), st.data())
def test_normal_is_earned_finding_by_finding(exam, data):
    whats = [row.what for row in exam_findings(exam)]
    answers = {w: data.draw(st.sampled_from(["yes", "no", "open"])) for w in whats}
    detectors = frozenset(w for w in whats if data.draw(st.booleans()))
    said = [Finding(w, "present" if a == "yes" else "absent") for w, a in answers.items()
            if a != "open" and data.draw(st.booleans())]  # fmt: skip
    p = {"yes": 0.95, "no": 0.02, "open": 0.5}
    asked_of = [prediction(w, p[a], a == "open") for w, a in answers.items()]
    for organ in organ_states(exam, said, asked_of, detectors):
        rows = [r.what for r in exam_findings(exam) if r.organ == organ.organ]
        stated_here = {f.what: f.status for f in said if f.what in rows}
        assert set(organ.silent) == set(rows) - set(stated_here)
        assert (organ.state == "abnormal") == ("present" in stated_here.values())
        if organ.state == "assessed and normal":
            assert rows
            assert organ.organ in EXAMS[exam].organs  # not of one that is seen in part
            assert all(w in detectors and answers[w] == "no" for w in rows)
            assert not organ.silent


def test_every_organ_of_the_examination_has_a_state_in_its_order():
    for exam, known in EXAMS.items():
        organs = [o.organ for o in organ_states(exam, (), (), ())]
        assert organs[: len(known.organs)] == list(known.organs)
        assert {r.organ for r in exam_findings(exam)} <= set(organs)
        assert all(o.state == "not assessed" for o in organ_states(exam, (), (), ()))


def test_a_detector_without_a_threshold_is_not_validated():
    assert validated({"a": SURE, "b": NEVER, "c": replace(NEVER, present_above=0.9)}) == {"a", "c"}


# ------------------------------------------------------------------ comparison


@settings(deadline=None, max_examples=100)
@given(sections())
def test_without_a_prior_nothing_has_changed(section):
    _, sentences = section
    own = tuple(replace(f, change="") for s in sentences for f in s.findings)
    assert changed(own, ()) == own


@settings(deadline=None, max_examples=150)
@given(sections(), sections())
def test_a_change_is_said_only_between_two_decided_findings(now, before):
    own = tuple(replace(f, change="") for s in now[1] for f in s.findings)
    then = tuple(replace(f, change="") for s in before[1] for f in s.findings)
    known = {canonical(f.what): f.status for f in then}
    for one, other in zip(own, changed(own, then), strict=True):
        assert replace(other, change="", side=one.side, previous_mm=()) == one
        if other.change:
            assert known[canonical(one.what)] == ("absent" if other.change == "new" else "present")
        if other.change in ("increased", "decreased", "unchanged"):
            assert one.size_mm
            assert other.previous_mm


def test_a_prior_that_contradicts_itself_gives_no_change():
    there, gone = Finding("pneumothorax"), Finding("pneumothorax", "absent")
    assert changed([there], [there, gone]) == (there,)
    assert changed([gone], [there, gone]) == (gone,)


def test_another_side_is_no_change_of_this_one():
    left, right = (Finding("pleural effusion", "present", s) for s in ("left", "right"))
    assert changed([left], [right]) == (left,)


@settings(deadline=None, max_examples=100)
@given(st.floats(1, 200), st.floats(1, 200))
def test_growth_is_more_than_two_readers_differ(now, before):
    step = abs(now - before)
    assert (grown((now,), (before,)) == "unchanged") == (step < FAR or step < SHARE * before)
    if grown((now,), (before,)) == "increased":
        assert grown((before,), (now,)) in ("decreased", "unchanged")


def test_a_report_decides_what_it_states_and_denies_and_no_more():
    text = "New 8 mm right lung nodule. No new consolidation. Possible pneumonia. No pneumothorax."
    said = {(f.what, f.status, f.change) for f in from_report(text, "xr-chest")}
    assert said == {("lung nodule", "present", ""), ("pneumothorax", "absent", "")}
