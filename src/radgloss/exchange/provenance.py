"""Where a draft, or another machine answer, came from: enough to make it again and to see whether
anything changed.

Holds UIDs and digests, never a name, not even a file's. Same inputs, same record, except the
time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radgloss import disk
from radgloss.exchange.json import marking
from radgloss.exchange.words import inputs, modalities, study_kind, unnamed
from radgloss.types import Draft, Origin, Study

__all__ = ["SCHEMA", "record", "write"]

SCHEMA = 1


def record(
    draft: Draft | Origin,
    study: Study,
    options: Mapping[str, Any] | None = None,
    outputs: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What made this draft, or what has this origin, as a tree of JSON values.

    options: the caller's settings, JSON values. outputs: SHA-256 by file name."""
    origin = draft if isinstance(draft, Origin) else draft.origin
    return {
        "kind": "radgloss-provenance",
        "schema": SCHEMA,
        "marking": marking(),
        "program": {"name": "radgloss", "version": origin.version},
        "model": {"checkpoint": origin.checkpoint, **_watcher(draft)},
        "pixel_pipeline": {"digest": origin.preprocessing},
        "seed": origin.seed,
        "when": origin.when,
        "options": dict(sorted((options or {}).items())),
        "study": {
            "uid": study.uid,
            "title": study_kind(study),
            "modalities": list(modalities(study)),
            "synthetic": study.synthetic,
        },
        "inputs": inputs(study),
        "left_out": [problem.to_dict() for problem in unnamed(study.left_out)],
        "outputs": dict(sorted((outputs or {}).items())),
    }


def _watcher(draft: Draft | Origin) -> dict[str, str]:
    """The checkpoint that checked the text, where it is another one."""
    named = draft.watcher if isinstance(draft, Draft) else ""
    return {"watcher": named} if named else {}


def write(
    draft: Draft | Origin,
    study: Study,
    folder: Path,
    options: Mapping[str, Any] | None = None,
    outputs: Mapping[str, str] | None = None,
) -> Path:
    """`provenance.json` in that folder, whole or not at all."""
    text = json.dumps(
        record(draft, study, options, outputs), ensure_ascii=False, allow_nan=False, indent=2
    )
    return disk.write(folder / "provenance.json", f"{text}\n")
