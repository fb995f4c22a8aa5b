"""Every finding can be said by every author, and what a sentence states is what was told."""

import re
from dataclasses import fields, replace
from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radgloss.data.phantom.grammar import AUTHORS, Told, write
from radgloss.data.phantom.grammar.captions import frame_sentences
from radgloss.data.phantom.grammar.compare import CHANGES
from radgloss.data.phantom.grammar.phrases import DENY, DENY_LATE, DENY_SIDE, PHRASES
from radgloss.data.phantom.grammar.report import deniable
from radgloss.data.phantom.grammar.scenery import ABSENT, NORMAL, NOTHING
from radgloss.data.phantom.grammar.sentences import SIGNS
from radgloss.text.findings import EXAMS, FINDINGS, OF_WOMEN, SITES, exam_findings, finding_type
from radgloss.types import Finding

TIPS = {
    "central venous catheter": ("superior vena cava", "right atrium", "brachiocephalic vein"),
    "nasogastric tube": ("stomach", "oesophagus", "right lower lobe bronchus"),
    "endotracheal tube": ("",),
    "chest tube": ("",),
    "ureteric stone": ("upper ureter", "mid ureter", "distal ureter"),
    "appendicitis": ("right lower quadrant", ""),
    "diverticulitis": ("sigmoid colon", ""),
    "bowel obstruction": ("small bowel", ""),
    "free air": ("right upper quadrant", ""),
}
SAYINGS = (((12.0,), "", "moderate"), ((), "3", ""), ((8.0, 6.0), "1", ""))
GRADES = ("", "mild", "moderate", "severe")
AMOUNTS = {"free fluid", "free air", "pleural effusion", "pneumothorax", "consolidation"}
CHANGE_WORDS = re.compile(
    r"\b(unchanged|stable|interval|increased|decreased|new|previously|resolved|larger|smaller"
    r"|enlarging|regressing|resolution|prior study|progressed|improved|cleared)\b", re.I
)  # fmt: skip


def told_of(finding, features=(), exam=None, **more):
    exam = exam or finding_type(finding.what).exams[0]
    return Told(exam, (), (finding,), (tuple(features),), **more)


def sites(row):
    return TIPS.get(row.what, (*SITES.get(row.organ, ()), ""))


def drawn(seed):
    """One study with a few findings, some hedged, some changed; no simulator needed."""
    r = Random(seed)
    exam = r.choice(list(EXAMS))
    comparison = r.choice(("", "2021-03-12"))
    absent = ("gallbladder",) if exam.endswith("abdomen") and r.random() < 0.1 else ()
    rows = [x for x in exam_findings(exam) if not (absent and x.organ == "gallbladder")]
    found, looks = [], []
    for row in r.sample(rows, r.randint(0, 3)):
        size = (float(r.randint(5, 60)),) if r.random() < 0.7 else ()
        change = r.choice(("", "new", "increased", "decreased", "unchanged", "resolved"))
        change = change if comparison and row.layer != "device" else ""
        moved = change in ("increased", "decreased", "unchanged") and size
        before = (float(max(1, round(size[0] * r.uniform(0.5, 1.8)))),) if moved else ()
        if before and change == "increased":
            before = (min(before[0], size[0]),)
        found.append(Finding(
            row.what,
            "absent" if change == "resolved" else "present",
            r.choice(row.sides) if row.sides else "",
            r.choice(sites(row)),
            size,
            r.choice((None, 0.97, 0.85, 0.75, 0.6, 0.4)) if row.layer != "device" else None,
            change,
            before,
            r.choice(("small", "large") if row.what in AMOUNTS else GRADES),
            r.choice(("", "1", "3", "multiple")),
        ))  # fmt: skip
        p = PHRASES[row.what]
        looks.append(tuple(f for f in (*p.looks, *p.adjectives, *p.notes) if r.random() < 0.5))
    names = {f.what for f in found}
    deny = tuple(x.what for x in rows if x.what not in names and r.random() < 0.9)
    return Told(exam, (), tuple(found), tuple(looks), deny, (), absent, ("fever",), (),
                comparison, (), (), (), 60, r.choice("FM"))  # fmt: skip


