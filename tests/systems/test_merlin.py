"""Merlin from a manifest of volumes to a checkpoint: trained, fitted, judged and asked like all."""

import json
from dataclasses import replace

import numpy as np
import pytest

from radgloss import dicom
from radgloss.dicom.write import write_images
from radgloss.engine.aligner import Aligner
from radgloss.index import Index
from radgloss.models.alignment import merlin
from radgloss.searching import of_manifest, query, search
from radgloss.systems import ARMS, SYSTEMS
from radgloss.systems.finish import train_system
from radgloss.systems.ideas import prove
from radgloss.types import Image, InputRejected, Study

SPLITS = ["train"] * 8 + ["val"] * 4 + ["test"] * 4
AFFINE = np.array([[0, 0, 8.0, -160], [0, 8.0, 0, -160], [40.0, 0, 0, 0], [0, 0, 0, 1]])
DEBUG = merlin.VARIANTS["debug"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Sixteen CT volumes, half with fluid low in the belly, and a film."""
    folder = tmp_path_factory.mktemp("merlin")
    rows = []
    for k, split in enumerate(SPLITS):
        ill = k % 2 == 0
        pixels = np.random.default_rng(k).normal(40, 20, (9, 40, 40)).astype(np.float32)
        pixels[:3, 20:] += 150.0 * ill
        one = Image(f"2.25.{k + 100}", pixels, AFFINE, "CT", body_part="ABDOMEN", synthetic=True)
        write_images(Study(f"2.25.{k + 1}", (one,), synthetic=True), folder / f"s{k}")
        said = "Free fluid in the pelvis." if ill else "No free fluid."
        rows.append({"study": f"s{k}", "patient": f"p{k}", "split": split, "exam": "ct-abdomen",
                     "report": {"findings": f"The liver is normal. {said}"},
                     "labels": {"free fluid": {"present": ill}},
                     "codes": ["K74.6"] * ill})  # fmt: skip
    film = {"study": "film", "patient": "film", "exam": "xr-chest", "report": "Clear lungs."}
    rows += [{**film, "split": s, "patient": f"film {s}", "study": f"film-{s}"}
             for s in ("train", "val", "test")]  # fmt: skip
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


def small(name):
    """The recipe with its arm's switches, of a size for tests."""
    run = SYSTEMS[name]()
    image = replace(
        DEBUG.image, reach=run.model.image.reach, kernels=run.model.image.kernels,
        shrink=min(run.model.image.shrink, 2),
    )  # fmt: skip
    text = replace(DEBUG.text, context=64)
    return replace(
        run, model=replace(run.model, image=image, text=text, width=32), vocabulary=300, steps=5,
        batch=4, warmup=1, keep_every=5, preprocess=replace(run.preprocess, size=32, max_frames=8),
    )  # fmt: skip


@pytest.fixture(scope="module")
def trained(place):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("radgloss.systems.alignment.finish.HEADS", 1)
        card = train_system("merlin", small("merlin"), place / "manifest.jsonl", place / "out")
    return card, Aligner.load(place / "out")


def test_only_its_examination_is_trained_fitted_and_scored(trained):
    card, served = trained
    studies = {split: dict(of) for split, of in card["data"]["studies"].items()}
    assert studies == {s: {"ct-abdomen": SPLITS.count(s)} for s in ("train", "val", "test")}
    assert list(card["test"]["labels"]) == ["ct-abdomen"]
    assert served.checkpoint.trust.outliers.keys() == {"ct-abdomen"}
    assert served.checkpoint.model.config.phenotypes == SYSTEMS["merlin"]().model.phenotypes


def test_the_checkpoint_embeds_labels_and_is_searched_by_words_and_by_volume(trained, place):
    _, served = trained
    study = dicom.read(place / "s12")
    (said,) = served.label(study, ["free fluid"])
    assert np.isfinite(said.logit)
    done = of_manifest(place / "manifest.jsonl", place / "index", served, dicom.read, split="test")
    assert done.studies == 4
    found = Index.open(place / "index")
    (first, *_) = search(found, query(served, "", study), 2, None)
    assert first.score == pytest.approx(1, abs=1e-3)
    hits = search(found, query(served, "free fluid", None), 4, None)
    assert len({h.uid for h in hits}) == 4


def test_each_arm_is_proved_on_volumes(place, monkeypatch):
    """Every figure that the row is told by is there, for the idea and for each arm without it."""
    names = ("merlin", *ARMS["merlin"])
    monkeypatch.setattr(prove, "SYSTEMS", {n: lambda n=n: small(n) for n in names})
    monkeypatch.setattr("radgloss.systems.ideas.figures.LEAST", 2)
    lines = prove.prove(place / "manifest.jsonl", place / "bench", ("merlin",), 1)
    assert [x["recipe"] for x in lines] == ["merlin", "merlin", *ARMS["merlin"]]
    for line in lines:
        assert 0 <= line["figures"]["findings"] <= 1
        assert line["figures"]["asked"] == 1
    assert len(list((place / "bench").glob("pictures-*"))) == 1  # one store for all arms


def test_a_row_that_the_data_do_not_allow_is_refused_by_name_and_else_left_out(
    place, tmp_path, capsys
):
    lines = (place / "manifest.jsonl").read_text().splitlines()
    bare = [{k: v for k, v in json.loads(x).items() if k != "codes"} for x in lines]
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, bare)))
    with pytest.raises(InputRejected) as refused:
        prove.prove(tmp_path / "m.jsonl", tmp_path / "out", ("merlin",), 1)
    assert refused.value.code == "no-codes"
    known = prove.read_manifest(tmp_path / "m.jsonl")
    left = prove._possible(prove.arms((), 1), known, required=False)
    assert "merlin" not in {a.base for a in left}
    assert {"merlin-no-codes", "clip-small"} <= {a.base for a in left}
    assert "left out: merlin" in capsys.readouterr().err
