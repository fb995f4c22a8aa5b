"""Many phantoms at once, and the manifest that a training run reads.

Seeds own their split (`split_of`), so no patient can stand in two: n patients from a training seed
bring a share of as many to validate and to test, from the same place in the ranges of those splits.
A run that was ended goes on where it stopped; two runs may share a folder."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radgloss import disk
from radgloss.data import children
from radgloss.data.phantom.coded import record
from radgloss.data.phantom.files import folder_name, write
from radgloss.data.phantom.imaging.nouns import VERSION
from radgloss.data.phantom.patients import EXAMS, Patient, draw, draw_with, split_of
from radgloss.data.phantom.reading import truth_of
from radgloss.data.phantom.study import simulate
from radgloss.text.findings import asked_finding
from radgloss.types import InputRejected

__all__ = ["DEFAULT_EXAMS", "Generated", "Job", "generate", "plan"]

MANIFEST_SCHEMA = 1
SHARE = 0.2  # one validating and one testing patient for each five that train
STARTS = {"val": 1_000_000, "test": 2_000_000}
DEFAULT_EXAMS = tuple(exam for exam in EXAMS if exam != "ct-head")


@dataclass(frozen=True)
class Job:
    """One patient to be made. findings: forced, with no others; empty for the causal draw."""

    seed: int
    exam: str
    findings: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        return folder_name(self.exam, self.seed)

    def patient(self) -> Patient:
        """Raises InputRejected for what cannot be: an absent organ, a held-out composition."""
        if self.findings:
            return draw_with(self.seed, self.exam, self.findings)
        return draw(self.seed, self.exam)


@dataclass(frozen=True)
class Generated:
    """What one run did. made and kept: folders; left_out: patients who cannot be."""

    manifest: Path
    made: int
    kept: int
    left_out: tuple[InputRejected, ...] = ()


def plan(
    n: int,
    seed: int,
    exams: Sequence[str],
    findings: Sequence[str] = (),
    share: float = SHARE,
) -> tuple[Job, ...]:
    """n patients from `seed`, exam by exam in turn; those of the other splits behind them.

    share: how many validate, and how many test, for each that trains; rounded down. Raises
    InputRejected('phantom-plan') for no patient, an unknown exam, or seeds that run out of their
    split, and 'no-such-finding'.

    >>> [(j.seed, j.exam) for j in plan(5, 10, ["xr-chest"])][4:]
    [(14, 'xr-chest'), (1000010, 'xr-chest'), (2000010, 'xr-chest')]
    """
    unknown = [exam for exam in exams if exam not in EXAMS]
    if unknown or not exams or n < 1 or seed < 0 or not 0 <= share <= 1:
        raise InputRejected(
            "phantom-plan", "what was asked for",
            f"{n} patients of {list(exams)} from seed {seed}, a share of {share}",
            f"at least one patient, from seed 0, of {', '.join(EXAMS)}, a share from 0 to 1",
            "Correct it.",
        )  # fmt: skip
    names = tuple(asked_finding(what).what for what in findings)
    own = split_of(seed)
    if split_of(seed + n - 1) != own:
        raise InputRejected(
            "phantom-plan", f"seeds {seed} to {seed + n - 1}", "seeds of two splits",
            f"{n} seeds that are all of one", "Begin earlier, or ask for fewer.",
        )  # fmt: skip
    starts = {seed: n}
    if own == "train" and "ct-head" not in exams:
        starts |= {start + seed: int(n * share + 1e-9) for start in STARTS.values()}
    return tuple(
        Job(start + k, exams[k % len(exams)], names)
        for start, many in starts.items()
        for k in range(many)
    )


def generate(
    jobs: Sequence[Job],
    out: Path,
    workers: int = 1,
    segments: bool = True,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Generated:
    """Make every patient that `out` does not hold yet, and write `out/manifest.jsonl`.

    Patients who cannot be are left out and named; all of them are drawn before the first is made.
    Raises InputRejected for a disk that is full or cannot be written, keeping what is finished,
    and the first reason where no patient can be."""
    possible, left_out = _drawn(jobs)
    if not possible:
        raise left_out[0]
    with _disk_said(out):
        out.mkdir(parents=True, exist_ok=True)
        _clear(out)
        missing = [job for job in possible if not _usable(out / job.folder, job)]
        kept = len(possible) - len(missing)
        progress(kept, len(possible))
        for done, _ in enumerate(_made(missing, out, workers, segments), kept + 1):
            progress(done, len(possible))
        lines = (json.dumps(_row(out / j.folder), sort_keys=True) + "\n" for j in possible)
        manifest = disk.write(out / "manifest.jsonl", "".join(lines))
    return Generated(manifest, len(missing), kept, left_out)


def _drawn(jobs: Sequence[Job]) -> tuple[list[Job], tuple[InputRejected, ...]]:
    possible, left_out = [], []
    for job in jobs:
        try:
            job.patient()
        except InputRejected as problem:
            left_out.append(problem)
        else:
            possible.append(job)
    return possible, tuple(left_out)


@contextmanager
def _disk_said(out: Path) -> Iterator[None]:
    """What the system says of the disk, in our words."""
    try:
        yield
    except OSError as problem:
        full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
        raise InputRejected(
            "disk-full" if full else "disk", out.name, (problem.strerror or "an error").lower(),
            "room for the phantoms" if full else "a folder that can be written",
            "Make room, then run the same command again: finished patients are kept."
            if full else "Check the path and its permissions.",
        ) from problem  # fmt: skip


def _clear(out: Path) -> None:
    """Remove what ended runs left half-written; what a living process writes is its own."""
    for leftover in out.glob(".*.part-*"):
        if not _alive(int(leftover.name.rpartition("-")[2] or 0)):
            shutil.rmtree(leftover, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _usable(folder: Path, job: Job) -> bool:
    """Whether an earlier run left this very patient, of this version; another's is taken away."""
    if not folder.exists():
        return False
    try:
        known = truth_of(folder)
    except InputRejected:
        known = {}
    wanted = {"phantom": VERSION, "seed": job.seed, "exam": job.exam, "asked": list(job.findings)}
    if {k: known.get(k) for k in wanted} == wanted:
        return True
    if not known:
        raise InputRejected(
            "phantom", folder.name, "a folder that no phantom run has made", "a free name",
            "Choose another output folder.",
        )  # fmt: skip
    shutil.rmtree(folder)
    return False


