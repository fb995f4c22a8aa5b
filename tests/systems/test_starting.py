"""A run goes on from what it is given: its weights, its words, its bridge."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

import tiny
from radgloss import checkpoint
from radgloss.data.batch import to_model
from radgloss.models.alignment import clip
from radgloss.models.representation import simclr
from radgloss.nn import lora
from radgloss.preprocess import Preprocess
from radgloss.published import load as load_published
from radgloss.systems import SYSTEMS
from radgloss.systems.change import Change
from radgloss.systems.starting import adopted, begun
from radgloss.systems.training import untrained
from radgloss.text.tokenizer import Tokenizer
from radgloss.train import loop, prepare
from radgloss.train.ranks import ALONE
from radgloss.types import InputRejected

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    foreign = pytest.importorskip("foreign", reason="transformers is not installed")

LAYOUTS = {
    "clip": lambda f: foreign.clip(f),
    "siglip": lambda f: foreign.siglip(f),
    "biomedclip": lambda f: foreign.biomedclip(f),
}


@pytest.fixture(scope="module", params=LAYOUTS)
def somebodys(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    LAYOUTS[request.param](folder)
    return folder


def test_somebodys_weights_give_the_same_vectors_as_a_checkpoint_of_ours(somebodys, tmp_path):
    """Pixels are normalised by the folded stem, words cleaned and marked by one table."""
    name = adopted(load_published(somebodys), tmp_path / "ours")
    theirs, ours = load_published(somebodys), checkpoint.load(tmp_path / "ours")
    assert ours.name == name
    side = theirs.preprocess.size
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, side, side), np.uint8)
    context = theirs.model.config.text.context
    tokens, mask = theirs.words(foreign.TEXTS, context)
    again, seen = ours.tokenizer(foreign.TEXTS, context)
    assert np.array_equal(mask, seen)
    assert np.array_equal(tokens[mask], again[mask])
    with torch.inference_mode():
        for a, b in (
            (theirs.model.encode_image(to_model(pixels, theirs.mean, theirs.spread)),
             ours.model.encode_image(to_model(pixels))),
            (theirs.model.encode_text(*map(torch.from_numpy, (tokens, mask))),
             ours.model.encode_text(*map(torch.from_numpy, (again, seen)))),
        ):  # fmt: skip
            torch.testing.assert_close(b, a, atol=1e-5, rtol=0)


def test_a_cut_text_keeps_its_end_mark_and_marks_alone_are_no_text(somebodys, tmp_path):
    adopted(load_published(somebodys), tmp_path / "ours")
    words = checkpoint.load(tmp_path / "ours")
    context = words.model.config.text.context
    long, _ = words.tokenizer([" ".join(["no"] * 300)], context)
    short, _ = words.tokenizer(["no"], context)
    assert long.shape[1] == context
    assert long[0, -1] == short[0, -1]
    with pytest.raises(ValueError, match="no words"):
        words.tokenizer([" "], context)


def test_training_goes_on_from_somebodys_weights(somebodys, tmp_path):
    """Run, words and bridge are theirs; frozen towers stay to the bit; what is asked is learned."""
    run = Change(steps=2, batch=4, freeze=("image",)).of(SYSTEMS["clip-debug"]())
    start = begun(run, str(somebodys), tmp_path, ALONE)
    again = begun(run, str(somebodys), tmp_path, ALONE)  # kept: not made twice
    assert start.run == again.run
    assert start.run.digest == again.run.digest
    assert start.about["license"] == f"that of {somebodys.name}"
    objective = untrained(start.run)
    loop.train(start.run, objective, lambda k: asked(start, k), tmp_path / "states")
    before = checkpoint.load(tmp_path / "start").model.state_dict()
    after = objective.model.state_dict()
    assert all(torch.equal(after[k], v) for k, v in before.items() if k.startswith("image."))
    assert not torch.equal(after["text.embed.weight"], before["text.embed.weight"])


def asked(start, k):
    """Four pictures with a text each, and one question of each."""
    from radgloss.data.batch import QUESTION, Batch

    side = start.run.preprocess.size
    pixels = np.random.default_rng(k).integers(0, 256, (4, 3, side, side), np.uint8)
    texts = [*foreign.TEXTS, "There is a nodule.", "No nodule."]
    tokens, mask = start.tokenizer(texts, start.run.model.text.context)
    owner = torch.tensor([0, 1, 2, 3, QUESTION, QUESTION])
    answers = torch.tensor([[1], [-1], [0], [1]], dtype=torch.int8)
    return Batch(to_model(pixels), torch.from_numpy(tokens), torch.from_numpy(mask), owner, answers)


def test_a_recipe_with_an_architecture_of_its_own_does_not_take_published_weights(tmp_path):
    foreign.clip(tmp_path)
    with pytest.raises(InputRejected) as error:
        begun(SYSTEMS["gloria"](), str(tmp_path), tmp_path / "work", ALONE)
    assert error.value.code == "warm-start"


# ------------------------------------------------------------------ checkpoints of this house


def kept(folder):
    known = tiny.checkpoint()
    checkpoint.save(folder, "clip", known.model, known.preprocess, known.tokenizer, {})
    return checkpoint.load(folder)


def test_the_same_architecture_goes_on_whole_with_its_words_and_its_bridge(tmp_path):
    known = kept(tmp_path / "before")
    start = begun(SYSTEMS["clip-debug"](), str(tmp_path / "before"), tmp_path, ALONE)
    model = untrained(start.run).model
    prepare.warm(model, start.run.warm)
    for key, value in known.model.state_dict().items():
        assert torch.equal(model.state_dict()[key], value), key
    assert start.run.preprocess == known.preprocess
    texts = ["A left pneumothorax."]
    assert np.array_equal(start.tokenizer(texts, 32)[0], known.tokenizer(texts, 32)[0])
    assert start.about["start_space"] == known.space


def test_another_architecture_takes_the_towers_that_both_have(tmp_path):
    """ConVIRT's picture network is of another kind: only the words go on."""
    known = kept(tmp_path / "before")
    run = SYSTEMS["convirt"]()
    start = begun(run, str(tmp_path / "before"), tmp_path, ALONE)
    assert start.about["start_towers"] == ["text"]
    assert start.run.preprocess == run.preprocess
    model = untrained(start.run).model
    fresh = {k: v.clone() for k, v in model.state_dict().items()}
    prepare.warm(model, start.run.warm)
    for key, value in model.state_dict().items():
        wanted = known.model.state_dict()[key] if key.startswith("text.") else fresh[key]
        assert torch.equal(value, wanted), key


