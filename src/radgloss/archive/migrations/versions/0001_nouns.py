"""Patients as pseudonyms, studies, series, instances and the files that hold them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of what was received, and one of settings."""
    op.create_table(
        "setting",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "patient",
        sa.Column("pseudonym", sa.Text, primary_key=True),
        sa.Column("created", sa.Text, nullable=False),
    )
    op.create_table(
        "study",
        sa.Column("study_uid", sa.Text, primary_key=True),
        sa.Column("patient", sa.Text, sa.ForeignKey("patient.pseudonym"), nullable=False),
        sa.Column("created", sa.Text, nullable=False),
    )
    op.create_table(
        "series",
        sa.Column("series_uid", sa.Text, primary_key=True),
        sa.Column("study_uid", sa.Text, sa.ForeignKey("study.study_uid"), nullable=False),
        sa.Column("modality", sa.Text, nullable=False),
    )
    op.create_index("series_of_study", "series", ["study_uid"])
    op.create_table(
        "file",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("sop_instance_uid", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("received", sa.Text, nullable=False),
        sa.CheckConstraint("state IN ('stored', 'quarantined')", name="file_state"),
    )
    op.create_table(
        "instance",
        sa.Column("sop_instance_uid", sa.Text, primary_key=True),
        sa.Column("sop_class_uid", sa.Text, nullable=False),
        sa.Column("series_uid", sa.Text, sa.ForeignKey("series.series_uid"), nullable=False),
        sa.Column("sha256", sa.Text, sa.ForeignKey("file.sha256"), nullable=False, unique=True),
    )
    op.create_index("instance_of_series", "instance", ["series_uid"])
