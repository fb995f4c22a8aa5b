"""The children: whose thread started them does not matter, a file costs one at most, and they keep
nothing. The files that kill do so by a hook of this test's, at the one call that loads pixels."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from hostile import ct_slice, save
from radgloss.dicom import Limits, Reader, wire
from radgloss.dicom.files import File
from radgloss.types import InputRejected

LINUX = sys.platform.startswith("linux")
# Python imports this by itself: a child that loads the pixels of such a file dies or sleeps.
HOOK = """
import os, signal, time
load = os.pread
def pread(descriptor, size, at):
    name = os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}"))
    if "killer" in name:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "sleeper" in name:
        time.sleep(60)
    return load(descriptor, size, at)
os.pread = pread
"""


@pytest.fixture
def deadly(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    if not LINUX:
        pytest.skip("the hook finds a file's name in /proc")
    folder = tmp_path_factory.mktemp("hook")
    (folder / "sitecustomize.py").write_text(HOOK)
    path = os.pathsep.join(p for p in (str(folder), os.environ.get("PYTHONPATH", "")) if p)
    monkeypatch.setenv("PYTHONPATH", path)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose pixels were asked for, once for each time."""
    names: list[str] = []
    request = File.request

    def noted(self: File, op: str, **more: object) -> dict[str, object]:
        if op == "frames":
            names.append(self.name)
        return request(self, op, **more)

    monkeypatch.setattr(File, "request", noted)
    return names


def in_a_thread(reader: Reader, path: Path) -> tuple[int, ...]:
    """Use the reader in a thread that is gone afterwards; its children then."""
    found: list[tuple[int, ...]] = []

    def use() -> None:
        reader.read(path)
        found.append(reader.pids)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("workers", [1, 2])
def test_children_outlive_the_thread_that_started_them(tmp_path: Path, workers: int) -> None:
    for z in range(170 if workers > 1 else 2):
        save(ct_slice(z), tmp_path / f"{z}.dcm")
    with Reader(workers=workers) as reader:
        pids = in_a_thread(reader, tmp_path)
        time.sleep(0.3)
        assert all(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids)
        reader.read(tmp_path)
        assert reader.pids == pids
        assert in_a_thread(reader, tmp_path) == pids
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_threads_that_share_a_reader_each_get_their_own_study(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / str(number)).mkdir()
        for z in range(3):
            data = ct_slice(z, study=f"1.2.{number}")
            data.PixelData = np.full(64, number, "<i2").tobytes()
            save(data, tmp_path / str(number) / f"{z}.dcm")
    found: dict[int, set[float]] = {n: set() for n in range(4)}
    with Reader() as reader:

        def use(number: int) -> None:
            for _ in range(3):
                study = reader.read(tmp_path / str(number))
                found[number] |= set(np.unique(study.images[0].pixels).tolist())

        threads = [threading.Thread(target=use, args=(n,)) for n in found]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {n: {n - 1024.0} for n in range(4)}


