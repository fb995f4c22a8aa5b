"""Every named system of alignment takes steps over what its own feed brings, and resumes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from radgloss.checkpoint import architecture
from radgloss.data.feeds import Desk
from radgloss.data.manifest import Entry
from radgloss.data.pairs import Pairs
from radgloss.models.alignment import ARCHITECTURES
from radgloss.preprocess import Preprocess
from radgloss.systems import SYSTEMS
from radgloss.text.tokenizer import Tokenizer
from radgloss.train import loop
from radgloss.types import Report

SAID = (
    ["There is a left pleural effusion.", "No pneumothorax."],
    ["There is a right pleural effusion.", "No lung nodule."],
    ["No pleural effusion.", "There is a left pneumothorax."],
)
TOKENIZER = Tokenizer.train([s for many in SAID for s in many], 300)
OTHERS = ARCHITECTURES.keys() - {"clip"}  # whose steps tests/train/test_loop.py holds
NAMES = [n for n, recipe in SYSTEMS.items() if recipe().architecture in OTHERS]
ENTRIES = tuple(
    Entry(k, Path("study"), f"p{k}", exam="xr-chest",
          report=Report(findings=" ".join(SAID[k % 3]), impression=SAID[k % 3][0]),
          labels={"pneumothorax": {"present": k % 3 == 2}}, codes=("J93.9", "E11.9")[: k % 3])
    for k in range(12)
)  # fmt: skip


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Twelve studies of two pictures: films, or volumes of eight frames."""
    return {kind: store(tmp_path_factory.mktemp(kind), shape)
            for kind, shape in (("films", (3, 32, 32)), ("volumes", (2, 8, 32, 32)))}  # fmt: skip


def store(folder, shape):
    rng = np.random.default_rng(0)
    np.save(folder / "pictures.npy", rng.integers(0, 256, (24, *shape), np.uint8))
    about = {
        "schema": 3, "preprocess": Preprocess(size=32).to_dict(), "manifest": [], "bad": [],
        "boxed": [False] * 24,
        "sentences": [SAID[k // 2 % 3] for k in range(24)], "studies": [k // 2 for k in range(24)],
    }  # fmt: skip
    (folder / "pairs.json").write_text(json.dumps(about))
    return Pairs(folder)


def small(name):
    """The recipe with its arm's switches, on a model of a size for tests."""
    run = SYSTEMS[name]()
    debug = architecture(run.architecture).VARIANTS["debug"]
    parts = {"image": debug.image, "text": replace(debug.text, vocabulary=300), "width": 32}
    return replace(run, model=replace(run.model, **parts), steps=4, batch=8, keep_every=2, warmup=1)


def train(run, pairs, out, resume=False, stop=None):
    torch.manual_seed(run.seed)
    module = architecture(run.architecture)
    kind = "volumes" if hasattr(run.model.image, "frames") else "films"
    desk = Desk(pairs[kind], ENTRIES, TOKENIZER, 32, 8, run.seed, run.sampling, run.steps)
    made = run.feed.batches(desk)

    def batches(k):
        if k == stop:
            raise InterruptedError
        return made(k)

    return loop.train(run, module.Objective(module.build(run.model)), batches, out, resume)


@pytest.mark.parametrize("name", NAMES)
def test_a_system_trains_on_its_own_feed_and_resumes_to_the_bit(pairs, tmp_path, name):
    run = small(name)
    whole = train(run, pairs, tmp_path / "whole")
    with pytest.raises(InterruptedError):
        train(run, pairs, tmp_path / "broken", stop=3)
    resumed = train(run, pairs, tmp_path / "broken", resume=True)
    for (key, a), b in zip(whole.state_dict().items(), resumed.state_dict().values(), strict=True):
        assert torch.equal(a, b), key
    lines = (tmp_path / "whole" / "log.jsonl").read_text().splitlines()
    assert all(np.isfinite(json.loads(line)["loss"]) for line in lines)
