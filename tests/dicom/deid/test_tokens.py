"""A unique token in every attribute of every VR, at several depths, searched for in the bytes."""

import struct

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom._dicom_dict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit

from deid_files import TEXTS, nested, through
from hostile import ct_slice, save

TOKEN = "Qzvxatoken"
TEXT_VRS = (*TEXTS, "PN", "UR", "CS", "AE")
BYTE_VRS = ("OB", "OW", "UN", "OF", "OL", "OD")
PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
CLEANED = ("descriptors", "structured", "graphics")
KEPT = ("dates", "patient", "device", "institution", "uids", "private")
NEEDED = (0x00080005, 0x00080016, 0x00080018)  # whose text must be what it is


def holders(vrs):
    """Attributes of the dictionary (not only of the table) with one of these VRs."""
    return sorted(
        tag for tag, (vr, *_) in DicomDictionary.items()
        if vr in vrs and tag >> 16 not in (0x0000, 0x0002) and tag not in (*NEEDED, *PIXELS)
    )  # fmt: skip


def filled(vrs):
    data = Dataset()
    for tag in holders(vrs):
        vr = DicomDictionary[tag][0]
        text = f"{TOKEN.upper()}" if vr in ("CS", "AE") else f"seen by {TOKEN} yesterday"
        data.add(DataElement(tag, vr, text if vr in TEXT_VRS else f"{TOKEN}  ".encode()))
    return data


def lies_in(written):
    return TOKEN.lower().encode() in written.lower()


@pytest.mark.parametrize("names", [(), CLEANED, KEPT])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_a_patients_name_is_in_no_attribute_of_the_dictionary(tmp_path, names, depth):
    data = nested(filled((*TEXT_VRS, *BYTE_VRS)), depth)
    data.PatientName, data.PatientID = f"{TOKEN}^Ann", "P1"
    written, _ = through(save(data, tmp_path / "a.dcm"), names)
    assert not lies_in(written)


@pytest.mark.parametrize("depth", [0, 2])
def test_what_no_header_says_is_in_no_attribute_of_the_table(tmp_path, depth):
    from radgloss.dicom.deid.table import row_of

    data = Dataset()
    for element in filled((*TEXT_VRS, *BYTE_VRS)):
        if row_of(int(element.tag)) is not None and element.VR != "PN":
            data.add(element)
    data.PatientName, data.PatientID = "Nobody", "P1"
    written, _ = through(save(nested(data, depth), tmp_path / "a.dcm"))
    assert not lies_in(written)


def test_text_in_attributes_of_numbers_dates_and_uids_is_gone(tmp_path):
    data = ct_slice()
    for tag in holders(("DS", "IS", "DA", "TM", "DT", "AS", "UI")):
        vr = DicomDictionary[tag][0]
        raw = pydicom.dataelem.RawDataElement(
            pydicom.tag.Tag(tag), vr, len(TOKEN), TOKEN.encode(), 0, False, True
        )
        data._dict[pydicom.tag.Tag(tag)] = raw
    written, _ = through(save(data, tmp_path / "a.dcm"), ("dates", "uids"))
    assert not lies_in(written)


@settings(max_examples=40, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    group=st.integers(0x0009, 0xFFFD).filter(lambda g: g % 2 and g > 7),
    element=st.integers(0x1000, 0x10FF),
    vr=st.sampled_from(["LO", "UN", "OB", "SQ", "UT", "PN", "SH"]),
    creator=st.sampled_from(["GEMS_ACQU_01", "SIEMENS MR HEADER", "NOBODY 1.0", TOKEN]),
    depth=st.integers(0, 3),
    keeps=st.booleans(),
)
def test_no_private_attribute_carries_a_token(tmp_path, group, element, vr, creator, depth, keeps):
    data = Dataset()
    data.add(DataElement(group << 16 | 0x10, "LO", creator))
    inner = Dataset()
    inner.PatientComments = TOKEN
    value = {"SQ": [inner], "UN": TOKEN.encode(), "OB": TOKEN.encode()}.get(vr, TOKEN)
    data.add(DataElement(group << 16 | element, vr, value))
    data.PatientID = "P1"
    whole = nested(data, depth)
    whole.PatientName = f"{TOKEN}^Ann"
    written, _ = through(save(whole, tmp_path / "a.dcm"), ("private",) if keeps else ())
    assert not lies_in(written)


