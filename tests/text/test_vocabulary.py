"""Vocabularies of the user give names of the same concept, and never guess between concepts."""

import pytest

from radgloss.text.vocabulary import radlex, umls
from radgloss.types import InputRejected


def conso(cui, name, lat="ENG", sab="SRC", suppress="N"):
    """A line of MRCONSO with invented content: eighteen fields, each ended by a bar."""
    cells = [cui, lat, "P", "L1", "PF", "S1", "Y", "A1", "", "", "", sab, "PT", "1", name, "0",
             suppress, ""]  # fmt: skip
    return "|".join(cells) + "|\n"


LINES = [
    conso("C1", "Fatty widget"),
    conso("C2", "Mass"),
    conso("C3", "mass"),
    conso("C1", "widget steatosis", sab="OTHER"),
    conso("C1", "Widget  fat"),
    conso("C1", "Fettwidget", lat="GER"),
    conso("C1", "obsolete widget", suppress="O"),
]


@pytest.fixture
def mrconso(tmp_path):
    path = tmp_path / "MRCONSO.RRF"
    path.write_text("".join(LINES), "utf-8")
    return path


def test_names_of_one_concept_are_synonyms_in_any_case_and_order(mrconso):
    found = umls(mrconso, ["fatty widget", "widget fat", "mass", "gone"])
    assert found.others["fatty widget"] == ("Widget fat", "widget steatosis")
    assert found.others["widget fat"] == ("Fatty widget", "widget steatosis")
    assert found.codes == {"fatty widget": "C1", "widget fat": "C1"}
    assert found.ambiguous == ("mass",)
    assert found.unknown == ("gone",)


def test_language_and_source_can_be_chosen(mrconso):
    assert umls(mrconso, ["Fettwidget"], language="GER").codes == {"Fettwidget": "C1"}
    found = umls(mrconso, ["fatty widget"], sources=["SRC"])
    assert found.others["fatty widget"] == ("Widget fat",)


BIOPORTAL = (
    "Class ID,Preferred Label,Synonyms,Definitions,Obsolete\n"
    'http://www.radlex.org/RID/RID1,fatty widget,"widget steatosis|widget, fatty",,false\n'
    "http://www.radlex.org/RID/RID2,old widget,fatty widget,,true\n"
)
PLAIN = "RID\tPreferred_name\tSynonym\nRID1\tfatty widget\twidget steatosis; widget, fatty\n"


@pytest.mark.parametrize(("name", "text"), [("r.csv", BIOPORTAL), ("r.tsv", PLAIN)])
def test_radlex_tables_are_read_with_either_header(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, "utf-8-sig")
    found = radlex(path, ["Fatty Widget"])
    assert found.codes == {"Fatty Widget": "RID1"}
    assert found.others["Fatty Widget"] == ("widget steatosis", "widget, fatty")


def test_other_files_are_refused_by_line_or_header(tmp_path, mrconso):
    for call, text, says in (
        (umls, LINES[0] + "C1|ENG|short|\n", "line 2"),
        (radlex, "a,b\n1,2\n", "no column for code"),
        (radlex, "", "no column for code"),
    ):
        path = tmp_path / "bad.csv"
        path.write_text(text)
        with pytest.raises(InputRejected, match=says) as error:
            call(path, ["x"])
        assert error.value.code == "vocabulary"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputRejected, match="UTF-8"):
        umls(path, ["x"])
    with pytest.raises(InputRejected, match="Check the path"):
        umls(tmp_path / "none", ["x"])
