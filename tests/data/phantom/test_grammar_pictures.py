"""Captions, sentences of a frame, attributes, questions and indications say only what is true."""

import re
from collections import Counter
from random import Random

import numpy as np
import pytest

from radgloss.data.phantom.grammar import AUTHORS, Told, author_named
from radgloss.data.phantom.grammar.attributes import (
    ATTRIBUTES,
    FINDINGS_WITH,
    ORGANS_WITH,
    attributes,
    prompts,
    vector,
)
from radgloss.data.phantom.grammar.captions import captions, frame_sentences, picture_of
from radgloss.data.phantom.grammar.history import QUESTIONS, indication
from radgloss.data.phantom.grammar.phrases import PHRASES
from radgloss.data.phantom.grammar.questions import NOT_ASSESSED, questions
from radgloss.data.phantom.grammar.scenery import technique
from radgloss.text.findings import EXAMS, FINDINGS, ORGANS, exam_findings, finding_type
from radgloss.types import Finding, Measurement

HOW = {
    "ct-abdomen": ("unenhanced", "arterial", "portal venous", "delayed", "excretory"),
    "mr-abdomen": ("T1", "T1 opposed", "T1 fat-suppressed", "T2", "DWI", "ADC"),
    "us-abdomen": ("",),
    "us-pelvis": ("",),
    "xr-chest": ("PA", "lateral", "AP"),
    "xr-abdomen": ("AP",),
}
FAULTS = re.compile(r"[{}]|  | ,|\.\.|\b(?:a|A) (?:[aeio]|8|11\b|18\b)|\b(\w+) \1\b")


def rng(seed):
    return np.random.default_rng(seed)


def study(seed):
    r = Random(seed)
    exam = r.choice(list(EXAMS))
    rows = exam_findings(exam)
    found = tuple(
        Finding(row.what, side=r.choice(row.sides) if row.sides else "",
                size_mm=r.choice(((), (float(r.randint(5, 40)),))))
        for row in r.sample(rows, r.randint(0, 3))
    )  # fmt: skip
    names = {f.what for f in found}
    deny = tuple(row.what for row in rows if row.what not in names)
    return Told(exam, (r.choice(HOW[exam]),) if HOW[exam] != ("",) else (), found, (), deny)


STUDIES = [study(seed) for seed in range(400)]


@pytest.mark.parametrize("exam", EXAMS)
def test_a_caption_names_its_picture_and_every_finding_of_it(exam):
    for how in HOW[exam]:
        for i, row in enumerate(exam_findings(exam)):
            side = row.sides[0] if row.sides else ""
            finding = Finding(row.what, side=side, size_mm=(12.0,))
            (caption,) = captions(rng(i), exam, how, "", [finding])
            assert not FAULTS.search(caption.text), caption.text
            (fact,) = caption.facts
            assert (fact.what, fact.side in ("", side)) == (row.what, True)
            assert bool(fact.size_mm) == ("12 mm" in caption.text)


def test_every_cell_of_organ_and_sequence_has_its_own_words():
    texts = set()
    for how in HOW["mr-abdomen"]:
        for organ in ("liver", "spleen", "pancreas", "kidneys"):
            words = {c.text for c in captions(rng(0), "mr-abdomen", how, organ, count=30)}
            assert all(organ in text for text in words)
            assert not words & texts
            texts |= words
    assert "T2-weighted MR image of the liver." in texts
    assert "T1-weighted MR image of the pancreas." in texts


def test_a_picture_never_names_another_modality():
    words = {"CT": r"\bCT\b", "MR": r"\bMRI?\b|ADC", "US": r"[Uu]ltrasound|[Ss]onogram",
             "XR": r"radiograph|X-ray"}  # fmt: skip
    kinds = dict(zip(EXAMS, ("CT", "MR", "US", "US", "XR", "XR"), strict=True))
    for exam, kind in kinds.items():
        for how in HOW[exam]:
            for seed in range(8):
                text = picture_of(exam, how, Random(seed))
                assert {k for k, w in words.items() if re.search(w, text)} == {kind}


def test_technique_names_each_phase_and_sequence_and_no_other():
    phases = ("unenhanced", "arterial", "portal venous", "delayed")
    for seed in range(20):
        text = technique("ct-abdomen", ("arterial", "delayed"), Random(seed))
        assert [p for p in phases if p in text] == ["arterial", "delayed"]
        assert "without" in technique("ct-abdomen", ("unenhanced",), Random(seed))


def test_sentences_of_a_frame_hold_its_findings_and_its_denials():
    for seed, told in enumerate(STUDIES):
        how = told.technique[0] if told.technique else ""
        said = frame_sentences(rng(seed), told.exam, how, ["liver"], told.findings, told.deny)
        assert said[0].kind == "frame"
        for sentence in said:
            assert not FAULTS.search(sentence.text), sentence.text
        stated = {f.what for s in said if s.kind == "statement" for f in s.facts}
        denied = {f.what for s in said if s.kind == "denial" for f in s.facts}
        assert {f.what for f in told.findings} == stated
        assert denied <= set(told.deny)


