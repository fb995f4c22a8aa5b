"""What was put into an index is found again, kind by kind, whatever the filter."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from typer.testing import CliRunner

import tiny
from radgloss import searching, terms, wiring
from radgloss.cli import app
from radgloss.engine.aligner import Aligner
from radgloss.index import Index
from radgloss.types import Identity, InputRejected, Prediction, Report, Study


@pytest.fixture(scope="module")
def model():
    return Aligner(tiny.checkpoint())


def study(seed, modality="CT", uid="", **known):
    image = tiny.image(modality, frames=2, seed=seed, uid=f"{seed}.1")
    return Study(uid or f"1.2.{seed}", (replace(image, **known.pop("image", {})),), **known)


def entry_line(seed, text, present):
    labels = {"pleural effusion": {"present": present}, "pneumothorax": {"present": False}}
    return {"study": f"s{seed}", "patient": f"P{seed}", "exam": "xr-chest", "report": text,
            "labels": labels, "split": "test" if seed % 2 else "train"}  # fmt: skip


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    path = tmp_path_factory.mktemp("manifest") / "manifest.jsonl"
    texts = ["No liver cyst.", "There is a kidney stone.", "A left pneumothorax.", ""]
    lines = [entry_line(i, text, i % 2 == 0) for i, text in enumerate(texts)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture(scope="module")
def both(manifest, model, tmp_path_factory):
    """Studies and reports of four entries in one index; the last has no report."""
    out = tmp_path_factory.mktemp("both") / "i"
    done = searching.of_manifest(
        manifest, out, model, lambda path: study(int(path.name[1:]), "DX"), dates=True
    )
    assert (done.studies, done.reports, done.left_out) == (4, 3, [])
    return out


def test_a_study_finds_itself_and_a_report_finds_itself(both, model):
    index = Index.open(both)
    for seed in range(4):
        (hit,) = searching.search(index, searching.query(model, study=study(seed, "DX")), 1)
        assert (hit.uid, hit.fields["line"]) == (f"1.2.{seed}", str(seed + 1))
    text = "There is a kidney stone."
    (hit,) = searching.search(
        index, searching.query(model, report=text, of="reports"), 1, of="reports"
    )
    assert (hit.text, hit.fields["line"]) == (text, "2")
    assert hit.score == pytest.approx(1, abs=1e-6)


def test_a_picture_finds_reports_and_words_find_studies_each_in_its_own_ranking(both, model):
    index = Index.open(both)
    asked = searching.query(model, study=study(1, "DX"))
    reports = searching.search(index, asked, 10, of="reports")
    assert {h.fields["kind"] for h in reports} == {"report"}
    assert len(reports) == 3
    words = searching.query(model, "a kidney stone")
    scores = {h.uid: h.score for h in searching.search(index, words)}
    assert set(scores) == {f"1.2.{i}" for i in range(4)}
    for seed in range(4):  # the cosine itself
        vector = model.embed_study(study(seed, "DX")).vector
        assert scores[f"1.2.{seed}"] == pytest.approx(float(vector @ words.vector), abs=1e-5)


def test_words_and_picture_together_are_their_mean_direction(model):
    one, other = searching.query(model, "stone"), searching.query(model, study=study(0))
    mean = one.vector + other.vector
    found = searching.query(model, "stone", study(0)).vector
    np.testing.assert_allclose(found, mean / np.linalg.norm(mean), atol=1e-6)
    with pytest.raises(InputRejected) as refused:
        searching.query(model)
    assert refused.value.code == "empty-text"


def test_a_report_is_looked_for_among_studies_by_what_it_states(model):
    """Its denials fit every study; a report that only denies is looked for by them all."""
    stone, lung = "There is a kidney stone.", "A left pneumothorax."
    mixed = searching.query(model, report=f"No liver cyst. {stone} No mass.\n{lung}").vector
    mean = model.embed_text(stone).vector + model.embed_text(lung).vector
    np.testing.assert_allclose(mixed, mean / np.linalg.norm(mean), atol=1e-6)
    only = searching.query(model, report="No liver cyst.\n-").vector
    np.testing.assert_allclose(only, model.embed_text("No liver cyst.").vector, atol=1e-6)


def test_a_filter_of_labels_keeps_what_the_manifest_calls_present(both, model):
    index = Index.open(both)
    asked = searching.query(model, "anything")
    for of, wanted in (("studies", {"1", "3"}), ("reports", {"1", "3"})):
        hits = searching.search(index, asked, 10, 'label="pleural effusion"', of)
        assert {h.fields["line"] for h in hits} == wanted
    assert searching.search(index, asked, 10, "label=pneumothorax") == []
    two = searching.search(index, asked, 10, "split=test or line<=1")
    assert {h.fields["line"] for h in two} == {"1", "2", "4"}


def test_a_mistake_in_a_filter_is_told_where_it_was_typed(both, model):
    with pytest.raises(InputRejected) as refused:
        searching.search(Index.open(both), searching.query(model, "x"), 1, "a=b or")
    assert refused.value.found == "its end at position 7"


def test_reports_alone_open_no_picture(manifest, model, tmp_path):
    def nothing(path):
        raise AssertionError(path)

    done = searching.of_manifest(manifest, tmp_path / "i", model, nothing, ["reports"], "train")
    assert (done.studies, done.reports) == (0, 2)
    again = searching.of_manifest(manifest, tmp_path / "i", model, nothing, ["reports"])
    assert (again.reports, len(Index.open(tmp_path / "i"))) == (3, 3)  # replaced, not doubled


def test_what_a_filter_may_ask_is_of_the_standard_and_points_to_nobody():
    known = study(
        0, identity=Identity(study_date="20190531", patient_name="Q^Z"), age_years=97.3, sex="F",
        description="Q Z", image={"description": "AX T2 fs Q Z", "body_part": "ABDOMEN"},
    )  # fmt: skip
    assert searching.fields(known) == {
        "kind": "study", "modality": "CT", "view": "", "body_part": "ABDOMEN",
        "series": "T2; fat-suppressed; axial", "images": "1", "frames": "2", "synthetic": "no",
        "year": "2019", "age": "90", "sex": "F",
    }  # fmt: skip
    assert searching.fields(known, dates=True)["date"] == "2019-05-31"
    assert not {"year", "date", "age", "sex"} & searching.fields(study(0), dates=True).keys()


def test_what_the_model_decided_can_be_asked_for(model, tmp_path):
    """Only what it decided present; what it left open, or denied, is no finding."""
    said = {
        "1.2.0": [Prediction("pneumothorax", 0.9, 2.0), Prediction("splenomegaly", 0.1, -2.0)],
        "1.2.1": [Prediction("pneumothorax", 0.9, 2.0, True, "too close to call")],
    }  # fmt: skip

    class Labels:
        def validated(self, study):
            return ("pneumothorax", "splenomegaly")

        def label(self, study, labels):
            return said[study.uid]

    scans = [study(0), study(1)]
    searching.index(scans, tmp_path / "i", model, marks=partial(searching.found, Labels()))
    index, asked = Index.open(tmp_path / "i"), searching.query(model, "x")
    (hit,) = searching.search(index, asked, 5, "found=pneumothorax")
    assert (hit.uid, hit.fields["found"]) == ("1.2.0", "pneumothorax")


def test_several_series_are_each_found(model, tmp_path):
    scans = [replace(study(s), images=tuple(
        replace(tiny.image("MR", 2, s, f"{s}.{d}"), description=d) for d in descriptions
    )) for s, descriptions in enumerate((("T1", "DWI b800"), ("T2 tse cor",)))]  # fmt: skip
    searching.index(scans, tmp_path / "i", model)
    index, asked = Index.open(tmp_path / "i"), searching.query(model, "x")
    found = {w: [h.uid for h in searching.search(index, asked, 5, f"series={w}")]
             for w in ("T1", "DWI", "coronal", "ADC")}  # fmt: skip
    assert found == {"T1": ["1.2.0"], "DWI": ["1.2.0"], "coronal": ["1.2.1"], "ADC": []}


@pytest.mark.parametrize(
    ("said", "meant"),
    [("w/o contrast", "unenhanced"), ("t1_vibe_fs_tra +C", "enhanced"), ("T2* gre", "T2*"),
     ("sag STIR", "STIR"), ("Localiser", "localizer"), ("opp phase", "opposed-phase")],
)  # fmt: skip
def test_scanners_words_for_one_thing_are_one_word(said, meant):
    assert meant in terms.series(said)


def test_a_name_is_no_word_of_a_series():
    assert terms.series("Capra Pastor Gdansk Corine Axelsson Latent") == ()


def test_another_checkpoint_may_neither_search_nor_extend_an_index(both, manifest, model):
    other = Aligner(replace(tiny.checkpoint(), name="another"))
    assert other.space != model.space
    for act in (
        lambda: searching.search(Index.open(both), searching.query(other, "x")),
        lambda: searching.index([study(0)], both, other),
        lambda: searching.of_manifest(manifest, both, other, study, ["reports"]),
    ):
        with pytest.raises(InputRejected) as refused:
            act()
        assert refused.value.code == "index-space"


def test_the_command_line_says_the_same_as_python(manifest, model, both, tmp_path, monkeypatch):
    monkeypatch.setattr(wiring, "load", lambda *_, **__: model)
    monkeypatch.setattr(wiring.finding, "read", lambda path, *_: study(int(path.name[1:]), "DX"))

    def run(*words):
        done = CliRunner().invoke(app, [str(w) for w in words])
        assert done.exit_code == 0, (done.output, done.exception)
        return done.stdout

    told = run("index", "-d", manifest, "-o", tmp_path / "i", "--split", "train", "--found")
    assert "2 studies and 2 reports" in told
    (tmp_path / "r.txt").write_text("A left pneumothorax.")
    rows = json.loads(run("search", "--index", tmp_path / "i", "--report", tmp_path / "r.txt",
                          "--of", "reports", "-k", 1, "--json"))  # fmt: skip
    assert [(r["report"], r["line"]) for r in rows] == [("A left pneumothorax.", "3")]
    rows = json.loads(run("search", "--index", both, "--image", "s2", "-k", 1, "--json"))
    assert rows[0]["study"] == "1.2.2"
    shown = run("search", "stone", "--index", both, "--of", "reports")
    assert "There is a kidney stone." in shown


@pytest.mark.parametrize(
    "words",
    [("index", "-o", "x"), ("index", "-o", "x", "-i", ".", "-d", "."),
     ("index", "-o", "x", "-d", ".", "--of", "pictures"),
     ("search", "x", "--index", ".", "--of", "studies,reports")],
)  # fmt: skip
def test_what_makes_no_sense_is_a_mistake_of_usage(words):
    assert CliRunner().invoke(app, words).exit_code == 2


def test_a_report_s_words_are_findings_and_impression():
    assert searching.written(Report(indication="pain", findings="A.", impression="B.")) == "A. B."
