"""What the profile does to a data set, element by element, at every depth. Child only.

The table decides by tag (see `table`); this file carries out its six actions. A value that cannot
be read is removed. Everything done is counted by tag."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from radgloss import terms
from radgloss.dicom.deid import table, when, words
from radgloss.dicom.deid.dummies import DUMMY, LENGTHS, TEXTS, dummy
from radgloss.dicom.deid.keyed import Key
from radgloss.dicom.deid.options import Options
from radgloss.dicom.plain import PIXEL_TAGS

__all__ = ["Job", "clean", "values", "vr_of"]

# Sequences whose codes name persons and places; other coded entries are no identity (note 10).
_PEOPLE = {0x00401101, 0x00080082, 0x00081041, 0x00340001}
_CODED = range(0x00080100, 0x00080124)  # the code sequence macro (PS3.3 8.8)
_NAMED = {0x00100010, 0x00100020}  # these get the pseudonym
_AGE = 0x00101010
_CHARACTERS = 0x00080005
_PRIVATE_SAID = 0x00080300  # Private Data Element Characteristics Sequence: about what goes
_PLANES = (0x50, 0x60)  # curves and overlays: what describes them goes with their data
_STRAY_GROUPS = (0x0000, 0x0002, 0x0004, 0xFFFA, 0xFFFC, 0xFFFE)  # none of an object's own
_FORMS = {
    "DS": re.compile(r"[-+0-9.eE \\]*"),
    "IS": re.compile(r"[-+0-9 \\]*"),
    "AS": re.compile(r"(\d{3}[DWMY]\\?)*"),
    "UI": re.compile(r"[0-9.\\]*"),
}
_BYTES = ("OB", "OW", "UN", "OD", "OF", "OL", "OV")
# Code strings that say how to read a picture: they stay, whatever somebody is called.
_TERMS = terms.MODALITIES | {
    *("ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY", "AXIAL", "LOCALIZER", "MPR", "MIP"),
    *("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422"),
    *("TEXT", "CODE", "NUM", "PNAME", "DATE", "TIME", "DATETIME", "UIDREF", "COMPOSITE", "IMAGE"),
    *("WAVEFORM", "SCOORD", "SCOORD3D", "TCOORD", "CONTAINER", "TABLE", "SEPARATE", "CONTINUOUS"),
    *("YBR_ICT", "YBR_RCT", "YBR_PARTIAL_420", "YES", "NO", "IDENTITY", "INVERSE", "LINEAR"),
}


@dataclass
class Job:
    """One file's de-identification: what was asked, of whom, and what has been done."""

    options: Options
    key: Key
    patient: str  # what pseudonym and days hang on
    who: words.Known
    tally: Counter[tuple[int, str, bool]] = field(default_factory=Counter)  # tag, action, beyond
    found: Counter[int] = field(default_factory=Counter)  # texts that held what the header names

    @property
    def days(self) -> int:
        """How far this patient's dates move."""
        return self.key.days(self.patient)


def clean(data: Dataset, job: Job) -> None:
    """Carry out the profile on this data set and all its items, in place."""
    kept_private = _safe_private(data, job)
    for tag in list(data.keys()):
        number = int(tag)
        try:
            if tag.is_private:
                _private(data, tag, job, number in kept_private)
            elif tag.group in _STRAY_GROUPS or tag.element == 0 or number in PIXEL_TAGS:
                _remove(data, tag, job, beyond=True)
            else:
                _act(data, tag, job)
        except RecursionError:
            raise
        except Exception:  # a value that pydicom cannot read, whatever its trouble
            if tag in data:
                _remove(data, tag, job, beyond=True)


def _act(data: Dataset, tag: BaseTag, job: Job) -> None:
    vr = vr_of(data, tag)
    row = table.row_of(int(tag))
    if row is not None:
        kind = "D" if int(tag) in _NAMED else table.action(row, job.options, vr)
    elif tag == _PRIVATE_SAID or tag.group >> 8 in _PLANES:
        kind = "X"
    else:
        kind = table.beyond(keyword_for_tag(tag), vr, job.options)
    beyond = row is None
    if kind == "K" and beyond:
        _keep(data, tag, vr, job, counted=False)
        return
    job.tally[int(tag), kind, beyond] += 1
    _ACTIONS[kind](data, tag, vr, job)


def vr_of(data: Dataset, tag: BaseTag) -> str:
    """The VR that the file states, else the dictionary's; the first of several."""
    stated = data.get_item(tag).VR
    if stated and stated != "UN":
        return str(stated)
    try:
        return dictionary_VR(tag)[:2]
    except KeyError:
        return "UN"


def values(data: Dataset, tag: int) -> list[str]:
    """The values of an element as text, none where it is empty or absent."""
    value = data[tag].value if tag in data else None
    if value is None:
        return []
    many = isinstance(value, Sequence) and not isinstance(value, str | bytes)
    return [str(v) for v in (value if many else [value])]


def _put(data: Dataset, tag: BaseTag, vr: str, value: Any) -> None:
    data[tag] = DataElement(tag, vr, value)


# ------------------------------------------------------------------ the six actions


def _remove(data: Dataset, tag: BaseTag, job: Job, beyond: bool) -> None:
    job.tally[int(tag), "X", beyond] += 1
    del data[tag]


def _x(data: Dataset, tag: BaseTag, vr: str, job: Job) -> None:
    del data[tag]


def _z(data: Dataset, tag: BaseTag, vr: str, job: Job) -> None:
    _put(data, tag, vr, [] if vr == "SQ" else None)


