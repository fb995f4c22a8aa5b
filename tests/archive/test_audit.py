"""The trail: every change of it is found and named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from radgloss.archive import Archive
from radgloss.archive.database import writing

Edit = Callable[..., None]


@pytest.fixture
def full(archive: Archive, sent: Path) -> Archive:
    """An archive with a trail of migrated, opened, twelve received."""
    archive.receive(sent)
    assert archive.verify() == []
    return archive


@pytest.fixture
def forge(home: Path) -> Edit:
    """SQL by somebody who has the file and knows of the triggers."""

    def run(*statements: str) -> None:
        with closing(sqlite3.connect(home / "archive.db")) as connection:
            for trigger in ("audit_no_update", "audit_no_delete"):
                connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return run


def _broken(archive: Archive) -> list[int]:
    return [link.seq for link in archive.verify()]


def test_everything_done_is_in_the_trail(full: Archive) -> None:
    acts = [e.act for e in full.trail()]
    assert acts == ["migrated", "opened"] + ["received"] * 12
    assert [e.seq for e in full.trail()] == list(range(1, 15))


@pytest.mark.parametrize("column", ["at", "act", "subject", "detail"])
def test_an_edited_row_is_named(full: Archive, forge: Edit, column: str) -> None:
    forge(f"UPDATE audit SET {column} = {column} || ' ' WHERE seq = 7")
    assert _broken(full) == [7]


def test_a_row_with_a_new_hash_breaks_the_next(full: Archive, forge: Edit) -> None:
    forge("UPDATE audit SET hash = replace(hash, 'a', 'b') WHERE seq = 7")
    assert _broken(full) == [7, 8]


def test_a_deleted_row_is_named(full: Archive, forge: Edit) -> None:
    forge("DELETE FROM audit WHERE seq = 7")
    (link,) = full.verify()
    assert link.seq == 8
    assert "7" in link.why


def test_a_deleted_first_row_is_named(full: Archive, forge: Edit) -> None:
    forge("DELETE FROM audit WHERE seq = 1")
    assert _broken(full) == [2]


def test_a_tail_cut_off_is_named_even_after_more_was_written(full: Archive, forge: Edit) -> None:
    forge("DELETE FROM audit WHERE seq > 10")
    (link,) = full.verify()
    assert link.seq == 11
    assert "14" in link.why
    for _ in range(5):
        full.record("tried", "archive")
    assert _broken(full) == [14]


def test_a_head_of_another_key_is_not_believed(full: Archive) -> None:
    seq, digest, _ = full.head.path.read_text().split()
    full.head.path.write_text(f"{seq} {digest} {'0' * 64}\n")
    (link,) = full.verify()
    assert "not our own" in link.why
    full.record("tried", "archive")
    assert len(full.verify()) == 1


def test_a_missing_head_is_named(full: Archive) -> None:
    full.head.path.unlink()
    full.record("tried", "archive")
    (link,) = full.verify()
    assert "missing" in link.why


@pytest.mark.parametrize("statement", ["UPDATE audit SET act = 'x'", "DELETE FROM audit"])
def test_the_database_itself_refuses_change(full: Archive, home: Path, statement: str) -> None:
    with (
        closing(sqlite3.connect(home / "archive.db")) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(statement)


def test_no_row_of_drafts_can_say_final(full: Archive) -> None:
    insert = (
        "INSERT INTO draft (study_uid, state, origin, document, created)"
        " VALUES ('1.2.50', '{}', '{{}}', '{{}}', '')"
    )
    with writing(full.engine) as connection:
        connection.exec_driver_sql(insert.format("draft"))
    for state in ("final", "signed", "FINAL", ""):
        with pytest.raises((IntegrityError, sqlite3.IntegrityError)), writing(full.engine) as c:
            c.exec_driver_sql(insert.format(state))
        with pytest.raises((IntegrityError, sqlite3.IntegrityError)), writing(full.engine) as c:
            c.exec_driver_sql(f"UPDATE draft SET state = '{state}'")
    with writing(full.engine) as connection:
        states = connection.exec_driver_sql("SELECT state FROM draft").scalars().all()
    assert states == ["draft"]
