"""What the archive promises about files: whole or not there, told once, never overwritten."""

from __future__ import annotations

import builtins
import errno
import hashlib
import os
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from radgloss.archive import Archive, Scanned
from radgloss.archive.staging import open_stage
from radgloss.types import Identity, InputRejected, Origin

Write = Callable[..., Path]


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _files(home: Path) -> set[str]:
    return {p.name for p in (home / "files").rglob("*") if p.is_file()}


def _leftovers(home: Path) -> list[Path]:
    return [p for p in home.rglob("*") if p.suffix == ".part" or p.parent.name == "incoming"]


def test_what_was_acknowledged_is_there_byte_for_byte(archive: Archive, sent: Path) -> None:
    receipt = archive.receive(sent)
    assert [a.outcome for a in receipt.files] == ["stored"] * 12
    assert {_sha(p) for p in archive.study_files("1.2.50")} == {_sha(p) for p in sent.iterdir()}
    study = archive.studies()[0]
    assert (study.uid, study.series, study.instances) == ("1.2.50", 2, 12)
    assert study.modalities == ("CR",)
    assert receipt.studies == ("1.2.50",)
    assert _leftovers(archive.home) == []


def test_files_are_told_one_by_one_in_order(archive: Archive, sent: Path) -> None:
    heard: list[str] = []
    archive.receive(sent, on_ack=lambda a: heard.append(a.source.name))
    assert heard == sorted(p.name for p in sent.iterdir())


def test_names_on_disk_are_hashes_and_nothing_else(archive: Archive, sent: Path) -> None:
    archive.receive(sent)
    for path in (archive.home / "files").rglob("*"):
        assert re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{2}", path.name)


def test_same_bytes_again_change_nothing(archive: Archive, sent: Path) -> None:
    archive.receive(sent)
    before = archive.trail(), archive.studies(), _files(archive.home)
    again = archive.receive(sent)
    assert len(again.already) == 12
    assert again.studies == ("1.2.50",)
    assert (archive.trail(), archive.studies(), _files(archive.home)) == before


def test_same_uid_with_other_bytes_goes_to_quarantine(
    archive: Archive, sent: Path, write: Write
) -> None:
    archive.receive(sent)
    kept = _sha(sent / "03.dcm")
    altered = write(sent.parent / "altered.dcm", "1.2.9.3", note="changed")
    for _ in range(2):  # told again, kept once
        (ack,) = archive.receive(altered).quarantined
        assert ack.problem is not None
        assert ack.problem.code == "same-uid-other-bytes"
    assert [q.sha256 for q in archive.quarantine()] == [_sha(altered)]
    assert _sha(altered) in _files(archive.home)
    hashes = {_sha(p) for p in archive.study_files("1.2.50")}
    assert kept in hashes
    assert _sha(altered) not in hashes
    assert [e.act for e in archive.trail()].count("quarantined") == 1


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"StudyInstanceUID": "1.2.51"}, "series-in-two-studies"),
        ({"PatientID": "4712", "SeriesInstanceUID": "1.2.77"}, "study-of-two-patients"),
    ],
)
def test_contradictions_between_patients_and_studies_are_kept_apart(
    archive: Archive, tmp_path: Path, write: Write, tags: dict[str, str], code: str
) -> None:
    archive.receive(write(tmp_path / "a.dcm", "1.2.1"))
    (ack,) = archive.receive(write(tmp_path / "b.dcm", "1.2.2", **tags)).files
    assert ack.outcome == "quarantined"
    assert ack.problem is not None
    assert ack.problem.code == code
    assert len(archive.studies()) == 1


def test_a_bad_file_among_good_ones_is_named_and_the_rest_kept(
    archive: Archive, sent: Path
) -> None:
    (sent / "notes.txt").write_text("hello")
    (sent / "empty.dcm").write_bytes(b"")
    os.mkfifo(sent / "pipe")
    receipt = archive.receive(sent)
    codes = {a.source.name: a.problem.code for a in receipt.rejected if a.problem}
    assert codes == {"empty.dcm": "not-dicom", "pipe": "not-a-file"}
    assert [a.source.name for a in receipt.ignored] == ["notes.txt"]
    assert len(receipt.stored) == 12
    assert len(_files(archive.home)) == 12


def test_what_was_never_meant_as_an_image_is_ignored_as_in_reading(
    archive: Archive, sent: Path
) -> None:
    (sent / ".hidden").mkdir()
    for name in (".hidden/x.dcm", ".DS_Store", "README", "a.json", "DICOMDIR"):
        (sent / name).write_text("hello")
    (sent / "00.dcm").rename(sent / "really.txt")
    receipt = archive.receive(sent)
    assert {a.source.name for a in receipt.ignored} == {".DS_Store", "README", "a.json", "DICOMDIR"}
    assert len(receipt.stored) == 12  # bytes decide, not names
    assert not receipt.rejected
    (told,) = archive.receive(sent / "README").files  # named by itself: somebody meant it
    assert told.outcome == "rejected"


