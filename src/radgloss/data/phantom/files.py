"""Phantoms as files: DICOM, report, truth and labels; many at once, and a manifest.

A study's folder is written aside and renamed when whole, so a half-written one is never taken for
a study, and a run that was interrupted goes on where it stopped."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from radgloss import disk
from radgloss.data import children
from radgloss.data.phantom.patient import EXAMS
from radgloss.data.phantom.simulate import VERSION, Phantom, make
from radgloss.dicom.write import write_images
from radgloss.text.vocabulary import exam_findings
from radgloss.types import Finding, InputRejected

__all__ = ["generate", "labels", "write"]

SCHEMA = 1
SHARES = (("train", 0.8), ("val", 0.9), ("test", 1.0))  # of the seeds, in ascending order


def labels(phantom: Phantom) -> dict[str, dict[str, Any]]:
    """For every finding of the exam: present (can be seen), side, site, size, and in the body.

    side is "bilateral" where several lie on both sides."""
    out: dict[str, dict[str, Any]] = {}
    if phantom.patient.exam == "ct-head":
        return out
    for row in exam_findings(phantom.patient.exam):
        seen = [f for f in phantom.truth.visible if f.what == row.what]
        sides = {f.side for f in seen}
        side = next(iter(sides)) if len(sides) == 1 else "bilateral" if sides else ""
        out[row.what] = {
            "present": bool(seen),
            "in_patient": any(f.what == row.what for f in phantom.truth.present),
            "side": side,
            "sites": [f.site for f in seen],
            "size_mm": [f.size_mm[0] for f in seen if f.size_mm],
        }
    return out


def _facts(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [asdict(f) for f in findings]


def _truth(phantom: Phantom) -> dict[str, Any]:
    """truth.json: the three truths, the patient and the captions, as plain values."""
    return {
        "schema": SCHEMA,
        "phantom": VERSION,
        "exam": phantom.patient.exam,
        "seed": phantom.patient.seed,
        "patient": asdict(phantom.patient),
        "present": _facts(phantom.truth.present),
        "visible": _facts(phantom.truth.visible),
        "reported": _facts(phantom.truth.reported),
        "mask_image": phantom.study.images[0].uid,
        "masks": {k: int(m.sum()) for k, m in phantom.masks.items()},
        "labels": labels(phantom),
        "captions": [asdict(c) for c in phantom.captions],
    }


def report_text(phantom: Phantom) -> str:
    """The report as a plain page with headings."""
    parts = ("indication", "comparison", "technique", "findings", "impression")
    said = [(p, getattr(phantom.report, p)) for p in parts]
    return "\n\n".join(f"{p.upper()}:\n{text}" for p, text in said if text) + "\n"


def write(phantom: Phantom, folder: Path) -> Path:
    """Write one study into `folder`: dicom/, report.txt, truth.json and labels.npz.

    The folder appears only when it is whole; one that exists already is left as it is."""
    if folder.exists():
        return folder
    aside = folder.with_name(f".{folder.name}.part-{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    write_images(phantom.study, aside / "dicom")
    (aside / "report.txt").write_text(report_text(phantom), encoding="utf-8")
    truth = json.dumps(_truth(phantom), indent=1, sort_keys=True)
    (aside / "truth.json").write_text(truth + "\n", encoding="utf-8")
    masks = {f"finding/{k}": np.packbits(m) for k, m in phantom.masks.items()}
    masks |= {f"organ/{k}": np.packbits(m) for k, m in phantom.organs.items()}
    shape = np.array(phantom.study.images[0].pixels.shape)
    np.savez_compressed(aside / "labels.npz", shape=shape, **masks)  # type: ignore[arg-type]
    os.replace(aside, folder)
    return folder


def _row(folder: Path, split: str) -> dict[str, Any]:
    """One line of the manifest, from what the study's folder says."""
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    text = (folder / "report.txt").read_text(encoding="utf-8")
    sections = {}
    for block in text.split("\n\n"):
        head, _, body = block.partition(":\n")
        sections[head.lower()] = body.strip()
    return {
        "schema": SCHEMA,
        "study": f"{folder.name}/dicom",
        "patient": f"PHANTOM-{truth['seed']:06d}",
        "images": [truth["mask_image"]],
        "report": sections,
        "captions": truth["captions"],
        "labels": truth["labels"],
        "split": split,
        "exam": truth["exam"],
        "seed": truth["seed"],
    }


def _one(job: tuple[int, str, str]) -> str:
    seed, exam, folder = job
    write(make(seed, exam), Path(folder))
    return folder


def _usable(folder: Path) -> bool:
    """Whether a folder of an earlier run holds this version's study."""
    try:
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(truth.get("phantom") == VERSION)


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Children started within load their maths libraries with one thread each."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def generate(
    n: int,
    out: Path,
    seed: int = 0,
    exams: Sequence[str] = ("ct-abdomen", "xr-chest"),
    workers: int = 1,
    progress: Callable[[int, int], object] | None = None,
) -> Path:
    """Make patients seed … seed + n − 1, exam by exam in turn; returns `out/manifest.jsonl`.

    Train, validation and test take the first 80 %, the next 10 % and the last 10 % of the seeds.
    Studies that an earlier run finished are kept. `progress(done, total)` is called as they come.
    Raises InputRejected (`exam`) for an unknown exam, or no patient."""
    unknown = [exam for exam in exams if exam not in EXAMS]
    if unknown or not exams or n < 1:
        found, wanted = f"{n} patients of {list(exams)}", f"at least one, of {', '.join(EXAMS)}"
        raise InputRejected("exam", "the examinations", found, wanted, "Correct the list.")
    out.mkdir(parents=True, exist_ok=True)
    for leftover in out.glob(".*.part-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    plan = [(seed + i, exams[i % len(exams)]) for i in range(n)]
    folders = [out / f"{exam}-{s:06d}" for s, exam in plan]
    jobs = []
    for (s, exam), folder in zip(plan, folders, strict=True):
        if not _usable(folder):
            shutil.rmtree(folder, ignore_errors=True)
            jobs.append((s, exam, str(folder)))
    tell = progress or (lambda done, total: None)
    done = n - len(jobs)
    tell(done, n)
    if workers <= 1 or len(jobs) <= 1:
        for job in jobs:
            _one(job)
            done += 1
            tell(done, n)
    else:
        with _single_threaded(), children.pool(workers) as pool:
            for future in as_completed([pool.submit(_one, job) for job in jobs]):
                future.result()
                done += 1
                tell(done, n)
    manifest = out / "manifest.jsonl"
    lines = []
    for i, folder in enumerate(folders):
        split = next(name for name, share in SHARES if (i + 0.5) / n < share)
        lines.append(json.dumps(_row(folder, split), sort_keys=True) + "\n")
    return disk.write(manifest, "".join(lines))
