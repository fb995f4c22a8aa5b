"""Which precision is taken: what the processor can, what passed, and only then what is fast."""

import numpy as np
import pytest
import torch

import tiny
from radgloss import checkpoint as checkpoints
from radgloss.engine import precision as precisions
from radgloss.engine.aligner import Aligner
from radgloss.engine.precision import (
    Measured,
    can,
    check,
    choose,
    lacking,
    processor,
    recall,
    remember,
)
from radgloss.trust.agreement import Agreement
from radgloss.types import InputRejected, Study

OLD, NEW = {"avx2": True}, {"avx512_bf16": True, "avx512_vnni": True}
GOOD, BAD = Agreement(0.999, 0.99, 0.001, 200, 10), Agreement(0.98, 0.99, 0.001, 200, 10)
FAST = {"fp32": 1.0, "bf16": 0.5, "int8": 0.25}


@pytest.fixture
def able(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: NEW)


def seconds(precisions):
    return {p: FAST[p] for p in precisions}


def test_a_processor_offers_what_it_multiplies():
    assert can(OLD) == ("fp32",)
    assert can(NEW) == ("fp32", "bf16", "int8")
    assert can({"avx512_vnni": True}) == ("fp32", "int8")
    assert can({"amx_bf16": True, "amx_int8": True}) == ("fp32", "bf16", "int8")
    assert "avx512_vnni" in lacking("int8", OLD)


def test_what_it_cannot_is_refused_with_what_it_can():
    with pytest.raises(InputRejected, match=r"avx512_bf16.*fp32") as refused:
        check("bf16", OLD)
    assert refused.value.code == "precision"
    with pytest.raises(InputRejected, match="fp16"):
        check("fp16", NEW)
    check("auto", OLD)
    check("fp32", OLD)


@pytest.mark.usefixtures("able")
def test_auto_takes_the_fastest_that_passed():
    assert choose(Measured({"bf16": GOOD, "int8": GOOD}), seconds) == "int8"
    assert choose(Measured({"bf16": GOOD, "int8": BAD}), seconds) == "bf16"


@pytest.mark.usefixtures("able")
def test_auto_never_takes_what_failed_or_was_never_asked_however_fast():
    def never(precisions):
        raise AssertionError("nothing to choose from, nothing to time")

    assert choose(Measured({"bf16": BAD, "int8": BAD}), never) == "fp32"
    assert choose(Measured(), never) == "fp32"
    assert Measured().faults("int8") == ("never measured",)
    asked = []
    choose(Measured({"bf16": GOOD, "int8": BAD}), lambda p: asked.append(p) or seconds(p))
    assert asked == [("fp32", "bf16")]  # what failed is not even timed


@pytest.mark.usefixtures("able")
def test_auto_keeps_the_exact_one_where_nothing_is_gained():
    passed = Measured({"bf16": GOOD, "int8": GOOD})
    assert choose(passed, lambda p: dict.fromkeys(p, 1.0)) == "fp32"
    assert choose(passed, lambda p: {"fp32": 1.0, "bf16": 0.95, "int8": 2.0}) == "fp32"


@pytest.mark.usefixtures("able")
def test_a_timing_of_this_processor_is_used_and_of_another_is_not():
    def never(precisions):
        raise AssertionError("timed already")

    passed = {"bf16": GOOD, "int8": GOOD}
    assert choose(Measured(passed, {processor(): FAST}), never) == "int8"
    elsewhere = Measured(passed, {"another": {"fp32": 1.0, "bf16": 0.1, "int8": 0.9}})
    assert choose(elsewhere, seconds) == "int8"


def test_auto_on_an_old_processor_is_fp32(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: OLD)
    assert choose(Measured({"bf16": GOOD, "int8": GOOD}), seconds) == "fp32"


def test_what_was_measured_is_kept_by_space_and_added_to(tmp_path):
    remember("clip:abc", Measured({"bf16": GOOD}, {"here": {"fp32": 1.0}}), tmp_path)
    remember("clip:abc", Measured({"int8": BAD}, {"here": {"bf16": 0.5}}), tmp_path)
    found = recall("clip:abc", tmp_path / "none", tmp_path)
    assert found.agreements == {"bf16": GOOD, "int8": BAD}
    assert found.seconds == {"here": {"fp32": 1.0, "bf16": 0.5}}
    assert recall("clip:other", tmp_path) == Measured()  # other weights, nothing known


def test_a_broken_record_is_no_record(tmp_path):
    path = remember("clip:abc", Measured({"bf16": GOOD}), tmp_path)
    for text in ("{", "[]", '{"space": "clip:abc"}', '{"space": "x", "agreements": {}}'):
        path.write_text(text)
        assert recall("clip:abc", tmp_path) == Measured()


@pytest.fixture
def folder(tmp_path):
    c = tiny.checkpoint()
    checkpoints.save(tmp_path / "tiny", "clip", c.model, c.preprocess, c.tokenizer, {}, c.trust,
                     c.support)  # fmt: skip
    return tmp_path / "tiny"


def test_a_checkpoint_is_loaded_in_the_precision_that_passed(folder, tmp_path, monkeypatch):
    taken = []
    monkeypatch.setattr(precisions, "within", lambda m, p: taken.append(p) or m)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: NEW)
    kept = tmp_path / "kept"
    assert Aligner.load(folder, "auto", (kept,)).precision == "fp32"  # never measured
    space = checkpoints.load(folder).space
    remember(space, Measured({"bf16": GOOD, "int8": BAD}, {processor(): FAST}), kept)
    assert Aligner.load(folder, "auto", (kept,)).precision == "bf16"
    assert taken == ["fp32", "bf16"]


@pytest.mark.skipif(len(can()) < 2, reason="this processor multiplies in fp32 only")
def test_another_precision_embeds_labels_and_points_in_the_same_space(folder):
    exact, study = Aligner.load(folder), Study("1.2", (tiny.image(),))
    for precision in can()[1:]:
        other = Aligner.load(folder, precision)
        assert other.space == exact.space
        a, b = exact.embed_study(study).vector, other.embed_study(study).vector
        assert b.dtype == np.float32
        assert float(a @ b) > 0.99
        (p,) = other.label(study, ["hepatic cyst"])
        (q,) = exact.label(study, ["hepatic cyst"])
        assert p.logit == pytest.approx(q.logit, abs=0.3)


@pytest.mark.skipif(len(can()) < 2, reason="this processor multiplies in fp32 only")
def test_the_times_are_of_the_precisions_asked(folder):
    model = checkpoints.load(folder).model
    found = precisions.timed(model, torch.zeros(2, 3, 32, 32), can())
    assert set(found) == set(can())
    assert all(t > 0 for t in found.values())
