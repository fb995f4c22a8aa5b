"""From pictures and reports to a checkpoint that writes: one command, one folder, one draft."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from radgloss import checkpoint, dicom, wiring
from radgloss.cli import app
from radgloss.data.batch import to_model
from radgloss.data.feeds import Desk, Shown, Written
from radgloss.data.feeds.written import Deal
from radgloss.data.manifest import Caption, read_manifest
from radgloss.data.pairs import Sampling
from radgloss.engine import precision as precisions
from radgloss.engine.generating import Choice, Literal
from radgloss.engine.looker import Looker
from radgloss.engine.writer import Settings, Writer
from radgloss.systems import SYSTEMS
from radgloss.systems.image_to_text.looks import frozen, looks_of
from radgloss.systems.training import tokenizer_of, trained
from radgloss.text.facts import findings
from radgloss.types import Case, InputRejected, Region
from tiny_films import films

STEPS = 120


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return films(tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="module")
def reporter(manifest):
    """The checkpoint folder that one command makes of tiny films."""
    out = manifest.parent / "reporter"
    command = f"train captioner-debug -d {manifest} -o {out} --steps {STEPS}".split()
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    return out


def test_one_command_makes_a_reporter_whose_facts_are_right(reporter):
    """Bright films have an effusion: learned, where a constant report is right half of the time."""
    rows = checkpoint.load(reporter).card["test"]["reports"]
    assert rows["model"]["fact_f1"] == 1.0
    assert rows["model"]["distinct"] == 2
    assert rows["constant"]["fact_f1"] == 0.5
    assert rows["constant"]["distinct"] == 1
    assert rows.keys() == {"model", "constant", "random", "nearest text", "nearest picture"}


def test_a_draft_is_what_the_reporter_says_with_its_facts_and_how_sure(reporter, manifest):
    model = wiring.load(reporter)
    for name, status in (("s0", "present"), ("s1", "absent")):
        draft = model.report(dicom.read(manifest.parent / name))
        assert not draft.abstained
        (said,) = [s for s in draft.sentences if s.section == "findings"]
        assert [(f.what, f.status) for f in said.findings] == [("pleural effusion", status)]
        assert 0 <= said.confidence <= 1
        assert "pneumothorax" in draft.not_assessed
        assert "pleural effusion" not in draft.not_assessed
        assert draft.support[0].text.startswith(said.text)  # itself, of training
        concluded = [s for s in draft.sentences if s.section == "impression"]
        assert concluded  # none was ever learned: it is made of the findings
        facts = [(f.what, f.side) for s in concluded for f in s.findings]
        assert facts == [(f.what, f.side) for f in said.findings if status == "present"]
        assert draft.watcher == ""  # these films are strangers to the shipped model,
        assert not any(o.state == "assessed and normal" for o in draft.organs)  # so none is normal


def test_the_same_case_gives_the_same_draft(reporter, manifest):
    study = dicom.read(manifest.parent / "s0")
    one, two = (wiring.load(reporter).draft(Case(study)).sentences for _ in range(2))
    assert one == two


def test_a_stranger_gets_no_text(reporter, manifest):
    model = wiring.load(reporter)
    study = dicom.read(manifest.parent / "s0")
    image = study.images[0]
    strange = replace(study, images=(replace(image, modality="MR"),))
    draft = model.report(strange)
    assert draft.abstained
    assert draft.findings == ()


def test_a_reporter_whose_weights_were_touched_is_refused(reporter, tmp_path):
    known = checkpoint.load(reporter)
    with torch.no_grad():
        known.model.decoder.embed.weight[40] += 0.5
    golden = (reporter / "golden.safetensors").read_bytes()
    checkpoint.save(tmp_path / "c", known.architecture, known.model, known.preprocess,
                    known.tokenizer, known.card, known.trust)  # fmt: skip
    (tmp_path / "c" / "golden.safetensors").write_bytes(golden)
    with pytest.raises(Exception, match="another golden"):
        checkpoint.load(tmp_path / "c")


def small_run(**changes):
    return replace(SYSTEMS["captioner-debug"](), **changes)


def store(manifest, run, folder):
    known = read_manifest(manifest)
    pairs = run.feed.read(known, "train", run.preprocess, folder, 1, lambda done, total: None)
    return pairs, known.split("train")


def test_a_run_that_was_interrupted_ends_as_one_that_was_not(manifest, tmp_path, monkeypatch):
    run = small_run(steps=6, keep_every=3)
    pairs, entries = store(manifest, run, tmp_path / "pairs")
    tokenizer = tokenizer_of(pairs, run, entries, tmp_path)
    whole = trained(run, pairs, entries, tokenizer, tmp_path / "a", False)

    inner = Written.batches

    def stopping(feed, desk):
        batches = inner(feed, desk)

        def batch(k):
            if k == 4:
                raise InterruptedError
            return batches(k)

        return batch

    with monkeypatch.context() as patched:
        patched.setattr(Written, "batches", stopping)
        with pytest.raises(InterruptedError):
            trained(run, pairs, entries, tokenizer, tmp_path / "b", False)
    again = trained(run, pairs, entries, tokenizer, tmp_path / "b", True)
    for key, value in whole.model.state_dict().items():
        assert torch.equal(again.model.state_dict()[key], value), key


def test_a_frozen_tower_looks_once_and_learns_the_same(manifest, tmp_path):
    """Looks that were kept give the loss of pictures that do not move, up to half precision."""
    run = small_run(steps=4, freeze=("image.*",))
    run = replace(run, sampling=replace(run.sampling, augment=None))
    pairs, entries = store(manifest, run, tmp_path / "pairs")
    tokenizer = tokenizer_of(pairs, run, entries, tmp_path)
    trained(run, pairs, entries, tokenizer, tmp_path / "work", False)
    log = [json.loads(x) for x in (tmp_path / "work/states/log.jsonl").read_text().splitlines()]
    module = checkpoint.architecture("captioner")
    torch.manual_seed(run.seed)
    config = replace(run.model, text=replace(run.model.text, vocabulary=run.vocabulary))
    objective = module.Objective(module.build(config)).eval()
    assert frozen(objective.model, run.freeze)
    assert not frozen(objective.model, ("image.blocks.*",))
    looks = looks_of(objective.model, pairs, tmp_path / "other")
    desk = Desk(pairs, entries, tokenizer, 256, 4, run.seed, run.sampling, 4)
    with torch.no_grad():
        kept, _ = objective(run.feed.batches(replace(desk, looks=looks))(0))
        seen, _ = objective(run.feed.batches(desk)(0))
    torch.testing.assert_close(kept, seen, atol=2e-3, rtol=0)
    assert log[0]["loss"] == pytest.approx(float(seen), abs=2e-3)


def test_the_tower_of_an_aligned_model_goes_on_in_a_reporter(manifest, tmp_path):
    command = ["train", "clip-debug", "-d", manifest, "-o", tmp_path / "clip", "--steps", "2"]
    done = CliRunner().invoke(app, [str(c) for c in command])
    assert done.exit_code == 0, done.output
    command = ["train", "captioner-debug", "-d", manifest, "-o", tmp_path / "r", "--steps", "2"]
    command += ["--from", tmp_path / "clip", "--freeze", "image"]
    done = CliRunner().invoke(app, [str(c) for c in command])
    assert done.exit_code == 0, done.output
    one, two = (checkpoint.load(tmp_path / name).model.image for name in ("clip", "r"))
    own = two.state_dict()
    assert own
    assert all(torch.equal(one.state_dict()[name], value) for name, value in own.items())


def test_an_epoch_brings_every_study_once_and_alike_ones_together():
    sizes = {n: 1 + 31 * (n % 2) for n in range(64)}
    deal = Deal(sizes, 8, seed=3)
    steps = [deal(k) for k in range(8)]
    assert sorted(s for step in steps for s in step) == list(range(64))
    assert all(len({sizes[s] for s in step}) == 1 for step in steps)
    assert steps != [deal(k) for k in range(8, 16)]
    assert steps == [Deal(sizes, 8, seed=3)(k) for k in range(8)]
    few = Deal({5: 1, 9: 2, 7: 1}, 2, seed=0)
    assert {s for k in (0, 1) for s in few(k)} == {5, 7, 9}


def test_only_the_words_of_a_section_and_its_end_are_to_be_guessed(manifest, tmp_path):
    run = small_run()
    pairs, entries = store(manifest, run, tmp_path / "pairs")
    indicated = tuple(
        replace(e, report=replace(e.report, indication="Short of breath.")) for e in entries
    )
    tokenizer = tokenizer_of(pairs, run, indicated, tmp_path)
    desk = Desk(pairs, indicated, tokenizer, 256, 8, 0, run.sampling, 9)
    batch = run.feed.batches(desk)(0)
    told = []
    for row, (tokens, guessed) in enumerate(zip(batch.tokens, batch.hidden, strict=True)):
        study = int(batch.owner[row])
        assert (batch.study == study).sum() == 1
        report = tokenizer.decode(tokens[guessed].tolist())
        assert report in {e.report.findings for e in entries}
        assert tokens[guessed][-1] == tokenizer.mark("[END]")
        before = tokenizer.decode(tokens[~guessed & batch.mask[row]].tolist())
        assert before.startswith("Chest radiograph")
        told.append("Short of breath." in before)
    assert {True, False} == set(told)  # with and without what is known beforehand
    assert torch.isfinite(batch.place).all()


def test_captions_out_of_labels_say_them_all_in_another_order_each_time(manifest, tmp_path):
    run = small_run(feed=Written(4, captions=1))
    pairs, entries = store(manifest, run, tmp_path / "pairs")
    labels = {
        "pneumothorax": {"present": True, "side": "left"}, "pleural effusion": {"present": False},
        "cardiomegaly": {"present": True}, "free air": {},
    }  # fmt: skip
    labelled = tuple(replace(e, labels=labels) for e in entries)
    tokenizer = tokenizer_of(pairs, run, labelled, tmp_path)
    batches = run.feed.batches(Desk(pairs, labelled, tokenizer, 256, 4, 0, run.sampling, 9))
    said = []
    for k in range(4):
        batch = batches(k)
        marked = (batch.tokens == tokenizer.mark("[CAPTION]")).any(1)
        assert marked.sum() == 4
        rows = zip(batch.tokens[marked], batch.hidden[marked], strict=True)
        said += [tokenizer.decode(t[h].tolist()) for t, h in rows]
    assert len(set(said)) > 1
    for text in said:
        facts = {(f.what, f.status, f.side) for f in findings(text, "xr-chest")}
        assert facts == {
            ("pneumothorax", "present", "left"), ("pleural effusion", "absent", ""),
            ("cardiomegaly", "present", ""),
        }  # fmt: skip


def finding_texts(draft):
    return [s.text for s in draft.sentences if s.section == "findings"]


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_in_fewer_bits_a_learned_report_is_the_same(reporter, manifest, precision):
    if precision not in precisions.can():
        pytest.skip(f"this processor has no {precision}")
    study = dicom.read(manifest.parent / "s0")
    exact, reduced = (wiring.load(reporter, precision=p).report(study) for p in ("fp32", precision))
    assert finding_texts(exact) == finding_texts(reduced)


def test_beams_and_templates_write_through_the_same_door(reporter, manifest):
    study = dicom.read(manifest.parent / "s0")
    looker = Looker(checkpoint.load(reporter))
    plain = finding_texts(Writer(looker, "0").draft(Case(study)))
    assert finding_texts(Writer(looker, "0", Settings(beams=3)).draft(Case(study))) == plain
    fields = (Literal("PLEURA: "), Choice(("Effusion.", "No effusion.")))
    held = Settings(samples=2, templates={"findings": fields})
    (text,) = finding_texts(Writer(looker, "0", held).draft(Case(study)))
    assert text in {"PLEURA: Effusion.", "PLEURA: No effusion."}


@pytest.mark.parametrize(
    "options",
    [
        {"samples": -1}, {"beams": 0}, {"share": 0.0}, {"share": 1.1}, {"temperature": 0.0},
        {"seed": -1}, {"templates": {"history": ()}},
    ],
)  # fmt: skip
def test_options_of_writing_out_of_range_are_refused(options):
    with pytest.raises(InputRejected) as found:
        Settings(**options)
    assert found.value.code == "generation"


def test_a_text_that_comes_to_no_end_is_not_a_draft(reporter, manifest):
    known = checkpoint.load(reporter)
    with torch.no_grad():  # the end can no longer be the likeliest word
        known.model.decoder.embed.weight[known.tokenizer.mark("[END]")] = 0
    study = dicom.read(manifest.parent / "s0")
    draft = Writer(Looker(known), "0").draft(Case(study))
    assert draft.abstained
    assert "no end" in draft.why
    assert draft.findings == ()


def test_captioned_pictures_come_beside_studies_and_are_no_part_of_them(manifest, tmp_path):
    known = read_manifest(manifest)
    captioned = tuple(
        replace(e, captions=(
            Caption(f"2.25.{e.line + 99}", 0, ("A frame.",)),
            Caption(f"2.25.{e.line + 99}", 0, ("A box.",), Region((0, 5, 5), (0, 30, 30))),
        ))
        for e in known.entries
    )  # fmt: skip
    manifest = replace(known, entries=captioned)
    run = small_run(feed=Shown(4, frames=5), sampling=Sampling(augment=None))
    stores = {
        split: run.feed.read(
            manifest, split, run.preprocess, tmp_path / split, 1, lambda a, b: None
        )
        for split in ("train", "test")
    }
    pairs, entries = stores["train"], manifest.split("train")
    assert not any(stores["test"].boxed)
    assert pairs.boxed == [False, True, True] * len(entries)
    tokenizer = tokenizer_of(pairs, run, entries, tmp_path)
    desk = Desk(pairs, entries, tokenizer, 256, 4, 0, run.sampling, 9)
    batch = run.feed.batches(desk)(0)
    assert batch.study.tolist() == list(range(9))  # four films, then five captioned pictures
    assert len(batch.images) == len(batch.place) == 9
    marked = (batch.tokens == tokenizer.mark("[CAPTION]")).any(1)
    assert batch.owner[marked].tolist() == [4, 5, 6, 7, 8]
    for row in marked.nonzero()[:, 0]:
        said = tokenizer.decode(batch.tokens[row][batch.hidden[row]].tolist())
        assert said in {"A frame.", "A box."}
        mine = batch.images[batch.owner[row]]
        like = [p for p, s in enumerate(pairs.sentences) if s == [said]]
        assert any(torch.equal(mine, to_model(pairs.pictures[[p]])[0]) for p in like)
    looks = np.random.default_rng(0).normal(size=(len(pairs), 4, 8)).astype(np.float16)
    kept = run.feed.batches(replace(desk, looks=looks))(0)
    assert kept.looks.shape == (9, 4, 8)
    assert torch.equal(kept.tokens, batch.tokens)
    objective = checkpoint.architecture("captioner").Objective(
        checkpoint.architecture("captioner").build(run.model)
    )
    assert torch.isfinite(objective(batch)[0])
