"""A probe is fitted on train, believed on val, judged on test, and kept as numbers."""

from dataclasses import replace

import nibabel
import numpy as np
import pytest

from radgloss import wiring
from radgloss.data.manifest import Entry, Manifest
from radgloss.data.truth_table import read_truth
from radgloss.engine.aligner import Aligner
from radgloss.engine.probe_file import KINDS, read_probe, write_probe
from radgloss.engine.probed import Probed
from radgloss.systems import probing
from radgloss.text.banks import bank_set
from radgloss.text.findings import finding_type
from radgloss.text.prompts import plain
from radgloss.trust.calibration import auroc
from radgloss.types import InputRejected, Study
from tiny import checkpoint, image

D = 32
LABELS = ("liver cyst", "kidney stone", "splenic cyst", "splenic granuloma")


def directions():
    """Of a finding's attributes, added up: what has an attribute in common lies near."""
    rng = np.random.default_rng(1)
    part = {
        p: rng.normal(size=D) for p in ("liver", "kidneys", "spleen", "cyst", "stone", "granuloma")
    }
    return {what: part[finding_type(what).organ] + part[what.split()[-1]] for what in LABELS}


class Speaker:
    """Vectors that know the truth fairly well, and words that know it a little."""

    space, scale = "fake:1", 10.0

    def __init__(self):
        self.bank = None

    def asking(self, bank):
        self.bank = bank
        return self

    def frames(self, study):
        rng = np.random.default_rng(study.seed)
        mean = sum((directions()[w] for w in study.present), 3 * np.ones(D) / D)
        x = mean + 1.0 * rng.normal(size=(4, D))
        return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)

    def pair(self, label):
        rng = np.random.default_rng(len(label))
        yes = directions().get(label, np.zeros(D)) + 2 * rng.normal(size=D)
        return np.stack([np.zeros(D), yes / np.linalg.norm(yes)]).astype(np.float32)


class Case:
    def __init__(self, seed, present):
        self.seed, self.present = seed, present


class Reader:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def read(self, study):
        return study


@pytest.fixture
def manifest(monkeypatch, tmp_path):
    monkeypatch.setattr(probing.dicom, "Reader", Reader)
    rng, entries = np.random.default_rng(0), []
    for n in range(240):
        present = tuple(w for w in LABELS if rng.random() < 0.3)
        split = ("train", "val", "test")[n % 3]
        truth = {w: {"present": w in present} for w in LABELS}
        entries.append(Entry(n, Case(n, present), f"p{n}", split, labels=truth))
    return Manifest(tmp_path / "m.jsonl", tuple(entries))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_learns_and_is_read_as_it_was_written(manifest, tmp_path, kind):
    done = probing.fit(Speaker(), manifest, kind)
    path = tmp_path / "a.probe"
    digest = write_probe(path, done.probe)
    again = read_probe(path)
    assert write_probe(tmp_path / "b.probe", again) == digest
    frames = Speaker().frames(manifest.entries[0].study)
    assert again.logits(frames) == pytest.approx(done.probe.logits(frames), abs=1e-5)
    figures = {r["label"]: r for r in done.figures}
    tested = [figures[label]["test_auroc"] for label in LABELS]
    assert np.mean(tested) > (0.55 if kind == "words" else 0.75)
    assert again.strangers is not None or kind == "words"


def test_test_studies_change_nothing_that_was_fitted(manifest):
    turned = tuple(
        replace(e, labels={w: {"present": not v["present"]} for w, v in e.labels.items()})
        if e.split == "test" else e for e in manifest.entries
    )  # fmt: skip
    one = probing.fit(Speaker(), manifest, "ss-text").probe
    two = probing.fit(Speaker(), replace(manifest, entries=turned), "ss-text").probe
    assert np.array_equal(one.weights, two.weights)
    assert one.calibration == two.calibration
    assert one.sets == two.sets


def test_sets_hold_the_truth_as_often_as_was_stated(manifest):
    done, speaker, hits = probing.fit(Speaker(), manifest, "linear", coverage=0.8), Speaker(), []
    probed = Probed(speaker, replace(done.probe, strangers=None))
    assert probed.coverages == (0.8,)
    for entry in manifest.split("test"):
        for label in LABELS:
            true = "present" if entry.labels[label]["present"] else "absent"
            hits.append(true in probed.remaining(entry.study, label))
    assert np.mean(hits) == pytest.approx(0.8, abs=0.08)


@pytest.mark.parametrize("kind", ["eszsl", "dap"])
def test_an_unseen_finding_is_answered_by_its_attributes(manifest, kind):
    """Training shows no splenic cyst, but cysts elsewhere, and other things of the spleen."""
    kept = tuple(e for e in manifest.entries
                 if e.split != "train" or "splenic cyst" not in e.study.present)  # fmt: skip
    probe = probing.fit(Speaker(), replace(manifest, entries=kept), kind).probe
    test = manifest.split("test")
    k = probe.labels.index("splenic cyst")
    said = np.array([probe.logits(Speaker().frames(e.study))[k] for e in test])
    true = np.array(["splenic cyst" in e.study.present for e in test])
    assert auroc(said, true) > 0.6  # of classes that share attributes, not told by name
    assert "splenic cyst" in probe.calibration  # validation shows some


