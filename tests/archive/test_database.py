"""Opening: made, migrated, refused; the key; and nothing that names a patient."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st

from radgloss.archive import Archive, schema
from radgloss.archive.database import connect, migrate, reading
from radgloss.archive.pseudonym import pseudonym
from radgloss.types import Identity, InputRejected, Origin

CANARY = "ZQXCANARY"
_IDENTIFYING = """PatientID IssuerOfPatientID PatientName AccessionNumber StudyID StudyDescription
    SeriesDescription InstitutionName OtherPatientNames ReferringPhysicianName PatientAddress
    Modality BodyPartExamined"""


def _run(home: Path, statement: str) -> None:
    with closing(sqlite3.connect(home / "archive.db")) as connection:
        connection.execute(statement)
        connection.commit()


def _code(home: Path, **options: Any) -> str:
    with pytest.raises(InputRejected) as caught:
        Archive.open(home, **options)
    return caught.value.code


# ------------------------------------------------------------------ schema


def test_the_migrations_make_the_tables_of_the_schema(archive: Archive) -> None:
    with reading(archive.engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


@pytest.mark.parametrize("older", ["0001", "0002"])
def test_an_older_archive_is_migrated_with_its_rows(home: Path, older: str) -> None:
    home.mkdir()
    engine = connect(home / "archive.db")
    assert migrate(engine, older) == ("", older)
    engine.dispose()
    _run(home, "INSERT INTO patient VALUES ('p-1', '2026')")
    _run(home, "INSERT INTO study VALUES ('1.2', 'p-1', '2026')")
    _run(home, "INSERT INTO series VALUES ('1.2.3', '1.2', 'CT')")
    _run(home, "INSERT INTO file VALUES ('ab', 3, '1.2.3.4', 'stored', '', '2026')")
    _run(home, "INSERT INTO instance VALUES ('1.2.3.4', '1.2', '1.2.3', 'ab')")
    with Archive.open(home) as archive:
        assert [s.uid for s in archive.studies()] == ["1.2"]
        assert archive.save_draft("1.2", Origin("c", "p", "v"), "{}") == 1
        assert f'"from": "{older}"' in archive.trail()[0].detail
        assert archive.verify() == []


def test_a_newer_archive_is_refused_by_name_and_left_alone(archive: Archive, home: Path) -> None:
    archive.close()
    _run(home, "UPDATE alembic_version SET version_num = '0099'")
    before = (home / "archive.db").read_bytes()
    with pytest.raises(InputRejected, match="0099") as caught:
        Archive.open(home)
    assert caught.value.code == "archive-schema"
    assert (home / "archive.db").read_bytes() == before


def test_a_foreign_database_is_refused(home: Path) -> None:
    home.mkdir()
    _run(home, "CREATE TABLE recipes (cake TEXT)")
    assert _code(home) == "archive-schema"


def test_a_file_that_is_no_database_is_refused(home: Path) -> None:
    home.mkdir()
    (home / "archive.db").write_bytes(b"not a database at all, but long enough" * 50)
    assert _code(home) == "archive-corrupt"


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert _code(tmp_path / "file") == "archive-readonly"


def test_commits_wait_for_the_disk(archive: Archive) -> None:
    with reading(archive.engine) as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


# ------------------------------------------------------------------ the key


def test_the_key_is_made_once_and_readable_by_its_owner_alone(home: Path) -> None:
    with Archive.open(home):
        pass
    key = home / "pseudonym.key"
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    with Archive.open(home) as archive:
        assert archive.key == before
        assert repr(before) not in repr(archive)


def test_another_key_is_refused(home: Path) -> None:
    with Archive.open(home):
        pass
    assert _code(home, key=b"k" * 32) == "archive-key"
    (home / "pseudonym.key").unlink()
    assert _code(home) == "archive-key"
    assert not (home / "pseudonym.key").exists()  # no other takes its place


def test_a_key_that_others_can_read_is_refused(home: Path) -> None:
    with Archive.open(home):
        pass
    (home / "pseudonym.key").chmod(0o644)
    assert _code(home) == "archive-key"


def test_a_given_key_makes_the_same_pseudonyms_elsewhere(
    tmp_path: Path, write: Callable[..., Path], reader: Any
) -> None:
    file = write(tmp_path / "a", "1.2.1")
    found = []
    for name in ("one", "two"):
        with Archive.open(
            tmp_path / name, b"k" * 32, identify=reader, reserve=0, watermark=1
        ) as archive:
            archive.receive(file)
            found.append(archive.studies()[0].patient)
            assert not (tmp_path / name / "pseudonym.key").exists()
    assert found[0] == found[1]


# ------------------------------------------------------------------ pseudonyms

_IDS = st.text(st.characters(exclude_characters=" \0"), min_size=1, max_size=8)


@given(_IDS, _IDS, _IDS, _IDS)
def test_two_patients_share_a_pseudonym_only_if_they_are_one(
    a: str, b: str, c: str, d: str
) -> None:
    one, two = (
        pseudonym(b"k" * 32, Identity(patient_id=i, issuer=j), "1.2") for i, j in ((a, b), (c, d))
    )
    assert (one == two) == ((a, b) == (c, d))


def test_studies_without_an_id_are_patients_of_their_own() -> None:
    key = b"k" * 32
    assert pseudonym(key, Identity(), "1.2") != pseudonym(key, Identity(), "1.3")
    assert pseudonym(key, Identity(), "1.2") == pseudonym(key, Identity(patient_id=" "), "1.2")


# ------------------------------------------------------------------ the canary


def test_no_name_or_id_reaches_the_database_a_log_or_a_message(
    home: Path,
    tmp_path: Path,
    write: Callable[..., Path],
    reader: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tags = {keyword: f"{CANARY}{i}" for i, keyword in enumerate(_IDENTIFYING.split())}
    tags |= {"PatientBirthDate": "19010203"}
    folder = tmp_path / f"{CANARY}folder"
    write(folder / f"{CANARY}1.dcm", "1.2.1", **tags)
    write(folder / f"{CANARY}2.dcm", "1.2.1", note="altered", **tags)
    write(folder / f"{CANARY}3.dcm", "1.2.3", **tags | {"StudyInstanceUID": ""})
    (folder / f"{CANARY}4.dcm").write_text(CANARY)
    messages = []
    with (
        caplog.at_level(logging.DEBUG),
        Archive.open(home, identify=reader, reserve=0, watermark=1) as archive,
    ):
        receipt = archive.receive(folder)
        outcomes = [a.outcome for a in receipt.files]
        assert outcomes == ["stored", "quarantined", "rejected", "rejected"]
        messages = [str(archive), *(str(a.problem) for a in receipt.quarantined)]
        messages += [repr(x) for x in (*archive.studies(), *archive.trail(), *archive.quarantine())]
        kept = b"".join(p.read_bytes() for p in home.iterdir() if p.is_file())  # with the -wal
    for token in (CANARY, "19010203"):
        assert token.encode() not in kept
        assert token not in caplog.text + repr([vars(r) for r in caplog.records])
        assert token not in "".join(messages)
    assert "OT" in repr(messages)