def test_a_nifti_is_told_why_it_cannot_be_filed(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "v.nii.gz").write_bytes(b"\x1f\x8b")
    (ack,) = archive.receive(tmp_path / "v.nii.gz").rejected
    assert ack.problem is not None
    assert ack.problem.code == "nifti"


@pytest.mark.parametrize("uid", ["", "../../etc/passwd", "1.2\0", "1" * 65, "CON", "1..2", "1.2 "])
def test_a_uid_that_is_none_is_rejected(home: Path, tmp_path: Path, uid: str) -> None:
    def hostile(folder: Path) -> dict[str, Scanned | InputRejected]:
        said = Scanned(uid, "1.2", "1.2.3", "1.2.4", "CT", Identity(patient_id="1"))
        return {p.name: said for p in folder.iterdir()}

    (tmp_path / "x").write_bytes(b"x")
    with Archive.open(home, identify=hostile, reserve=0, watermark=1) as archive:
        (ack,) = archive.receive(tmp_path / "x").rejected
    assert ack.problem is not None
    assert ack.problem.code == "bad-uid"
    assert _files(home) == set()


def test_nothing_to_receive_is_said(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    for path, code in [(tmp_path / "none", "no-such-path"), (tmp_path / "bare", "empty-folder")]:
        with pytest.raises(InputRejected) as caught:
            archive.receive(path)
        assert caught.value.code == code


# ------------------------------------------------------------------ zip


def test_a_zip_is_received_member_by_member(archive: Archive, sent: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as bundle:
        for path in sent.iterdir():
            bundle.write(path, f"../../{path.name}")
    before = {p for p in tmp_path.rglob("*") if archive.home not in p.parents}
    assert len(archive.receive(tmp_path / "s.zip").stored) == 12
    assert {p for p in tmp_path.rglob("*") if archive.home not in p.parents} == before


def test_a_damaged_member_is_named_and_the_rest_kept(
    archive: Archive, sent: Path, tmp_path: Path
) -> None:
    path = tmp_path / "s.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        for name in ("00.dcm", "01.dcm"):
            bundle.write(sent / name, name)
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF  # inside the first member
    path.write_bytes(data)
    receipt = archive.receive(path)
    assert [a.problem.code for a in receipt.rejected if a.problem] == ["bad-zip-member"]
    assert len(receipt.stored) == 1


def test_a_zip_bomb_is_stopped_by_what_it_unpacks_to(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("radgloss.archive.sending._ZIP_FREE", 1 << 20)
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("zeros", bytes(32 << 20))
    receipt = archive.receive(tmp_path / "b.zip")
    assert [a.problem.code for a in receipt.rejected if a.problem] == ["zip-bomb"]
    assert _files(archive.home) == set()


def test_a_zip_cut_short_is_said(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "s.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(InputRejected, match="not-a-zip"):
        archive.receive(tmp_path / "s.zip")


# ------------------------------------------------------------------ a full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small tmpfs")
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mount is not allowed here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_really_full_disk_loses_nothing_acknowledged(
    small_disk: Path, tmp_path: Path, write: Write, reader: Any
) -> None:
    for i in range(40):
        write(tmp_path / "big" / f"{i:02}", f"1.2.{i + 1}", TextValue=f"{i:03}" * 66_000)
    acknowledged = []
    with Archive.open(
        small_disk / "home", identify=reader, reserve=0, watermark=1, batch_files=4
    ) as archive:
        with pytest.raises(InputRejected) as caught:
            archive.receive(tmp_path / "big", on_ack=lambda a: acknowledged.append(a.sha256))
        assert caught.value.code == "disk-full"
        assert 0 < len(acknowledged) < 40
        assert _files(archive.home) == set(acknowledged)
        assert _leftovers(archive.home) == []
        assert {p.name for p in archive.study_files("1.2.50")} == set(acknowledged)
        assert archive.verify() == []


def test_a_disk_that_fills_while_writing_leaves_nothing_half_there(
    archive: Archive, sent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.receive(sent / "00.dcm")
    real = builtins.open

    class Full:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def write(self, data: bytes) -> int:
            self.file.write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

    def opening(path: Any, mode: str = "r", *args: Any, **more: Any) -> Any:
        file = real(path, mode, *args, **more)
        return Full(file) if mode == "xb" and str(path).endswith(".part") else file

    with monkeypatch.context() as patched:
        patched.setattr(builtins, "open", opening)
        with pytest.raises(InputRejected, match="disk-full"):
            archive.receive(sent)
    assert len(_files(archive.home)) == 1
    assert _leftovers(archive.home) == []
    assert len(archive.receive(sent).stored) == 11


def test_above_the_watermark_no_import_begins_and_below_it_goes_on_unaided(
    small_disk: Path, tmp_path: Path, write: Write, reader: Any
) -> None:
    sent = write(tmp_path / "a.dcm", "1.2.1")
    ballast = small_disk / "ballast"
    with Archive.open(small_disk / "home", identify=reader, reserve=0, watermark=0.75) as archive:
        ballast.write_bytes(b"\0" * (3 << 20))
        with pytest.raises(InputRejected, match="disk-full"):
            archive.receive(sent)
        ballast.unlink()
        assert len(archive.receive(sent).stored) == 1


def test_the_reserve_is_kept_free(home: Path, sent: Path, reader: Any) -> None:
    with (
        Archive.open(home, identify=reader, reserve=1 << 60, watermark=1) as archive,
        pytest.raises(InputRejected, match="disk-full"),
    ):
        archive.receive(sent)
    assert _files(home) == set()


# ------------------------------------------------------------------ crashes and repair


def test_opening_takes_out_what_a_dead_import_left(home: Path, sent: Path, reader: Any) -> None:
    with Archive.open(home, identify=reader, reserve=0, watermark=1) as archive:
        archive.receive(sent / "00.dcm")
    kept, orphan = _sha(sent / "00.dcm"), _sha(sent / "01.dcm")
    stage = open_stage(home, 0)
    (stage.parts / "x.part").write_bytes(b"half")
    stage.announce([kept, orphan])
    (home / "files" / orphan[:2]).mkdir(exist_ok=True)
    (home / "files" / orphan[:2] / orphan).write_bytes((sent / "01.dcm").read_bytes())
    with Archive.open(
        home, identify=reader, reserve=0, watermark=1
    ):  # its process still lives: hands off
        assert _files(home) == {kept, orphan}
    stage.lock.close()  # now it is dead
    with Archive.open(home, identify=reader, reserve=0, watermark=1) as archive:
        assert _files(home) == {kept}
        assert _leftovers(home) == []
        assert len(archive.receive(sent).stored) == 11


def test_repair_reads_orphans_again_and_names_what_is_wrong(
    archive: Archive, sent: Path, write: Write
) -> None:
    archive.receive(sent)
    home = archive.home

    def put(name: str, data: bytes) -> Path:
        place = home / "files" / name[:2] / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
        return place

    orphan = write(sent.parent / "orphan", "1.2.9.99")
    put(_sha(orphan), orphan.read_bytes())
    text = hashlib.sha256(b"text").hexdigest()
    put(text, b"text")
    lie = put("0" * 64, b"not zero")
    gone, altered, *_ = archive.study_files("1.2.50")
    gone.unlink()
    data = bytearray(altered.read_bytes())
    data[-1] ^= 1
    altered.write_bytes(data)

    found = archive.repair(deep=True)
    assert found.readded == (_sha(orphan),)
    assert found.removed == (lie.name,)
    assert found.unidentified == (text,)
    assert found.missing == (gone.name,)
    assert found.altered == (altered.name,)
    assert (home / "unidentified" / text).read_bytes() == b"text"
    assert archive.repair() == type(found)(missing=(gone.name,))


def test_sending_again_heals_a_lost_file(archive: Archive, sent: Path) -> None:
    archive.receive(sent)
    gone = archive.study_files("1.2.50")[0]
    gone.unlink()
    archive.receive(sent)
    assert _sha(gone) == gone.name
    assert archive.repair(deep=True).missing == ()


@settings(
    deadline=None,
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=8))
def test_whatever_is_sent_the_first_bytes_of_a_uid_stay(
    tmp_path_factory: pytest.TempPathFactory,
    write: Write,
    reader: Any,
    sequence: list[tuple[int, int]],
) -> None:
    folder = tmp_path_factory.mktemp("law")
    first: dict[int, int] = {}
    with Archive.open(folder / "home", identify=reader, reserve=0, watermark=1) as archive:
        for uid, note in sequence:
            fresh = uid not in first
            (ack,) = archive.receive(write(folder / "f", f"1.2.{uid + 1}", note=str(note))).files
            kept = first.setdefault(uid, note)
            wanted = "stored" if fresh else "already there" if note == kept else "quarantined"
            assert ack.outcome == wanted
        assert len(archive.study_files("1.2.50")) == len(first)
        assert len(archive.quarantine()) == len({s for s in sequence if first[s[0]] != s[1]})
        assert archive.verify() == []
        found = archive.repair(deep=True)
        assert (found.missing, found.altered, found.readded) == ((), (), ())


# ------------------------------------------------------------------ drafts


def test_drafts_are_kept_as_they_were_written(archive: Archive, sent: Path) -> None:
    archive.receive(sent)
    origin = Origin("checkpoint", "preprocessing", "0.1", seed=3)
    number = archive.save_draft("1.2.50", origin, '{"text": "No pneumothorax."}')
    (draft,) = archive.drafts("1.2.50")
    assert (draft.draft_id, draft.origin, draft.state) == (number, origin, "draft")
    assert draft.document == '{"text": "No pneumothorax."}'
    assert archive.trail()[-1].act == "draft-saved"


def test_a_draft_needs_its_study_and_json(archive: Archive, sent: Path) -> None:
    origin = Origin("c", "p", "0.1")
    with pytest.raises(InputRejected, match="no-such-study"):
        archive.save_draft("1.2.3", origin, "{}")
    archive.receive(sent)
    with pytest.raises(InputRejected, match="not-json"):
        archive.save_draft("1.2.50", origin, "{")
    assert archive.drafts("1.2.50") == []


def test_an_unknown_study_is_said(archive: Archive) -> None:
    with pytest.raises(InputRejected, match="no-such-study"):
        archive.study_files("1.2.3")
