"""The checks: a sound draft has no flag, and a mistake put into one is found by its check."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radgloss.engine.drafting import words
from radgloss.engine.drafting.checks import CHECKS, check
from radgloss.engine.drafting.impression import impression
from radgloss.engine.drafting.inputs import check as check_inputs
from radgloss.engine.drafting.organs import organ_states
from radgloss.engine.drafting.reading import reading
from radgloss.engine.drafting.sides import side_of
from radgloss.text import templates
from radgloss.text.findings import EXAMS, exam_findings, finding_type
from radgloss.types import (
    Case,
    Draft,
    Evidence,
    Finding,
    Identity,
    Image,
    InputRejected,
    Measurement,
    Origin,
    Prediction,
    Region,
    Sentence,
    Study,
)

ORIGIN = Origin("model", "pixels", "0")
FILM = np.array([[0, 0, 1.0, -200], [1, 0, 0, 0], [0, -1.0, 0, 400], [0, 0, 0, 1]])  # row 0: right


def film(spacing="patient"):
    return Image("1.1", np.zeros((1, 400, 400), np.float32), FILM, "DX", "PA", spacing)


def case(sex="", spacing="patient", **known):
    return Case(Study("1", (film(spacing),), sex=sex), **known)


def draft(findings, impression=(), predictions=(), **fields):
    """A draft of sentences: texts, or whole sentences."""
    made = [
        s if isinstance(s, Sentence) else Sentence(s, section)
        for section, of in (("findings", findings), ("impression", impression))
        for s in of
    ]
    return Draft("1", tuple(made), ORIGIN, tuple(predictions), **fields)


def codes(made, of, exam="xr-chest", only=None):
    """The codes of what is found; `only` looks at these alone."""
    return [f.code for f in check(made, of, exam) if only is None or f.code in only]


def decided(answers):
    return [Prediction(w, 0.97 if there else 0.02, 0.0) for w, there in answers.items()]


@st.composite
def sound(draw):
    """A draft of an examination in which everything is right, as `PairDrafter` writes one."""
    exam = draw(st.sampled_from(["xr-chest", "ct-abdomen"]))
    rows = exam_findings(exam)
    answers = {r.what: draw(st.sampled_from([True, False, None])) for r in rows}
    for kind, general in words.GENERAL.items():
        if answers.get(kind) and answers.get(general) is False:
            answers[general] = None
    there = [Finding(w, "present", draw(st.sampled_from(("", *finding_type(w).sides))))
             for w, a in answers.items() if a]  # fmt: skip
    gone = tuple(Finding(w, "absent") for w, a in answers.items() if a is False)
    made = [Sentence(templates.sentence(f), "findings", "", (f,)) for f in there]
    if gone:
        made.append(Sentence(templates.denials([f.what for f in gone]), "findings", "", gone))
    silent = [w for w, a in answers.items() if a is None]
    said = decided({w: a for w, a in answers.items() if a is not None})
    whole = draft(made, impression(made, exam, silent), said)
    return exam, replace(whole, organs=organ_states(exam, whole.findings, said, set(answers)))


@settings(deadline=None, max_examples=60)
@given(sound())
def test_a_sound_draft_has_no_flag(made):
    exam, whole = made
    assert check(whole, case(), exam) == ()


@settings(deadline=None, max_examples=60)
@given(sound(), st.data())
def test_a_side_that_was_exchanged_is_found(made, data):
    exam, whole = made
    sided = [n for n, s in enumerate(whole.sentences)
             if any(f.side in ("left", "right") for f in s.findings)]  # fmt: skip
    if not sided:
        return
    n = data.draw(st.sampled_from(sided))
    (old,) = (f.side for f in whole.sentences[n].findings)
    new = {"left": "right", "right": "left"}[old]
    text = whole.sentences[n].text.replace(f" {old} ", f" {new} ")
    assert ("side", n) in [(f.code, f.sentence) for f in check(_with(whole, n, text), case(), exam)]


@settings(deadline=None, max_examples=60)
@given(sound(), st.data())
def test_a_no_that_was_lost_is_found_by_three_checks(made, data):
    exam, whole = made
    denials = [n for n, s in enumerate(whole.sentences)
               if s.section == "findings" and s.text.startswith("No ")]  # fmt: skip
    if not denials:
        return
    n = data.draw(st.sampled_from(denials))
    what = whole.sentences[n].findings[0].what
    text = templates.sentence(Finding(what))
    found = {f.code for f in check(_with(whole, n, text), case(), exam) if f.sentence == n}
    assert {"negation", "classifier"} <= found
    assert ("impression" in found) == bool(finding_type(what).category)


def _with(whole, n, text):
    sentences = list(whole.sentences)
    sentences[n] = replace(sentences[n], text=text)
    return replace(whole, sentences=tuple(sentences))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=40), max_size=4), st.lists(st.text(max_size=40), max_size=3))
def test_any_words_can_be_checked_and_none_is_changed(findings, concluded):
    made = draft(findings, concluded)
    found = check(made, case(sex="F"), "xr-chest")
    assert all(f.code in CHECKS and f.found for f in found)
    assert [s.text for s in made.sentences] == [*findings, *concluded]
    assert [s.sentence.text for s in reading(made, case(), "xr-chest").said] == [
        *findings, *concluded,
    ]  # fmt: skip


def test_an_abstention_has_nothing_to_check():
    silent = Draft("1", (Sentence("Compared with the prior.", "impression"),), ORIGIN,
                   abstained=True)  # fmt: skip
    assert check(silent, case(), "xr-chest") == ()


# ------------------------------------------------------------------ side


@pytest.mark.parametrize(("said", "columns", "flags"), [
    ("right", (20, 90), []),
    ("left", (20, 90), ["side"]),
    ("left", (300, 380), []),
    ("right", (300, 380), ["side"]),
    ("right", (150, 260), []),  # across the middle: on no side
])  # fmt: skip
def test_words_that_point_to_the_other_side_are_found(said, columns, flags):
    place = Evidence("region", 1.0, "1.1", 0, Region((0, 200, columns[0]), (0, 300, columns[1])))
    finding = Finding("pleural effusion", "present", said)
    sentence = Sentence(templates.sentence(finding), "findings", "", (finding,), (place,))
    assert codes(draft([sentence]), case(), only=["side"]) == flags


@settings(deadline=None)
@given(st.integers(0, 399), st.integers(0, 399))
def test_a_mirrored_picture_mirrors_the_sides(one, other):
    image = film()
    region = Region((0, 0, min(one, other)), (0, 50, max(one, other)))
    turned = Region((0, 0, 399 - region.high[2]), (0, 50, 399 - region.low[2]))
    opposite = {"left": "right", "right": "left", "": ""}
    assert side_of(image, turned) == opposite[side_of(image, region)]


def test_a_lateral_view_has_no_sides():
    lateral = replace(film(), affine=FILM[[1, 0, 2, 3]])
    assert side_of(lateral, Region((0, 0, 0), (0, 10, 10))) == ""


# ------------------------------------------------------------------ negation


@pytest.mark.parametrize(("sentences", "flags"), [
    (["There is a left pleural effusion.", "No pleural effusion."], ["negation"]),
    (["There is a left pleural effusion.", "No right pleural effusion."], []),
    (["There is a pleural effusion.", "No pneumothorax."], []),
    (["There is a lung nodule.", "No other lung nodule."], []),
    (["There is a lung nodule.", "No lung opacity."], ["negation"]),  # a nodule is one
    (["There is a lung opacity.", "No lung nodule."], []),
])  # fmt: skip
def test_two_sentences_that_contradict_each_other_are_found(sentences, flags):
    assert codes(draft(sentences), case(), only=["negation"]) == flags


# ------------------------------------------------------------------ sex


@pytest.mark.parametrize(("text", "of"), [
    ("The uterus is unremarkable.", "F"), ("Left ovarian cyst.", "F"),
    ("No adnexal mass.", "F"), ("The prostate is enlarged.", "M"), ("Normal testes.", "M"),
])  # fmt: skip
def test_an_organ_of_the_other_sex_is_found(text, of):
    other = {"F": "M", "M": "F"}[of]
    assert codes(draft([text]), case(sex=other), "ct-abdomen", ["sex"]) == ["sex"]
    for sex in (of, "O", ""):
        assert codes(draft([text]), case(sex=sex), "ct-abdomen", ["sex"]) == []


@pytest.mark.parametrize("text", ["Normal cervical spine.", "Unvaried appearance.", "Protested."])
def test_words_that_only_sound_like_such_an_organ_are_left_alone(text):
    for sex in "MF":
        assert codes(draft([text]), case(sex=sex), only=["sex"]) == []


# ------------------------------------------------------------------ units and sizes


@pytest.mark.parametrize(("text", "flagged"), [
    ("Lung nodule measuring 12.", True), ("Lung nodule measuring 12 mm.", False),
    ("Lung mass, 3.2 x 2.4.", True), ("Lung mass, 3.2 x 2.4 cm.", False),
    ("Lung mass, 32 × 24 × 20 mm.", False), ("Lung nodule measuring 1.2 cm.", False),
    ("A 2 inch lung mass.", True), ("A 12 cm lung nodule.", True), ("A 12 mm lung nodule.", False),
    ("Findings at the level of T12.", False), ("Rib fractures 5 to 7.", False),
    ("A lung nodule measuring 12-mm.", False), ("Fluid measuring 12 HU.", False),
])  # fmt: skip
def test_a_length_without_a_unit_or_in_a_wrong_one_is_found(text, flagged):
    assert bool(codes(draft([text]), case(), only=["units"])) == flagged


def test_millimetres_need_a_picture_that_has_some():
    text = "There is a 12 mm lung nodule."
    for spacing, flags in (("none", ["units"]), ("detector", []), ("patient", [])):
        assert codes(draft([text]), case(spacing=spacing), only=["units"]) == flags


@settings(deadline=None)
@given(st.floats(2, 29).map(lambda mm: round(mm, 3)), st.floats(0.6, 20), st.booleans())
def test_a_size_is_a_measurement_digit_for_digit(measured, off, fine):
    """Written with the digits that it has, rounded, it passes; nothing else does."""
    known = case(measurements=(Measurement("lung nodule", measured, "mm"),))
    right = f"{measured:.1f}" if fine else f"{measured:.0f}"
    wrong = f"{measured + off + 0.5:.0f}"
    for told, flags in ((right, []), (wrong, ["size"])):
        made = draft([f"There is a {told} mm lung nodule."])
        assert codes(made, known, only=["size"]) == flags


def test_a_size_that_nobody_measured_is_found_and_centimetres_are_understood():
    text = "There is a 12 mm lung nodule."
    assert codes(draft([text]), case(), only=["size"]) == ["size"]
    other = case(
        measurements=(Measurement("kidney stone", 12, "mm"), Measurement("CRP", 12, "mg/L"))
    )
    assert codes(draft([text]), other, only=["size"]) == ["size"]
    known = case(measurements=(Measurement("pulmonary nodule, right", 1.2, "cm"),))
    assert codes(draft([text]), known, only=["size"]) == []


# ------------------------------------------------------------------ comparison


@pytest.mark.parametrize("text", [
    "The left pleural effusion has increased.", "There is a new lung nodule.",
    "Compared with the prior study, the lungs are clear.", "Unchanged cardiomegaly.",
    "The nodule measured 8 mm on the previous radiograph.", "Interval improvement.",
])  # fmt: skip
def test_a_comparison_without_a_prior_is_found(text):
    assert "comparison" in codes(draft([text]), case())
    before = case(prior_report="The lungs are clear.")
    assert "comparison" not in codes(draft([text.replace("previous", "")]), before, only=["prior"])


@pytest.mark.parametrize("text", [
    "No prior study is available.", "No earlier examination was available.", "None.",
    "Status after previous surgery.", "There is a pleural effusion.", "Comparison: none.",
])  # fmt: skip
def test_words_that_compare_nothing_are_left_alone(text):
    assert codes(draft([text]), case(), only=["comparison"]) == []


@pytest.mark.parametrize(("text", "before", "flags"), [
    ("There is a new left pleural effusion.", "Left pleural effusion.", ["comparison"]),
    ("There is a new left pleural effusion.", "Right pleural effusion.", []),
    ("There is a new left pleural effusion.", "No pleural effusion.", []),
    ("There is an unchanged left pleural effusion.", "No pleural effusion.", ["comparison"]),
    ("There is an unchanged left pleural effusion.", "Left pleural effusion.", []),
    ("There is a 12 mm lung nodule (previously 8 mm).", "A 9 mm lung nodule.", ["comparison"]),
    ("There is a 12 mm lung nodule (previously 8 mm).", "An 8 mm lung nodule.", []),
])  # fmt: skip
def test_a_comparison_that_the_prior_report_contradicts_is_found(text, before, flags):
    assert codes(draft([text]), case(prior_report=before), only=["comparison"]) == flags


# ------------------------------------------------------------------ detectors, impression


def test_a_denial_needs_a_validated_detector():
    open_ = [Prediction("pneumothorax", 0.5, 0.0, True, "never validated")]
    assert codes(draft(["No pneumothorax."], (), open_), case()) == ["unvalidated"]
    known = decided({"pneumothorax": False})
    assert codes(draft(["No pneumothorax."], (), known), case()) == []
    assert codes(draft(["The heart is normal."]), case()) == ["unvalidated"]
    whats = [r.what for r in exam_findings("xr-chest") if r.organ == "heart"]
    said = decided(dict.fromkeys(whats, False))
    states = organ_states("xr-chest", [Finding(w, "absent") for w in whats], said, set(whats))
    assert codes(draft(["The heart is normal."], (), said, organs=states), case()) == []


@pytest.mark.parametrize(("findings", "concluded", "flags"), [
    ("There is a left pleural effusion.", "There is a right pleural effusion.", ["impression"]),
    ("There is a left pleural effusion.", "There is a pleural effusion.", []),
    ("There is a pleural effusion.", "There is a left pleural effusion.", ["impression"]),
    ("No pneumothorax.", "There is a pneumothorax.", ["impression"]),
    ("There is a pneumothorax.", "Cardiomegaly.", ["impression", "impression"]),
    ("There is cardiomegaly.", "Nothing urgent.", []),
    ("There are bilateral pleural effusions.", "Left pleural effusion.", []),
])  # fmt: skip
def test_findings_and_impression_agree_both_ways(findings, concluded, flags):
    assert codes(draft([findings], [concluded]), case(), only=["impression"]) == flags


# ------------------------------------------------------------------ inputs


def study(uid, **identity):
    return Study(uid, (film(),), Identity(**identity))


def refused(now, before):
    try:
        check_inputs(Case(now, prior=before))
    except InputRejected as problem:
        return problem.code
    return ""


@settings(deadline=None, max_examples=60)
@given(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8))
def test_a_prior_of_another_patient_is_refused_and_named_to_nobody(mine, theirs):
    code = refused(study("1", patient_id=mine), study("2", patient_id=theirs))
    same = mine.strip().casefold() == theirs.strip().casefold()
    blank = not (mine.strip() and theirs.strip())
    assert code == ("" if same or blank else "prior-patient")
    if code:
        with pytest.raises(InputRejected) as problem:
            check_inputs(Case(study("1", patient_id="QX7"), prior=study("2", patient_id="QX8")))
        assert "QX" not in str(problem.value)


def test_contradictions_beside_the_id_are_another_patient_too():
    one = {"patient_id": "A", "issuer": "H", "birth_date": "19700101", "sex": "F"}
    assert refused(study("1", **one), study("2", **one)) == ""
    for name, other in (("issuer", "K"), ("birth_date", "19710101"), ("sex", "M")):
        assert refused(study("1", **one), study("2", **{**one, name: other})) == "prior-patient"
    assert refused(study("1", **one), study("2", **{**one, "sex": "O"})) == ""


def test_a_prior_is_earlier_and_another_study():
    early, late = (study(u, patient_id="A", study_date=d)
                   for u, d in (("1", "20250101"), ("2", "20260101")))  # fmt: skip
    assert refused(late, early) == ""
    assert refused(early, late) == "prior-study"
    assert refused(early, early) == "prior-study"
    assert refused(early, Study("3", (), early.identity)) == "no-images"


def test_a_prior_that_says_nothing_of_its_patient_is_flagged():
    known, unknown = study("1", patient_id="A"), study("2")
    made = draft(["There is cardiomegaly."])
    assert codes(made, Case(known, prior=unknown), only=["prior"]) == ["prior"]
    assert codes(made, Case(known, prior=study("2", patient_id="A")), only=["prior"]) == []


def test_every_check_is_named_for_people():
    from radgloss.exchange.words import CHECK_WORDS

    assert set(CHECKS) | {"survives", "history"} == set(CHECK_WORDS)
    assert set(EXAMS) >= {"xr-chest", "ct-abdomen"}


@pytest.mark.parametrize(("findings", "concluded", "flags"), [
    ("A 9 mm lung nodule.", "Lung nodule, 12 mm.", ["impression"]),
    ("A 9 mm lung nodule. A further lung nodule.", "Lung nodules, 12 and 9 mm.", []),
    ("Consolidation of the right base.", "Pneumonia.", []),  # drawn from what is stated there
    ("The lungs are clear.", "Pneumonia.", ["impression"]),
    ("No right pneumothorax.", "Left pneumothorax.", ["impression"]),
    ("Left pneumothorax.", "No pneumothorax.", ["impression"]),
    ("Left pneumothorax.", "Left pneumothorax. No right pneumothorax.", []),
])  # fmt: skip
def test_an_impression_may_draw_conclusions_and_not_contradict(findings, concluded, flags):
    made = draft([findings], [concluded])
    assert codes(made, case(), only=["impression"])[:1] == flags


def test_an_observation_with_its_diagnosis_is_judged_as_the_diagnosis():
    text = "Cystic lesion in segment V, which has the appearance of a hydatid cyst."
    said = decided({"liver cyst": False, "liver hydatid cyst": True, "liver lesion": True})
    assert codes(draft([text], (), said), case(), "ct-abdomen", ["classifier"]) == []
    alone = draft(["Simple liver cyst."], (), said)
    assert codes(alone, case(), "ct-abdomen", ["classifier"]) == ["classifier"]
