"""Every recipe that writes: its arms differ in their idea alone, its feed brings what it needs, and
it goes from films to figures."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from radgloss import dicom
from radgloss.checkpoint import NOTHING, Checkpoint
from radgloss.data.batch import to_model
from radgloss.data.feeds import Desk, Followed, Noisy, Noted, Scarce, Written
from radgloss.data.feeds.noisy import gathered
from radgloss.data.feeds.noted import noted
from radgloss.data.feeds.written import grouped
from radgloss.data.manifest import read_manifest
from radgloss.data.pairs import Sampling
from radgloss.engine.looker import Looker
from radgloss.engine.writer import Writer
from radgloss.models.image_to_text import ARCHITECTURES
from radgloss.preprocess import Preprocess
from radgloss.systems import ARMS, SYSTEMS
from radgloss.systems.ideas import prove
from radgloss.systems.ideas.rows import ROWS
from radgloss.systems.image_to_text import writing
from radgloss.systems.training import tokenizer_of, trained
from radgloss.text.graph_of_findings import NAMES, RELATIONS, graph
from radgloss.trust import Trust
from radgloss.types import Case
from tiny_films import films

OWN = [r.system for r in ROWS if r.table == "image-to-text"]
EVERY = sorted({name for system in OWN for name in (system, *ARMS[system])})
SMALL = Preprocess(size=32, max_frames=8)
EFFUSION = NAMES.index("pleural effusion")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """Tiny films; every other patient was here before, ill then if well now."""
    path = films(tmp_path_factory.mktemp("films"))
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for n, row in enumerate(rows[:14]):
        if n % 4 < 2:
            row["prior"] = rows[n + 1 if n % 2 == 0 else n - 1]["study"]
            said = "No pleural effusion." if n % 2 == 0 else "There is a pleural effusion."
            row["prior_report"] = {"findings": said}
    path.write_text("\n".join(map(json.dumps, rows)))
    return read_manifest(path)


@pytest.fixture(scope="module")
def desk(manifest, tmp_path_factory):
    """Opens a feed: a desk with its store, a step of eight studies at a time."""
    stores = tmp_path_factory.mktemp("stores")

    def opened(feed, steps=10, seed=0):
        folder = stores / f"{type(feed).__name__}"
        pairs = feed.read(manifest, "train", SMALL, folder, 1, lambda done, total: None)
        entries = manifest.split("train")
        run = replace(SYSTEMS["captioner-debug"](), feed=feed)
        tokenizer = tokenizer_of(pairs, run, entries, folder)
        still = Sampling(augment=None)
        return Desk(pairs, entries, tokenizer, 96, 8, seed, still, steps)

    return opened


def small(name):
    """The recipe with its own switches on a network of the tests' size."""
    run = SYSTEMS[name]()
    debug = ARCHITECTURES[run.architecture].VARIANTS["debug"]
    model = replace(run.model, image=debug.image, text=debug.text)
    if name.startswith("blip"):
        model = replace(model, bootstrap=1, longest=6)
    return replace(run, model=model, preprocess=SMALL, vocabulary=512, steps=4, batch=4, warmup=1)


# ------------------------------------------------------------------ recipes


@pytest.mark.parametrize("system", OWN)
def test_arms_differ_in_what_their_recipes_say(system):
    """Steps, batch, rate, seed, pictures: all that is not the idea is the same."""
    own = SYSTEMS[system]()
    for name in ARMS[system]:
        arm = SYSTEMS[name]()
        assert arm.digest != own.digest
        same = replace(arm, name=own.name, model=own.model, feed=own.feed,
                       architecture=own.architecture)  # fmt: skip
        assert same == own, name
        assert arm.model.image == own.model.image or name == "captioner-cnn"
        assert arm.model.text == own.model.text


@pytest.mark.parametrize("name", [n for n in EVERY if n != "captioner-cnn"])
def test_every_recipe_goes_from_films_to_figures(name, manifest, tmp_path):
    run = small(name)
    stores = {s: run.feed.read(manifest, s, run.preprocess, tmp_path / s, 1, lambda a, b: None)
              for s in ("train", "test")}  # fmt: skip
    entries = manifest.split("train")
    tokenizer = tokenizer_of(stores["train"], run, entries, tmp_path)
    objective = trained(run, stores["train"], entries, tokenizer, tmp_path / "work", False).eval()
    found = writing.figures(
        run, objective.model, tokenizer, (stores["train"], entries),
        (stores["test"], manifest.split("test")), tmp_path,
    )  # fmt: skip
    assert 0 <= found["fact_f1"] <= 1
    assert found["constant"] == 0.5  # half of the films are ill
    assert found["beside"]["model"]["n"] == len(manifest.split("test"))


def test_proof_writes_a_line_for_an_arm_that_writes(manifest, tmp_path, monkeypatch):
    run = small("captioning-gpt-alone")
    monkeypatch.setitem(SYSTEMS, "captioner-vit", lambda: replace(run, name="captioner-vit"))
    bench = prove._Bench(manifest, tmp_path, 1, lambda what, done, total: None)
    bench.check()
    arm = prove.Arm("captioner-vit", 0)
    line = bench.measure(arm, SYSTEMS["captioner-vit"]())
    assert {"fact_f1", "finding_f1", "constant", "nearest_picture", "distinct"} <= line[
        "figures"
    ].keys()
    assert bench.known(arm, SYSTEMS["captioner-vit"]()) == json.loads(json.dumps(line))


# ------------------------------------------------------------------ feeds