def _made(jobs: Sequence[Job], out: Path, workers: int, segments: bool) -> Iterator[Path]:
    """Every folder, as it is finished."""
    if workers <= 1 or len(jobs) <= 1:
        yield from (_one(job, out, segments) for job in jobs)
        return
    with _single_threaded(), children.pool(workers) as pool:
        waiting = [pool.submit(_one, job, out, segments) for job in jobs]
        try:
            for future in as_completed(waiting):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _one(job: Job, out: Path, segments: bool) -> Path:
    return write(simulate(job.patient()), out / job.folder, segments, job.findings)


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


# ------------------------------------------------------------------ the manifest


def _row(folder: Path) -> dict[str, Any]:
    """One line, from what the folder says."""
    known = truth_of(folder)
    row = {
        "schema": MANIFEST_SCHEMA,
        "study": f"{folder.name}/dicom",
        "patient": f"PHANTOM-{known['seed']:07d}",
        "images": list(known["looks"]),
        "report": known["report"],
        "captions": known["captions"],
        "labels": _labels(known),
        "codes": record(known["patient"]),
        "measurements": known["patient"]["encounter"]["measurements"],
        "split": split_of(known["seed"]),
        "exam": known["exam"],
        "seed": known["seed"],
    }
    if (folder / "prior").is_dir():
        row["prior"] = f"{folder.name}/prior/dicom"
        row["prior_report"] = truth_of(folder / "prior")["report"]
    return row


def _labels(known: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """For every finding of the exam whether it can be seen, on which side, where, how large.

    A finding that is in the body and cannot be seen has no `present`: neither answer is right."""
    out: dict[str, dict[str, Any]] = {}
    for what, present in known["labels"].items():
        seen = [f for f in known["visible"] if f["what"] == what]
        sides = {f["side"] for f in seen}
        out[what] = {
            "side": sides.pop() if len(sides) == 1 else "bilateral" if sides else "",
            "sites": [f["site"] for f in seen],
            "size_mm": [f["size_mm"][0] for f in seen if f["size_mm"]],
        } | ({} if present is None else {"present": present})
    return out