@torch.no_grad()
def test_a_volume_network_goes_on_from_one_for_pictures_inflated(tmp_path):
    """SimCLR's tower, then Merlin's: equal slices give what the pictures gave."""
    torch.manual_seed(1)
    before = simclr.build(simclr.VARIANTS["debug"]).eval()
    words = Tokenizer.train(["A stone."], 300)
    checkpoint.save(tmp_path / "two", "simclr", before, Preprocess(size=32), words, {})
    run = SYSTEMS["merlin"]()
    start = begun(run, str(tmp_path / "two"), tmp_path, ALONE)
    assert start.run.preprocess == replace(Preprocess(size=32), max_frames=32, step_mm=15.0)
    assert start.tokenizer is None
    model = untrained(start.run).model.eval()
    prepare.warm(model, start.run.warm)
    x = torch.randn(2, 3, 32, 32)
    volumes = x[:, :, None].expand(-1, -1, 6, -1, -1)
    torch.testing.assert_close(model.describe(volumes), before.describe(x), atol=1e-5, rtol=1e-4)


def test_a_checkpoint_without_a_common_tower_is_refused(tmp_path):
    kept(tmp_path / "before")
    with pytest.raises(InputRejected) as error:
        begun(SYSTEMS["cnn"](), str(tmp_path / "before"), tmp_path, ALONE)
    assert error.value.code == "warm-start"


# ------------------------------------------------------------------ what a command asks


def test_low_rank_moves_the_towers_that_are_not_frozen_at_that_rank_and_nothing_else_of_them():
    run = Change(lora=3, freeze=("text",)).of(SYSTEMS["clip-debug"]())
    model = clip.build(clip.VARIANTS["debug"])
    prepare.freeze(model, run.freeze)
    prepare.adapt(model, run.lora, 0)
    learns = [n for n, p in model.named_parameters() if p.requires_grad]
    assert learns[0] == "log_scale"
    assert all(n.startswith("image.") and n.endswith((".up", ".down")) for n in learns[1:])
    ranks = {m.down.shape[0] for m in model.modules() if isinstance(m, lora.Adapted)}
    assert ranks == {3}


@pytest.mark.parametrize(
    ("change", "code"),
    [(Change(lora=2, freeze=("image", "text")), "lora"), (Change(batch=3), "batch")],
)
def test_what_cannot_be_is_refused(change, code):
    with pytest.raises(InputRejected) as error:
        change.of(replace(SYSTEMS["clip-debug"](), batch=8, accumulate=2))
    assert error.value.code == code


def test_a_change_keeps_what_it_does_not_name():
    run = SYSTEMS["clip"]()
    assert Change().of(run) == run
    assert Change(steps=3, precision="bf16").of(run) == replace(run, steps=3, precision="bf16")
