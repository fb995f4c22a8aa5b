"""What is in files, and what protects us from them, told for people; no pixels."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import Any

import numpy as np

from radgloss import terms
from radgloss.dicom.choosing import patients, with_pixels
from radgloss.dicom.limits import Limits
from radgloss.dicom.reading import Reader
from radgloss.dicom.stacks import Stack, stacks
from radgloss.dicom.worker import Worker

__all__ = ["inspect", "protection"]

PathLike = str | os.PathLike[str]


def inspect(path: PathLike, limits: Limits = Limits(), identity: bool = False) -> dict[str, Any]:  # noqa: B008
    """What is in a file, folder or zip, without pixels, for people: no patient unless asked."""
    with Reader(limits) as reader:
        scanned = reader.scan(path)
        meta = reader.meta(path) if len(scanned.headers) == 1 else {}
    usable, unusable = with_pixels(scanned.headers)
    others = {n: h for n, h in scanned.headers.items() if h.pixels and n not in usable}
    found, refused = stacks(usable)
    aside, misplaced = stacks(others)
    rejected = (*scanned.rejected, *unusable, *refused, *misplaced)
    described: dict[str, Any] = {
        "files": len(scanned.headers) + len(scanned.rejected),
        "meta": meta,
        "patients": patients(scanned.headers),
        "studies": sorted({h.study_uid for h in scanned.headers.values()}),
        "images": [_described(s) for s in found],
        "set_aside": [_described(s) for s in aside],  # colour, and what lies over pictures
        "left_out": [e.to_dict() for e in rejected],
        "ignored": list(scanned.ignored),
    }
    if identity:
        described["identity"] = [
            vars(i) for i in dict.fromkeys(h.identity for h in scanned.headers.values())
        ]
    return described


def _described(stack: Stack) -> dict[str, Any]:
    header, pixels = stack.header, stack.header.pixels
    assert pixels is not None
    affine, windows = stack.placed.affine, header.windows
    return {
        "uid": stack.uid,
        "series": header.series_uid,
        "modality": terms.modality(header.modality),
        "view": terms.view(header.view),
        "shape": [len(stack.frames), pixels.rows, pixels.columns],
        "step_mm": [round(float(np.linalg.norm(affine[:3, i])), 4) for i in range(3)],
        "affine": [[float(v) for v in row] for row in affine],
        "spacing": stack.placed.spacing,
        "transfer_syntax": header.transfer_syntax,
        "photometric": pixels.photometric,
        "bits": [pixels.allocated, pixels.stored, pixels.high],
        "signed": pixels.signed,
        "units": terms.units(header.units),
        "windows": [vars(replace(w, explanation=terms.window(w.explanation))) for w in windows],
        "voi_tables": len(header.tables),
        "notes": list(stack.notes),
    }


def protection(limits: Limits = Limits()) -> dict[str, Any]:  # noqa: B008
    """Which protection is in force here, and which transfer syntaxes can be decoded."""
    capped = sys.platform.startswith("linux")
    with Worker(limits) as worker:
        codecs = worker.ask({"op": "codecs"}, "decoder").get("codecs", {})
    return {
        "process": "parsing and decoding in a child process of its own",
        "memory": "kernel limit (RLIMIT_AS)" if capped else "resident size watched by the parent",
        "memory_bytes": limits.memory_bytes,
        "wall_seconds": limits.wall_seconds,
        "cpu_seconds": limits.cpu_seconds,
        "codecs": codecs,
    }
