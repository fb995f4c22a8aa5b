"""Rows in, rows out: the few sentences of SQL that the archive speaks.

Everything here runs inside a transaction of the caller."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.dialects.sqlite import insert

from radgloss.archive import schema
from radgloss.archive.audit import append, now
from radgloss.archive.identify import Scanned
from radgloss.archive.receipt import Outcome
from radgloss.types import InputRejected, Origin

__all__ = [
    "QuarantinedFile",
    "SavedDraft",
    "StudyRow",
    "add_draft",
    "drafts",
    "known",
    "place",
    "quarantined",
    "sizes",
    "stored_hashes",
    "studies",
]


@dataclass(frozen=True)
class StudyRow:
    """One study of the archive: no name, no date; `patient` is a pseudonym."""

    uid: str
    patient: str
    modalities: tuple[str, ...]
    series: int
    instances: int
    received: str  # ISO 8601, UTC


@dataclass(frozen=True)
class QuarantinedFile:
    """A file that is kept but not given out; `why` is the code that its sender was told."""

    sha256: str
    sop_instance_uid: str
    why: str
    received: str


@dataclass(frozen=True)
class SavedDraft:
    """One machine draft as it was saved; `document` is its JSON, byte for byte."""

    draft_id: int
    study_uid: str
    state: str
    origin: Origin
    document: str
    created: str


def known(connection: Connection, sha256s: Iterable[str]) -> dict[str, tuple[str, str, str, str]]:
    """State, SOP Instance UID, study (of a stored file) and reason, of hashes that have a row."""
    f, i, s = schema.file.c, schema.instance.c, schema.series.c
    wanted = list(sha256s)
    found: dict[str, tuple[str, str, str, str]] = {}
    for start in range(0, len(wanted), 500):
        query = (
            select(f.sha256, f.state, f.sop_instance_uid, s.study_uid, f.why)
            .outerjoin(schema.instance, i.sha256 == f.sha256)
            .outerjoin(schema.series, s.series_uid == i.series_uid)
            .where(f.sha256.in_(wanted[start : start + 500]))
        )
        found |= {
            r.sha256: (r.state, r.sop_instance_uid, r.study_uid or "", r.why)
            for r in connection.execute(query)
        }
    return found


def sizes(connection: Connection) -> dict[str, int]:
    """Every hash that has a row, with its bytes."""
    f = schema.file.c
    return {r.sha256: r.bytes for r in connection.execute(select(f.sha256, f.bytes))}


def quarantined(connection: Connection) -> list[QuarantinedFile]:
    """Every file in quarantine, the oldest first."""
    f = schema.file.c
    query = (
        select(f.sha256, f.sop_instance_uid, f.why, f.received)
        .where(f.state == "quarantined")
        .order_by(f.received, f.sha256)
    )
    return [QuarantinedFile(*row) for row in connection.execute(query)]


def _contradiction(connection: Connection, said: Scanned, patient: str) -> str:
    """Why this object cannot stand beside what the archive holds, as an error code; or nothing."""
    i, s, t = schema.instance.c, schema.series.c, schema.study.c
    if connection.execute(
        select(i.sha256).where(i.sop_instance_uid == said.sop_instance_uid)
    ).first():
        return "same-uid-other-bytes"
    study = connection.execute(select(s.study_uid).where(s.series_uid == said.series_uid)).scalar()
    if study is not None and study != said.study_uid:
        return "series-in-two-studies"
    owner = connection.execute(select(t.patient).where(t.study_uid == said.study_uid)).scalar()
    return "study-of-two-patients" if owner is not None and owner != patient else ""


def _ensure(connection: Connection, table: Table, **values: str) -> None:
    connection.execute(insert(table).values(**values).on_conflict_do_nothing())


def place(
    connection: Connection, sha256: str, size: int, said: Scanned, patient: str
) -> tuple[Outcome, str]:
    """Give a new file its rows; what became of it, and the code of a quarantine."""
    why, at = _contradiction(connection, said, patient), now()
    connection.execute(
        schema.file.insert().values(
            sha256=sha256,
            bytes=size,
            sop_instance_uid=said.sop_instance_uid,
            state="quarantined" if why else "stored",
            why=why,
            received=at,
        )
    )
    if not why:
        _ensure(connection, schema.patient, pseudonym=patient, created=at)
        _ensure(connection, schema.study, study_uid=said.study_uid, patient=patient, created=at)
        _ensure(
            connection,
            schema.series,
            series_uid=said.series_uid,
            study_uid=said.study_uid,
            modality=said.modality,
        )
        connection.execute(
            schema.instance.insert().values(
                sop_instance_uid=said.sop_instance_uid,
                sop_class_uid=said.sop_class_uid,
                series_uid=said.series_uid,
                sha256=sha256,
            )
        )
    detail: dict[str, str | int] = {"sha256": sha256, "bytes": size}
    act = "quarantined" if why else "received"
    append(connection, act, said.sop_instance_uid, detail | ({"why": why} if why else {}))
    return ("quarantined" if why else "stored"), why


def studies(connection: Connection) -> list[StudyRow]:
    """Every study, the oldest arrival first."""
    t, s, i = schema.study.c, schema.series.c, schema.instance.c
    query = (
        select(
            t.study_uid,
            t.patient,
            t.created,
            func.group_concat(s.modality.distinct()).label("modalities"),
            func.count(s.series_uid.distinct()).label("series"),
            func.count(i.sop_instance_uid).label("instances"),
        )
        .join(schema.series, s.study_uid == t.study_uid)
        .join(schema.instance, i.series_uid == s.series_uid)
        .group_by(t.study_uid)
        .order_by(t.created, t.study_uid)
    )
    return [
        StudyRow(
            r.study_uid,
            r.patient,
            tuple(sorted(r.modalities.split(","))),
            r.series,
            r.instances,
            r.created,
        )
        for r in connection.execute(query)
    ]


def stored_hashes(connection: Connection, study_uid: str) -> list[str]:
    """The hashes of a study's files, by series and SOP Instance UID; InputRejected if unknown."""
    s, i = schema.series.c, schema.instance.c
    query = (
        select(i.sha256)
        .join(schema.series, s.series_uid == i.series_uid)
        .where(s.study_uid == study_uid)
        .order_by(i.series_uid, i.sop_instance_uid)
    )
    hashes = list(connection.execute(query).scalars())
    if not hashes:
        raise _no_such_study(study_uid)
    return hashes


