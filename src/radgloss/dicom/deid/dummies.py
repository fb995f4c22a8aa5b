"""A value that says nothing, for every VR (action D). Child only."""

from __future__ import annotations

from typing import Any

__all__ = ["DUMMY", "LENGTHS", "TEXTS", "dummy"]

DUMMY = "REMOVED"
TEXTS = ("SH", "LO", "ST", "LT", "UC", "UT")
LENGTHS = {"SH": 16, "LO": 64, "ST": 1024, "LT": 10240}  # characters (PS3.5 6.2)
_VALUES: dict[str, Any] = {
    "AE": DUMMY, "CS": DUMMY, "PN": DUMMY, "UR": "http://removed.invalid",
    "AS": "000Y", "DA": "19000101", "TM": "000000", "DT": "19000101000000",
    "DS": "0", "IS": "0", "AT": 0, "FL": 0.0, "FD": 0.0,
    "SL": 0, "SS": 0, "SV": 0, "UL": 0, "US": 0, "UV": 0,
} | dict.fromkeys(TEXTS, DUMMY)  # fmt: skip


def dummy(vr: str) -> Any:
    """The dummy of a VR that is no sequence and no UID; bytes where it holds bytes."""
    return _VALUES.get(vr, b"\0\0\0\0\0\0\0\0")
