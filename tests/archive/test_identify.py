"""The archive with its real readers: capped children of the DICOM room."""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from radgloss.archive import Archive

SYNTAX_EXPLICIT = b"1.2.840.10008.1.2.1\0"
SYNTAX_DEFLATED = b"1.2.840.10008.1.2.1.99"


def _explicit(group: int, element: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH", group, element) + vr + struct.pack("<H", len(value)) + value


def _file(syntax: bytes, body: bytes) -> bytes:
    meta = _explicit(2, 0x10, b"UI", syntax)
    length = _explicit(2, 0, b"UL", struct.pack("<I", len(meta)))
    return bytes(128) + b"DICM" + length + meta + body


def _nested(depth: int) -> bytes:
    opening = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    return _file(SYNTAX_EXPLICIT, (opening + item) * depth)


def _deflate_bomb(megabytes: int) -> bytes:
    squeeze = zlib.compressobj(1, zlib.DEFLATED, -15)
    size = megabytes << 20
    parts = [squeeze.compress(struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OB", 0, size))]
    parts += [squeeze.compress(bytes(1 << 20)) for _ in range(megabytes)]
    return _file(SYNTAX_DEFLATED, b"".join(parts) + squeeze.flush())


def test_real_files_are_kept_and_hostile_ones_named_with_the_parent_flat(
    home: Path, sent: Path, write: Callable[..., Path]
) -> None:
    whole = (sent / "00.dcm").read_bytes()
    hostile = {
        "bomb.dcm": _deflate_bomb(600),
        "empty.dcm": b"",
        "nested.dcm": _nested(1_000),
        "short.dcm": whole[:150],
        "text.dcm": b"no DICOM at all\n" * 100,
    }
    for name, data in hostile.items():
        (sent / name).write_bytes(data)
    me, start = psutil.Process(), time.monotonic()
    others = set(me.children())
    with Archive.open(home, reserve=0, watermark=1) as archive:
        before = me.memory_info().rss
        receipt = archive.receive(sent)
        assert me.memory_info().rss - before < 64 << 20
        assert time.monotonic() - start < 30
        assert len(receipt.stored) == 12
        assert {a.source.name for a in receipt.rejected} == hostile.keys()
        assert all(a.problem and a.problem.what == a.source.name for a in receipt.rejected)
        assert archive.studies()[0].instances == 12
        assert archive.verify() == []
        assert archive.repair(deep=True).missing == ()
        assert len(archive.receive(sent).already) == 12
    assert set(me.children()) <= others


@pytest.mark.parametrize("count", [1, 2])
def test_what_the_children_say_is_what_is_stored(
    home: Path, tmp_path: Path, write: Callable[..., Path], count: int
) -> None:
    for i in range(count):
        write(tmp_path / "in" / f"{i}.dcm", f"1.2.3.{i}", Modality="DX", PatientID=f"{i}")
    with Archive.open(home, reserve=0, watermark=1) as archive:
        receipt = archive.receive(tmp_path / "in")
        assert [a.outcome for a in receipt.files] == ["stored", "quarantined"][:count]
        assert [a.sop_instance_uid for a in receipt.files] == [f"1.2.3.{i}" for i in range(count)]
        assert archive.studies()[0].modalities == ("DX",)