def _d(data: Dataset, tag: BaseTag, vr: str, job: Job) -> None:
    if int(tag) in _NAMED:
        _put(data, tag, vr, job.key.pseudonym(job.patient))
    elif vr == "SQ":
        for item in data[tag].value:
            clean(item, job)
            _blank(item, codes=int(tag) in _PEOPLE)
    elif vr == "UI":
        _u(data, tag, vr, job)
    else:
        _put(data, tag, vr, dummy(vr))


def _blank(item: Dataset, codes: bool) -> None:
    """Dummies for every text that stayed in an item; for codes too where they name somebody."""
    for element in list(item):
        vr = str(element.VR)
        if vr == "SQ":
            for inner in element.value:
                _blank(inner, codes)
        elif vr in (*TEXTS, "UR") and (codes or int(element.tag) not in _CODED):
            _put(item, element.tag, vr, dummy(vr))


def _u(data: Dataset, tag: BaseTag, vr: str, job: Job) -> None:
    if vr == "SQ":
        _keep(data, tag, vr, job)
        return
    new = [job.key.uid(v) for v in values(data, tag)]
    _put(data, tag, "UI", new if len(new) > 1 else "".join(new))


def _keep(data: Dataset, tag: BaseTag, vr: str, job: Job, counted: bool = True) -> None:
    """Unchanged, but for what the header says of people, and for what is no value of its VR."""
    if vr == "SQ":
        for item in data[tag].value:
            clean(item, job)
    elif vr in (*TEXTS, "PN", "UR"):
        _rewrite(data, tag, vr, job, lambda text: words.without(text, job.who))
    elif vr == "CS":
        if tag != _CHARACTERS:
            _rewrite(data, tag, vr, job, lambda t: _code(t, job))
    elif vr in _BYTES:
        raw = data.get_item(tag).value
        if isinstance(raw, bytes) and job.who.lies_in(raw):
            job.found[int(tag)] += 1
            _remove(data, tag, job, beyond=not counted)
    else:
        _check_form(data, tag, vr, job)


def _code(value: str, job: Job) -> str:
    return DUMMY if value.strip() not in _TERMS and job.who.seen(value) else value


def _check_form(data: Dataset, tag: BaseTag, vr: str, job: Job) -> None:
    """Text where a number, date, age or UID should stand is emptied."""
    if vr in _FORMS:
        fits = _FORMS[vr].fullmatch(_flat(data, tag)) is not None
    elif vr in table.DATES:
        fits = all(when.valid(vr, v) for v in _flat(data, tag).split("\\") if v)
    else:
        return
    if not fits:
        job.tally[int(tag), "Z", True] += 1
        _put(data, tag, vr, None)
    elif tag == _AGE and re.fullmatch(r"(09[1-9]|[1-9]\d\d)Y", _flat(data, tag)):
        _put(data, tag, vr, "090Y")  # ages above 89 are one group (45 CFR 164.514(b)(2)(i)(C))


def _flat(data: Dataset, tag: BaseTag) -> str:
    """The element's value as it stands in the file, without being understood."""
    raw = data.get_item(tag).value
    if isinstance(raw, bytes):
        return raw.decode("latin-1").strip("\0 ")
    return "\\".join(values(data, tag)).strip("\0 ")


def _c(data: Dataset, tag: BaseTag, vr: str, job: Job) -> None:
    """Dates are moved, sequences cleaned within, text ruled; bitmaps cannot be cleaned and go."""
    if vr in table.DATES:
        new = [when.moved(vr, v, job.days) for v in values(data, tag)]
        _put(data, tag, vr, "\\".join(new) if any(new) else None)
    elif vr == "SQ":
        _keep(data, tag, vr, job)
    elif vr in (*TEXTS, "PN", "UR", "CS", "AE"):
        dates = "dates" in job.options
        _rewrite(data, tag, vr, job, lambda text: words.ruled(text, job.who, dates))
    else:
        del data[tag]


def _rewrite(data: Dataset, tag: BaseTag, vr: str, job: Job, change: Callable[[str], str]) -> None:
    old = values(data, tag)
    new = [change(v) for v in old]
    if new == old:
        return
    job.found[int(tag)] += 1
    if vr == "CS" or vr == "AE":
        new = [v if v == o else DUMMY for v, o in zip(new, old, strict=True)]
    new = [v[: LENGTHS.get(vr)] for v in new]
    _put(data, tag, vr, new if len(new) > 1 else new[0])


_ACTIONS: dict[str, Callable[[Dataset, BaseTag, str, Job], None]] = {
    "X": _x, "Z": _z, "D": _d, "U": _u, "K": _keep, "C": _c,
}  # fmt: skip


# ------------------------------------------------------------------ private attributes


def _safe_private(data: Dataset, job: Job) -> frozenset[int]:
    """Tags of this level that are safe, with their private creators (PS3.5 7.8.1)."""
    if "private" not in job.options:
        return frozenset()
    kept: set[int] = set()
    safe = table.safe_private()
    creators = {
        int(t): "".join(values(data, t)).strip()
        for t in data.keys()  # noqa: SIM118 - tags, not elements
        if t.is_private_creator
    }
    for tag in data.keys():  # noqa: SIM118
        creator = (tag.group << 16) | (tag.element >> 8)
        elements = safe.get((creators.get(creator, ""), tag.group), frozenset())
        if tag.is_private and not tag.is_private_creator and tag.element & 0xFF in elements:
            kept |= {int(tag), creator}
    return frozenset(kept)


def _private(data: Dataset, tag: BaseTag, job: Job, is_safe: bool) -> None:
    vr = vr_of(data, tag)
    if not is_safe or vr in (*_BYTES, "SQ"):
        _remove(data, tag, job, beyond=False)
        return
    job.tally[int(tag), "C", False] += 1
    _keep(data, tag, vr, job)
