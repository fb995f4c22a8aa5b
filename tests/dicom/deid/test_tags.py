"""Tag by tag: every attribute of Table E.1-1, at three depths, under every option."""

import pytest
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from deid_files import TEXTS, cleaned, nested, within
from radgloss.dicom.deid.keyed import Key
from radgloss.dicom.deid.options import OPTIONS, chosen
from radgloss.dicom.deid.table import action, rows

TOKEN = "ZQV"  # in no word of ours
NUMBERS = {"US": 54321, "UL": 54321, "SS": 12321, "SL": 54321, "SV": 54321, "UV": 54321,
           "FL": 54321.5, "FD": 54321.5, "AT": 0x54321234}  # fmt: skip
DATES = {"DA": "20190312", "DT": "20190312101112", "TM": "101112"}
# What is written anew whatever came in, or does not belong into an object at all.
OURS = {"PatientName", "PatientID"}
STRAY = ("0000", "0002", "0004", "fffa", "fffc")


def value(vr, number):
    if vr in (*TEXTS, "PN", "AE", "CS"):
        return f"{TOKEN}{number:03d}"
    if vr == "UI":
        return f"1.2.777.{number}"
    if vr == "SQ":
        inner = Dataset()
        inner.CodeValue, inner.CodeMeaning = f"{TOKEN}{number}", f"{TOKEN} inner {number}"
        inner.StudyDescription = f"{TOKEN} described {number}"
        inner.PatientComments = f"{TOKEN} comment {number}"
        return Sequence([inner])
    if vr in DATES:
        return DATES[vr]
    if vr in NUMBERS:
        return NUMBERS[vr]
    known = {"DS": "5432.25", "IS": "54321", "AS": "044Y", "UR": f"http://x.invalid/{TOKEN}"}
    return known.get(vr, f"{TOKEN}{number:05d}".encode())


def everything():
    """One element for each row that an object may hold, with its row."""
    found = []
    for number, row in enumerate(rows()):
        if row.pattern.startswith(STRAY):
            continue
        tag = int(row.pattern.replace("x", "0"), 16)
        vr = {"OverlayData": "OW", "OverlayComments": "LO", "CurveData": "OB"}.get(row.keyword)
        vr = vr or dictionary_VR(tag)[:2]
        found.append((row, DataElement(tag, vr, value(vr, number))))
    return found


ALL = everything()
ASKED = [(), *((name,) for name in OPTIONS if name != "pixels")]


def check(row, before, after, kind, key, cleans):
    """What PS3.15 says of that action."""
    vr = before.VR
    if kind == "X" or (kind == "C" and vr in ("OW", "OB")):
        assert after is None
        return
    assert after is not None, row.keyword
    if kind == "Z":
        assert not after.value
    elif kind == "K" and vr != "SQ":
        assert after.value == before.value, row.keyword
    elif kind == "U" and vr == "UI":
        assert after.value == key.uid(before.value)
    elif vr == "SQ":
        assert len(after.value) == 1
        inner = after.value[0]
        if kind == "D" or not cleans:  # a dummy, or gone; with words to be cleaned it may stay
            assert TOKEN not in str(inner.get("PatientComments", ""))
    elif kind == "D":
        assert after.value not in ("", None, before.value)
        assert TOKEN not in str(after.value)
        assert TOKEN.encode() not in (after.value if isinstance(after.value, bytes) else b"")
    elif kind == "C" and vr in ("DA", "DT"):
        assert len(after.value) == len(before.value)
        assert after.value != before.value


@pytest.mark.parametrize("names", ASKED, ids=lambda n: n[0] if n else "basic")
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_every_row_of_the_table_is_carried_out(tmp_path, names, depth):
    data = Dataset()
    for _, element in ALL:
        data.add(element)
    data.PatientID = "P1"
    options = chosen(*([n for n in names if (n in ("graphics", "structured", "descriptors")) == c]
                       for c in (True, False)))  # fmt: skip
    found = within(cleaned(nested(data, depth), tmp_path, names), depth)
    for row, element in ALL:
        if row.keyword in OURS:
            continue
        if depth == 0 and row.keyword in ("PatientIdentityRemoved", "DeidentificationMethod"):
            continue
        kind = action(row, options, element.VR)
        after = found.get(element.tag)
        check(row, element, after, kind, Key(bytes(range(32))), "descriptors" in names)
