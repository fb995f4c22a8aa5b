"""The archive: untouched files under names of ours, a row for each, and a trail of what was done.

A file is received in this order, and no other: copied aside; read by the capped child; forced to
disk; announced; then, under the one write lock, moved to its place and given its rows;
committed; only then acknowledged. Whatever moment a process dies at, a file is whole and has its
row, or is not there; and every acknowledged one is there. Files are handled in groups, because a
commit that survives a power cut costs milliseconds."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from logging import WARNING
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select

from radgloss import disk
from radgloss.archive import audit, rows, schema
from radgloss.archive.database import connect, migrate, reading, writing
from radgloss.archive.identify import Children, Identify, Scanned, checked
from radgloss.archive.pseudonym import fingerprint, load_key, pseudonym
from radgloss.archive.receipt import Acknowledged, Receipt
from radgloss.archive.rows import QuarantinedFile, SavedDraft, StudyRow
from radgloss.archive.sending import Sent, sent_files
from radgloss.archive.staging import (
    Copy,
    Stage,
    abandoned,
    check_watermark,
    exclusively,
    file_digest,
    file_path,
    full_disk,
    open_stage,
)
from radgloss.dicom.files import is_companion, is_hidden
from radgloss.log import event
from radgloss.types import InputRejected, Origin

__all__ = ["RESERVE", "WATERMARK", "Archive", "Repaired"]

RESERVE = 5 * 10**9  # bytes that stay free: the database, and the machine, must go on
WATERMARK = 0.75  # of the disk: above it no import begins
_BATCH_BYTES = 64 << 20

_QUARANTINE = {
    "same-uid-other-bytes": "the SOP Instance UID of another file, with other bytes",
    "series-in-two-studies": "a Series Instance UID that belongs to another study",
    "study-of-two-patients": "a Study Instance UID that belongs to another patient",
}


@dataclass(frozen=True)
class Repaired:
    """What a repair found: hashes of files, by what became of them.

    readded: files without a row, read again and given one. removed: files without a row that
    are not what their name says. unidentified: files without a row that cannot be read, moved
    aside. missing: rows whose file is gone. altered: rows whose file has other bytes."""

    readded: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unidentified: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()


@dataclass
class _Parcel:
    """One file on its way: who sent it, its copy, and what was decided."""

    source: Path
    alone: bool = False
    copy: Copy | None = None
    problem: InputRejected | None = None
    ack: Acknowledged | None = None


@dataclass(frozen=True, eq=False)
class Archive:
    """An open archive; make it with `Archive.open`, close it with `close` or a `with` block.

    Several processes and threads may use one home at once."""

    home: Path
    engine: Engine = field(repr=False)
    key: bytes = field(repr=False)
    head: audit.Head = field(repr=False)
    identify: Identify = field(repr=False)
    batch_files: int = 256
    reserve: int = RESERVE
    watermark: float = WATERMARK

    @classmethod
    def open(
        cls,
        home: Path,
        key: bytes | None = None,
        *,
        identify: Identify | None = None,
        batch_files: int = 256,
        reserve: int = RESERVE,
        watermark: float = WATERMARK,
    ) -> Archive:
        """Open the archive in that folder; made where there is none, migrated where it is older.

        key: 32 bytes that make the pseudonyms; None: the file `pseudonym.key` in `home`, made on
            first use. identify: who reads the files; None: capped children of `radgloss.dicom`.
        batch_files: files of one commit.
        reserve: bytes of disk that stay free. watermark: share of the disk above which no import
            begins.

        Leftovers of a process that died are taken out. Raises InputRejected: archive-schema
        (written by a newer radgloss), archive-key, archive-corrupt, archive-readonly, disk-full.
        """
        home = Path(home).absolute()
        _make_home(home)
        with exclusively(home / "open.lock"), full_disk():
            known = (home / "archive.db").exists()
            engine = connect(home / "archive.db")
            needed = known and _kept_fingerprint(engine) is not None
            secret = load_key(home / "pseudonym.key", needed) if key is None else key
            head = audit.Head(home / "audit.head", secret)
            reader = identify or Children()
            archive = cls(home, engine, secret, head, reader, batch_files, reserve, watermark)
            try:
                archive._prepare()
            except BaseException:
                engine.dispose()
                raise
        return archive

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database and the children; acknowledged files are on disk already."""
        self.engine.dispose()
        if isinstance(self.identify, Children):
            self.identify.close()

    # -------------------------------------------------------------- opening

    def _prepare(self) -> None:
        before, after = migrate(self.engine)
        with writing(self.engine) as connection:
            self._check_key(connection)
            if before != after:
                audit.append(connection, "migrated", "archive", {"from": before, "to": after})
        self._seal()
        for folder, announced in abandoned(self.home):
            removed = self._take_back(announced)
            shutil.rmtree(folder)
            event("archive", "an import had died", WARNING, unacknowledged_files=len(removed))
        self.record("opened", "archive")
        disk.sync_folder(self.home)

    def _check_key(self, connection: Connection) -> None:
        kept, ours = connection.execute(_KEPT).scalar(), fingerprint(self.key)
        if kept is None:
            connection.execute(schema.setting.insert().values(name="key-fingerprint", value=ours))
        elif kept != ours:
            raise InputRejected(
                "archive-key",
                "pseudonym.key",
                f"key {ours}",
                f"key {kept}, which made the pseudonyms of this archive",
                "Restore the key from a backup.",
            )

    def _take_back(self, announced: Iterable[str]) -> list[str]:
        """Remove announced files that have no row; under the write lock, so nobody adds one."""
        removed = []
        with writing(self.engine) as connection:
            have = rows.known(connection, announced)
            for sha256 in announced:
                if sha256 not in have and file_path(self.home, sha256).exists():
                    file_path(self.home, sha256).unlink()
                    audit.append(connection, "removed", sha256, {"why": "never acknowledged"})
                    removed.append(sha256)
        self._seal()
        return removed

    # -------------------------------------------------------------- receiving

    def receive(self, path: Path, on_ack: Callable[[Acknowledged], None] | None = None) -> Receipt:
        """Take in a file, a folder or a zip; the fate of every file, told when it is on disk.

        on_ack: called with each file's fate as soon as it is certain.
        Raises InputRejected: no-such-path, empty-folder, not-a-zip, zip-bomb, disk-full (what was
        acknowledged before it is safe; nothing else was kept)."""
        done = []
        for ack in self.receive_each([path]):
            if on_ack:
                on_ack(ack)
            done.append(ack)
        return Receipt(tuple(done))

    def receive_each(self, paths: Iterable[Path]) -> Iterator[Acknowledged]:
        """As `receive`, for several paths, one acknowledgement at a time."""
        check_watermark(self.home, self.watermark)
        with exclusively(self.home / "open.lock"):
            stage = open_stage(self.home, self.reserve)
        try:
            batch: list[_Parcel] = []
            for path in paths:
                for sent in sent_files(Path(path)):
                    yield from self._take(stage, batch, sent)
            yield from self._settle(stage, batch)
        finally:
            stage.close()

    def _take(self, stage: Stage, batch: list[_Parcel], sent: Sent) -> Iterator[Acknowledged]:
        """Copy one file into the batch; settle the batch when it is full, or the disk is."""
        parcel = _Parcel(sent.name, sent.alone)
        try:
            if not sent.alone and is_hidden(sent.name.name):
                parcel.ack = Acknowledged(sent.name, "ignored")
            else:
                parcel.copy = stage.copy(sent)
        except InputRejected as error:
            if error.code == "disk-full":
                yield from self._settle(stage, batch)
                raise
            parcel.problem = error
        batch.append(parcel)
        size = sum(p.copy.size for p in batch if p.copy)
        if len(batch) >= self.batch_files or size >= _BATCH_BYTES:
            yield from self._settle(stage, batch)

    def _settle(self, stage: Stage, batch: list[_Parcel]) -> Iterator[Acknowledged]:
        parcels = [replace(p) for p in batch]
        batch.clear()
        self._recognise(parcels)
        self._read(stage, parcels)
        event("archive", "received", files=len(parcels))
        for parcel in parcels:
            assert parcel.ack is not None
            yield parcel.ack

    def _recognise(self, parcels: list[_Parcel]) -> None:
        """The same bytes again: nothing to do, and nothing to read."""
        with reading(self.engine) as connection:
            have = rows.known(connection, [p.copy.sha256 for p in parcels if p.copy])
        for parcel in parcels:
            if parcel.copy and parcel.copy.sha256 in have and self._whole(parcel.copy):
                parcel.ack = _known(parcel.source, parcel.copy.sha256, have[parcel.copy.sha256])
                parcel.copy.path.unlink()

    def _whole(self, copy: Copy) -> bool:
        place = file_path(self.home, copy.sha256)
        return place.exists() and place.stat().st_size == copy.size

    def _read(self, stage: Stage, parcels: list[_Parcel]) -> None:
        todo = [p for p in parcels if p.ack is None]
        if not todo:
            return
        copies = [p.copy for p in todo if p.copy]
        said = self.identify(stage.parts) if copies else {}
        with full_disk():
            stage.force(copies)
            stage.announce([c.sha256 for c in copies])
            try:
                with writing(self.engine) as connection:
                    for parcel in todo:
                        parcel.ack = self._decide(connection, parcel, said)
                    self._sync({c.sha256[:2] for c in copies})
            except BaseException:
                self._take_back([c.sha256 for c in copies])  # fails: the next opening does it
                stage.settled()
                raise
            finally:
                stage.clear()
            stage.settled()
            self._seal()

    def _decide(
        self,
        connection: Connection,
        parcel: _Parcel,
        said: Mapping[str, Scanned | InputRejected],
    ) -> Acknowledged:
        """One file's fate, inside the writing transaction; moves it to its place if it stays."""
        copy, source = parcel.copy, parcel.source
        if copy is None:
            assert parcel.problem is not None
            return self._reject(connection, source, parcel.problem)
        scanned = checked(said.get(copy.path.name), source.name)
        if isinstance(scanned, InputRejected):
            if not parcel.alone and is_companion(source.name, scanned):
                return Acknowledged(source, "ignored")
            return self._reject(connection, source, scanned, copy.sha256)
        have = rows.known(connection, [copy.sha256])
        if copy.sha256 in have:  # since we looked, or its bytes were lost: ours are as good
            if not self._whole(copy):
                self._move(copy)
                audit.append(connection, "restored", copy.sha256)
            return _known(source, copy.sha256, have[copy.sha256])
        patient = pseudonym(self.key, scanned.identity, scanned.study_uid)
        self._move(copy)
        outcome, why = rows.place(connection, copy.sha256, copy.size, scanned, patient)
        uid = scanned.sop_instance_uid
        problem = _contradiction(uid, why) if why else None
        study = "" if why else scanned.study_uid
        return Acknowledged(source, outcome, copy.sha256, uid, study, problem)

    def _reject(
        self, connection: Connection, source: Path, problem: InputRejected, sha256: str = ""
    ) -> Acknowledged:
        audit.append(connection, "rejected", sha256 or "unread", {"why": problem.code})
        return Acknowledged(source, "rejected", sha256, problem=problem)

    def _move(self, copy: Copy) -> None:
        place = file_path(self.home, copy.sha256)
        place.parent.mkdir(exist_ok=True)
        os.replace(copy.path, place)

    def _sync(self, prefixes: Iterable[str]) -> None:
        disk.sync_folder(self.home / "files")
        for prefix in prefixes:
            if (folder := self.home / "files" / prefix).exists():
                disk.sync_folder(folder)

    # -------------------------------------------------------------- asking

    def studies(self) -> list[StudyRow]:
        """Every study that holds a stored file, the oldest arrival first."""
        with reading(self.engine) as connection:
            return rows.studies(connection)

    def study_files(self, study_uid: str) -> list[Path]:
        """The untouched files of a study, by series and SOP Instance UID; never quarantined ones.

        Raises InputRejected `no-such-study`."""
        with reading(self.engine) as connection:
            hashes = rows.stored_hashes(connection, study_uid)
        return [file_path(self.home, sha256) for sha256 in hashes]

    def quarantine(self) -> list[QuarantinedFile]:
        """Every file in quarantine, the oldest first."""
        with reading(self.engine) as connection:
            return rows.quarantined(connection)

    # -------------------------------------------------------------- drafts

    def save_draft(self, study_uid: str, origin: Origin, json_text: str) -> int:
        """Keep a machine's draft beside its study; its number.

        Raises InputRejected: no-such-study, not-json."""
        try:
            json.loads(json_text)
        except (ValueError, RecursionError):
            found, do = "text that is no JSON", "Give the draft as JSON."
            raise InputRejected("not-json", "draft", found, "a JSON document", do) from None
        with writing(self.engine) as connection:
            number = rows.add_draft(connection, study_uid, origin, json_text)
        self._seal()
        return number

    def drafts(self, study_uid: str) -> list[SavedDraft]:
        """A study's machine drafts, the oldest first; empty where it has none."""
        with reading(self.engine) as connection:
            return rows.drafts(connection, study_uid)

    # -------------------------------------------------------------- audit and repair

    def record(self, act: str, subject: str, detail: Mapping[str, str | int] | None = None) -> None:
        """Add a line to the audit trail. Never put a name or an identifier of a patient in it."""
        with writing(self.engine) as connection:
            audit.append(connection, act, subject, detail)
        self._seal()

    def trail(self) -> list[audit.Entry]:
        """The audit trail, the oldest line first."""
        with reading(self.engine) as connection:
            return audit.entries(connection)

    def verify(self) -> list[audit.BrokenLink]:
        """Every place where the audit trail is not as it was written; empty where all is well."""
        with reading(self.engine) as connection:
            return audit.verify(connection, self.head)

    def _seal(self) -> None:
        with full_disk(), reading(self.engine) as connection:
            self.head.advance(connection)

    def repair(self, deep: bool = False) -> Repaired:
        """Hold files against rows. Nothing that could be the only copy of an image is deleted.

        deep: also hash every file, which reads the whole archive. Rows are never deleted: sending
        a missing or altered file again puts its bytes back."""
        with reading(self.engine) as connection:
            have = rows.sizes(connection)
        on_disk = {p.name: p for p in (self.home / "files").glob("??/*")}
        missing = [s for s in have if s not in on_disk]
        wrong = [
            s
            for s, path in on_disk.items()
            if s in have and (path.stat().st_size != have[s] or (deep and file_digest(path) != s))
        ]
        orphans = [on_disk[s] for s in sorted(on_disk.keys() - have.keys())]
        found = replace(self._adopt(orphans), missing=tuple(missing), altered=tuple(sorted(wrong)))
        self.record("repaired", "archive", {k: len(v) for k, v in vars(found).items()})
        return found

    def _adopt(self, orphans: list[Path]) -> Repaired:
        """Receive orphans again: what can be read gets its row, the rest is moved aside."""
        if not orphans:
            return Repaired()
        removed = [p for p in orphans if file_digest(p) != p.name]
        for path in removed:
            path.unlink()
        kept = [p for p in orphans if p not in removed]
        aside = self.home / "unidentified"
        aside.mkdir(exist_ok=True)
        readded, unidentified = [], []
        for ack in self.receive_each(kept):
            if ack.outcome == "rejected":
                os.replace(ack.source, aside / ack.source.name)
                unidentified.append(ack.source.name)
            else:
                readded.append(ack.sha256)
        return Repaired(tuple(readded), tuple(p.name for p in removed), tuple(unidentified))


