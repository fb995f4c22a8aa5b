"""Makes hostile files: each small on disk and large, endless or contradictory once believed.

For tests of everything that takes in files. Nothing here is kept in the repository as bytes."""

from __future__ import annotations

import gzip
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

__all__ = [
    "ct_slice",
    "deflate_bomb",
    "encapsulated",
    "j2k_lie",
    "many_frames",
    "nested_sequences",
    "nifti_gz_bomb",
    "rle_bomb",
    "save",
    "zip_bomb",
    "zip_slip",
]

CT = "1.2.840.10008.5.1.4.1.1.2"
GIB = 1 << 30


def ct_slice(z: float = 0.0, study: str = "1.2.3", series: str = "1.2.3.4", **changes: object):  # type: ignore[no-untyped-def]
    """A CT slice of 8×8 pixels at height z, as a data set to be changed and saved."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CT
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID = CT
    data.SOPInstanceUID = generate_uid(entropy_srcs=[study, series, str(z), str(changes)])
    data.StudyInstanceUID, data.SeriesInstanceUID = study, series
    data.FrameOfReferenceUID = study + ".9"
    data.PatientID, data.PatientName = "P1", "Nobody^Real"
    data.Modality, data.InstanceNumber, data.SeriesNumber = "CT", 1, 1
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.Rows = data.Columns = 8
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    data.RescaleSlope, data.RescaleIntercept = 1, -1024
    data.PixelSpacing = [0.5, 0.75]
    data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    data.ImagePositionPatient = [10.0, 20.0, z]
    data.PixelData = np.arange(64, dtype="<i2").tobytes()
    for keyword, value in changes.items():
        setattr(data, keyword, value)
    return data


def save(data: FileDataset, path: Path) -> Path:
    """Write the data set, its meta information kept in step."""
    data.file_meta.MediaStorageSOPInstanceUID = data.get("SOPInstanceUID", "1.2")
    data.save_as(path, enforce_file_format=True)
    return path


def _element(group: int, element: int, vr: bytes, value: bytes) -> bytes:
    value += b"\0" * (len(value) % 2)
    if vr in (b"OB", b"OW", b"SQ", b"UN"):
        return struct.pack("<HH2s2xI", group, element, vr, len(value)) + value
    return struct.pack("<HH2sH", group, element, vr, len(value)) + value


def _meta(syntax: bytes) -> bytes:
    rest = _element(2, 2, b"UI", CT.encode()) + _element(2, 3, b"UI", b"1.2.3.4.5")
    rest += _element(2, 0x10, b"UI", syntax)
    return b"\0" * 128 + b"DICM" + _element(2, 0, b"UL", struct.pack("<I", len(rest))) + rest


def _image(rows: int, columns: int, frames: int = 1) -> bytes:
    u16 = lambda n: struct.pack("<H", n)  # noqa: E731 - one line of packing
    return (
        _element(8, 0x16, b"UI", CT.encode())
        + _element(8, 0x18, b"UI", b"1.2.3.4.5")
        + _element(8, 0x60, b"CS", b"CT")
        + _element(0x10, 0x10, b"PN", b"Nobody^Real")
        + _element(0x10, 0x20, b"LO", b"P1")
        + _element(0x20, 0x0D, b"UI", b"1.2.3")
        + _element(0x20, 0x0E, b"UI", b"1.2.3.4")
        + _element(0x28, 2, b"US", u16(1))
        + _element(0x28, 4, b"CS", b"MONOCHROME2")
        + _element(0x28, 8, b"IS", str(frames).encode())
        + _element(0x28, 0x10, b"US", u16(rows))
        + _element(0x28, 0x11, b"US", u16(columns))
        + _element(0x28, 0x100, b"US", u16(16))
        + _element(0x28, 0x101, b"US", u16(16))
        + _element(0x28, 0x102, b"US", u16(15))
        + _element(0x28, 0x103, b"US", u16(0))
    )


def deflate_bomb(path: Path, size: int = 3 * GIB) -> Path:
    """A deflated data set (PS3.5 A.5) of `size` zero bytes; about size / 1000 on disk."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = _image(4096, 4096) + struct.pack("<HH2s2xI", 0x7FE0, 0x10, b"OB", size)
    start = squeeze.compress(body) + squeeze.flush(zlib.Z_FULL_FLUSH)
    # after a full flush a block refers to nothing before it, so one may stand for all
    zeros = squeeze.compress(bytes(1 << 24)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    deflated = start + zeros * (size >> 24) + squeeze.flush()
    path.write_bytes(_meta(b"1.2.840.10008.1.2.1.99") + deflated)
    return path


def encapsulated(path: Path, syntax: bytes, rows: int, columns: int, frame: bytes) -> Path:
    """A CT slice, unsigned 16 bits, whose one frame is these compressed bytes."""
    pixels = encapsulate([frame])
    head = struct.pack("<HH2s2xI", 0x7FE0, 0x10, b"OB", 0xFFFFFFFF)
    end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    path.write_bytes(_meta(syntax) + _image(rows, columns) + head + pixels + end)
    return path


def rle_bomb(path: Path, side: int = 32768) -> Path:
    """RLE runs of 128 zeros, side² of them twice: 16 MiB that unfold to 2 GiB."""
    run = b"\x81\x00" * (side * side // 128)
    header = struct.pack("<16I", 2, 64, 64 + len(run), *[0] * 13)
    return encapsulated(path, b"1.2.840.10008.1.2.5", side, side, header + run + run)


def j2k_lie(path: Path, said: int = 30000, side: int = 64, told: bool = False) -> Path:
    """A JPEG 2000 of side² whose SIZ claims said²; `told`: the data set tells the same lie."""
    import imagecodecs

    stream = bytearray(
        imagecodecs.jpeg2k_encode(
            np.zeros((side, side), np.uint16), codecformat="J2K", reversible=True
        )
    )
    at = stream.index(b"\xff\x51")
    struct.pack_into(">2I", stream, at + 6, said, said)  # Xsiz, Ysiz
    struct.pack_into(">2I", stream, at + 22, said, said)  # XTsiz, YTsiz
    claimed = said if told else side
    return encapsulated(path, b"1.2.840.10008.1.2.4.90", claimed, claimed, bytes(stream))


def nested_sequences(path: Path, depth: int) -> Path:
    """Sequences of undefined length, one in the other."""
    start = struct.pack("<HH2s2xI", 8, 0x1140, b"SQ", 0xFFFFFFFF)
    start += struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    end = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    body = _element(8, 0x16, b"UI", CT.encode()) + start * depth + end * depth
    path.write_bytes(_meta(b"1.2.840.10008.1.2.1") + body)
    return path


def many_frames(path: Path, frames: int = 99_999, side: int = 65_535) -> Path:
    """A header that promises frames of side² and holds two bytes of pixels."""
    pixels = struct.pack("<HH2s2xI", 0x7FE0, 0x10, b"OW", 2) + b"\0\0"
    path.write_bytes(_meta(b"1.2.840.10008.1.2.1") + _image(side, side, frames) + pixels)
    return path


def zip_bomb(path: Path, size: int = GIB >> 3) -> Path:
    """A zip with one member of `size` zeros."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.dcm", "w", force_zip64=True) as member,
    ):
        for _ in range(size >> 24):
            member.write(bytes(1 << 24))
    return path


def zip_slip(path: Path, good: bytes = b"") -> Path:
    """A zip whose members want to be written elsewhere; `good` is stored beside them."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../escaped.dcm", good or b"x")
        archive.writestr("/absolute.dcm", good or b"x")
        if good:
            archive.writestr("good.dcm", good)
    return path


def nifti_gz_bomb(path: Path, side: int = 1500, held: int = GIB) -> Path:
    """A gzipped NIfTI that claims side³ float64 voxels and holds `held` bytes of zeros."""
    import nibabel as nib

    header = nib.Nifti1Header()
    header.set_data_dtype(np.float64)
    header.set_data_shape((side, side, side))
    header["vox_offset"], header["magic"] = 352, b"n+1"
    start = gzip.compress(header.binaryblock + b"\0" * 4)
    path.write_bytes(start + gzip.compress(bytes(1 << 24)) * (held >> 24))
    return path
