"""A bad line is named and left out; too many stop before work; patients never straddle splits."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radgloss.data.manifest import read_manifest
from radgloss.types import InputRejected, Region


def line(i, **changes):
    row = {"schema": 1, "study": f"s{i}", "patient": f"p{i}", "split": "train",
           "report": {"findings": "Clear."}, "labels": {"pneumothorax": {"present": False}},
           "captions": [{"image": "1.2", "frame": 0, "sentences": ["Clear."]}]}  # fmt: skip
    return json.dumps({**row, **changes})


def write(tmp_path, *lines, name="m.jsonl"):
    path = tmp_path / name
    path.write_text("\n".join(lines))
    return path


def test_good_lines_come_back_in_order(tmp_path):
    found = read_manifest(write(tmp_path, line(1), "", line(2, split="test")))
    assert [e.study.name for e in found.entries] == ["s1", "s2"]
    assert found.entries[0].report.findings == "Clear."
    assert found.entries[0].captions[0].sentences == ("Clear.",)
    assert len(found.split("test")) == 1


@pytest.mark.parametrize(
    "bad", ["{", "[]", line(9, colour=1), line(9, split="dev"), line(9, schema=2),
            line(9, captions=[{"image": "1", "frame": 0, "sentences": ["A."],
                               "region": [[0, 3, 0], [0, 2, 9]]}]),
            line(9, study=""), json.dumps({"study": "x"}), line(9, captions=[{"image": "1"}])],
)  # fmt: skip
def test_a_bad_line_is_named_with_its_number_and_left_out(tmp_path, bad):
    path = write(tmp_path, *[line(i) for i in range(5)], bad)
    found = read_manifest(path, allowed_bad=0.5)
    assert len(found.entries) == 5
    assert "line 6" in str(found.bad[0])
    with pytest.raises(InputRejected) as error:
        read_manifest(path)
    assert error.value.code == "manifest"


def test_a_caption_may_be_of_a_box(tmp_path):
    boxed = [{"image": "1", "frame": 2, "sentences": ["A."], "region": [[2, 3, 0], [2, 8, 9]]}]
    found = read_manifest(write(tmp_path, line(1, captions=boxed)))
    assert found.entries[0].captions[0].region == Region((2, 3, 0), (2, 8, 9))


def test_a_patient_in_two_splits_stops_before_work(tmp_path):
    path = write(tmp_path, line(1, patient="p"), line(2, patient="p", split="test"))
    with pytest.raises(InputRejected, match="both in train and in test"):
        read_manifest(path)


@pytest.mark.parametrize("other", [{"patient": " P1 "}, {"study": "./s1"}])
def test_neither_a_blank_nor_another_name_hides_who_stands_in_two_splits(tmp_path, other):
    path = write(tmp_path, line(1), line(2, split="test", **other))
    with pytest.raises(InputRejected, match="both in train and in test"):
        read_manifest(path)


@pytest.mark.parametrize("content", ["", "\n\n", "nonsense"])
def test_a_manifest_without_a_study_is_refused(tmp_path, content):
    with pytest.raises(InputRejected):
        read_manifest(write(tmp_path, content))
    with pytest.raises(InputRejected):
        read_manifest(tmp_path / "missing.jsonl")


def test_csv_holds_the_same(tmp_path):
    row = 's1,p1,val,All clear.,"{""x"": {""present"": true}}"'
    path = write(tmp_path, "study,patient,split,report,labels", row, name="m.csv")
    entry = read_manifest(path).entries[0]
    assert (entry.split, entry.report.findings, entry.labels) == (
        "val",
        "All clear.",
        {"x": {"present": True}},
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_nothing_but_the_typed_error_escapes(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("m") / "m.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass")
    with pytest.raises(InputRejected):
        read_manifest(path)


@pytest.mark.parametrize(
    "labels", [["pneumothorax"], "pneumothorax", {"pneumothorax": True},
               {"pneumothorax": {"present": "false"}}, {"pneumothorax": {"side": 1}}],
)  # fmt: skip
def test_labels_of_another_shape_make_a_bad_line(tmp_path, labels):
    found = read_manifest(write(tmp_path, line(1), line(2, labels=labels)), allowed_bad=0.5)
    assert [b.what for b in found.bad] == ["m.jsonl line 2"]


@pytest.mark.parametrize("name", ["m.jsonl", "m.csv"])
def test_a_manifest_that_is_not_text_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"\xff\xfe{\x00" * 9)
    with pytest.raises(InputRejected) as error:
        read_manifest(tmp_path / name)
    assert error.value.code == "manifest"


@pytest.mark.parametrize("good", [0, 3])
def test_a_refusal_says_its_code_once(tmp_path, good):
    path = write(tmp_path, *[line(i) for i in range(good)], "{")
    with pytest.raises(InputRejected) as told:
        read_manifest(path)
    assert str(told.value).count("[manifest]") == 1
    assert "The first: m.jsonl line" in str(told.value)
