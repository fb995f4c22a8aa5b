"""`ground`: a phrase and a study in; a picture, a box, and whether the phrase holds at all, out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from radgloss import __version__, disk
from radgloss.engine.grounding import Grounding, Speaker, finding_of, ground
from radgloss.engine.published import PublishedAligner
from radgloss.exchange import files, heat, provenance
from radgloss.exchange.json import marking
from radgloss.types import Origin, Study

__all__ = ["Pointed", "describe", "point"]

SCHEMA = 1


@dataclass(frozen=True, eq=False)
class Pointed:
    """What one `ground` found and wrote. said: the tree of ground.json."""

    grounding: Grounding
    said: dict[str, Any]
    written: dict[str, Path]


def point(
    speaker: Speaker,
    study: Study,
    phrase: str,
    out: Path,
    way: str = "",
    options: dict[str, Any] | None = None,
) -> Pointed:
    """Write ground.png, ground.json and provenance.json into `out`, which is checked first.

    Raises what `engine.grounding.ground` and `files.check_output` raise."""
    files.check_output(out)
    found = ground(speaker, study, phrase, way)
    said = describe(speaker, study, found)
    out.mkdir(parents=True, exist_ok=True)
    picture = heat.overlay(found.image, found.frame, found.heat, found.box, phrase)
    text = json.dumps(said, ensure_ascii=False, allow_nan=False, indent=2)
    written = {
        "png": disk.write(out / "ground.png", picture),
        "json": disk.write(out / "ground.json", f"{text}\n"),
    }
    digests = {path.name: files.sha256(path) for path in written.values()}
    written["provenance"] = provenance.write(_origin(speaker), study, out, options, digests)
    return Pointed(found, said, written)


def describe(speaker: Speaker, study: Study, found: Grounding) -> dict[str, Any]:
    """The grounding as a tree of JSON values, with the label's own answer beside it: a map has a
    warmest place also where nothing is there."""
    finding = finding_of(found.phrase)
    (label,) = speaker.label(study, [finding.what if finding else found.phrase])
    source = found.image.sources[found.frame] if found.image.sources else None
    return {
        "kind": "radgloss-ground",
        "schema": SCHEMA,
        "marking": marking(),
        "synthetic": study.synthetic,
        "phrase": found.phrase,
        "study": study.uid,
        "image": found.image.uid,
        "frame": found.frame,
        "instance": source.sop_instance_uid if source else "",
        "instance_frame": source.frame_number if source else 1,
        "pixels": {"low": list(found.box.low), "high": list(found.box.high)},
        "millimetres": heat.millimetres(found.image, found.box),
        "way": found.way,
        "log_odds": round(found.score, 3),
        "holds": {
            "label": label.label,
            "probability": None if label.abstained else round(label.probability, 4),
            "abstained": label.abstained,
            "why": label.why,
        },
    }


def _origin(speaker: Speaker) -> Origin:
    if isinstance(speaker, PublishedAligner):
        name, pixels = speaker.space, speaker.published.preprocess
    else:
        name, pixels = speaker.checkpoint.name, speaker.checkpoint.preprocess
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Origin(name, pixels.digest, __version__, when=now)