def test_a_probe_answers_denials_abstains_on_strangers_and_on_what_it_never_learned(manifest):
    probed = Probed(Speaker(), probing.fit(Speaker(), manifest, "lp++").probe)
    study = manifest.split("test")[0].study
    yes, no, never = probed.label(study, ["Hepatic cyst", "no liver cyst", "ascites"])
    assert yes.probability == pytest.approx(1 - no.probability)
    assert never.abstained
    assert "not fitted" in never.why

    class Elsewhere(Speaker):
        def frames(self, study):
            return np.eye(D, dtype=np.float32)[[0, 0, 0, 0]]

    (stranger,) = Probed(Elsewhere(), probed.probe).label(study, ["liver cyst"])
    assert stranger.abstained
    assert "resemble" in stranger.why


def test_without_validation_there_is_no_probability(manifest):
    bare = replace(manifest, entries=manifest.split("train"))
    probe = probing.fit(Speaker(), bare, "ss-text").probe
    assert not probe.calibration
    (said,) = Probed(Speaker(), probe).label(manifest.entries[0].study, ["liver cyst"])
    assert said.abstained
    assert "calibrate" in said.why


def test_what_cannot_be_fitted_is_said_before_any_study_is_read(manifest, monkeypatch):
    monkeypatch.setattr(probing, "_read", None)  # reading would fail
    one = tuple(replace(e, labels={"liver cyst": {"present": True}}) for e in manifest.entries)
    with pytest.raises(InputRejected, match="one class only") as error:
        probing.fit(Speaker(), replace(manifest, entries=one), "linear")
    assert error.value.code == "probe-labels"
    with pytest.raises(InputRejected, match="a share between 0 and 1"):
        probing.fit(Speaker(), manifest, "linear", coverage=90.0)


def test_a_probe_of_other_vectors_and_a_file_of_another_form_are_refused(manifest, tmp_path):
    probe = probing.fit(Speaker(), manifest, "ss-text").probe
    with pytest.raises(InputRejected, match="fake:1"):
        Probed(Aligner(checkpoint()), probe)
    for bad in (replace(probe, weights=probe.weights * np.nan), replace(probe, labels=("one",))):
        write_probe(tmp_path / "x", bad)
        with pytest.raises(InputRejected, match="belong together"):
            read_probe(tmp_path / "x")
    (tmp_path / "y").write_text("no probe")
    for name in ("y", "none"):
        with pytest.raises(InputRejected) as error:
            read_probe(tmp_path / name)
        assert error.value.code == "probe"


# ------------------------------------------------------------------ from a folder, whole


def table(tmp_path, text):
    (tmp_path / "truth.csv").write_text(text)
    for n in range(8):
        pixels = np.random.default_rng(n).normal(100 * (n % 2), 50, (40, 40, 3))
        nibabel.Nifti1Image(pixels.astype(np.float32), np.eye(4)).to_filename(
            tmp_path / f"s{n}.nii"
        )
    return tmp_path / "truth.csv"


def test_from_a_folder_and_a_table_to_answers(tmp_path):
    lines = [f"s{n}.nii,p{n},{'train' if n < 4 else 'val'},{n % 2}" for n in range(8)]
    path = table(tmp_path, "study,patient,split,blob\n" + "\n".join(lines))
    model = wiring.Model(checkpoint())
    bank = bank_set("mine", "1", {"blob": plain("blob")})
    done, _ = wiring.probe(model, read_truth(path, tmp_path), tmp_path / "p", "ss-text", bank)
    assert done.probe.about["words"] == str(bank)
    study = Study("9.9", (image(),))
    fitted = read_probe(tmp_path / "p")
    (row,) = wiring.label_rows([study], [], model, coverage=0.9, fitted=fitted)
    assert row["label"] == "blob"
    assert row["remaining"] is not None


def test_patients_are_dealt_whole_and_always_the_same(tmp_path):
    lines = [f"s{n}.nii,p{n // 2},{n % 2}" for n in range(8)]
    found = read_truth(table(tmp_path, "study,patient,blob\n" + "\n".join(lines)), tmp_path)
    split = {e.patient: e.split for e in found.entries}
    assert all(split[e.patient] == e.split for e in found.entries)
    assert found.entries[1].labels == {"blob": {"present": True}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("study,patient\ns1.nii,p\n", "a column for each label"),
        ("name,blob\ns1.nii,1\n", "a column for each label"),
        ("study,blob\nnone.nii,1\n", "no such study"),
        ("study,blob\ns1.nii,maybe\n", "'maybe' under 'blob'"),
        ("study,split,blob\ns1.nii,dev,1\n", "split 'dev'"),
        ("study,blob\n", "no study"),
        ("study,patient,split,blob\ns1.nii,p,train,1\ns2.nii,P ,val,1\n", "both in train"),
    ],
)
def test_a_table_of_another_form_is_refused_with_its_line(tmp_path, text, says):
    with pytest.raises(InputRejected, match=says):
        read_truth(table(tmp_path, text), tmp_path)
