"""A learned measure runs in a child, off the network; without its package it is not available."""

import os
import sys

import pytest

from radgloss.eval.metrics.reports import packages
from radgloss.eval.metrics.reports.labels import LABELS
from radgloss.eval.metrics.reports.sums import NotAvailable

TRUE, SAID = ["No effusion.", "Left effusion."], ["No effusion.", "x"]
BY_NAME = {which.name: which for which in packages.LEARNED}

FAKES = {  # with the authors' calls and the shapes of their answers
    "radgraph": """
class F1RadGraph:
    def __init__(self, reward_level, model_type):
        assert reward_level == "all"
        print("Using device: cpu")
    def __call__(self, hyps, refs):
        each = [[float(a == b) * x for a, b in zip(hyps, refs)] for x in (1, 0.5, 0.25)]
        return tuple(sum(e) / 2 for e in each), each, [], []
""",
    "f1chexbert": f"""
class F1CheXbert:
    target_names = {[*LABELS[1:], LABELS[0]]!r}
    def __init__(self, device):
        pass
    def get_label(self, text, mode):
        assert mode == "rrg"
        return [1 if n == "Pleural Effusion" and "Left" in text else 0 for n in self.target_names]
""",
    "RaTEScore": """
import os
class RaTEScore:
    def __init__(self, use_gpu):
        assert os.environ["HF_HUB_OFFLINE"] == "1"
    def compute_score(self, candidates, references):
        return [float(a == b) for a, b in zip(candidates, references)]
""",
    "green_score": """
class GREEN:
    def __init__(self, model, output_dir):
        raise OSError("no weights of this name: secret")
""",
    "bert_score": """
class BERTScorer:
    def __init__(self, model_type, num_layers, device):
        self.layer = num_layers
    def score(self, cands, refs):
        assert all(cands)
        return [[self.layer / 10 if a == b else 0.0 for a, b in zip(cands, refs)]] * 3
""",
}


@pytest.fixture
def installed(tmp_path, monkeypatch):
    for name, code in FAKES.items():
        (tmp_path / f"{name}.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in FAKES:
        assert name not in sys.modules  # only the child imported it


def value(family):
    sums = family.count(TRUE, SAID).sum(0)
    return [float(m.value(sums)) for m in family.members]


def test_their_answers_are_taken_pair_by_pair(installed):
    assert value(packages.learned(BY_NAME["RadGraph"])) == [0.5, 0.25, 0.125]
    assert value(packages.learned(BY_NAME["RaTEScore"])) == [0.5]


def test_chexberts_labels_are_put_into_our_order(installed):
    counts = packages.learned(BY_NAME["CheXbert"]).count(TRUE, SAID)
    missed = counts[:, 28:].sum(0)
    assert [LABELS[i] for i in missed.nonzero()[0]] == ["Pleural Effusion"]


def test_bertscore_takes_weights_of_a_folder(installed):
    family = packages.bertscore(installed, 8)
    assert value(family) == [0.4, 0.4, 0.4]
    assert "layer:8" in family.signature
    assert family.count(TRUE, ["", SAID[1]])[:, :3].tolist() == [[0.0] * 3] * 2
    with pytest.raises(NotAvailable, match="folder"):
        packages.bertscore(installed / "nowhere", 8).count(TRUE, SAID)


def test_missing_weights_are_a_reason_and_not_a_zero(installed):
    with pytest.raises(NotAvailable, match="weights") as problem:
        packages.learned(BY_NAME["GREEN"]).count(TRUE, SAID)
    assert "secret" not in str(problem.value)


@pytest.mark.parametrize("which", packages.LEARNED, ids=lambda w: w.name)
def test_without_the_package_it_is_not_available(which, monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(NotAvailable, match="not installed"):
        packages.learned(which).count(TRUE, SAID)


def test_the_environment_is_left_as_it_was(installed):
    before = dict(os.environ)
    packages.learned(BY_NAME["RaTEScore"]).count(TRUE, SAID)
    assert dict(os.environ) == before
