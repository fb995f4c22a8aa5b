"""Classifiers taught by labels: they learn what is told, and the hospital where that tells."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from radgloss.data.manifest import Entry
from radgloss.nn import vit
from radgloss.systems.ideas import hospitals, supervised, taught
from radgloss.systems.representation.transfer import Task
from radgloss.trust.calibration import auroc

TOWER = vit.VARIANTS["debug"]
SIDE = TOWER.size


def noise(rng, many):
    return rng.integers(60, 140, (many, 3, SIDE, SIDE), np.uint8)


@pytest.fixture(autouse=True)
def _few_steps(monkeypatch):
    monkeypatch.setattr(taught, "STEPS", 60)


def test_a_classifier_learns_what_is_labelled_and_what_nobody_knows_does_not_matter():
    rng = np.random.default_rng(0)
    pictures = noise(rng, 120)
    there = rng.random(120) < 0.5
    pictures[there] += 60
    answers = np.zeros((120, 2), np.int8)
    answers[:, 0] = np.where(there, 1, -1)
    model = taught.taught(TOWER, pictures, answers, np.arange(80), 0)
    given = taught.odds(model, pictures[80:])
    assert given.shape == (40, 2)
    assert auroc(given[:, 0], there[80:]) > 0.95


def asked_of_hospitals(monkeypatch, dealt):
    """The finding cannot be seen in the pictures at all."""
    rng = np.random.default_rng(1)
    answers = np.where(rng.random(200) < 0.5, 1, -1)
    task = Task("f", noise(rng, 200), answers, np.arange(200), noise(rng, 200),
                rng.random(200) < 0.5)  # fmt: skip
    monkeypatch.setattr(hospitals, "findings_of", lambda train, test, many: ["f"])
    monkeypatch.setattr(hospitals.transfer, "task", lambda train, test, what: task)
    config = SimpleNamespace(image=TOWER)
    space = SimpleNamespace(model=SimpleNamespace(config=config), train=None, test=None, seed=0)
    return hospitals.hospitals(space, dealt)


def test_who_learned_the_hospital_is_right_at_home_and_wrong_elsewhere(monkeypatch):
    """Knowing the hospital alone ranks a pair rightly with 0.81 + 0.18 / 2 = 0.90."""
    found = asked_of_hospitals(monkeypatch, "by finding")
    assert found["inside"] == pytest.approx(0.9, abs=0.08)
    assert found["reversed"] == pytest.approx(0.1, abs=0.08)
    assert found["outside"] == pytest.approx(0.5, abs=0.1)
    assert found["hospital"] > 0.95


def test_where_hospitals_tell_nothing_nobody_learns_them_for_the_finding(monkeypatch):
    found = asked_of_hospitals(monkeypatch, "by lot")
    assert found["inside"] == pytest.approx(0.5, abs=0.15)
    assert found["reversed"] == pytest.approx(0.5, abs=0.15)


class Store(SimpleNamespace):
    def __len__(self):
        return len(self.sentences)


def split(seed, many):
    """A study a picture, bright where there is an effusion, which its caption says or denies."""
    rng = np.random.default_rng(seed)
    pictures = noise(rng, many)
    pictures[::2] += 60
    said = [["Right pleural effusion." if k % 2 == 0 else "No pleural effusion."]
            for k in range(many)]  # fmt: skip
    pairs = Store(pictures=pictures, sentences=said, studies=list(range(many)))
    return pairs, [Entry(k, Path(), f"p{k}", exam="xr-chest") for k in range(many)]


def test_more_labels_teach_more_and_words_are_asked_the_same(monkeypatch):
    config = SimpleNamespace(image=TOWER)
    space = SimpleNamespace(model=SimpleNamespace(config=config), train=split(2, 100),
                            test=split(3, 60), seed=0)  # fmt: skip
    found = supervised.supervised(space, "labels")
    assert (found["asked"], found["studies"]) == (1, 100)
    assert found["findings"] > 0.95
    assert found.keys() >= {"studies_16", "studies_64"}
    assert "studies_256" not in found  # there are not so many
    wrong = [["No pleural effusion."] if k % 2 == 0 else ["Right pleural effusion."]
             for k in range(100)]  # fmt: skip
    space.train[0].sentences = wrong
    assert supervised.supervised(space, "labels")["findings"] < 0.05


def test_without_a_finding_to_ask_nothing_is_said():
    test = split(3, 8)
    space = SimpleNamespace(train=test, test=test, seed=0)
    assert supervised.supervised(space, "labels") == {"findings": None}
