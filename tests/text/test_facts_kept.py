"""Sentences that were kept are read as if they were met for the first time."""

from random import Random

import numpy as np
import pytest

from radgloss.data.phantom.grammar import AUTHORS, Told, write
from radgloss.text.facts import read
from radgloss.text.facts.scan import scan, scanned
from radgloss.text.facts.state import find_heads
from radgloss.text.findings import EXAMS, SITES, exam_findings
from radgloss.types import Finding


def drawn(exam, seed):
    """A report of a study with up to four findings, by one of the authors."""
    r = Random(seed)
    rows = exam_findings(exam)
    shown = tuple(
        Finding(x.what, "present", r.choice(x.sides or ("",)),
                r.choice((*SITES.get(x.organ, ()), "")), (float(r.randint(5, 60)),))
        for x in r.sample(rows, r.randint(0, 4))
    )  # fmt: skip
    deny = tuple({x.what for x in rows} - {f.what for f in shown})
    told = Told(exam, findings=shown, deny=tuple(sorted(deny)), history=("fever",))
    return write(np.random.default_rng(seed), told, AUTHORS[seed % len(AUTHORS)]).report


REPORTS = [(exam, drawn(exam, seed)) for exam in EXAMS for seed in range(50)]


def heads(items):
    return [(i.term, i.start, i.end, i.head, i.measure) for i in items]


@pytest.mark.parametrize("exam", EXAMS)
def test_a_sentence_met_again_gives_the_facts_of_the_first_time(exam):
    reports = [report for other, report in REPORTS if other == exam]
    first = []
    for report in reports:
        scanned.cache_clear()
        first.append(read(report, exam))
    assert sum(map(len, first)) > 200
    for _ in range(2):
        assert [read(report, exam) for report in reports] == first
    assert scanned.cache_info().hits > 0


def test_reading_changes_no_kept_sentence():
    scanned.cache_clear()
    sentences = {s.lower() for _, report in REPORTS for s in report.findings.split("\n")}
    kept = {s: scanned(s) for s in sentences}
    for exam, report in REPORTS:
        read(report, exam)
    for sentence, (items, _) in kept.items():
        fresh = scan(sentence)
        find_heads(fresh)
        assert heads(items) == heads(fresh)


def test_a_sentence_reads_alike_wherever_it_stands():
    text = "3 mm stone in the right kidney, previously 5 mm."
    alone = read(text)
    later = read(f"Clear lungs. {text}")[-len(alone) :]
    assert [f.finding for f in later] == [f.finding for f in alone]
    assert [f.span for f in later] == [(a + 13, b + 13) for a, b in (f.span for f in alone)]
