"""Reading and writing DICOM: the only room that knows pydicom, highdicom and pynetdicom.

Names are resolved on first use, so that importing this room imports no parser."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from radgloss.dicom.header import Header, Scan
    from radgloss.dicom.inspecting import inspect, protection
    from radgloss.dicom.limits import Limits
    from radgloss.dicom.reading import (
        Reader,
        read,
        read_all,
        read_colour,
        read_each,
        read_maps,
        render,
        scan,
    )

__all__ = [
    "Header",
    "Limits",
    "Reader",
    "Scan",
    "inspect",
    "protection",
    "read",
    "read_all",
    "read_colour",
    "read_each",
    "read_maps",
    "render",
    "scan",
]

_WHERE = {
    "Header": "header",
    "Limits": "limits",
    "Reader": "reading",
    "Scan": "header",
    "inspect": "inspecting",
    "protection": "inspecting",
    "read": "reading",
    "read_all": "reading",
    "read_colour": "reading",
    "read_each": "reading",
    "read_maps": "reading",
    "render": "reading",
    "scan": "reading",
}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(f"radgloss.dicom.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
