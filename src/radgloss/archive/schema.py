"""The tables of the archive: what is known about the files, and never whom they belong to.

No column holds a name, an identifier, a date of birth or any free text of a file: a patient is a
pseudonym, an examination its UIDs and modality. The tables are made by the numbered scripts in
`migrations/`; a test holds that both say the same."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

__all__ = [
    "audit",
    "draft",
    "file",
    "instance",
    "metadata",
    "patient",
    "series",
    "setting",
    "study",
]

metadata = MetaData()

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

patient = Table(
    "patient",
    metadata,
    Column("pseudonym", Text, primary_key=True),
    Column("created", Text, nullable=False),  # ISO 8601, UTC, here and below
)

study = Table(
    "study",
    metadata,
    Column("study_uid", Text, primary_key=True),
    Column("patient", Text, ForeignKey("patient.pseudonym"), nullable=False),
    Column("created", Text, nullable=False),
)

series = Table(
    "series",
    metadata,
    Column("series_uid", Text, primary_key=True),
    Column("study_uid", Text, ForeignKey("study.study_uid"), nullable=False),
    Column("modality", Text, nullable=False),
    Index("series_of_study", "study_uid"),
)

file = Table(
    "file",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("bytes", Integer, nullable=False),
    Column("sop_instance_uid", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("why", Text, nullable=False),  # the code of a quarantine, else empty
    Column("received", Text, nullable=False),
    CheckConstraint("state IN ('stored', 'quarantined')", name="file_state"),
)

instance = Table(
    "instance",
    metadata,
    Column("sop_instance_uid", Text, primary_key=True),
    Column("sop_class_uid", Text, nullable=False),
    Column("series_uid", Text, ForeignKey("series.series_uid"), nullable=False),
    Column("sha256", Text, ForeignKey("file.sha256"), nullable=False, unique=True),
    Index("instance_of_series", "series_uid"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),  # JSON object of strings and numbers
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

draft = Table(
    "draft",
    metadata,
    Column("draft_id", Integer, primary_key=True, autoincrement=True),
    Column("study_uid", Text, ForeignKey("study.study_uid"), nullable=False),
    Column("state", Text, nullable=False),
    Column("origin", Text, nullable=False),  # JSON of types.Origin
    Column("document", Text, nullable=False),  # JSON
    Column("created", Text, nullable=False),
    # A machine's text is never final: no row of this table can say so.
    CheckConstraint("state IN ('draft', 'superseded', 'discarded')", name="draft_never_final"),
    Index("draft_of_study", "study_uid"),
)
