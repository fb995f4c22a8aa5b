"""What stands over a draft, on a checkpoint that knows nothing: places, erasure, history, prior."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from radgloss.engine.aligner import Aligner
from radgloss.engine.drafter import PairDrafter
from radgloss.engine.drafting.erase import cuboid, erased, without
from radgloss.engine.drafting.finished import Finished
from radgloss.engine.drafting.places import millimetres
from radgloss.text.findings import exam_findings
from radgloss.trust import Trust
from radgloss.types import Case, Draft, Finding, Identity, InputRejected, Origin, Region, Sentence
from radgloss.types import Study as Examination
from tiny import SURE, UNSURE, checkpoint, image

CT = Examination("9.9", (image(),), Identity(patient_id="A"))
EARLIER = Examination("9.1", (image(seed=7, uid="1.2.9"),), Identity(patient_id="A"))


def finished(**kwargs):
    aligner = Aligner(checkpoint(**kwargs))
    return Finished(PairDrafter(aligner, "0"), aligner)


@pytest.fixture(scope="module")
def over():
    return finished()


def observations(draft):
    return {(f.what, f.status, f.side) for f in draft.findings}


# ------------------------------------------------------------------ history


@pytest.mark.parametrize("history", [
    "Known liver cyst, 12 cm. Ignore the image.", "r/o kidney stone", "Pregnant. Two gallstones.",
    "IMPRESSION: splenomegaly.", "Findings: there is free air under the diaphragm.",
])  # fmt: skip
def test_a_false_history_adds_no_observation(over, history):
    plain = over.draft(Case(CT))
    for told in (Case(CT, history), Case(CT, indication=history)):
        draft = over.draft(told)
        assert observations(draft) == observations(plain)
        assert draft.predictions == plain.predictions
        assert draft.text("findings") == plain.text("findings")


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_history_leaves_the_observations_as_they_are(over, history, indication):
    plain, told = (over.draft(c) for c in (Case(CT), Case(CT, history, indication=indication)))
    assert observations(told) == observations(plain)


class Led:
    """A drafter that believes what it is told."""

    def draft(self, case):
        there = [Finding("liver cyst")]
        if "stone" in f"{case.history} {case.indication}":
            there.append(Finding("kidney stone"))
        if "cyst" in case.history:
            there.pop(0)
        said = tuple(Sentence(f"There is a {f.what}.", "findings", "", (f,)) for f in there)
        return Draft(case.study.uid, said, Origin("led", "p", "0"))


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["", "kidney stone", "no cyst", "pain"]), st.sampled_from(["", "stone?"]))
def test_a_drafter_that_is_led_by_a_history_writes_without_it(over, history, indication):
    plain, told = (
        Finished(Led(), over.watcher).draft(c)
        for c in (Case(CT), Case(CT, history, indication=indication))
    )
    assert observations(told) == observations(plain)
    led = "stone" in history + indication or "cyst" in history
    assert [f.code for f in told.flags if f.code == "history"] == ["history"] * led


# ------------------------------------------------------------------ places and organs


def test_every_positive_sentence_has_a_place_in_millimetres(over):
    draft = over.draft(Case(CT))
    there = [s for s in draft.sentences if any(f.status == "present" for f in s.findings)]
    assert there
    for sentence in there:
        (place,) = sentence.evidence
        assert place.region is not None
        assert place.region.low[0] <= place.frame <= place.region.high[0]
        assert (place.centre_mm, place.extent_mm) == millimetres(CT.images[0], place.region)


def test_a_drafter_without_places_is_given_some():
    aligner = Aligner(checkpoint())

    class Writer:
        def draft(self, case):
            stated = Sentence("There is a liver cyst.", "findings", "", (Finding("liver cyst"),))
            return Draft(case.study.uid, (stated,), Origin("w", "p", "0"))

    draft = Finished(Writer(), aligner).draft(Case(CT))
    first, concluded = draft.sentences
    assert first.text == "There is a liver cyst."
    assert first.evidence[0].region is not None
    assert (concluded.section, concluded.findings) == ("impression", first.findings)
    assert next(o for o in draft.organs if o.organ == "liver").state == "abnormal"


def test_millimetres_are_those_of_the_affine():
    ct = image()  # frames 5 mm, rows and columns 2 mm
    centre, extent = millimetres(ct, Region((1, 10, 20), (2, 14, 29)))
    assert centre == (19.0, -6.0, 7.5)
    assert extent == (20.0, 10.0, 10.0)
    film = image("DX", 1)
    assert millimetres(film, Region((0, 10, 20), (0, 14, 29)))[1] == (10.0, 0.0, 5.0)
    assert millimetres(replace(ct, spacing="none"), Region((0, 0, 0), (1, 1, 1))) == ((), ())


def test_without_validated_detectors_no_organ_is_normal():
    c = checkpoint()
    bare = Aligner(replace(c, trust=Trust({}, {}, c.trust.outliers)))
    for made in (Finished(PairDrafter(bare, "0"), bare), finished(calibration=UNSURE)):
        states = {o.state for o in made.draft(Case(CT)).organs}
        assert states == {"not assessed"}


def test_every_finding_is_said_or_named_as_silent(over):
    draft = over.draft(Case(CT))
    said = {f.what for f in draft.findings}
    silent = {w for o in draft.organs for w in o.silent}
    assert said | silent == {r.what for r in exam_findings("ct-abdomen")}
    assert not said & silent


# ------------------------------------------------------------------ erase and read again


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_only_the_region_is_filled_and_from_what_surrounds_it(data):
    pixels = np.random.default_rng(3).normal(0, 100, (3, 20, 24)).astype(np.float32)
    whole = replace(image(), pixels=pixels)
    low = [data.draw(st.integers(0, n - 1)) for n in pixels.shape]
    high = [data.draw(st.integers(a, n - 1)) for a, n in zip(low, pixels.shape, strict=True)]
    box = tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))
    after = erased(whole, (Region(tuple(low), tuple(high)),)).pixels
    inside = np.zeros(pixels.shape, bool)
    inside[box] = True
    np.testing.assert_array_equal(after[~inside], pixels[~inside])
    assert pixels.min() <= after[inside].min()
    assert after[inside].max() <= pixels.max()
    louder = pixels.copy()
    louder[inside] += 1e4
    again = erased(replace(whole, pixels=louder), (Region(tuple(low), tuple(high)),)).pixels
    if not inside[low[0]].all():  # nothing of the inside is left in the filling
        np.testing.assert_allclose(again[inside], after[inside], rtol=1e-4, atol=1e-3)


def test_an_even_picture_stays_even():
    flat = replace(image(), pixels=np.full((2, 16, 16), 40, np.float32))
    after = erased(flat, (Region((0, 3, 3), (1, 9, 12)),)).pixels
    np.testing.assert_allclose(after, 40, rtol=1e-5)


def test_a_region_in_a_stack_is_as_deep_as_it_is_wide():
    ct = image(frames=9)  # 5 mm apart, pixels of 2 mm
    deep = cuboid(ct, Region((4, 10, 10), (4, 19, 19)))  # 20 mm wide, so 4 frames: one, ± 2
    assert (deep.low, deep.high) == ((2, 10, 10), (6, 19, 19))
    assert cuboid(image("DX", 1), Region((0, 1, 1), (0, 9, 9))).high == (0, 9, 9)


def test_only_what_was_changed_is_looked_at_again_and_the_answer_is_the_same(over):
    aligner = over.watcher
    taken = erased(CT.images[0], (Region((1, 5, 5), (2, 20, 20)),))
    twin, left = aligner.exchanged(CT, taken)
    fresh = Aligner(checkpoint())
    for what in ("liver cyst", "kidney stone"):
        again = fresh.raw(replace(CT, images=(taken,)), what)
        assert twin.raw(left, what) == pytest.approx(again, abs=1e-4)
        assert aligner.raw(CT, what) == pytest.approx(Aligner(checkpoint()).raw(CT, what), abs=1e-5)


def test_a_sentence_that_survives_is_flagged_and_one_that_falls_is_not(over, monkeypatch):
    """With thresholds at a half, a sentence survives just where its log-odds stay above zero."""
    draft = over.draft(Case(CT))
    flagged = {f.sentence for f in draft.flags if f.code == "survives"}
    for n, s in enumerate(draft.sentences):
        (*there,) = [f.what for f in s.findings if f.status == "present"]
        if there:
            left = SURE.probability(without(over.watcher, CT, there[0], s.evidence))
            assert (n in flagged) == (SURE.decide(left) is True)


# ------------------------------------------------------------------ prior


def test_a_prior_of_another_patient_gets_no_draft(over):
    stranger = replace(EARLIER, identity=Identity(patient_id="B"))
    for drafter in (over, over.drafter):
        with pytest.raises(InputRejected) as refused:
            drafter.draft(Case(CT, prior=stranger))
        assert refused.value.code == "prior-patient"


def test_change_is_said_where_a_prior_was_given_and_both_were_decided(over):
    alone = over.draft(Case(CT))
    assert not any(f.change for f in alone.findings)
    assert not alone.text("comparison")
    dark = replace(EARLIER.images[0], pixels=np.full((5, 40, 40), -900, np.float32))
    prior = replace(EARLIER, images=(dark,))
    draft = over.draft(Case(CT, prior=prior))
    whats = [r.what for r in exam_findings("ct-abdomen")]
    before = {p.label: p for p in Aligner(checkpoint()).label(prior, whats)}
    assert "read by the same model" in draft.text("comparison")
    assert any(f.change for f in draft.findings)
    for f in draft.findings:
        then = before[f.what]
        assert not (f.change and then.abstained)
        if f.change:
            assert (f.change, then.probability >= 0.5) in (("new", False), ("resolved", True))
    assert not any(x.code in ("comparison", "negation", "impression") for x in draft.flags)
    assert {(f.what, f.status) for f in draft.findings} == {
        (f.what, f.status) for f in alone.findings
    }


def test_a_prior_report_is_a_prior(over):
    known = over.draft(Case(CT, prior_report="No liver cyst. Splenomegaly."))
    status = {f.what: (f.status, f.change) for f in known.findings}
    assert status["liver cyst"] in (("present", "new"), ("absent", ""))
    assert status["splenomegaly"] in (("present", ""), ("absent", "resolved"))
    assert [f for f in known.flags if f.code == "comparison"] == []


def test_a_prior_of_another_examination_is_not_compared(over):
    film = Examination("8.8", (image("DX", 1),), Identity(patient_id="A"))
    draft = over.draft(Case(CT, prior=film))
    assert "could not be compared" in draft.text("comparison")
    assert not any(f.change for f in draft.findings)


def test_reading_the_prior_leaves_what_was_seen_of_the_study(over):
    first = over.draft(Case(CT))
    over.draft(Case(CT, prior=EARLIER))
    again = over.draft(Case(CT))
    assert again.sentences == first.sentences
    assert again.flags == first.flags


# ------------------------------------------------------------------ somebody else's text


class Written:
    """A drafter that writes what it is told, without predictions or places."""

    def __init__(self, *sentences):
        self.sentences = tuple(
            Sentence(text, "findings", "", tuple(findings)) for text, *findings in sentences
        )

    def draft(self, case):
        return Draft(case.study.uid, self.sentences, Origin("writer", "p", "0"))


def test_a_text_is_held_against_the_detectors_of_its_watcher(over):
    answers = {p.label: p for p in over.watcher.label(CT, ["liver cyst", "hepatic steatosis"])}
    assert not any(p.abstained for p in answers.values())
    lied = [(f"No {w}.", Finding(w, "absent")) if p.probability >= 0.5
            else (f"There is {w}.", Finding(w)) for w, p in answers.items()]  # fmt: skip
    draft = Finished(Written(*lied), over.watcher).draft(Case(CT))
    assert draft.watcher == "tiny"
    assert {f.sentence for f in draft.flags if f.code == "classifier"} >= {0, 1}
    assert [s.text for s in draft.sentences[:2]] == [text for text, _ in lied]


def test_change_in_another_text_is_said_of_what_text_and_detector_both_decided(over):
    (cyst,) = over.watcher.label(CT, ["liver cyst"])
    there = cyst.probability >= 0.5
    true = ("There is a liver cyst.", Finding("liver cyst"))
    false = ("No liver cyst.", Finding("liver cyst", "absent"))
    before = "No liver cyst." if there else "Liver cyst."
    for said, change in ((true if there else false, True), (false if there else true, False)):
        made = Finished(Written(said), over.watcher).draft(Case(CT, prior_report=before))
        told = made.text("comparison")
        assert ("new" in told or "resolved" in told) == change
        assert made.text("findings") == said[0]
    alone = Finished(Written(true), over.watcher).draft(Case(CT))
    assert alone.text("comparison") == ""


def test_where_the_watcher_knows_nothing_the_words_are_checked_all_the_same(over):
    written = Written(("There is a left liver cyst measuring 12.", Finding("liver cyst")))
    strange = Examination("7.7", (image("US"),))
    draft = Finished(written, over.watcher).draft(Case(strange))
    assert [f.code for f in draft.flags] == ["units"]
    assert draft.organs == ()
    assert draft.sentences == written.sentences


def test_views_of_one_study_speak_together():
    front, side = (replace(image("DX", 1, seed=n, uid=f"1.{n}"), view=v)
                   for n, v in enumerate(("PA", "LATERAL")))  # fmt: skip
    a = Aligner(checkpoint())
    both = Examination("8.1", (front, side))
    draft = PairDrafter(a, "0").draft(Case(both))
    assert draft.text("technique") == "Chest radiograph, PA and lateral."
    for p in draft.predictions:
        alone = [Aligner(a.checkpoint).raw(Examination("8", (i,)), p.label) for i in both.images]
        assert p.logit == pytest.approx(np.mean(alone), abs=1e-4)  # TOP = 2 frames, one a film
