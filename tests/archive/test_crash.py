"""kill -9 at any moment, and two importers at once."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from radgloss.archive import Archive

Importing = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def many(tmp_path: Path, write: Callable[..., Path]) -> Path:
    folder = tmp_path / "many"
    for i in range(240):
        write(folder / f"{i:03}.dcm", f"1.2.9.{i}", note=f"{i:04}" * (i % 40))
    return folder


def _kill_after(process: subprocess.Popen[str], acks: int, pause: float) -> list[list[str]]:
    """What had been acknowledged when the process was killed, `pause` s after that many."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line.split())
        if len(said) > acks:
            break
    time.sleep(pause)
    process.kill()
    said += [line.split() for line in process.stdout.read().splitlines()]
    process.wait()
    process.stdout.close()
    return [words for words in said if len(words) == 3]  # a line cut short was not read


def test_kill_9_loses_nothing_acknowledged_and_leaves_nothing_half_there(
    home: Path, many: Path, importing: Importing, reader: Any
) -> None:
    rng = random.Random(20)
    by_hash = {hashlib.sha256(p.read_bytes()).hexdigest(): p for p in many.iterdir()}
    acknowledged: set[str] = set()
    for _ in range(10):
        process = importing(home, many)
        said = _kill_after(process, rng.randrange(0, 220), rng.random() * 0.03)
        acknowledged |= {words[1] for words in said}
        with Archive.open(home, identify=reader, reserve=0, watermark=1) as archive:
            on_disk = {p.name: p for p in (home / "files").glob("??/*")}
            rows = {p.name for p in archive.study_files("1.2.50")} if archive.studies() else set()
            assert acknowledged <= rows
            assert rows == on_disk.keys()
            for name, path in on_disk.items():
                assert path.read_bytes() == by_hash[name].read_bytes()
            assert archive.verify() == []
            assert list((home / "incoming").iterdir()) == []
    with Archive.open(home, identify=reader, reserve=0, watermark=1) as archive:
        archive.receive(many)
        assert {p.name for p in archive.study_files("1.2.50")} == by_hash.keys()
        assert archive.verify() == []


def test_bytes_then_place_then_folder_are_forced_to_disk_before_the_acknowledgement(
    archive: Archive, sent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[int] = []  # inodes, in the order of fsync
    moved: dict[Path, int] = {}  # how many fsyncs came before a move
    fsync, move = os.fsync, os.replace

    def forcing(handle: int) -> None:
        forced.append(os.fstat(handle).st_ino)
        fsync(handle)

    def moving(source: Path, target: Path) -> None:
        moved[Path(target)] = len(forced)
        move(source, target)

    monkeypatch.setattr(os, "fsync", forcing)
    monkeypatch.setattr(os, "replace", moving)
    for ack in archive.receive_each([sent]):
        place = archive.home / "files" / ack.sha256[:2] / ack.sha256
        assert place.stat().st_ino in forced[: moved[place]]
        assert place.parent.stat().st_ino in forced[moved[place] :]
        assert place.parent.parent.stat().st_ino in forced[moved[place] :]


def test_threads_may_share_an_open_archive(archive: Archive, many: Path) -> None:
    halves = sorted(many.iterdir())
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda i: list(archive.receive_each(halves[i::4])), range(4))
    assert [a.outcome for acks in found for a in acks] == ["stored"] * 240
    assert len(archive.study_files("1.2.50")) == 240
    assert archive.verify() == []


def test_two_processes_import_at_once_and_both_succeed(
    home: Path, many: Path, importing: Importing, reader: Any
) -> None:
    both = [importing(home, many) for _ in range(2)]
    said = [process.communicate(timeout=120)[0].split("\n") for process in both]
    assert [process.returncode for process in both] == [0, 0]
    outcomes = [line.split()[0] for lines in said for line in lines if line.count(" ") == 2]
    assert outcomes.count("stored") == 240
    assert outcomes.count("already-there") == 240
    with Archive.open(home, identify=reader, reserve=0, watermark=1) as archive:
        assert len(archive.study_files("1.2.50")) == 240
        assert archive.quarantine() == []
        assert archive.verify() == []
        assert archive.repair(deep=True).missing == ()


def test_a_failed_commit_takes_its_files_back_or_leaves_word_for_the_next_opening(
    home: Path, sent: Path, reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("no commit today")

    with Archive.open(home, identify=reader, reserve=0, watermark=1) as archive:
        archive.receive(sent / "00.dcm")
        for broken in ({"_sync"}, {"_sync", "_take_back"}):
            with monkeypatch.context() as patched:
                for name in broken:
                    patched.setattr(Archive, name, failing)
                with pytest.raises(RuntimeError):
                    archive.receive(sent)
            left = {p.name for p in (home / "files").glob("??/*")}
            assert (len(left) == 1) == ("_take_back" not in broken)
    with Archive.open(home, identify=reader, reserve=0, watermark=1) as archive:
        assert len(list((home / "files").glob("??/*"))) == 1
        assert len(archive.receive(sent).stored) == 11
        assert archive.verify() == []
