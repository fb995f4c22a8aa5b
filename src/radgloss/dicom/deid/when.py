"""Dates moved by days, and whether a value is one at all (PS3.5 6.2: DA, DT, TM)."""

from __future__ import annotations

import re
from datetime import date, timedelta

__all__ = ["moved", "valid"]

_DATE = re.compile(r"(\d{4})[-.]?(\d\d)[-.]?(\d\d)\s*")
_DATETIME = re.compile(r"(\d{4})(\d\d)?(\d\d)?((?:\d\d){0,3}(?:\.\d{1,6})?)([+-]\d{4})?\s*")
_TIME = re.compile(r"\d\d:?(\d\d:?(\d\d(\.\d{1,6})?)?)?\s*")


def valid(vr: str, value: str) -> bool:
    """Whether this is a value of that VR and no other text."""
    pattern = {"DA": _DATE, "DT": _DATETIME, "TM": _TIME}[vr]
    return pattern.fullmatch(value) is not None


def moved(vr: str, value: str, days: int) -> str:
    """The value `days` later, as precise as it was; "" where it is no date. Times stay.

    >>> moved("DA", "20200229", -366), moved("DT", "202003", -7), moved("TM", "1200", 5)
    ('20190228', '202002', '1200')
    """
    if not valid(vr, value):
        return ""
    if vr == "TM":
        return value
    found = (_DATE if vr == "DA" else _DATETIME).fullmatch(value)
    assert found is not None
    year, month, day = (int(found[i] or 1) for i in (1, 2, 3))
    try:
        new = date(year, month, day) + timedelta(days)
    except (ValueError, OverflowError):
        return ""
    text = f"{new.year:04d}{new.month:02d}{new.day:02d}"
    if vr == "DA":
        return text
    length = 4 + 2 * (found[2] is not None) + 2 * (found[3] is not None)
    return text[:length] + (found[4] or "") + (found[5] or "")