@pytest.mark.parametrize("name", ["a.dcm", "sleeper.dcm"])
def test_a_child_ends_with_its_parent_idle_or_at_work(
    deadly: None, tmp_path: Path, name: str
) -> None:
    path = save(ct_slice(), tmp_path / name)
    code = (
        "import sys, threading, time; from radgloss.dicom import Reader; reader = Reader();"
        "threading.Thread(target=reader.read, args=(sys.argv[1],), daemon=True).start();"
        "time.sleep(1.5); print(*reader.pids, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    children = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
    assert len(children) == 1
    parent.kill()
    parent.wait()
    parent.stdout.close()
    gone, alive = psutil.wait_procs(children, timeout=5)
    assert gone
    assert not alive


def test_a_child_that_died_at_rest_is_replaced_and_no_file_is_blamed(tmp_path: Path) -> None:
    for z in range(3):
        save(ct_slice(z), tmp_path / f"{z}.dcm")
    with Reader() as reader:
        first = reader.read(tmp_path)
        psutil.Process(reader.pids[0]).kill()
        os.waitid(os.P_PID, reader.pids[0], os.WEXITED | os.WNOWAIT)  # it has ended
        again = reader.read(tmp_path)
    assert again.left_out == ()
    assert np.array_equal(first.images[0].pixels, again.images[0].pixels)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_that_kills_costs_one_child_and_is_named(
    deadly: None, asked: list[str], tmp_path: Path, workers: int
) -> None:
    for z in range(170):
        name = f"killer{z}.dcm" if z in (0, 40, 41, 169) else f"{z}.dcm"
        data = ct_slice(z)
        data.PixelData = np.full(64, z, "<i2").tobytes()
        save(data, tmp_path / name)
    with Reader(workers=workers) as reader:
        study = reader.read(tmp_path)
        assert len(reader.pids) <= workers
    killers = {f"killer{z}.dcm": "crashed" for z in (0, 40, 41, 169)}
    assert {e.what: e.code for e in study.left_out} == killers
    (image,) = study.images
    expected = [z - 1024.0 for z in range(170) if z not in (0, 40, 41, 169)]
    assert image.pixels[:, 0, 0].tolist() == expected
    assert image.pixels[:, 7, 7].tolist() == expected
    assert len(image.sources) == len(study.digests) == 166
    assert len(asked) == len(set(asked)) == 170  # nothing is read again


def test_what_a_child_said_before_it_ended_is_heard() -> None:
    ours, theirs = socket.socketpair()
    wire.send(ours, {"op": "first"})
    wire.send(ours, {"op": "second"})
    wire.receive(theirs)
    wire.send(theirs, {"ok": True})
    theirs.close()  # with a request unread, of which the system tells us first
    with ours:
        assert wire.receive(ours) == {"ok": True}
        with pytest.raises(EOFError):
            wire.receive(ours)


def test_where_only_killers_come_the_reading_ends_and_says_what_it_left_unread(
    deadly: None, tmp_path: Path
) -> None:
    for z in range(12):
        save(ct_slice(z), tmp_path / (f"killer{z:02}.dcm" if z > 2 else f"{z}.dcm"))
    with Reader(Limits(lost_children=3)) as reader:
        study = reader.read(tmp_path)
        codes = [e.code for e in study.left_out]
        assert codes == ["crashed"] * 3 + ["given-up"] * 6
        assert study.images[0].pixels.shape == (3, 8, 8)
        save(ct_slice(99), tmp_path / "other.dcm")
        assert reader.read(tmp_path / "other.dcm").left_out == ()  # the next begins afresh


def test_a_frame_left_aside_for_one_that_fails_comes_in_and_nothing_is_read_twice(
    asked: list[str], tmp_path: Path
) -> None:
    for z in range(4):
        data = ct_slice(z)
        data.PixelData = np.full(64, z, "<i2").tobytes()
        save(data, tmp_path / f"{z}.dcm")
    bad = ct_slice(2)  # the UID of a good slice, other bytes, and met before it
    bad.PixelData = np.full(64, 7, "<i2").tobytes()
    path = save(bad, tmp_path / "0-first.dcm")
    content = path.read_bytes()
    coded = content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")
    assert coded != content
    path.write_bytes(coded)  # native pixels that say that they are run lengths
    with Reader() as reader:
        study = reader.read(tmp_path)
    assert [e.what for e in study.left_out] == ["0-first.dcm"]
    assert study.images[0].pixels[:, 0, 0].tolist() == [z - 1024.0 for z in range(4)]
    assert sorted(asked) == ["0-first.dcm", "0.dcm", "1.dcm", "2.dcm", "3.dcm"]


@pytest.mark.skipif(not LINUX, reason="looks into /proc")
@pytest.mark.parametrize("slices", [3, 60])
def test_a_child_at_rest_holds_no_memory_of_a_study(tmp_path: Path, slices: int) -> None:
    for z in range(slices):
        save(ct_slice(z), tmp_path / f"{z}.dcm")
    with Reader() as reader:
        study = reader.read(tmp_path)
        reader.scan(tmp_path / "0.dcm")  # answered after whatever came before
        maps = Path(f"/proc/{reader.pids[0]}/maps").read_text()
        fds = Path(f"/proc/{reader.pids[0]}/fd").iterdir()
        assert "memfd:radgloss" not in maps
        assert not any("radgloss" in os.readlink(fd) for fd in fds)
    assert study.images[0].pixels.shape[0] == slices


def test_what_goes_wrong_on_our_side_leaves_no_answer_for_the_next_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for z in range(8):
        save(ct_slice(z), tmp_path / f"{z}.dcm")
    with Reader() as reader:
        before = reader.read(tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr(
                "radgloss.dicom.wire.understood", lambda *_: (_ for _ in ()).throw(KeyError("ours"))
            )
            with pytest.raises(KeyError):
                reader.read(tmp_path)
        after = reader.read(tmp_path)
    assert np.array_equal(before.images[0].pixels, after.images[0].pixels)


def test_a_frame_that_the_file_does_not_have_is_refused(tmp_path: Path) -> None:
    save(ct_slice(), tmp_path / "a.dcm")
    with Reader() as reader, pytest.raises(InputRejected) as caught:
        reader.render(tmp_path / "a.dcm", 1)
    assert caught.value.code == "no-such-frame"
