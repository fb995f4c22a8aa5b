"""One phantom as a folder: DICOM, report, truth, label maps, and the same for the study before.

    ct-abdomen-0000012/
        dicom/          every series, one file a frame
        report.txt      what the author wrote
        truth.json      patient, three truths, sentences with their facts, captions, posterior
        labels.npz      masks of organs and lesions, packed bits, one group for each grid
        segments/       the same as DICOM Segmentation, where the images have a frame of reference
        prior/          the same patient earlier, where there was such a study

A folder is written aside, forced to disk and renamed when whole, so that a half-written one is
never taken for a study."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from radgloss import disk
from radgloss.data.manifest import Caption
from radgloss.data.packed import PackedMasks
from radgloss.data.phantom.captions import captions_of
from radgloss.data.phantom.imaging.nouns import VERSION
from radgloss.data.phantom.study import Phantom
from radgloss.data.phantom.truth import labels
from radgloss.dicom.seg import write_segments
from radgloss.dicom.write import write_images
from radgloss.types import Image

__all__ = ["SCHEMA", "folder_name", "grids_of", "report_text", "write"]

SCHEMA = 2
SECTIONS = ("indication", "comparison", "technique", "findings", "impression")
PLACED = frozenset({"CT", "MR"})  # modalities whose images have a frame of reference


def folder_name(exam: str, seed: int) -> str:
    """What the folder of that patient is called.

    >>> folder_name("xr-chest", 12)
    'xr-chest-0000012'
    """
    return f"{exam}-{seed:07d}"


def write(phantom: Phantom, folder: Path, segments: bool = True, asked: Sequence[str] = ()) -> Path:
    """Write one phantom into `folder`, which appears only when it is whole; returns it.

    segments: also as DICOM Segmentation, about a second for a CT. asked: findings that were forced
    (`draw_with`), kept so that a later run can tell this study from an ordinary one. A folder that
    exists already is left as it is."""
    if folder.exists():
        return folder
    aside = folder.with_name(f".{folder.name}.part-{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(parents=True)
        _fill(phantom, aside, segments, asked)
        disk.replace_folder(aside, folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return folder


def _fill(phantom: Phantom, folder: Path, segments: bool, asked: Sequence[str]) -> None:
    files = write_images(phantom.study, folder / "dicom")
    grids = grids_of(phantom)
    _write_labels(phantom, grids, folder / "labels.npz")
    if segments:
        _write_segments(phantom, grids, files, folder / "segments")
    (folder / "report.txt").write_text(report_text(phantom), encoding="utf-8")
    truth = json.dumps(_truth(phantom, grids, asked), indent=1, sort_keys=True)
    (folder / "truth.json").write_text(truth + "\n", encoding="utf-8")
    if phantom.prior is not None:
        (folder / "prior").mkdir()
        _fill(phantom.prior, folder / "prior", segments, asked)


def report_text(phantom: Phantom) -> str:
    """The report as a plain page with headings."""
    said = [(s, getattr(phantom.report, s)) for s in SECTIONS]
    return "\n\n".join(f"{s.upper()}:\n{text}" for s, text in said if text) + "\n"


def _truth(phantom: Phantom, grids: dict[str, int], asked: Sequence[str]) -> dict[str, Any]:
    """truth.json as plain values; the labels are null where a finding is there and not visible."""
    known, told = phantom.truth, phantom.written
    return {
        "schema": SCHEMA,
        "phantom": VERSION,
        "exam": phantom.patient.exam,
        "seed": phantom.patient.seed,
        "asked": list(asked),
        "patient": asdict(phantom.patient),
        "present": [asdict(f) for f in known.present],
        "visible": [asdict(f) for f in known.visible],
        "reported": [asdict(f) for f in known.reported],
        "labels": labels(phantom.patient, phantom.imaged),
        "diseases": list(phantom.patient.encounter.diseases),
        "posterior": dict(known.posterior),
        "measured": dict(phantom.imaged.facts),
        "looks": dict(phantom.imaged.looks),
        "grids": grids,
        "report": asdict(phantom.report),
        "author": told.author,
        "omitted": list(told.omitted),
        "sentences": [asdict(s) for s in told.sentences],
        "captions": [_plain(c) for c in captions_of(phantom)],
    }


def _plain(caption: Caption) -> dict[str, Any]:
    """A caption as a line of the manifest has it."""
    row: dict[str, Any] = {
        "image": caption.image, "frame": caption.frame, "sentences": list(caption.sentences),
    }  # fmt: skip
    if caption.region is not None:
        row["region"] = [list(caption.region.low), list(caption.region.high)]
    return row


# ------------------------------------------------------------------ label maps


def grids_of(phantom: Phantom) -> dict[str, int]:
    """By image uid, the number of its grid; phases and sequences of one body share one."""
    numbers: dict[int, int] = {}
    out = {}
    for image in phantom.study.images:
        organs = phantom.truth.organs[image.uid]
        own = id(organs) if organs else id(image)
        out[image.uid] = numbers.setdefault(own, len(numbers))
    return out


def _structures(phantom: Phantom, image: Image) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """Every marked structure on an image, as `organ/liver` and `finding/liver cyst#0`."""
    for kind, masks in (("organ", phantom.truth.organs), ("finding", phantom.truth.masks)):
        for name, mask in masks[image.uid].items():
            if mask.any():
                yield f"{kind}/{name}", mask


def _firsts(phantom: Phantom, grids: dict[str, int]) -> dict[int, Image]:
    """The first image of each grid."""
    firsts: dict[int, Image] = {}
    for image in phantom.study.images:
        firsts.setdefault(grids[image.uid], image)
    return firsts


def _write_labels(phantom: Phantom, grids: dict[str, int], path: Path) -> None:
    arrays: dict[str, Any] = {}
    for grid, image in _firsts(phantom, grids).items():
        arrays[f"{grid}/shape"] = np.array(image.pixels.shape)
        for name, mask in _structures(phantom, image):
            arrays[f"{grid}/{name}"] = np.packbits(mask)
    np.savez_compressed(path, **arrays)


def _write_segments(
    phantom: Phantom, grids: dict[str, int], files: Sequence[Path], folder: Path
) -> None:
    """One Segmentation for each grid of CT or MR; other images have no frame of reference."""
    frames = [len(image.sources) for image in phantom.study.images]
    ends = dict(zip((i.uid for i in phantom.study.images), accumulate(frames), strict=True))
    for grid, image in _firsts(phantom, grids).items():
        marked = PackedMasks(_structures(phantom, image) if image.modality in PLACED else ())
        if marked:
            end = ends[image.uid]
            folder.mkdir(exist_ok=True)
            sources = files[end - len(image.sources) : end]
            write_segments(marked, sources, image.uid, folder / f"{grid}.dcm")
