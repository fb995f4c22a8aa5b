"""What a sender is told about each file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from radgloss.types import InputRejected

__all__ = ["Acknowledged", "Outcome", "Receipt"]

Outcome = Literal["stored", "already there", "quarantined", "rejected", "ignored"]


@dataclass(frozen=True)
class Acknowledged:
    """One file's fate, told only when it is on disk.

    stored: its bytes and its row will survive a power cut. already there: the same bytes had come
    before, nothing changed. quarantined: kept, but not given out, because it contradicts what the
    archive holds; `problem` says how. rejected: not kept; `problem` says why.
    ignored: not kept, and never meant as an image (`dicom.files.is_companion`): a README, a
    DICOMDIR, a hidden file.
    source: the sender's name for it (`folder.zip/member` within a zip)."""

    source: Path
    outcome: Outcome
    sha256: str = ""
    sop_instance_uid: str = ""
    study_uid: str = ""
    problem: InputRejected | None = None


@dataclass(frozen=True)
class Receipt:
    """The fate of every file that was sent, in the order of their names."""

    files: tuple[Acknowledged, ...]

    def _of(self, outcome: Outcome) -> tuple[Acknowledged, ...]:
        return tuple(f for f in self.files if f.outcome == outcome)

    @property
    def stored(self) -> tuple[Acknowledged, ...]:
        """The files that are new in the archive."""
        return self._of("stored")

    @property
    def already(self) -> tuple[Acknowledged, ...]:
        """The files whose very bytes had come before."""
        return self._of("already there")

    @property
    def quarantined(self) -> tuple[Acknowledged, ...]:
        """The files that contradict the archive."""
        return self._of("quarantined")

    @property
    def rejected(self) -> tuple[Acknowledged, ...]:
        """The files that were not kept."""
        return self._of("rejected")

    @property
    def ignored(self) -> tuple[Acknowledged, ...]:
        """The files that were never meant as images."""
        return self._of("ignored")

    @property
    def studies(self) -> tuple[str, ...]:
        """The Study Instance UIDs of what was stored or had been, each once."""
        kept = (f.study_uid for f in self.stored + self.already if f.study_uid)
        return tuple(dict.fromkeys(kept))
