"""A file or folder is whole or absent, and what was there before stays until then."""

import os
import stat

import pytest

from radgloss import disk


def test_a_failure_in_the_middle_leaves_the_old_file_and_nothing_else(tmp_path):
    path = disk.write(tmp_path / "a.txt", "old\r\n")

    def fail():
        with disk.whole(path) as file:
            file.write(b"ne")
            file.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"old\r\n"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_the_mode_is_the_one_asked_for_from_the_first_byte(tmp_path):
    with disk.whole(tmp_path / "key", 0o600) as file:
        (aside,) = tmp_path.iterdir()
        assert stat.S_IMODE(aside.stat().st_mode) == 0o600
        file.write(b"k")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_leftover_of_a_killed_writer_is_overwritten(tmp_path):
    aside = tmp_path / "head.part"
    aside.write_text("half")
    disk.write(tmp_path / "head", "whole", aside=aside)
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"head": "whole"}


def test_file_and_folder_are_forced_before_the_name_is_told(tmp_path, monkeypatch):
    acts = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(
        os, "fsync", lambda h: (acts.append(stat.S_ISDIR(os.fstat(h).st_mode)), fsync(h))
    )
    monkeypatch.setattr(os, "replace", lambda a, b: (acts.append("rename"), replace(a, b)))
    disk.write(tmp_path / "a", b"x")
    assert acts == [False, "rename", True]


def test_a_folder_takes_the_place_of_another_whole(tmp_path, monkeypatch):
    old, new = tmp_path / "c", tmp_path / "c.part"
    for folder, words in ((old, "old"), (new, "new")):
        (folder / "in").mkdir(parents=True)
        (folder / "in" / "words").write_text(words)
    rename = os.replace

    def killed(a, b):
        if a == new:
            raise KeyboardInterrupt
        rename(a, b)

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        disk.replace_folder(new, old)
    assert (tmp_path / ".c.old" / "in" / "words").read_text() == "old"
    monkeypatch.undo()
    disk.replace_folder(new, old)
    assert (old / "in" / "words").read_text() == "new"
    assert os.listdir(tmp_path) == ["c"]