def _no_such_study(study_uid: str) -> InputRejected:
    wanted = "the Study Instance UID of a study in this archive"
    do = "List the archive's studies."
    return InputRejected("no-such-study", study_uid[:64] or "''", "no such study", wanted, do)


def add_draft(connection: Connection, study_uid: str, origin: Origin, document: str) -> int:
    """One machine draft, as a row of the table that has no final state; its number."""
    t = schema.study.c
    if not connection.execute(select(t.study_uid).where(t.study_uid == study_uid)).first():
        raise _no_such_study(study_uid)
    result = connection.execute(
        schema.draft.insert()
        .values(
            study_uid=study_uid,
            state="draft",
            origin=json.dumps(asdict(origin)),
            document=document,
            created=now(),
        )
        .returning(schema.draft.c.draft_id)
    )
    number = int(result.scalar_one())
    append(connection, "draft-saved", study_uid, {"draft": number, "checkpoint": origin.checkpoint})
    return number


def drafts(connection: Connection, study_uid: str) -> list[SavedDraft]:
    """A study's drafts, the oldest first."""
    query = (
        select(schema.draft)
        .where(schema.draft.c.study_uid == study_uid)
        .order_by(schema.draft.c.draft_id)
    )
    return [
        SavedDraft(
            r.draft_id, r.study_uid, r.state, Origin(**json.loads(r.origin)), r.document, r.created
        )
        for r in connection.execute(query)
    ]
