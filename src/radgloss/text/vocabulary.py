"""Synonyms out of a vocabulary that the user has: UMLS's MRCONSO, or RadLex as a table.

Neither may be shipped, so nothing of them is here; both are read line by line (MRCONSO has some ten
million). Asked for names, they answer with the other names of the concepts that bear them. A name
that several concepts bear ("mass", "cold") is ambiguous: it is reported and gives no synonym,
because a wrong one would move a diagnosis.

    MRCONSO.RRF   UMLS Reference Manual, chapter 3.3.4: eighteen fields ended by "|"
    RadLex        comma- or tab-separated with a header: a code, a preferred name, synonyms with
                  "|" or ";" between them (the exports of BioPortal and of radlex.org)
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from radgloss.types import InputRejected

__all__ = ["Synonyms", "radlex", "umls"]

FIELDS = 18
CUI, LAT, SAB, STR, SUPPRESS = 0, 1, 11, 14, 16
HEADERS = {  # of RadLex tables, lower case without spaces and underscores
    "code": ("classid", "rid", "radlexid", "id"),
    "name": ("preferredlabel", "preferredname", "name", "label"),
    "synonyms": ("synonyms", "synonym", "synonym(s)"),
    "obsolete": ("obsolete",),
}
Row = tuple[str, str]  # concept, one of its names


@dataclass(frozen=True)
class Synonyms:
    """others: by the name that was asked, the concept's further names, sorted. codes: by name, the
    concept. ambiguous: names of several concepts. unknown: names of none."""

    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    ambiguous: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


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
    """From a RadLex table, *.csv or *.tsv; obsolete rows are left out.

    Raises InputRejected('vocabulary') for a table without a code, a name or synonyms."""
    return _gathered(lambda: _table(path), names)


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
