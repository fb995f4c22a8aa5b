"""Vocabularies of the user give names of the same concept, and never guess between concepts."""

import pytest

from radgloss.text.vocabulary import called, radlex, read, umls
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


OWL = """<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [<!ENTITY made "http://made.up/RID/">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#" xmlns:owl="http://www.w3.org/2002/07/owl#"
 xmlns:r="http://made.up/RID/">
 <owl:Ontology rdf:about="http://made.up/"><rdfs:label>made up</rdfs:label></owl:Ontology>
 <owl:Class rdf:about="&made;RID1"><rdfs:label>fatty widget</rdfs:label>
  <rdfs:subClassOf><owl:Class><rdfs:label>nameless</rdfs:label></owl:Class></rdfs:subClassOf>
  <r:Preferred_name xml:lang="en">fatty widget</r:Preferred_name>
  <r:Synonym xml:lang="en">widget steatosis</r:Synonym>
  <r:Synonym xml:lang="de">Fettwidget</r:Synonym></owl:Class>
 <owl:Class rdf:about="&made;RID2"><rdfs:label>fatty gadget</rdfs:label>
  <r:Obsolete>TRUE</r:Obsolete></owl:Class>
 <owl:Class rdf:ID="RID3"><rdfs:label>hepatic widget</rdfs:label>
  <r:Synonym>Hepatic Cyst</r:Synonym></owl:Class>
</rdf:RDF>
"""


def test_owl_gives_what_the_table_gives(tmp_path):
    path = tmp_path / "radlex.owl"
    path.write_text(OWL)
    found = read(path, ["Fatty widget", "fatty gadget", "nameless", "made up", "Fettwidget"])
    assert found.others == {"Fatty widget": ("widget steatosis",)}
    assert found.codes == {"Fatty widget": "RID1"}
    assert found.unknown == ("fatty gadget", "nameless", "made up", "Fettwidget")


@pytest.mark.parametrize("text", ["no xml", "<a><b></a>", "<rdf/>"])
def test_owl_of_another_form_is_refused(tmp_path, text):
    path = tmp_path / "radlex.owl"
    path.write_text(text)
    with pytest.raises(InputRejected) as error:
        read(path, ["x"])
    assert error.value.code == "vocabulary"


def test_owl_is_read_as_a_stream(tmp_path):
    """Ten times the classes, not ten times the memory."""
    import tracemalloc

    def peak(n):
        path = tmp_path / f"{n}.owl"
        one = OWL.split("<owl:Ontology")[0]
        each = "".join(
            f'<owl:Class rdf:about="&made;X{k}"><rdfs:label>{k:0200}</rdfs:label></owl:Class>'
            for k in range(n)
        )
        path.write_text(f"{one}{each}</rdf:RDF>")
        tracemalloc.start()
        assert read(path, ["x"]).unknown == ("x",)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    assert peak(20_000) < 2 * peak(2_000)


def test_a_label_that_only_the_vocabulary_knows_is_asked_as_the_finding(tmp_path):
    path = tmp_path / "radlex.owl"
    path.write_text(OWL)
    found = called(path, ["hepatic widget", "liver cyst", "fatty widget", "gone"])
    assert found.names == {"hepatic widget": "liver cyst"}
    assert found.elsewhere == ("fatty widget",)
    assert found.unknown == ("gone",)


def test_a_concept_with_the_names_of_two_findings_is_neither(mrconso):
    with mrconso.open("a") as lines:
        lines.writelines(conso("C9", n) for n in ("two in one", "liver cyst", "ascites"))
    assert called(mrconso, ["two in one"]).elsewhere == ("two in one",)


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(InputRejected, match=r"\.rrf, \.csv"):
        read(tmp_path / "words.pdf", ["x"])
