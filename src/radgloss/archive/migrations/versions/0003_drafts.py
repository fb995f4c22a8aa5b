"""Machine drafts, in a table of their own that has no way to say final."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "draft",
        sa.Column("draft_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("study_uid", sa.Text, sa.ForeignKey("study.study_uid"), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'superseded', 'discarded')", name="draft_never_final"
        ),
    )
    op.create_index("draft_of_study", "draft", ["study_uid"])
