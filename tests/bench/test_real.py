"""Real pictures: what is known of them is read as it stands, and patients stay together."""

import csv
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from radgloss.preprocess import CT_WINDOWS, Preprocess, prepare

HERE = Path(__file__).parents[2] / "benchmarks" / "real_parts.py"


@pytest.fixture(scope="module")
def parts():
    spec = importlib.util.spec_from_file_location("real_parts", HERE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["real_parts"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["real_parts"]


def test_a_patient_is_in_one_fold_and_every_fold_has_every_class(parts):
    patients = [f"p{k // 3}" for k in range(90)]
    classes = ["rare" if int(p[1:]) % 5 == 0 else "common" for p in patients]
    fold = parts.folds(patients, classes)
    assert all(len({f for f, p in zip(fold, patients, strict=True) if p == q}) == 1
               for q in set(patients))  # fmt: skip
    for k in range(parts.FOLDS):
        assert {c for c, f in zip(classes, fold, strict=True) if f == k} == {"rare", "common"}


def test_a_probe_never_meets_the_patient_it_is_asked_about(parts):
    """A mark that each patient alone bears and that tells the class helps nobody."""
    rng = np.random.default_rng(0)
    patients = [f"p{k // 4}" for k in range(160)]
    classes = np.array(["a" if int(p[1:]) % 2 else "b" for p in patients])
    marks = {p: rng.standard_normal(20) for p in sorted(set(patients))}
    x = np.stack([marks[p] for p in patients])
    logits = parts.probe(x, classes, parts.folds(patients, classes.tolist()), ("a", "b"))
    right = (np.array(["a", "b"])[logits.argmax(1)] == classes).mean()
    assert 0.3 < right < 0.7
    told = np.c_[x, classes == "a"]  # what holds for all patients does help
    logits = parts.probe(told, classes, parts.folds(patients, classes.tolist()), ("a", "b"))
    assert (np.array(["a", "b"])[logits.argmax(1)] == classes).mean() > 0.95


def test_balanced_accuracy_agrees_with_sklearn(parts):
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    true = rng.choice(["a", "b", "c"], 200, p=[0.7, 0.2, 0.1])
    said = np.where(rng.random(200) < 0.6, true, "a")
    hit = (said == true).astype(float)
    rows = rng.integers(200, size=200)
    wanted = metrics.balanced_accuracy_score(true[rows], said[rows])
    assert parts.balanced(hit, true)(rows) == pytest.approx(wanted)


def test_a_picture_whose_modality_is_untold_looks_alike_in_every_channel(parts, tmp_path):
    grey = np.random.default_rng(2).integers(0, 255, (32, 32), dtype=np.uint8)
    Pillow.fromarray(grey).save(tmp_path / "a.png")
    item = parts.Item(tmp_path / "a.png", "p", "CT")
    settings = Preprocess(size=32)
    (bare,), (told,) = (parts.study(item, t).images for t in (False, True))
    assert bare.modality == ""
    assert told.modality == "CT"
    seen = prepare(bare, settings).pixels[0]
    assert (seen[0] == seen[1]).all()
    assert (seen[0] == seen[2]).all()
    soft = CT_WINDOWS.index(next(w for w in CT_WINDOWS if (w.center, w.width) == parts.SOFT))
    assert np.abs(prepare(told, settings).pixels[0, soft].astype(int) - grey).max() <= 1


@pytest.mark.parametrize(
    ("asked", "modality", "plane"),
    [
        ([("what imaging modality was used?", "mri-flair")], "MR", None),
        ([("is this a ct scan?", "no")], None, None),
        ([("is this a ct scan?", "yes"), ("is there air in this ct?", "no")], "CT", None),
        ([("is this an mri?", "yes"), ("what modality is used?", "ct")], None, None),
        ([("is this image a ct or mri image?", "ct")], None, None),  # not asked of one of them
        ([("what is the plane?", "axial"), ("is this a coronal view?", "no")], None, "axial"),
        ([("is this a sagittal plane image?", "no")], None, None),
        ([("do you see a nodule on this chest x-ray?", "no")], "radiograph", None),
    ],
)
def test_questions_and_answers_that_do_not_agree_say_nothing(
    parts, tmp_path, asked, modality, plane
):
    rows = [{"image": "a.jpg", "organ": "HEAD", "case": "c", "question": q, "answer": a}
            for q, a in asked]  # fmt: skip
    (tmp_path / "train.json").write_text(json.dumps(rows))
    (tmp_path / "val.json").write_text("[]")
    (item,) = parts.vqa(tmp_path)
    assert (item.true.get("modality"), item.true.get("plane")) == (modality, plane)
    assert item.true["organ"] == "head"
    assert item.patient == "c"


def test_a_note_that_is_silent_of_everything_is_no_truth(parts, tmp_path):
    notes = {
        "1": "Right pleural effusion.",
        "2": "No pleural effusion.",
        "3": "Cough for a week.",
        "4": "Possible pleural effusion. Consolidation in the left lower lobe.",
        "5": "Left pleural effusion.",
    }
    (tmp_path / "images").mkdir()
    fields = ["patientid", "view", "modality", "filename", "clinical_notes"]
    with (tmp_path / "train.csv").open("w", newline="") as file:
        out = csv.DictWriter(file, fields)
        out.writeheader()
        for patient, note in notes.items():
            out.writerow(dict(zip(fields, (patient, "PA", "X-ray", f"{patient}.png", note),
                                  strict=True)))  # fmt: skip
            Pillow.new("L", (16, 16)).save(tmp_path / "images" / f"{patient}_png.jpg")
    with (tmp_path / "val.csv").open("w", newline="") as file:
        csv.DictWriter(file, fields).writeheader()
    items = {i.patient: i for i in parts.covid(tmp_path, least=2)}
    assert {p: i.labels for p, i in items.items()} == {
        "1": {"pleural effusion": True},
        "2": {"pleural effusion": False},
        "3": {},
        "4": {},  # hedged: nobody knows
        "5": {"pleural effusion": True},
    }
    assert all(i.exam == "xr-chest" and i.true["view"] == "PA" for i in items.values())


def test_a_set_counts_as_there_with_its_table_and_not_for_its_folder(parts, tmp_path):
    for name, needed in parts.NEEDED.items():
        (tmp_path / name).mkdir()
        assert not parts.at_hand(tmp_path, name)
        (tmp_path / name / needed).touch()
        assert parts.at_hand(tmp_path, name)


def test_a_class_of_few_patients_is_not_asked(parts):
    question = parts.Question("plane", {"axial": ("Axial.",), "coronal": ("Coronal.",)})
    items = [
        parts.Item(Path(), f"p{k}" if k else "q", "", true={"plane": "axial"}) for k in range(6)
    ]
    items += [parts.Item(Path(), "one", "", true={"plane": "coronal"}) for _ in range(9)]
    rows, classes = parts.kept(items, question)
    assert classes == ["axial"]
    assert rows == list(range(6))