STUDIES = [drawn(seed) for seed in range(300)]
WRITTEN = [(t, write(np.random.default_rng(i), t, AUTHORS[i % len(AUTHORS)]))
           for i, t in enumerate(STUDIES)]  # fmt: skip


def faults(text):
    """What no sentence may contain."""
    found = re.findall(r"[{}]|  | ,| \.|\.\.|,,|;,", text)
    found += re.findall(r"\b(?:a|A) (?=[aeio]|8|11\b|18\b)\S+", text)
    found += re.findall(
        r"\b(?:an|An) (?![aeiouAEIOU8]|1[18]|HCC|MR|FNH|X|NGT|LUL|LLL|R[UML]L)\S+", text
    )
    found += re.findall(r"\b(\w+) \1\b", text)
    found += re.findall(r"\b(?:a|an) (?:the|small small|multiple|three|bilateral)\b", text)
    return found if not text.startswith(("[", "Prior operations")) else []


@pytest.mark.parametrize("row", FINDINGS, ids=lambda row: row.what)
def test_every_finding_side_and_site_reads_well_in_every_author(row):
    seed = 0
    for side, site, author in product(row.sides or ("",), sites(row), AUTHORS):
        for size, number, severity in SAYINGS:
            seed += 1
            finding = Finding(row.what, "present", side, site, size, None, "", (), severity, number)
            told = told_of(finding, PHRASES[row.what].looks)
            for sentence in write(np.random.default_rng(seed), told, author).sentences:
                assert not faults(sentence.text), sentence.text
                assert sentence.text[0].isupper() or not sentence.text[0].isalpha()
                assert sentence.text.endswith((".", "]"))


def test_every_finding_has_five_statements_and_four_denials():
    assert set(PHRASES) == {row.what for row in FINDINGS}
    for row in PHRASES.values():
        assert len(set(row.statements)) >= 5, row.what
        assert len(set(row.denials)) >= 4, row.what


@pytest.mark.parametrize("wording", ["open", "held out"])
def test_no_sentence_of_open_wording_uses_a_held_out_pattern(wording):
    for i, told in enumerate(STUDIES):
        written = write(np.random.default_rng(i), told, wording=wording)
        author = next(a for a in AUTHORS if a.name == written.author)
        assert author.held_out == (wording == "held out")
        if wording == "open":
            assert not any(s.held_out for s in written.sentences)


def test_a_wording_that_there_is_not_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="heldout"):
        write(rng, STUDIES[0], wording="heldout")
    with pytest.raises(ValueError, match="heldout"):
        write(rng, STUDIES[0], AUTHORS[0], wording="heldout")
    with pytest.raises(ValueError, match="heldout"):
        frame_sentences(rng, "ct-abdomen", "unenhanced", ["liver"], [], wording="heldout")


def test_about_a_third_of_the_patterns_and_two_authors_are_held_out():
    sources = {*DENY, *DENY_LATE, *DENY_SIDE, *SIGNS}
    for row in PHRASES.values():
        sources |= {*row.says, *row.denies, *row.denies_side}
    for table in (CHANGES, NORMAL, ABSENT, NOTHING):
        sources |= {source for group in table.values() for source in group}
    share = sum(source.startswith("~") for source in sources) / len(sources)
    assert 0.25 <= share <= 0.35
    assert len(AUTHORS) >= 8
    assert sum(author.held_out for author in AUTHORS) == 2


def test_no_pattern_names_a_side_site_grade_or_number_outside_its_slots():
    words = {"right", "left", "bilateral", "both", "apical", "basal", "multiple", "several",
             "solitary", "two", "mild", "moderate", "severe", "small", "large"}  # fmt: skip
    words |= {site for group in SITES.values() for site in group}
    words -= {"head", "body", "tail", "base"}  # words of other things, too
    fixed = re.compile(r"\b(" + "|".join(sorted(words, key=len, reverse=True)) + r")\b", re.I)
    for row in PHRASES.values():
        for source in row.says:
            found = {word.lower() for word in fixed.findall(re.sub(r"\{\w+\}", " ", source))}
            own = {"ovary"} if row.what == "enlarged ovary" else set()
            assert found <= own, source


def agrees(fact, told):
    """Whether every field that the fact fills is what was told."""
    for field in fields(Finding):
        said = getattr(fact, field.name)
        if field.name in ("status", "certainty", "what") or not said:
            continue
        if said != getattr(told, field.name):
            return False
    return True


