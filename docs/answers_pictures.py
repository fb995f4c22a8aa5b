"""Asks a model about simulated patients that it never met, and draws docs/reading-answers.md: its
pictures, and the tables between the marks `measured` and `end`.

radgloss phantom -n 400 -o FOLDER --seed 0          # or any manifest of phantoms
python docs/answers_pictures.py FOLDER/manifest.jsonl [KEPT.npz] [MODEL]

Studies of the test split alone, the first of each examination; the answers are kept in KEPT
(build/answers.npz), so that drawing again asks nothing. About ten minutes of one core; needs
matplotlib and scikit-learn: pip install -e '.[docs]' -c constraints.txt."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import radgloss
from radgloss.data.manifest import Entry, read_manifest
from radgloss.data.phantom.study import make
from radgloss.engine.attention import attention_map
from radgloss.engine.grounding import Grounding, ground
from radgloss.eval.metrics.bootstrap import mean_interval
from radgloss.eval.metrics.regions import points_at
from radgloss.types import InputRejected, Region, Study

DOCS = Path(__file__).parent
PAGE, PICTURES = DOCS / "reading-answers.md", DOCS / "pictures"
KEPT = DOCS.parent / "build" / "answers.npz"
MOST = {"xr-chest": 240, "ct-abdomen": 40, "mr-abdomen": 24}
STRANGERS = [(2_000_001 + i, "ct-head") for i in range(8)]
POINTED = ("pleural effusion", "cardiomegaly", "pneumothorax", "consolidation")
EFFUSION = POINTED[0]
SLACK_MM = 5.0  # a reader's finger on the screen, as in `eval.evaluators.grounding`

Answers = dict[str, Any]


# ------------------------------------------------------------------ asking


def ask(manifest: Path, name: str) -> Answers:
    """Vectors (n, D) and, study by study, what was said, what is true and where it pointed."""
    model = radgloss.load(name)
    known = read_manifest(manifest).split("test")
    rows, vectors = [], []
    for exam, most in MOST.items():
        for entry in [e for e in known if e.exam == exam][:most]:
            study = radgloss.read(entry.study)
            rows.append(_said(model, study, exam) | _true(entry) | {"study": str(entry.study)})
            if exam == "xr-chest":
                rows[-1]["pointed"] = list(_pointed(model, study, entry))
            vectors.append(model.embed_study(study).vector)
            print(f"\r{len(rows)} studies", end="", file=sys.stderr, flush=True)
    for seed, exam in STRANGERS:
        study = make(seed, exam).study
        rows.append(_said(model, study, exam) | {"true": {}})
        vectors.append(model.embed_study(study).vector)
    about = {"model": f"{name} ({model.checkpoint.name})", "date": f"{datetime.now(UTC):%Y-%m-%d}"}
    return {**about, "rows": rows, "x": np.stack(vectors)}


def _said(model: Any, study: Study, exam: str) -> dict[str, Any]:
    labels = model.label(study, model.validated(study)) if exam in MOST else ()
    return {
        "exam": exam, "refused": model.aligner.why_not(study),
        "views": sorted({i.view for i in study.images}),
        "said": {p.label: [p.probability, p.logit, p.abstained, p.why] for p in labels},
    }  # fmt: skip


def _true(entry: Entry) -> dict[str, Any]:
    present = {what: label.get("present") for what, label in entry.labels.items()}
    return {"patient": entry.patient, "true": {k: v for k, v in present.items() if v is not None}}


def _pointed(model: Any, study: Study, entry: Entry) -> Iterator[dict[str, Any]]:
    """Where the model points at each present finding, and where a random finger would."""
    for what in POINTED:
        if entry.labels.get(what, {}).get("present"):
            found = ground(model.aligner, study, what)
            mask = mask_of(entry.study, what, found)
            if mask is None:
                continue
            slack = round(SLACK_MM / float(np.linalg.norm(found.image.affine[:3, 2])))
            yield {
                "what": what, "hit": points_at(found.box, mask[None], slack),
                "chance": _near(mask, slack),
            }  # fmt: skip


def mask_of(study: Path, what: str, found: Grounding) -> np.ndarray | None:
    """(R, C) where the finding is on that film, or None where the film cannot show it."""
    folder = study.parent
    grid = json.loads((folder / "truth.json").read_text("utf-8"))["grids"][found.image.uid]
    with np.load(folder / "labels.npz") as kept:
        shape = tuple(kept[f"{grid}/shape"])
        names = [n for n in kept.files if n.startswith(f"{grid}/finding/{what}#")]
        parts = [np.unpackbits(kept[n], count=int(np.prod(shape))).reshape(shape) for n in names]
    mask = np.any([p.astype(bool) for p in parts], axis=0)[0] if parts else np.zeros(1, bool)
    return mask if mask.any() else None


def _near(mask: np.ndarray, slack: int) -> float:
    """The share of the film from which the mask is within reach of a finger."""
    rows = np.lib.stride_tricks.sliding_window_view(np.pad(mask, slack), 2 * slack + 1, axis=0)
    near = np.lib.stride_tricks.sliding_window_view(rows.any(-1), 2 * slack + 1, axis=1).any(-1)
    return float(near.mean())


# ------------------------------------------------------------------ tables


def tables(answers: Answers) -> str:
    """The figures of the page, as the answers have them."""
    rows = answers["rows"]
    asked = ", ".join(
        f"{sum(r['exam'] == exam for r in rows)} {exam}" for exam in dict.fromkeys(
            r["exam"] for r in rows)
    )  # fmt: skip
    lines = [
        f"Measured {answers['date']} on {asked} of simulated patients that took no part in "
        f"training: {answers['model']}.", "",
        "| finding on chest films | present of known | decided | right of decided | left open |",
        "|---|---|---|---|---|",
    ]  # fmt: skip
    for what, c in decided(rows).items():
        made = c["right"] + c["wrong"]
        lines.append(
            f"| {what} | {c['present']} of {c['n']} | {made} | {c['right']} | {c['open']} |"
        )
    lines += [
        "",
        "| pointing at | films | in the finding | of random fingers |",
        "|---|---|---|---|",
    ]
    for what in POINTED:
        told = [(p["hit"], p["chance"], r["patient"]) for r in rows for p in r.get("pointed", ())
                if p["what"] == what]  # fmt: skip
        if told:
            hits, chance, patients = zip(*told, strict=True)
            mean, low, high = mean_interval(hits, patients)
            lines.append(f"| {what} | {len(told)} | {mean:.0%} ({low:.0%} to {high:.0%}) "
                         f"| {np.mean(chance):.0%} |")  # fmt: skip
    strange = [r for r in rows if r["exam"] not in MOST]
    refused = sum(bool(r["refused"]) for r in strange)
    familiar = [r for r in rows if r["exam"] in MOST]
    false = sum(bool(r["refused"]) for r in familiar)
    lines += ["", f"Refused as unlike anything known: {refused} of {len(strange)} head CTs, never "
              f"met before, and {false} of {len(familiar)} of kinds that it knows."]  # fmt: skip
    return "\n".join(lines)


def decided(rows: list[dict[str, Any]], exam: str = "xr-chest") -> dict[str, dict[str, int]]:
    """By finding: how many answers were given, how many of them right, how many left open."""
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        for what, (probability, _, abstained, _) in row["said"].items():
            if row["exam"] != exam or what not in row["true"]:
                continue
            c = found.setdefault(what, dict.fromkeys(("n", "present", "right", "wrong", "open"), 0))
            c["n"] += 1
            c["present"] += row["true"][what]
            right = (probability >= 0.5) == row["true"][what]
            c["open" if abstained else "right" if right else "wrong"] += 1
    return dict(sorted(found.items(), key=lambda kv: kv[1]["open"]))


# ------------------------------------------------------------------ heat maps


def examples(answers: Answers, name: str) -> list[dict[str, Any]]:
    """The first film where pointing at an effusion hits, the first where it misses, the first
    without one: chosen by that rule and not by their looks."""
    films = [r for r in answers["rows"] if r["exam"] == "xr-chest"]

    def outcome(row: dict[str, Any]) -> str:
        told = [p["hit"] for p in row["pointed"] if p["what"] == EFFUSION]
        healthy = row["true"].get(EFFUSION) is False
        return ("hit" if told[0] else "miss") if told else "none" if healthy else ""

    model = radgloss.load(name)
    shown = []
    for wanted in ("hit", "miss", "none"):
        row = next((r for r in films if outcome(r) == wanted), None)
        if row is None:
            continue
        study = radgloss.read(row["study"])
        found = ground(model.aligner, study, EFFUSION)
        looked = attention_map(model.checkpoint, found.image)[found.frame]
        probability, _, abstained, why = row["said"][EFFUSION]
        shown.append({
            "image": found.image, "heat": found.heat, "box": found.box, "looked": looked,
            "mask": mask_of(Path(row["study"]), EFFUSION, found), "outcome": wanted,
            "answer": why if abstained else f"probability {probability:.2f}",
        })  # fmt: skip
    return shown


def box_lines(box: Region) -> tuple[float, float, float, float]:
    """x, y, width, height of a box on a film."""
    (_, top, left), (_, bottom, right) = box.low, box.high
    return left - 0.5, top - 0.5, right - left + 1, bottom - top + 1


# ------------------------------------------------------------------ all of it


def main(manifest: Path, kept: Path, name: str) -> None:
    """Ask, unless it was asked; draw; write the tables into the page."""
    try:
        import answers_plots as plots  # beside this file
    except ModuleNotFoundError as problem:
        sys.exit(f"{problem}; pip install -e '.[docs]' -c constraints.txt")
    if kept.is_file():
        with np.load(kept) as file:
            answers = json.loads(str(file["told"])) | {"x": file["x"]}
    else:
        answers = ask(manifest, name)
        told = json.dumps({k: v for k, v in answers.items() if k != "x"})
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(kept, told=np.array(told), x=answers["x"])
    rows = answers["rows"]
    plots.calibration(rows, PICTURES / "answers-calibration.png")
    plots.decisions(decided(rows), PICTURES / "answers-decided.png")
    plots.maps(answers["x"], rows, EFFUSION, PICTURES / "answers-map.png")
    plots.pointing(examples(answers, name), box_lines, EFFUSION, PICTURES / "answers-pointing.png")
    text = PAGE.read_text("utf-8")
    block = f"<!-- measured -->\n{tables(answers)}\n<!-- end -->"
    PAGE.write_text(re.sub(r"<!-- measured -->.*<!-- end -->", lambda _: block, text, flags=re.S))
    for path in sorted(PICTURES.glob("answers-*.png")):
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    given = sys.argv[1:]
    if not 1 <= len(given) <= 3:
        sys.exit(__doc__)
    try:
        main(
            Path(given[0]), Path(given[1]) if len(given) > 1 else KEPT, (given + ["starter"] * 3)[2]
        )
    except InputRejected as problem:
        sys.exit(str(problem))
