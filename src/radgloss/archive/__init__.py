"""The archive: untouched files under names of ours, rows in SQLite, and an audit trail.

with Archive.open(home) as archive:
    receipt = archive.receive(folder)      # acknowledged means on disk
    archive.studies()[0].uid
"""

from radgloss.archive.audit import BrokenLink, Entry
from radgloss.archive.identify import Identify, Scanned
from radgloss.archive.receipt import Acknowledged, Receipt
from radgloss.archive.rows import QuarantinedFile, SavedDraft, StudyRow
from radgloss.archive.store import Archive, Repaired

__all__ = [
    "Acknowledged",
    "Archive",
    "BrokenLink",
    "Entry",
    "Identify",
    "QuarantinedFile",
    "Receipt",
    "Repaired",
    "SavedDraft",
    "Scanned",
    "StudyRow",
]
