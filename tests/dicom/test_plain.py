"""The short way to a header against pydicom's, on every file that pydicom ships, whole and damaged.

The short way may decline a file; it may never say another thing of it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import datadict
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian

from hostile import ct_slice, save
from radgloss.dicom import parse
from radgloss.dicom.header import Header
from radgloss.dicom.limits import Limits
from radgloss.dicom.plain import KEYWORDS, Unusual, elements
from radgloss.dicom.source import Source
from radgloss.types import InputRejected

FILES = sorted(p for p in (Path(pydicom.__file__).parent / "data").rglob("*") if p.is_file())
LIMITS = Limits()
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # of pydicom, on odd files


def short(path: Path) -> Header | str | None:
    """Its header or the code of its refusal by the short way alone; None where that declines."""
    with Source(str(path), "", LIMITS) as source:
        try:
            return parse.plain_header(source, LIMITS)
        except Unusual:
            return None
        except InputRejected as error:
            return error.code


def long(path: Path) -> Header | str:
    with Source(str(path), "", LIMITS) as source:
        try:
            return parse.opened_header(source, LIMITS)
        except InputRejected as error:
            return error.code


def agree(path: Path) -> bool:
    """Whether the short way was taken; it must then say what pydicom says."""
    said = short(path)
    if said is not None:
        assert said == long(path), path.name
    return said is not None


def with_everything(path: Path, implicit: bool = False, **changes: object) -> Path:
    """A slice with padding, sequences in sequences, a private element and text of its own set."""
    inner = Dataset()
    inner.CodeValue, inner.CodeMeaning = "1", "one"
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = Sequence([inner])
    for data in (item, inner):
        data.is_undefined_length_sequence_item = True
    data = ct_slice(PixelPaddingValue=-2000, **changes)
    data.ReferencedImageSequence = Sequence([item, inner])
    data["ReferencedImageSequence"].is_undefined_length = True
    data.private_block(0x0019, "NOBODY", create=True).add_new(0x10, "LO", "odd")
    data.WindowCenter, data.WindowWidth = [40, 600], [400, 1200]
    if implicit:
        data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    return save(data, path)


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("charset", ["ISO_IR 100", "ISO_IR 192"])
def test_an_ordinary_slice_takes_the_short_way(
    tmp_path: Path, implicit: bool, charset: str
) -> None:
    words = {"SpecificCharacterSet": charset, "SeriesDescription": "Schädel über alles"}
    path = with_everything(tmp_path / "1", implicit, **words)
    assert agree(path)
    header = short(path)
    assert isinstance(header, Header)
    assert header.series_description == "Schädel über alles"


def test_both_ways_say_the_same_of_every_file_that_pydicom_ships() -> None:
    taken = [path.name for path in FILES if path.stat().st_size and agree(path)]
    assert {"CT_small.dcm", "MR_small.dcm", "MR_small_implicit.dcm", "JPEG2000.dcm"} <= set(taken)


@pytest.mark.parametrize("implicit", [False, True])
def test_both_ways_say_the_same_of_damaged_files(tmp_path: Path, implicit: bool) -> None:
    whole = with_everything(tmp_path / "whole", implicit).read_bytes()
    rng, taken = np.random.default_rng(7), 0
    path = tmp_path / "damaged"
    for _ in range(400):
        data = bytearray(whole)
        for at in rng.integers(132, len(data) - 128, rng.integers(1, 3)):
            data[at] = rng.choice([0, 1, 0x20, 0x41, 0x7F, 0x80, 0xFF, data[at] ^ 4])
        path.write_bytes(
            bytes(data[: rng.integers(140, len(data))]) if rng.random() < 0.2 else data
        )
        taken += agree(path)
    assert taken > 100


def test_a_data_set_longer_than_the_first_portion_is_read_on(tmp_path: Path) -> None:
    assert agree(with_everything(tmp_path / "1", ImageComments="x" * 9000))


def test_a_keyword_means_what_the_dictionary_says() -> None:
    for keyword, (tag, vr) in KEYWORDS.items():
        assert datadict.tag_for_keyword(keyword) == tag
        assert datadict.dictionary_VR(tag) == vr


def test_endless_nesting_is_left_to_pydicom() -> None:
    start = b"\0" * 128 + b"DICM" + b"\x02\0\x10\0UI\x14\0" + b"1.2.840.10008.1.2.1\0"
    deep = (b"\x08\0\x40\x11SQ\0\0" + b"\xff" * 4 + b"\xfe\xff\x00\xe0" + b"\xff" * 4) * 5000
    with pytest.raises(Unusual):
        elements(io.BytesIO(start + deep))