def test_facts_are_those_of_the_report_and_patients_are_told_apart(desk, manifest):
    d = desk(Noted(pictures=2))
    b = Noted(pictures=2).batches(d)(0)
    entries = manifest.split("train")
    assert sorted(b.patients.tolist()) == list(range(8))
    for facts, patient in zip(b.facts, b.patients, strict=True):
        said = entries[int(patient)].report.findings
        assert int(facts[EFFUSION]) == (-1 if said.startswith("No") else 1)
        assert np.array_equal(noted(entries[int(patient)].report, "xr-chest"), facts)


def test_scarce_pictures_come_after_the_words_of_all(desk):
    feed = Scarce(pictures=2, share=0.25, language=0.5)
    d = desk(feed, steps=10)
    batches = feed.batches(d)
    words = [batches(k) for k in range(5)]
    assert all(len(b) == 0 and len(b.tokens) == 8 for b in words)
    plain = Written(pictures=2).batches(d)(0)
    assert torch.equal(words[0].tokens, plain.tokens)
    pixels = {x.numpy().tobytes() for k in range(5, 10) for x in batches(k).images}
    assert len(pixels) == 2  # one study in four of eight


def test_noise_is_the_share_that_was_asked_for_and_never_ones_own(desk, manifest):
    feed = Noisy(pictures=2, wrong=1.0, clean=0.5)
    d = desk(feed)
    studies = tuple(grouped(d, feed.sections))
    kind, entries = gathered(d, studies, 1.0, 0.5)
    again, _ = gathered(d, studies, 1.0, 0.5)
    assert kind == again
    assert set(kind.values()) == {1, -1}
    for study, what in kind.items():
        given, own = entries[study], d.entries[study]
        others = [e.report for e in d.entries if e.patient != own.patient]
        assert given.report == own.report if what == 1 else given.report in others
    b = feed.batches(d)(0)
    assert sorted(b.clean.tolist()) == sorted(kind.values())


def test_the_past_is_of_the_same_patient_and_of_no_other(desk, manifest):
    feed = Followed(pictures=2, before=2)
    d = desk(feed)
    b, entries = feed.batches(d)(0), manifest.split("train")
    had = [e for e in entries if e.prior is not None]
    assert len(b.images) == 8
    assert len(b.prior.images) == len(b.prior.tokens) == len(had) == 4
    whose = {_bytes(own(d, n)): e for n, e in enumerate(entries)}
    for row, picture, tokens, mask in zip(
        b.prior.study, b.prior.images, b.prior.tokens, b.prior.mask, strict=True
    ):
        patient = whose[_bytes(b.images[row])]
        assert patient.prior == whose[_bytes(picture)].study
        assert d.tokenizer.decode(tokens[mask].tolist()) == patient.prior_report.findings


def own(d, study):
    """The picture of a study of one film."""
    (n,) = (p for p, s in enumerate(d.pairs.studies) if s == study and not d.pairs.boxed[p])
    return to_model(np.array(d.pairs.pictures[n : n + 1]))[0]


def _bytes(picture):
    return picture.numpy().tobytes()


def test_the_control_gives_everybody_the_past_of_somebody_else(desk, manifest):
    d = desk(Followed(pictures=2, before=2))
    feed = Followed(pictures=2, before=2, whose="another's")
    had = [n for n, e in enumerate(manifest.split("train")) if e.prior is not None]
    givers = feed._givers(d, had)
    assert givers.keys() == set(had)
    assert all(d.entries[own].patient != d.entries[other].patient for own, other in givers.items())


@pytest.mark.parametrize("name", ["ct2rep-long", "ct2rep"])
def test_a_draft_is_told_of_the_prior_as_training_told_of_it(name, desk, manifest):
    d = desk(Followed(pictures=2, before=2))
    torch.manual_seed(0)
    run = small(name)
    model = ARCHITECTURES[run.architecture].build(run.model).eval()
    known = Checkpoint("now", "ct2rep", model, SMALL, d.tokenizer, Trust({}, {}, {}), NOTHING, {})
    writer = Writer(Looker(known), "0")
    n, entry = next((n, e) for n, e in enumerate(d.entries) if e.prior is not None)
    study, past = (dicom.read(p) for p in (entry.study, entry.prior))
    told = writer._earlier(Case(study, prior=past, prior_report=entry.prior_report.findings))
    if name == "ct2rep":
        assert told is None
        return
    (boxed,) = (p for p, s in enumerate(d.pairs.studies) if s == n and d.pairs.boxed[p])
    pixels = to_model(np.array(d.pairs.pictures[boxed : boxed + 1]))
    torch.testing.assert_close(told.looks, model.look(pixels).detach())
    assert d.tokenizer.decode(told.tokens[0].tolist()) == entry.prior_report.findings
    with torch.no_grad():
        alone, beside = (writer._begun(study, p).layers[0].crossed[0] for p in (None, told))
    assert not torch.allclose(alone, beside)
    assert writer._earlier(Case(study)) is None


# ------------------------------------------------------------------ general knowledge


def test_the_graph_knows_every_finding_and_nothing_of_any_report():
    known = graph()
    assert known.nodes[: len(NAMES)] == NAMES
    assert {h for h, _, _ in known.triples} == set(range(len(NAMES)))
    assert all(t >= len(NAMES) for _, _, t in known.triples)
    used = {RELATIONS[r] for _, r, _ in known.triples}
    assert used == set(RELATIONS) - {"states", "denies"}


def test_a_store_is_not_shared_by_feeds_that_keep_other_pictures():
    """The arms of a row read their pictures once; rows that keep others have their own."""
    kept = {name: prove._kept(SYSTEMS[name]()) for name in EVERY}
    assert kept["ct2rep-long"] != kept["ct2rep"]
    assert kept["visualgpt"] == kept["cdgpt2"] == kept["blip-captioner"]
