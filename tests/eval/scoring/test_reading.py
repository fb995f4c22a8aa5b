"""Files become pairs, or a clear refusal; nothing is dropped and nobody is named."""

import csv
import json

import pytest

from radgloss.eval.scoring.reading import load, notes, pair
from radgloss.types import InputRejected

SECRET = "Zebediah"


def texts(path, role="reference", column=""):
    return load(path, role, column).texts


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def table(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def refused(act, *given):
    with pytest.raises(InputRejected) as problem:
        act(*given)
    assert SECRET not in str(problem.value)
    return problem.value.code


def test_three_forms_of_the_same_reports(tmp_path):
    reports = ("No effusion.", "Left effusion, 3.5 cm.")
    assert texts(write(tmp_path / "a.txt", "\n".join(reports) + "\n")) == reports
    assert texts(table(tmp_path / "a.csv", [{"report": r} for r in reports])) == reports
    lines = "\n".join(json.dumps({"text": r}) for r in reports)
    assert texts(write(tmp_path / "a.jsonl", lines)) == reports
    assert texts(write(tmp_path / "b.jsonl", "\n".join(map(json.dumps, reports)))) == reports
    assert (
        texts(write(tmp_path / "bom.txt", b"\xef\xbb\xbf" + "\n".join(reports).encode())) == reports
    )
    assert texts(write(tmp_path / "a.tsv", "text\n" + "\n".join(reports))) == reports


def test_a_line_ends_where_the_file_says_so_and_nowhere_else(tmp_path):
    path = write(tmp_path / "a.txt", "No\u2028effusion\x0c.\r\n\r\nCyst.\r\n")
    assert texts(path) == ("No\u2028effusion\x0c.", "", "Cyst.")


def test_findings_and_impression_are_joined_and_one_file_may_hold_both_roles(tmp_path):
    path = table(tmp_path / "a.csv", [{"findings": "Clear.", "impression": "Normal."}])
    assert texts(path) == ("FINDINGS: Clear.\nIMPRESSION: Normal.",)
    both = table(tmp_path / "b.csv", [{"reference": "a", "prediction": "b", "text": "c"}])
    assert (texts(both), texts(both, "prediction")) == (("a",), ("b",))
    assert texts(both, column="Text") == ("c",)


def test_a_manifest_is_read_as_it_is(tmp_path):
    line = {"study": "1", "patient": "p", "report": {"findings": "Clear.", "technique": "CT"}}
    written = load(write(tmp_path / "m.jsonl", json.dumps(line)), "reference")
    assert written.texts == ("Clear.",)
    assert (written.ids, written.patients) == (("1",), ("p",))


def test_identifiers_pair_what_stands_in_another_order(tmp_path):
    a = table(tmp_path / "a.csv", [{"id": i, "report": f"ref {i}"} for i in "xyz"])
    b = table(tmp_path / "b.csv", [{"id": i, "report": f"said {i}"} for i in "zxy"])
    pairs = pair(load(a, "reference"), load(b, "prediction"))
    assert pairs.predictions == ("said x", "said y", "said z")


def test_what_cannot_be_paired_is_refused(tmp_path):
    def both(a, b):
        return pair(load(a, "reference"), load(b, "prediction"))

    assert refused(both, ["a", "b"], ["a"]) == "score-pairs"
    rows = [{"id": SECRET, "report": "a"}, {"id": "x", "report": "a"}]
    a = table(tmp_path / "a.csv", rows)
    assert refused(both, a, table(tmp_path / "b.csv", rows[:1] * 2)) == "score-pairs"
    assert refused(both, a, table(tmp_path / "c.csv", rows[:1])) == "score-pairs"
    assert refused(both, a, table(tmp_path / "d.csv", [*rows, {"id": "y", "report": "b"}])) == (
        "score-pairs"
    )
    blank = [{"id": "", "report": "a"}, {"id": "x", "report": "a"}]
    assert refused(both, a, table(tmp_path / "e.csv", blank)) == "score-pairs"
    assert refused(both, ["a", " . "], ["a", "b"]) == "score-empty"
    assert refused(both, [], []) == "score-rows"


def test_files_that_are_no_reports_are_refused(tmp_path):
    w = write
    assert refused(texts, w(tmp_path / "a.txt", SECRET.encode("utf-16"))) == "not-text"
    assert refused(texts, w(tmp_path / "b.txt", b"effusion\xe9")) == "not-text"
    assert refused(texts, w(tmp_path / "c.txt", b"a\0b")) == "not-text"
    assert refused(texts, w(tmp_path / "d.txt", b"")) == "score-rows"
    assert refused(texts, w(tmp_path / "e.csv", "a,b\n1,2\n")) == "score-column"
    assert refused(texts, w(tmp_path / "f.csv", f'report\n"{SECRET}\n')) == "score-rows"
    assert refused(texts, w(tmp_path / "g.csv", "report\na, b\n")) == "score-rows"
    assert refused(texts, w(tmp_path / "h.jsonl", f"{{{SECRET}\n")) == "score-rows"
    assert refused(texts, w(tmp_path / "i.jsonl", "[1]\n")) == "score-rows"
    assert refused(texts, w(tmp_path / "k.jsonl", "[" * 100_000)) == "score-rows"
    assert refused(texts, w(tmp_path / "j.json", "[]")) == "score-rows"
    assert refused(texts, tmp_path / "nowhere.csv") == "no-such-file"


def test_a_report_of_fifty_thousand_words_fits_into_a_table(tmp_path):
    long = "effusion " * 50_000
    assert texts(table(tmp_path / "a.csv", [{"report": long}])) == (long,)


def test_what_should_be_known_is_told():
    true = ["Left effusion."] * 5
    said = [
        "",
        "Effusion",
        "Ã©panchement gauche visible ici",
        "胸腔积液 胸部 左侧 右侧",
        "x " * 6000,
    ]
    told = " ".join(notes(pair(load(true, "reference"), load(said, "prediction"))))
    for what in (
        "without words",
        "fewer than four",
        "broken encoding",
        "English",
        "more than 5000",
    ):
        assert what in told
    assert notes(pair(load(true, "reference"), load(["Left effusion is seen."] * 5, "p"))) == ()
