"""`radgloss train` on two ranks is `radgloss train`: the same losses, one log, one checkpoint; who
fails ends the others, and one of them says why."""

import json
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

import radgloss as package
import tiny_films
from radgloss import checkpoint
from radgloss.systems import SYSTEMS
from radgloss.systems.change import Change
from radgloss.systems.finish import train_system
from radgloss.train import ranks
from radgloss.types import InputRejected

SOURCE = str(Path(package.__file__).parents[1])
HERE = {"PYTHONPATH": SOURCE, "RADGLOSS_HOME": "/nonexistent"}
STEPS = 12  # a state is kept after ten


def losses(out):
    lines = (out.with_name(out.name + ".work") / "states" / "log.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [r["step"] for r in rows] == list(range(STEPS))
    return [r["loss"] for r in rows]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    tiny_films.films(folder)
    return folder


@pytest.fixture(scope="module")
def words(place):
    return ["train", "clip-debug", "-d", place / "manifest.jsonl", "-o", place / "two",
            "--steps", STEPS]  # fmt: skip


@pytest.fixture(scope="module")
def killed(place, words):
    return tiny_films.pair(tiny_films.__file__, 11, *words, environment=HERE)


def test_of_ranks_that_lose_one_without_a_word_one_says_so(killed, place):
    (code, out, said), (lost, _, nothing) = killed
    assert (code, lost) == (3, -9)
    assert "radgloss: rank 0 of 2" in said
    assert "ended without a word" in said
    assert "Traceback" not in said + nothing
    assert not out
    assert not (place / "two").exists()


def test_torchrun_goes_on_to_the_losses_of_one_process_and_finishes_once(killed, place, words):
    """In fp32, where AdamW makes steps of rounding, so tight at first; tests/train/test_ranks.py
    holds the whole curve to 1e-9 in fp64."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone",
                "--nproc-per-node", "2", "-m", "radgloss"]  # fmt: skip
    done = subprocess.run(
        [*launcher, *map(str, words), "--resume"], capture_output=True, text=True, timeout=240,
        env={**os.environ, **HERE, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Checkpoint ") == 1
    card = train_system(
        "clip-debug", SYSTEMS["clip-debug"](), place / "manifest.jsonl", place / "one",
        Change(steps=STEPS),
    )  # fmt: skip
    together, alone = losses(place / "two"), losses(place / "one")
    assert together[:3] == pytest.approx(alone[:3], rel=1e-4)
    assert together == pytest.approx(alone, rel=0.05)
    two, one = checkpoint.load(place / "two"), checkpoint.load(place / "one")
    assert two.trust.labels.keys() == one.trust.labels.keys() == {"xr-chest"}
    assert two.model.state_dict().keys() == one.model.state_dict().keys()
    assert two.card["command"] == card["command"].replace("-o one", "-o two")


@pytest.mark.parametrize("name", ["masked-words", "kad", "moco"])
def test_what_two_ranks_cannot_compute_exactly_is_refused_before_anything_is_read(
    name, tmp_path, monkeypatch
):
    monkeypatch.setattr(ranks, "joined", lambda: nullcontext(ranks.Ranks(0, 2)))
    with pytest.raises(InputRejected) as error:
        train_system(name, SYSTEMS[name](), tmp_path / "no such manifest", tmp_path / "none")
    assert error.value.code == "by-rows"
    assert not any(tmp_path.iterdir())


def test_chunks_of_a_tower_that_normalises_are_refused_before_pictures_are_read(place, monkeypatch):
    def never(*_):
        raise AssertionError("pictures were read")

    monkeypatch.setattr("radgloss.data.pairs.Pairs.build", never)
    with pytest.raises(InputRejected) as error:
        train_system(
            "siglip", SYSTEMS["siglip"](), place / "manifest.jsonl", place / "c", Change(chunk=8)
        )
    assert error.value.code == "by-rows"