def test_what_a_sentence_states_was_told():
    for told, written in WRITTEN:
        for sentence in written.sentences:
            for fact in sentence.facts:
                if sentence.kind == "denial":
                    assert fact.what in told.deny
                    assert fact.status == "absent"
                elif sentence.about:
                    (index,) = sentence.about
                    assert agrees(fact, told.findings[index]), (sentence, told.findings[index])


def test_sizes_in_the_words_are_the_told_ones():
    for told, written in WRITTEN:
        for sentence in (s for s in written.sentences if s.about):
            finding = told.findings[sentence.about[0]]
            mm = {round(v) for v in (*finding.size_mm, *finding.previous_mm)}
            for number, unit in re.findall(r"(\d+(?:\.\d)?) (mm|cm)\b", sentence.text):
                value = round(float(number) * (10 if unit == "cm" else 1))
                assert value in mm, sentence.text
            stated = {v for fact in sentence.facts for v in (*fact.size_mm, *fact.previous_mm)}
            if finding.what != "endotracheal tube":
                said = set(re.findall(r"\d+(?:\.\d)?(?= (?:mm|cm))", sentence.text))
                assert len(stated) == len(said), sentence.text


def test_everything_told_is_said_once_in_the_findings_unless_omitted():
    for told, written in WRITTEN:
        for index in range(len(told.findings)):
            stating = [s for s in written.sentences
                       if s.section == "findings" and index in s.about and s.facts]  # fmt: skip
            assert len(stating) == (0 if index in written.omitted else 1)


def test_authors_leave_out_about_as_much_as_they_say():
    author = next(a for a in AUTHORS if a.name == "terse")
    told = told_of(Finding("liver cyst", site="segment VI"))
    left = sum(bool(write(np.random.default_rng(i), told, author).omitted) for i in range(2000))
    assert 0.5 * author.omits < left / 2000 < 1.6 * author.omits


def test_nothing_is_denied_that_is_there_or_may_not_be_denied():
    for told, written in WRITTEN:
        allowed = set(deniable(told))
        denied = {f.what for s in written.sentences if s.kind == "denial" for f in s.facts}
        assert denied <= allowed
        assert not denied & {f.what for f in told.findings}
        assert not (told.sex == "M" and denied & set(OF_WOMEN))


def test_an_organ_is_called_normal_only_if_nothing_is_wrong_and_it_is_there():
    for told, written in WRITTEN:
        troubled = {finding_type(f.what).organ for f in told.findings}
        for sentence in written.sentences:
            assert sentence.normal not in troubled
            assert not (sentence.normal and sentence.normal in told.absent_organs)
    told = Told("ct-abdomen", deny=tuple(r.what for r in exam_findings("ct-abdomen")),
                absent_organs=("gallbladder", "right kidney"))  # fmt: skip
    for i in range(100):
        written = write(np.random.default_rng(i), told)
        for sentence in written.sentences:
            assert sentence.organ != "gallbladder" or sentence.kind == "absent organ"
            if sentence.organ == "kidneys" and sentence.facts:
                assert {fact.side for fact in sentence.facts} == {"left"}


def test_no_word_of_change_without_a_comparison():
    for told, written in WRITTEN:
        if not told.comparison:
            for sentence in written.sentences:
                if sentence.kind != "distractor":
                    assert not CHANGE_WORDS.search(sentence.text), sentence.text
                assert not any(f.change or f.previous_mm for f in sentence.facts)


@given(now=st.integers(3, 100), before=st.integers(3, 100), seed=st.integers(0, 10**6))
@settings(max_examples=150, deadline=None)
def test_growth_is_written_only_beyond_what_two_readers_differ_by(now, before, seed):
    change = "increased" if now >= before else "decreased"
    finding = Finding("lung nodule", side="right", site="upper lobe", size_mm=(float(now),),
                      previous_mm=(float(before),), change=change)  # fmt: skip
    written = write(np.random.default_rng(seed), told_of(finding, comparison="2021-03-12"))
    real = abs(now - before) >= 2 and abs(now - before) >= 0.2 * before
    for sentence in (s for s in written.sentences if s.about):
        assert all((f.change == change) == real for f in sentence.facts)
        grown = re.search(r"increase|decrease|larger|smaller|growth|progressed|improved|nlarg"
                          r"|egress|now", sentence.text)  # fmt: skip
        assert real or not grown, sentence.text