_KEPT = select(schema.setting.c.value).where(schema.setting.c.name == "key-fingerprint")


def _kept_fingerprint(engine: Engine) -> str | None:
    """That of the key which made the pseudonyms; None before any, or where it cannot be asked."""
    with suppress(InputRejected), reading(engine) as connection:
        if not inspect(connection).has_table(schema.setting.name):
            return None  # not ours, or not yet
        kept = connection.execute(_KEPT).scalar()
        return None if kept is None else str(kept)
    return None


def _make_home(home: Path) -> None:
    with full_disk():
        try:
            home.mkdir(parents=True, mode=0o700, exist_ok=True)
            for name in ("files", "incoming"):
                (home / name).mkdir(mode=0o700, exist_ok=True)
        except (FileExistsError, NotADirectoryError, PermissionError) as error:
            found = os.strerror(error.errno or 0).lower()
            do = "Choose another folder for the archive."
            raise InputRejected(
                "archive-readonly", str(home), found, "a folder of ours to write in", do
            ) from None


def _known(source: Path, sha256: str, row: tuple[str, str, str, str]) -> Acknowledged:
    state, uid, study, why = row
    if state == "stored":
        return Acknowledged(source, "already there", sha256, uid, study)
    return Acknowledged(source, "quarantined", sha256, uid, problem=_contradiction(uid, why))


def _contradiction(uid: str, why: str) -> InputRejected:
    do = "It was kept in quarantine; ask the sender which one is right."
    return InputRejected(why, uid, _QUARANTINE[why], "an object that fits the archive", do)
