"""Patients: the same from their seed alone, possible, within their ranges, and in their split."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from radgloss.data.phantom import held_out
from radgloss.data.phantom.causal.around import lacks
from radgloss.data.phantom.causal.ceiling import posterior_of
from radgloss.data.phantom.causal.lesions import Wanted, change_of, make, visible_signs
from radgloss.data.phantom.causal.looks import DRAWABLE, LOOKS, ROOM, drawable
from radgloss.data.phantom.causal.model import Person, Setting
from radgloss.data.phantom.causal.posterior import Detector, Evidence, evidence_of, posterior
from radgloss.data.phantom.causal.rows import NONE
from radgloss.data.phantom.causal.words import history_lines
from radgloss.data.phantom.diagnoses import diagnoses_of, evidence_seen
from radgloss.data.phantom.imaging import Imaged
from radgloss.data.phantom.many import plan
from radgloss.data.phantom.patients import (
    EXAMS,
    Patient,
    draw,
    draw_with,
    impossible,
    showing,
    with_history,
)
from radgloss.text.findings import finding_type
from radgloss.types import InputRejected, Measurement

LIVING = EXAMS[:-1]
TEST = 2_000_000
PAGE = Path(__file__).parents[3] / "docs" / "patients.md"


@pytest.fixture(scope="module")
def many():
    """1,200 enriched patients of every exam."""
    return {exam: [draw(seed, exam) for seed in range(1200)] for exam in LIVING}


def test_the_same_seed_gives_the_same_patient_whatever_was_drawn_before():
    for exam in LIVING:
        alone = draw(77, exam)
        for other in range(5):
            draw(other, exam)
        assert draw(77, exam) == alone


def test_the_same_seed_gives_the_same_patient_in_another_process():
    script = (
        "from radgloss.data.phantom.patients import draw, EXAMS\n"
        "print([draw(s, e) for e in EXAMS[:-1] for s in (3, 4)])"
    )
    out = [
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True,
            env={**__import__("os").environ, "PYTHONHASHSEED": salt},
        ).stdout.strip()
        for salt in ("1", "2")
    ]  # fmt: skip
    assert out[0] == out[1] == str([draw(s, e) for e in LIVING for s in (3, 4)])


@pytest.mark.parametrize("exam", LIVING)
def test_every_finding_is_in_about_four_per_cent_and_few_patients_carry_many(many, exam):
    patients = many[exam]
    seen = Counter(what for p in patients for what in {x.what for x in p.lesions})
    wanted = set(drawable(exam)) - set(held_out.FINDINGS)
    rare = {w: seen[w] / len(patients) for w in wanted if seen[w] < 0.032 * len(patients)}
    assert not rare
    assert set(seen) <= wanted
    crowded = sum(len({x.what for x in p.lesions}) > 4 for p in patients)
    assert crowded < 0.07 * len(patients)
    assert any(not p.lesions for p in patients)


def test_clinical_prevalence_has_more_normal_patients():
    def normal(prevalence):
        return sum(not draw(s, "xr-chest", prevalence).lesions for s in range(400))

    assert normal("clinical") > 1.5 * normal("enriched")


def test_sizes_sides_and_sites_are_those_of_their_finding(many):
    for patients in many.values():
        for p in patients:
            assert len({x.key for x in p.lesions}) == len(p.lesions)
            for x in p.lesions:
                low, high = LOOKS[x.what].size
                if x.what == "endotracheal tube":
                    low, high = -20, 90
                assert low <= x.size_mm <= high, x
                row = finding_type(x.what)
                assert (x.side in row.sides) if row.sides else x.side == "", x
                if row.organ == "liver" and x.site:
                    assert x.size_mm <= ROOM[x.site]
                if x.what in ("pleural effusion", "free fluid"):
                    assert max(x.volume_ml) > 0
                    assert x.severity
                if x.side == "left" and row.organ == "lungs":
                    assert x.site != "middle lobe"


def test_no_lesion_lies_in_an_absent_organ(many):
    gone = Counter()
    for patients in many.values():
        for p in patients:
            gone.update(p.absent)
            for x in p.lesions:
                assert not lacks(x.what, p.absent, p.sex), x
                organ = finding_type(x.what).organ
                assert organ != "kidneys" or f"{x.side} kidney" not in p.absent, x
    assert gone["gallbladder"] > 50
    assert gone["spleen"] > 10


def test_a_stone_obstructs_its_own_kidney(many):
    both = 0
    for p in many["ct-abdomen"]:
        sides = {x.what: x.side for x in p.lesions}
        if p.encounter.stratum == "A" and {"ureteric stone", "hydronephrosis"} <= set(sides):
            assert sides["ureteric stone"] == sides["hydronephrosis"]
            both += 1
    assert both > 30


def test_growth_is_a_word_only_beyond_two_millimetres_and_a_fifth(many):
    words = Counter()
    for patients in many.values():
        for p in patients:
            for x in p.lesions:
                assert p.prior_days or x.prior_mm is None
                word = change_of(x.size_mm, x.prior_mm)
                words[word] += 1
                if word in ("increased", "decreased"):
                    assert abs(x.size_mm - x.prior_mm) >= max(2, 0.2 * x.prior_mm)
    assert min(words[w] for w in ("new", "increased", "decreased", "unchanged")) > 50


def test_held_out_findings_never_reach_training_or_validation_seeds():
    for i in range(5000):
        for seed in (i, 1_000_000 + i):
            exam = ("ct-abdomen", "mr-abdomen", "us-abdomen")[i % 3]
            p = draw(seed, exam)
            assert not {x.what for x in p.lesions} & set(held_out.FINDINGS)
            assert "splenic hydatid" not in p.encounter.diseases
            assert not p.situs_inversus


def test_held_out_findings_occur_in_test_seeds_where_asked_for():
    seen = {x.what for s in range(300) for x in draw(TEST + s, "mr-abdomen", held_out=True).lesions}
    assert set(held_out.FINDINGS) <= seen
    without = {x.what for s in range(300) for x in draw(TEST + s, "mr-abdomen").lesions}
    assert not set(held_out.FINDINGS) & without


def test_situs_inversus_is_rare_and_of_test_patients_only():
    flipped = sum(draw(TEST + s, "xr-chest").situs_inversus for s in range(1000))
    assert 1 <= flipped <= 30


@pytest.mark.parametrize("exam", LIVING)
def test_every_finding_of_the_table_can_be_asked_for(exam):
    for what in drawable(exam):
        seed = TEST + next(
            s for s in range(20) if not draw(TEST + s, exam).absent or exam == "us-pelvis"
        )
        p = draw_with(seed, exam, [what])
        assert {x.what for x in p.lesions} == {what}
        assert p.sex == "F" or not lacks(what, (), "M")
    assert set(DRAWABLE) == set(LOOKS)


def test_removing_one_finding_leaves_the_others_as_they_were():
    two = draw_with(5, "ct-abdomen", ["liver cyst", "kidney mass"]).lesions
    one = draw_with(5, "ct-abdomen", ["kidney mass"]).lesions
    assert set(one) < set(two)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: draw_with(1, "ct-abdomen", ["splenic hydatid cyst"]), "held out of training"),
        (lambda: draw_with(1, "xr-chest", ["liver cyst"]), "cannot show it"),
        (lambda: impossible("gallstones", "ct-abdomen", 1, ("gallbladder",)), "gallbladder absent"),
        (lambda: impossible("ovarian cyst", "us-pelvis", 1, sex="M"), "organs of a woman"),
        (lambda: draw(1, "ct-head"), "never trained on"),
        (lambda: draw(1, "ct-abdomen", held_out=True), "held-out findings"),
        (lambda: draw(-1, "ct-abdomen"), "0 or more"),
        (lambda: draw(1, "pet-toe"), "pet-toe"),
    ],
)
def test_impossible_requests_are_refused_in_words(call, words):
    with pytest.raises(InputRejected, match=words) as caught:
        call()
    assert caught.value.code == "finding-impossible"


def test_a_finding_is_asked_for_by_any_of_its_names_and_by_no_other_word():
    assert draw_with(3, "us-abdomen", ["Hepatic cyst"]) == draw_with(
        3, "us-abdomen", ["liver cyst"]
    )
    assert {j.findings for j in plan(2, 0, ["xr-chest"], ["PTX"])} == {("pneumothorax",)}
    assert showing(["ovarian cyst"], EXAMS) == ("ct-abdomen", "mr-abdomen", "us-pelvis")
    for ask in (lambda: draw_with(3, "us-abdomen", ["measles"]),
                lambda: plan(2, 0, ["xr-chest"], ["measles"]),
                lambda: showing(["measles"], EXAMS)):  # fmt: skip
        with pytest.raises(InputRejected) as refused:
            ask()
        assert refused.value.code == "no-such-finding"


def test_a_head_is_a_test_patient_without_an_encounter():
    p = draw(TEST, "ct-head")
    assert not p.lesions
    assert p.encounter.stratum == ""
    assert history_lines(p) == ()


def test_another_history_changes_no_lesion_and_moves_the_posterior():
    p = next(
        p for s in range(500)
        for p in [draw(s, "us-pelvis")]
        if "adnexal mass" in p.encounter.signs and "ectopic pregnancy" in p.encounter.diseases
    )  # fmt: skip
    other = replace(
        p.encounter,
        history=(("fever", True),),
        measurements=(Measurement("hCG", 2, "m[IU]/mL", comparator="<"),),
    )
    q = with_history(p, other)
    assert isinstance(q, Patient)
    assert replace(q, encounter=p.encounter) == p
    person, setting = Person(p.sex, p.age, p.absent), Setting("P", "enriched")
    signs = [s for s in visible_signs("us-pelvis", "P") if s != "gestational sac"]
    after = [posterior(evidence_of(x.encounter, signs), setting, person) for x in (p, q)]
    assert after[1]["ectopic pregnancy"] < 0.01 < after[0]["ectopic pregnancy"]


def test_history_lines_say_nothing_that_was_not_recorded():
    for seed in range(40):
        p = draw(seed, "ct-abdomen")
        text = " ".join(history_lines(p)).lower()
        recorded = dict(p.encounter.history)
        for name, yes in recorded.items():
            assert not yes or name.lower() in text
        assert all(d not in text for d in p.encounter.diseases if d not in recorded)


def test_signs_of_the_encounter_are_in_the_picture():
    for seed in range(300):
        p = draw(seed, "us-pelvis")
        drawn = {x.what for x in p.lesions}
        drawn_as = {"gestational sac": "intrauterine pregnancy", "enlarged ovary": "enlarged ovary"}
        for sign, what in {**drawn_as, "free fluid": "free fluid"}.items():
            assert (sign in p.encounter.signs) == (what in drawn)


def test_a_lesion_depends_on_its_own_stream_alone():
    a = make(9, "mr-abdomen", Wanted("liver metastases"))
    make(9, "mr-abdomen", Wanted("liver cyst"))
    assert make(9, "mr-abdomen", Wanted("liver metastases")) == a


def test_the_page_quotes_the_posterior_as_it_is():
    """docs/patients.md: the table of the ectopic example, to the per cent."""
    pain = {"lower abdominal pain": True, "right lower quadrant pain": True}
    mass, empty = {"adnexal mass": True}, {"adnexal mass": True, "gestational sac": False}
    value = (Measurement("hCG", 4200, "m[IU]/mL"),)
    none = (Measurement("hCG", 5, "m[IU]/mL", comparator="<"),)
    rows = [
        Evidence(), Evidence({}, pain), Evidence(mass, pain), Evidence({}, pain, {}, value),
        Evidence(mass, pain, {}, value), Evidence(empty, pain, {}, value),
        Evidence(mass, pain, {}, none),
    ]  # fmt: skip
    table = [r for r in PAGE.read_text().splitlines() if r.startswith("| ") and r.endswith(" % |")]
    assert len(table) == len(rows)
    for line, evidence in zip(table, rows, strict=True):
        p = posterior(evidence, Setting("P"), Person("F", 30))
        cells = [c.strip() for c in line.strip("|").split("|")][1:]
        names = ("ectopic pregnancy", "early intrauterine pregnancy", "haemorrhagic cyst")
        assert cells == [f"{100 * p[n]:.0f} %" for n in names], line


@pytest.mark.parametrize("exam", LIVING)
def test_the_ceiling_is_calibrated_and_a_reader_who_errs_stays_below_it(exam):
    """Log score of the truth over 150 patients: the oracle beats the erring reader, both beat
    the prior."""
    reader, rng = Detector({"": 0.8}, {"": 0.93}), np.random.default_rng(3)
    scores = {"oracle": 0.0, "reader": 0.0, "prior": 0.0}
    expected = observed = spread = 0.0
    for seed in range(150):
        p = draw(seed, exam)
        setting = Setting(p.encounter.stratum, "enriched")
        answers = {
            "oracle": posterior_of(p),
            "reader": posterior_of(p, detector=reader, rng=rng),
            "prior": posterior(Evidence(), setting, Person(p.sex, p.age, p.absent)),
        }
        for who, answer in answers.items():
            for disease, q in answer.items():
                q = min(max(q, 1e-9), 1 - 1e-9)
                ill = p.encounter.diseases
                yes = disease in ill if disease != NONE else not ill
                scores[who] += np.log(q if yes else 1 - q)
                if who == "oracle":
                    expected, observed, spread = expected + q, observed + yes, spread + q * (1 - q)
    assert scores["oracle"] > scores["reader"] > scores["prior"]
    assert abs(observed - expected) < 4 * np.sqrt(spread) + 1


@pytest.mark.parametrize(("prevalence", "held"), [("enriched", True), ("clinical", False)])
def test_a_posterior_is_that_of_the_joint_the_patient_was_drawn_from(prevalence, held):
    """Of 300 test patients: what they have has a chance, each disease is as frequent as foretold,
    and the other prevalence foretells worse."""
    foretold, variance, had = Counter(), Counter(), Counter()
    own = other = 0.0
    for seed in range(TEST, TEST + 300):
        p = draw(seed, "mr-abdomen", prevalence, held)
        ill = p.encounter.diseases or (NONE,)
        swapped = {"enriched": "clinical", "clinical": "enriched"}[prevalence]
        wrong = posterior_of(with_history(p, replace(p.encounter, prevalence=swapped)))
        for disease, q in posterior_of(p).items():
            yes = disease in ill
            assert q > 0 or not yes, (seed, disease)
            foretold[disease] += q
            variance[disease] += q * (1 - q)
            had[disease] += yes
            clipped = np.clip([q, wrong[disease]], 1e-9, 1 - 1e-9)
            gain = np.log(clipped if yes else 1 - clipped)
            own, other = own + gain[0], other + gain[1]
    assert (had["splenic hydatid"] > 0) == held
    for disease, q in foretold.items():
        assert abs(had[disease] - q) < 3.5 * np.sqrt(variance[disease]) + 1, disease
    assert own > other


def test_the_diagnoses_of_a_report_are_inferred_in_the_joint_of_the_draw():
    """A disease is rarer, and less often inferred, where the tables' own priors hold."""
    rare = common = 0.0
    for seed in range(120):
        p = draw(seed, "us-pelvis", "clinical")
        imaged = Imaged((), {}, {}, {}, tuple(0.0 for _ in p.lesions), (True,) * len(p.lesions))
        flat = with_history(p, replace(p.encounter, prevalence="enriched"))
        chances = posterior(
            evidence_seen(p, list(p.lesions)), Setting("P", "clinical"),
            Person(p.sex, p.age, p.absent),
        )  # fmt: skip
        said = diagnoses_of(p, imaged)
        assert all(any(f.certainty == q for q in chances.values()) for f in said)
        rare += sum(f.certainty or 0.0 for f in said)
        common += sum(f.certainty or 0.0 for f in diagnoses_of(flat, imaged))
    assert 0 < rare < common
