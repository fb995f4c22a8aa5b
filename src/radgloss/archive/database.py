"""The archive's SQLite file: how it is opened, brought up to date and locked.

WAL with synchronous=FULL: a commit that returned survives a power cut. Writers begin with
BEGIN IMMEDIATE, so that what a transaction read still holds when it writes, whoever else is
importing. Every failure of the database leaves as an `InputRejected`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from radgloss.types import InputRejected

__all__ = ["connect", "migrate", "reading", "writing"]

_BUSY_MS = 60_000  # how long a writer waits for another process's batch


def _configure(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says
    for pragma in (
        f"busy_timeout = {_BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "trusted_schema = OFF",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def connect(path: Path) -> Engine:
    """An engine on that SQLite file, which is made where there is none."""
    engine = create_engine(URL.create("sqlite", database=str(path)))
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _rejected(error: sqlite3.Error) -> InputRejected:
    found = str(error)  # SQLite's own words; they hold no values
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return InputRejected(
            "disk-full", "archive", found, "room on the disk", "Free some space and send again."
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        do = "Let the other import finish and send again."
        return InputRejected("archive-busy", "archive", found, "its turn to write", do)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        do = "Restore archive.db from a backup, then run the repair."
        return InputRejected("archive-corrupt", "archive.db", found, "an SQLite database", do)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        do = "Check the owner and mode of the archive's folder."
        return InputRejected("archive-readonly", "archive.db", found, "a writable file", do)
    if code == sqlite3.SQLITE_IOERR:
        do = "Check the disk, then open the archive again."
        return InputRejected("archive-io", "archive.db", found, "a working disk", do)
    raise error  # a broken law of ours: show it


@contextmanager
def _transaction(engine: Engine, write: bool) -> Iterator[Connection]:
    try:
        with engine.connect().execution_options(write=write) as connection, connection.begin():
            yield connection
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise _rejected(error.orig) from None
        raise
    except sqlite3.Error as error:  # from `_configure`, before SQLAlchemy wraps anything
        raise _rejected(error) from None


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that holds the one write lock from its start; on disk when it has ended.

    Raises InputRejected: disk-full, archive-busy, archive-corrupt, archive-readonly, archive-io.
    """
    with _transaction(engine, write=True) as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one moment of the archive; raises as `writing` does."""
    with _transaction(engine, write=False) as connection:
        yield connection


def _scripts() -> Config:
    config = Config()
    folder = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", folder)
    return config


def migrate(engine: Engine, to: str = "head") -> tuple[str, str]:
    """Bring the tables up to date in one transaction; the numbers before and after.

    Raises InputRejected `archive-schema` where the file is of a newer radgloss or not ours.
    """
    config = _scripts()
    scripts = ScriptDirectory.from_config(config)
    with writing(engine) as connection:
        before = MigrationContext.configure(connection).get_current_revision() or ""
        _check_known(connection, before, [s.revision for s in scripts.walk_revisions()])
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        after = MigrationContext.configure(connection).get_current_revision() or ""
    return before, after


def _check_known(connection: Connection, before: str, known: list[str]) -> None:
    if before and before not in known:
        raise InputRejected(
            "archive-schema",
            "archive.db",
            f"schema {before}",
            f"schema {max(known)} or older",
            "It was written by a newer radgloss: update this one.",
        )
    if (
        not before
        and connection.exec_driver_sql(
            "SELECT 1 FROM sqlite_master WHERE name <> 'alembic_version'"
        ).first()
    ):
        raise InputRejected(
            "archive-schema",
            "archive.db",
            "the tables of another program",
            "an archive of radgloss",
            "Choose another folder for the archive.",
        )
