"""De-identification: PS3.15 Annex E, the basic profile and its options.

`table` says what the standard asks of each attribute, `acts` does it to a data set in the capped
child, `running` walks a folder in the parent, `verb` is the door, `report` says what was done and
what to look at.
Nothing here claims that a person cannot be found again."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from radgloss.dicom.deid.keyed import Key
    from radgloss.dicom.deid.options import Options, chosen
    from radgloss.dicom.deid.running import Done
    from radgloss.dicom.deid.verb import deid

__all__ = ["Done", "Key", "Options", "chosen", "deid"]

_WHERE = {"Done": "running", "Key": "keyed", "Options": "options", "chosen": "options"}
_WHERE |= {"deid": "verb"}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
