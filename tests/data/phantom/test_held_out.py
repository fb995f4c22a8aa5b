"""Held-out compositions: their parts are trained on, and every name in them is the house's."""

from radgloss.data.phantom import held_out
from radgloss.data.phantom.patients import EXAMS, split_of, stream
from radgloss.text.findings import EXAMS as REPORTED
from radgloss.text.findings import FINDINGS, finding_type


def test_every_held_out_finding_has_its_kind_and_its_organ_in_training():
    for what in held_out.FINDINGS:
        row = finding_type(what)
        trained = [f for f in FINDINGS if f.what not in held_out.FINDINGS]
        assert any(f.kind == row.kind for f in trained), what
        assert any(f.organ == row.organ for f in trained), what


def test_every_cell_names_an_organ_of_its_exam_and_leaves_both_parts_to_training():
    assert len(held_out.CELLS) >= 8
    assert len(set(held_out.CELLS)) == len(held_out.CELLS)
    for organ, exam, look in held_out.CELLS:
        assert organ in REPORTED[exam].organs
        others = [o for o in REPORTED[exam].organs if not held_out.is_held_out_cell(o, exam, look)]
        assert others, "every organ of this look is held out: the look is never met"


def test_exams_of_the_phantom_are_the_houses_and_the_head():
    assert EXAMS[:-1] == tuple(REPORTED)


def test_splits_are_disjoint_ranges_of_seeds():
    seeds = [0, 1, 999_999, 1_000_000, 1_999_999, 2_000_000, 10**9]
    assert [split_of(s) for s in seeds] == ["train"] * 3 + ["val"] * 2 + ["test"] * 2


def test_streams_of_different_aspects_seeds_exams_and_keys_differ():
    draws = {
        stream(seed, exam, aspect, key).random()
        for seed in (1, 2)
        for exam in ("ct-abdomen", "xr-chest")
        for aspect in ("who", "lesion")
        for key in (0, 1)
    }
    assert len(draws) == 16
