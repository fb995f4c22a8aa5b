"""Synonyms out of a vocabulary that the user has: UMLS's MRCONSO, or RadLex as a table or OWL.

Neither may be shipped, so nothing of them is here; all are read as a stream (MRCONSO has some ten
million lines). Asked for names, they answer with the other names of the concepts that bear them. A
name that several concepts bear ("mass", "cold") is ambiguous: it is reported and gives no synonym,
because a wrong one would move a diagnosis.

    MRCONSO.RRF   UMLS Reference Manual, chapter 3.3.4: eighteen fields ended by "|"
    RadLex        comma- or tab-separated with a header: a code, a preferred name, synonyms with
                  "|" or ";" between them (the exports of BioPortal and of radlex.org)
    RadLex        OWL in RDF/XML: each owl:Class with its label, preferred name and synonyms
"""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from radgloss.text.findings import FINDINGS, finding_type
from radgloss.types import InputRejected

__all__ = ["Called", "Synonyms", "called", "radlex", "read", "umls"]

FIELDS = 18
CUI, LAT, SAB, STR, SUPPRESS = 0, 1, 11, 14, 16
HEADERS = {  # of RadLex tables, lower case without spaces and underscores
    "code": ("classid", "rid", "radlexid", "id"),
    "name": ("preferredlabel", "preferredname", "name", "label"),
    "synonyms": ("synonyms", "synonym", "synonym(s)"),
    "obsolete": ("obsolete",),
}
Row = tuple[str, str]  # concept, one of its names
NAMES = frozenset(  # of OWL properties, lower case without underscores and namespace
    {"label", "preflabel", "preferredname", "synonym", "altlabel", "hasexactsynonym"}
)
DEAD = frozenset({"obsolete", "deprecated"})
RDF, XML = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}", "{http://www.w3.org/XML/1998/namespace}"


@dataclass(frozen=True)
class Synonyms:
    """others: by the name that was asked, the concept's further names, sorted. codes: by name, the
    concept. ambiguous: names of several concepts. unknown: names of none."""

    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    ambiguous: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Called:
    """names: by label as asked, the finding of the house that is the same concept. The others'
    labels are asked as they stand: ambiguous ones of several concepts, unknown ones of none, and
    ones whose concept is no finding here."""

    names: Mapping[str, str] = field(default_factory=dict)
    ambiguous: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


def read(
    path: Path, names: Iterable[str], sources: Iterable[str] = (), language: str = "ENG"
) -> Synonyms:
    """From a file of any of the three forms, told apart by their endings.

    .rrf: UMLS, of these sources and this language. .csv, .tsv, .owl, .rdf, .xml: RadLex.
    Raises InputRejected('vocabulary')."""
    if path.suffix.lower() == ".rrf":
        return umls(path, names, language, sources)
    if path.suffix.lower() in (".csv", ".tsv", ".owl", ".rdf", ".xml"):
        return radlex(path, names)
    raise _rejected(path.name, f"the ending {path.suffix!r}", ".rrf, .csv, .tsv or .owl",
                    "Give MRCONSO.RRF of UMLS, or RadLex as a table or OWL.")  # fmt: skip


def called(path: Path, labels: Iterable[str], sources: Iterable[str] = ()) -> Called:
    """Which labels are findings of the house under a name that only the vocabulary knows.

    So they get the finding's own calibrated answer. A label is never taken for a finding on the
    ground of an ambiguous name, nor where its concept bears the names of two findings."""
    others = tuple(label for label in dict.fromkeys(labels) if not _ours(label))
    house = {name: row.what for row in FINDINGS for name in (row.what, *row.synonyms)}
    found = read(path, (*others, *house), sources)
    findings: dict[str, set[str]] = defaultdict(set)  # by concept
    for name, what in house.items():
        if name in found.codes:
            findings[found.codes[name]].add(what)
    names = {
        label: next(iter(whats))
        for label in others
        if label in found.codes and len(whats := findings.get(found.codes[label], set())) == 1
    }
    return Called(
        names,
        tuple(label for label in others if label in found.ambiguous),
        tuple(label for label in others if label in found.unknown),
        tuple(label for label in others if label in found.codes and label not in names),
    )


def _ours(label: str) -> bool:
    try:
        finding_type(_key(label))
    except KeyError:
        return False
    return True


def umls(
    path: Path,
    names: Iterable[str],
    language: str = "ENG",
    sources: Iterable[str] = (),
) -> Synonyms:
    """From an MRCONSO.RRF; names that its source suppressed are left out.

    sources: abbreviations (SAB) such as "SNOMEDCT_US"; none: all. Raises
    InputRejected('vocabulary') for a file of another form, naming the line."""
    wanted = frozenset(sources)
    return _gathered(lambda: _conso(path, language, wanted), names)


def radlex(path: Path, names: Iterable[str]) -> Synonyms:
    """From a RadLex table, *.csv or *.tsv, or its OWL; what is obsolete is left out.

    Raises InputRejected('vocabulary') for a table without a code, a name or synonyms, and for OWL
    that is no XML or holds no class."""
    rows = _table if path.suffix.lower() in (".csv", ".tsv") else _owl
    return _gathered(lambda: rows(path), names)


def _gathered(read: Callable[[], Iterator[Row]], names: Iterable[str]) -> Synonyms:
    """Twice through the file: which concepts bear the names, then all that those are called."""
    asked = list(dict.fromkeys(names))
    keys = {_key(name) for name in asked}
    concepts: dict[str, set[str]] = defaultdict(set)  # by key
    for concept, name in read():
        if (key := _key(name)) in keys:
            concepts[key].add(concept)
    single = {key: next(iter(found)) for key, found in concepts.items() if len(found) == 1}
    called: dict[str, dict[str, str]] = {concept: {} for concept in single.values()}
    for concept, name in read():
        if concept in called:
            called[concept].setdefault(_key(name), " ".join(name.split()))
    known = {name: single[_key(name)] for name in asked if _key(name) in single}
    return Synonyms(
        others={
            name: tuple(sorted(v for k, v in called[concept].items() if k != _key(name)))
            for name, concept in known.items()
        },
        codes=known,
        ambiguous=tuple(n for n in asked if len(concepts.get(_key(n), ())) > 1),
        unknown=tuple(n for n in asked if not concepts.get(_key(n))),
    )


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def _conso(path: Path, language: str, sources: frozenset[str]) -> Iterator[Row]:
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        cells = line.rstrip("\r\n").split("|")
        if len(cells) not in (FIELDS, FIELDS + 1):  # the last "|" opens an empty one
            raise _rejected(
                f"{path.name}, line {number}", f"{len(cells)} fields", f"{FIELDS}, as MRCONSO has",
                "Give MRCONSO.RRF of a UMLS release.",
            )  # fmt: skip
        kept = cells[LAT] == language and cells[SUPPRESS] in ("N", "")
        if kept and (not sources or cells[SAB] in sources):
            yield cells[CUI], cells[STR]


def _table(path: Path) -> Iterator[Row]:
    reader = csv.reader(_lines(path), delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
    place = _places(path, next(reader, []))
    for row in reader:
        cells = {k: row[n].strip() if n < len(row) else "" for k, n in place.items()}
        if cells.get("obsolete", "").casefold() in ("true", "1", "yes") or not cells["code"]:
            continue
        code = cells["code"].rpartition("/")[2].rpartition("#")[2]  # BioPortal writes an address
        for name in (cells["name"], *cells["synonyms"].replace(";", "|").split("|")):
            if name.strip():
                yield code, name.strip()


def _owl(path: Path) -> Iterator[Row]:
    """Each class as soon as it has been read; nothing of the file is kept behind it."""
    classes = 0
    try:
        with path.open("rb") as file:
            depth, root = 0, None
            for event, element in ET.iterparse(file, ("start", "end")):
                root = element if root is None else root
                depth += 1 if event == "start" else -1
                if event == "end" and depth == 1:
                    if _bare(element.tag) == "class" and (code := _code(element)):
                        classes += 1
                        yield from ((code, name) for name in _class_names(element))
                    root.clear()
    except ET.ParseError as problem:
        raise _rejected(
            path.name, f"no well-formed XML ({problem})", "OWL in RDF/XML", "Export it again."
        ) from problem
    except OSError as problem:
        raise _rejected(path.name, "no readable file", "OWL", "Check the path.") from problem
    if not classes:
        raise _rejected(path.name, "no owl:Class", "OWL in RDF/XML", "Export RadLex as OWL.")


def _code(element: ET.Element) -> str:
    given = element.get(f"{RDF}about") or element.get(f"{RDF}ID") or ""
    return re.split(r"[/#]", given)[-1]


def _class_names(element: ET.Element) -> list[str]:
    """Its English names; none of a class that is obsolete."""
    said = [(_bare(child.tag), (child.text or "").strip(), child) for child in element]
    if any(kind in DEAD and text.casefold() in ("true", "1", "yes") for kind, text, _ in said):
        return []
    return [
        text
        for kind, text, child in said
        if kind in NAMES and text and child.get(f"{XML}lang", "en").startswith("en")
    ]


def _bare(tag: str) -> str:
    return tag.rpartition("}")[2].casefold().replace("_", "")


def _places(path: Path, header: list[str]) -> dict[str, int]:
    """The column of each thing that a table must say, and of "obsolete" where it has one."""
    bare = [h.lstrip("\ufeff").casefold().replace(" ", "").replace("_", "") for h in header]
    place = {
        thing: next(n for n, h in enumerate(bare) if h in known)
        for thing, known in HEADERS.items()
        if any(h in known for h in bare)
    }
    for thing in ("code", "name", "synonyms"):
        if thing not in place:
            raise _rejected(
                f"{path.name}, its header", f"no column for {thing}",
                f"one of: {', '.join(HEADERS[thing])}", "Export RadLex as CSV.",
            )  # fmt: skip
    return place


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            yield from lines
    except UnicodeDecodeError as problem:
        raise _rejected(path.name, "bytes that are not UTF-8", "UTF-8", "Convert it.") from problem
    except OSError as problem:
        raise _rejected(path.name, "no readable file", "a table", "Check the path.") from problem


def _rejected(what: str, found: str, wanted: str, do: str) -> InputRejected:
    return InputRejected("vocabulary", what, found, wanted, do)