@settings(max_examples=60, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    name=st.text("abcdefghijklmnopqrstuvwxyzäöüßéñ", min_size=5, max_size=12),
    around=st.tuples(*[st.sampled_from([" ", ", ", "_", "^", "(", "-", "/", ": "])] * 2),
    where=st.sampled_from(["StudyDescription", "ImageComments", "SeriesDescription",
                           "SegmentDescription", "DerivationDescription"]),
    style=st.sampled_from([str.upper, str.lower, str.title]),
    names=st.sampled_from([(), ("descriptors",)]),
)  # fmt: skip
def test_a_name_is_found_however_it_is_written(tmp_path, name, around, where, style, names):
    data = ct_slice(SpecificCharacterSet="ISO_IR 192")
    data.PatientName = f"{name}^Ann"
    written_name = style(name)
    if written_name.lower() != name:
        written_name = name  # ß has no upper case of one letter
    setattr(data, where, f"thorax{around[0]}{written_name}{around[1]}supine")
    written, _ = through(save(data, tmp_path / "a.dcm"), names)
    assert written_name.encode() not in written


def test_preamble_meta_and_what_follows_the_pixels_are_not_carried_over(tmp_path):
    data = ct_slice(PatientName="Nobody")
    data.preamble = TOKEN.encode().ljust(128, b"\0")
    data.file_meta.SourceApplicationEntityTitle = TOKEN
    data.file_meta.PrivateInformationCreatorUID = "1.2.3.4"
    data.file_meta.PrivateInformation = TOKEN.encode()
    data.file_meta.ImplementationVersionName = TOKEN
    data.add(DataElement(0x7FE10010, "LO", TOKEN))
    data.add(DataElement(0xFFFCFFFC, "OB", TOKEN.encode()))
    written, _ = through(save(data, tmp_path / "a.dcm"))
    assert not lies_in(written)


def test_bytes_beyond_the_last_frame_are_cut(tmp_path):
    data = ct_slice(PatientName="Nobody")
    data.PixelData += TOKEN.encode()
    written, _ = through(save(data, tmp_path / "a.dcm"))
    assert not lies_in(written)


def test_words_in_a_jpeg_are_blanked_and_its_picture_is_untouched(tmp_path):
    import imagecodecs
    import numpy as np

    grey = (np.arange(64 * 64) % 251).astype(np.uint8).reshape(64, 64)
    plain = imagecodecs.jpeg8_encode(grey)
    said = f"{TOKEN}!".encode()
    segments = b"".join(
        marker + struct.pack(">H", 2 + len(said)) + said for marker in (b"\xff\xfe", b"\xff\xe1")
    )
    stream = plain[:2] + segments + plain[2:] + said
    data = ct_slice(PatientName="Nobody", Rows=64, Columns=64, BitsAllocated=8, BitsStored=8,
                    HighBit=7, PixelRepresentation=0)  # fmt: skip
    data.PixelData = encapsulate([stream])
    data["PixelData"].is_undefined_length = True
    data.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    written, _ = through(save(data, tmp_path / "a.dcm"))
    assert lies_in((tmp_path / "a.dcm").read_bytes())
    assert not lies_in(written)
    start = written.index(b"\xff\xd8\xff")
    assert np.array_equal(
        imagecodecs.jpeg8_decode(written[start:]), imagecodecs.jpeg8_decode(plain)
    )


def test_words_in_a_jpeg_2000_are_blanked_and_its_picture_is_untouched():
    import imagecodecs
    import numpy as np

    from radgloss.dicom.deid.codestream import blanked

    grey = (np.arange(64 * 64) % 4001).astype(np.uint16).reshape(64, 64)
    plain = imagecodecs.jpeg2k_encode(grey, codecformat="J2K", reversible=True)
    at = plain.index(b"\xff\x5c")  # before QCD
    said = TOKEN.encode()
    comment = b"\xff\x64" + struct.pack(">HH", 4 + len(said), 1) + said
    stream, count = blanked(plain[:at] + comment + plain[at:])
    assert count >= 1
    assert not lies_in(stream)
    assert np.array_equal(imagecodecs.jpeg2k_decode(stream), grey)