def test_only_the_told_side_is_named():
    for side, other in (("right", "left"), ("left", "right")):
        for row in FINDINGS:
            if side in row.sides:
                told = told_of(Finding(row.what, side=side))
                for i in range(22):
                    for sentence in write(np.random.default_rng(i), told).sentences:
                        if sentence.about:
                            assert not re.search(rf"\b{other}\b", sentence.text), sentence.text
                            stated = {fact.side for fact in sentence.facts}
                            assert (side in sentence.text.lower()) == (side in stated)


def test_the_same_generator_writes_the_same_report():
    for i, told in enumerate(STUDIES[:40]):
        again = [write(np.random.default_rng(i), told) for _ in range(2)]
        assert again[0] == again[1]


def test_two_thousand_studies_have_two_thousand_reports():
    author = {"ct-abdomen": AUTHORS[1]}
    studies = [drawn(seed) for seed in range(2000)]
    wide = [replace(t, deny=tuple(r.what for r in exam_findings("ct-abdomen")),
                    exam="ct-abdomen", findings=(Finding("liver cyst", site="segment VI",
                    size_mm=(float(5 + i % 60),)),), features=())
            for i, t in enumerate(studies)]  # fmt: skip
    texts = {write(np.random.default_rng(i), t, author.get(t.exam)).report.findings
             for i, t in enumerate(wide)}  # fmt: skip
    assert len(texts) == 2000


def test_wrong_sides_are_written_only_where_noise_is_asked_for_and_are_counted():
    author = replace(AUTHORS[0], side_errors=0.5, omits=0.0)
    told = told_of(Finding("kidney stone", side="left", site="lower pole"))
    quiet = [write(np.random.default_rng(i), told, author) for i in range(100)]
    noisy = [write(np.random.default_rng(i), told, author, noise=True) for i in range(100)]
    assert not any(w.side_errors for w in quiet)
    assert 30 < sum(bool(w.side_errors) for w in noisy) < 70
    for written in noisy:
        if written.side_errors:
            assert all(f.side != "left" for s in written.sentences if s.about for f in s.facts)


def test_words_of_doubt_follow_the_posterior():
    author = next(a for a in AUTHORS if a.name == "plain")
    for posterior, status in ((0.99, "present"), (0.7, "uncertain"), (0.4, "uncertain"),
                              (0.1, "uncertain"), (0.01, "absent")):  # fmt: skip
        told = Told("xr-chest", diagnoses=(Finding("pneumonia", certainty=posterior),))
        written = write(np.random.default_rng(0), told, author)
        (fact,) = (f for s in written.sentences if s.kind == "diagnosis" for f in s.facts)
        assert fact.status == status
        if status == "uncertain":
            assert abs(fact.certainty - posterior) < 0.15


def test_the_impression_starts_with_what_is_most_urgent():
    told = Told("xr-chest", findings=(
        Finding("lung granuloma", side="left", site="upper lobe"),
        Finding("lung nodule", side="right", site="upper lobe"),
        Finding("pneumothorax", side="left"),
    ))  # fmt: skip
    for i in range(50):
        said = [s.about[0] for s in write(np.random.default_rng(i), told, AUTHORS[1]).sentences
                if s.section == "impression" and s.about]  # fmt: skip
        ranks = [finding_type(told.findings[k].what).category or 9 for k in said]
        assert ranks == sorted(ranks)


def test_sentences_are_the_words_of_the_report():
    for _, written in WRITTEN:
        for sentence in written.sentences:
            assert sentence.text in getattr(written.report, sentence.section)


def test_distractors_do_not_look_at_the_findings():
    plain = Told("xr-chest")
    ill = replace(plain, findings=(Finding("pneumothorax", side="left"),))
    counts = []
    for told in (plain, ill):
        n = [sum(s.kind == "distractor" for s in write(np.random.default_rng(i), told).sentences)
             for i in range(600)]  # fmt: skip
        counts.append(np.mean(n))
    assert abs(counts[0] - counts[1]) < 0.35
