"""De-identification in this process, for tests: a data set in, the new file's bytes out."""

from __future__ import annotations

import base64
import io

import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from hostile import ct_slice, save
from radgloss.dicom.deid import serving
from radgloss.dicom.limits import Limits
from radgloss.dicom.source import Source

KEY = bytes(range(32))
TEXTS = ("SH", "LO", "ST", "LT", "UC", "UT")


def through(path, names=(), key=KEY, boxes=()):
    """The new bytes and the child's summary, as its parent would get them."""
    parts = []
    request = {"options": sorted(names), "key": key.hex(), "boxes": [list(b) for b in boxes]}
    with Source(str(path), "", Limits()) as source:
        told = serving.on_deid(
            source, request, Limits(), lambda m: parts.append(base64.b64decode(m["part"]))
        )
    return b"".join(parts), told["summary"]


def cleaned(data, folder, names=(), **more):
    """A data set saved, de-identified and read again; the old one is left as it was."""
    written, _ = through(save(data, folder / "before.dcm"), names, **more)
    return pydicom.dcmread(io.BytesIO(written))


def nested(data, depth):
    """A CT slice that holds these elements in sequences of sequences; at depth 0 by itself."""
    outer = ct_slice()
    for level in range(depth):
        holder = Dataset()
        holder.add(DataElement(0x00081140 if level % 2 else 0x00540022, "SQ", Sequence([data])))
        data = holder
    for element in data:
        outer[element.tag] = element
    return outer


def within(data, depth):
    """The items where `nested` has put them."""
    for level in reversed(range(depth)):
        data = data[0x00081140 if level % 2 else 0x00540022].value[0]
    return data