# ------------------------------------------------------------------ attributes


def test_every_organ_and_finding_has_attributes():
    assert set(ORGANS_WITH) == set(ORGANS)
    assert set(FINDINGS_WITH) == {row.what for row in FINDINGS}
    for name in (*ORGANS_WITH, *FINDINGS_WITH):
        assert len(vector(name)) == len(ATTRIBUTES)
        assert sum(vector(name)) == len(attributes(name))


def test_a_side_is_never_both_and_a_paired_organ_has_none():
    for row in FINDINGS:
        for side in row.sides:
            found = attributes(row.what, side)
            if side != "bilateral":
                assert f"{side}-sided" in found
                assert len(found & {"right-sided", "left-sided", "midline"}) == 1
    assert not attributes("kidneys") & {"right-sided", "left-sided"}


def test_prompts_of_an_attribute_read_well_and_differ():
    for attribute in ATTRIBUTES:
        yes, no = prompts(attribute)
        assert yes != no
        assert not FAULTS.search(yes + " " + no)


# ------------------------------------------------------------------ questions


def answer_from(told, question):
    """The answer worked out from what was told, without the grammar."""
    mine = [f for f in told.findings if f.what == question.what]
    kind = question.kind
    if kind == "presence":
        if mine:
            return "yes"
        return "no" if question.what in told.deny else NOT_ASSESSED
    if kind == "organ shown":
        seen = {row.organ for row in exam_findings(told.exam)} | {*EXAMS[told.exam].organs}
        return "yes" if question.organ in seen else "no"
    if kind == "modality":
        name = {"ct": "CT", "mr": "MR", "us": "ultrasound", "xr": "radiography"}
        return name[told.exam[:2]]
    if kind == "technique" and "contrast given" in question.text:
        return "no" if told.technique == ("unenhanced",) else "yes"
    if kind == "technique":
        return told.technique[0]
    (finding,) = mine
    if kind == "size":
        return f"{finding.size_mm[0]:.0f} mm"
    if kind == "change":
        return finding.change if told.comparison else NOT_ASSESSED
    return {"side": finding.side, "site": finding.site, "count": finding.number}[kind]


def test_the_answer_to_every_question_follows_from_what_was_told():
    kinds = Counter()
    for seed, told in enumerate(STUDIES):
        for question in questions(rng(seed), told):
            assert question.answer == answer_from(told, question), question
            assert question.text.endswith("?")
            assert not FAULTS.search(question.text), question.text
            kinds[question.kind] += 1
    assert {"presence", "side", "size", "organ shown", "modality", "technique"} <= set(kinds)


def test_change_site_and_count_are_answered_from_what_was_told():
    nodule = Finding("kidney stone", "present", "left", "lower pole", (12.0,), None, "increased",
                     (8.0,), "", "3")  # fmt: skip
    told = Told("ct-abdomen", findings=(nodule,), comparison="2021-03-12")
    answers = {q.kind: q.answer for q in questions(rng(0), told) if q.what == "kidney stone"}
    assert answers["change"] == "increased"
    assert answers["site"] == "lower pole"
    assert answers["count"] == "3"


def test_yes_and_no_are_equally_common():
    for seed, told in enumerate(STUDIES):
        answers = Counter(q.answer for q in questions(rng(seed), told) if q.kind == "presence")
        assert answers["yes"] == answers["no"]
        assert answers[NOT_ASSESSED] <= 1


def test_an_uncertain_finding_is_asked_nothing():
    told = Told("xr-chest", findings=(Finding("pneumothorax", side="left", certainty=0.4),),
                deny=("cardiomegaly",))  # fmt: skip
    assert not any(q.what == "pneumothorax" for q in questions(rng(0), told))


# ------------------------------------------------------------------ indications


def test_an_indication_does_not_look_at_the_findings():
    for exam in EXAMS:
        for author in AUTHORS:
            texts = {indication(exam, (), (), author, Random(i), 50, "F") for i in range(60)}
            assert len(texts) > 8
            assert all(text.endswith(".") and not FAULTS.search(text) for text in texts)


def test_an_abnormal_measurement_is_quoted_with_its_unit_and_a_normal_one_is_not():
    high = Measurement("CRP", 120.0, "mg/L", 0.0, 5.0)
    normal = Measurement("Lactate", 1.0, "mmol/L", 0.5, 2.0)
    verbose = author_named("verbose")
    texts = [indication("ct-abdomen", ("fever",), (high, normal), verbose, Random(i))
             for i in range(50)]  # fmt: skip
    assert any("CRP 120 mg/L" in text for text in texts)
    assert not any("Lactate" in text for text in texts)


def test_questions_of_an_indication_belong_to_its_examination():
    assert set(QUESTIONS) == set(EXAMS)
    known = {row.what for row in FINDINGS}
    assert all(finding_type(what).what in known for what in PHRASES)
