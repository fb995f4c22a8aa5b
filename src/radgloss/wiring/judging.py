"""Models judged: on a manifest of studies, and by PhantomBench."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from radgloss import __version__
from radgloss.engine.precision import AUTO, FP32
from radgloss.settings import Settings, home
from radgloss.types import InputRejected
from radgloss.wiring.models import engine

if TYPE_CHECKING:
    from radgloss.bench.manifest.figures import Sheet
    from radgloss.bench.page import Table

__all__ = ["bench_phantom", "evaluate"]


def evaluate(
    name: str | Path,
    manifest: Path | str,
    out: Path | str,
    split: str = "test",
    thresholds: str = "",
    audited: int = 40,
    seed: int = 0,
    progress: Callable[[str, int, int], object] = lambda stage, done, total: None,
    precision: str | None = None,
) -> Sheet:
    """Every figure of a model on one split of a manifest; answers are kept in `out`, one a study.

    thresholds: the split that operating points are chosen on; "" chooses none. audited: studies
    that are asked again with their pictures taken away. precision: as in `load`; the answers of
    each are their own. Raises InputRejected('fit-on-test') where
    points would be chosen on the studies that are judged, ('manifest') for a split without studies,
    ('eval-labels') for one without a known label, before anything is asked."""
    from radgloss.bench.manifest import figures, hearing
    from radgloss.data.manifest import read_manifest
    from radgloss.text.findings import FINDINGS

    if thresholds == split:
        raise InputRejected(
            "fit-on-test", "--thresholds", f"{thresholds}, the split that is judged",
            "another split", "Choose operating points on the validation split: --thresholds val.",
        )  # fmt: skip
    known = read_manifest(Path(manifest))
    asked = {s: known.split(s) for s in (thresholds, split) if s}
    for part, entries in asked.items():
        if not entries:
            raise InputRejected(
                "manifest", f"{known.path.name}, split {part}", "no study", "one at least",
                "Name each study's split: train, val or test.",
            )  # fmt: skip
        if not any(hearing.truth_of(e) for e in entries):
            raise InputRejected(
                "eval-labels", f"{known.path.name}, split {part}", "no label whose truth is known",
                '"labels": {"pleural effusion": {"present": true}}', "Label some studies.",
            )  # fmt: skip
    model = engine(str(name), precision)
    whose = getattr(getattr(model, "checkpoint", None), "name", str(name))
    told = _told(model, precision)
    bits = getattr(model, "precision", FP32)
    whose = whose if bits == FP32 else f"{whose}, {bits}"
    heard = {
        part: hearing.hear(
            entries, model, whose, Path(out) / f"answers-{part}.jsonl",
            audited if part == split else 0, seed, partial(progress, f"asking {part}"),
        )
        for part, entries in asked.items()
    }  # fmt: skip
    about = {
        "model": f"{Path(name).name} ({whose})", "manifest": known.path.name, "split": split,
        "thresholds": f"chosen on {thresholds}" if thresholds else "none chosen",
        **told,
        "version": f"radgloss {__version__}", "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }  # fmt: skip
    return figures.sheet(
        heard[split], [e.report for e in asked[split]], model, about,
        figures.points(heard[thresholds]) if thresholds else None,
        {row.what: (row.what, *row.synonyms) for row in FINDINGS if row.synonyms},
    )  # fmt: skip


def bench_phantom(
    name: str,
    quick: bool = False,
    data: Path | None = None,
    workers: int = 1,
    seed: int | None = None,
    exams: Sequence[str] = (),
    progress: Callable[[str, int, int], object] = lambda stage, done, total: None,
    precision: str | None = None,
) -> Table:
    """PhantomBench of a model, its untrained twin (where it has one), chance and ceiling.

    data: where the simulated patients are kept; None: under RADGLOSS_HOME. Nothing is made before
    the model, the seed and the examinations are known to be good. precision: of the model, as in
    `load`; its twin keeps fp32."""
    from radgloss.bench import phantom, plan
    from radgloss.data.phantom.imaging.nouns import VERSION

    engines = {"model": engine(name, precision)}
    numbers = plan.QUICK if quick else plan.FULL
    jobs = plan.chosen(numbers, plan.FIRST if seed is None else seed, exams)
    if hasattr(engines["model"], "untrained"):
        engines["untrained"] = engines["model"].untrained()
    side = int(getattr(engines["model"], "side", 0))
    folder = data or home() / "bench" / f"phantom-{VERSION}"
    table = phantom.run(engines, numbers, jobs, folder, side, workers, progress)
    known = getattr(engines["model"], "checkpoint", None)
    about = {
        "model": f"{Path(name).name} ({known.name})" if known else name,
        "input": f"{side} × {side} pixels, which limits the ceiling" if side else "not stated",
        **_told(engines["model"], precision),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "version": f"radgloss {__version__}, phantom {VERSION}",
    }
    return replace(table, about={**about, **table.about})


def _told(model: object, asked: str | None) -> dict[str, str]:
    """In how many bits a model was judged, where it says so."""
    bits = getattr(model, "precision", "")
    chosen = asked == AUTO or (asked is None and Settings()["precision"] == AUTO)
    return {"precision": f"{bits}, chosen by auto" if chosen else bits} if bits else {}
