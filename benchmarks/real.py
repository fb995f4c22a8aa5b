"""The shipped starter, trained on simulated patients alone, asked about real public pictures.

    python benchmarks/real.py FOLDER [--model starter] [-n 200] [-o RESULT.md]

FOLDER holds `mednist`, `covid_chestxray_cc` and `vqa_rad` (see `real_parts.py`); none is part of
the project, and one that is not there is named and left out. Three things are asked, and printed as
they come out: what a picture is, in words and by a linear probe, beside chance, an untrained twin
and raw pixels; which findings its note states; and whether the model refuses what is foreign to it.
Pictures of one patient or case stay together, in folds and in intervals. First stands what to make
of it, counted from the same figures."""

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parent))

import real_parts as parts
from real_parts import Figure, Item, Looked, Question

import radgloss
from radgloss import wiring
from radgloss.bench.manifest.figures import Label, Sheet, sheet
from radgloss.bench.manifest.hearing import Answer, Said
from radgloss.trust.calibration import auroc
from radgloss.types import Report

READERS = {"mednist": parts.mednist, "covid_chestxray_cc": parts.covid, "vqa_rad": parts.vqa}
NOTHING = Figure(*[float("nan")] * 3)
PATIENTS = {"mednist": "no patients known: intervals over pictures are too narrow",
            "covid_chestxray_cc": "grouped by patient", "vqa_rad": "grouped by case"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Pair:
    """The model and its untrained twin, and how both saw each set."""

    model: Any
    twin: Any
    seen: Mapping[str, Looked]
    twins: Mapping[str, Looked]


@dataclass
class Told:
    """What the tables below came to, for the words above them."""

    questions: int = 0
    above: int = 0
    below: int = 0
    better: int = 0
    worse: int = 0
    findings: int = 0
    ranked: int = 0
    decided: Figure = NOTHING
    own: Figure = NOTHING
    foreign: Figure = NOTHING


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("folder", type=Path, nargs="?", help="of the public sets")
    options.add_argument("--model", default="starter")
    options.add_argument("-n", type=int, default=200, help="pictures of each MedNIST class")
    options.add_argument("-o", "--output", type=Path)
    given = options.parse_args()
    logging.disable(logging.INFO)
    day = datetime.now(UTC).date().isoformat()
    if given.folder is None:  # as `make bench` runs every script
        print("No folder of public pictures was given: nothing is asked.")
        return
    sets = {
        name: parts.mednist(given.folder / name, given.n)
        if name == "mednist"
        else READERS[name](given.folder / name)  # type: ignore[operator]
        for name in READERS
        if parts.at_hand(given.folder, name)
    }
    if not sets:
        options.error(f"{given.folder} holds none of {', '.join(READERS)}")
    model = wiring.load_trained(given.model)
    twin = model.untrained()
    pair = Pair(model, twin, *({n: parts.look(m, i) for n, i in sets.items()}
                               for m in (model, twin)))  # fmt: skip
    told = Told()
    asked = [*_named(sets, pair, told), *_findings(sets, pair, told), *_foreign(sets, model, told)]
    lines = [*_head(day, model, sets), *_verdict(told), *asked]
    text = "\n".join(lines) + "\n"
    out = given.output or Path(__file__).parent / "results" / f"real-{day}.md"
    out.write_text(text, encoding="utf-8")
    print(text)


def _head(day: str, model: Any, sets: Mapping[str, Sequence[Item]]) -> list[str]:
    said = [
        f"`{name}`: {len(items)} pictures of {len({i.patient for i in items})} "
        f"({PATIENTS[name]})" for name, items in sets.items()
    ]  # fmt: skip
    missing = ", ".join(n for n in READERS if n not in sets)
    return [
        f"# Real pictures, {day}", "",
        f"`python benchmarks/real.py` with {model.checkpoint.name}, radgloss "
        f"{radgloss.__version__}. It was trained on simulated patients alone: nothing here was "
        "seen in training, and nothing was fitted or chosen on these pictures but the probes, "
        "each on the other patients. "
        f"{'; '.join(said)}.{f' Not at hand: {missing}.' if missing else ''}", "",
    ]  # fmt: skip


def _verdict(told: Told) -> list[str]:
    """In words, and with no figure that a table below does not have."""
    return [
        "## What to make of it", "",
        "The model learned from simulated patients, in which a lung, a liver and a lesion are "
        "simpler than in anybody. It is there to show how the parts work together, and no figure "
        "of this page speaks for its use on a patient.", "",
        f"- What a picture is, asked in words: above chance in {told.above} of {told.questions} "
        f"questions, below it in {told.below}. A probe on its vectors against one on raw pixels: "
        f"better in {told.better}, worse in {told.worse}.",
        f"- Findings that notes state: {told.ranked} of {told.findings} ranked better than by "
        f"chance. Asked for them it decides {told.decided} of the answers, and abstains from the "
        "others.",
        f"- Real pictures of the kinds it was trained on: it refuses {told.own}. Of other kinds: "
        f"{told.foreign}. A model that has met no real patient does well to refuse both, which is "
        "no sign that it tells them apart; the last line says how far it does.", "",
    ]  # fmt: skip


# ------------------------------------------------------------------ what is it?


@dataclass(frozen=True)
class Named:
    """One question asked of one set: balanced accuracies, chance is 1 / classes."""

    question: str
    classes: Sequence[str]
    pictures: int
    patients: int
    words: Figure
    twin_words: Figure
    probes: Mapping[str, Figure]
    gap: Figure


def _named(sets: Mapping[str, Sequence[Item]], pair: Pair, told: Told) -> list[str]:
    lines = [
        "## What is this picture?", "",
        "Balanced accuracy (mean over classes), 95 % intervals over patients. In words: the class "
        "whose sentences are nearest. Probe: logistic regression, five folds, patients apart. The "
        "twin has the same shape and random weights. The picture comes without its modality, which "
        f"the bridge would otherwise give away. Raw pixels: {parts.SIDE} × {parts.SIDE}.", "",
        "| set, question (sentences) | classes | n | chance | in words | twin in words | probe "
        "| twin's probe | pixels' probe | probe less pixels |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    rows, rare = [], []
    for name, items in sets.items():
        for question in parts.QUESTIONS[name]:
            row = _asked(items, question, pair, name)
            if row is None:
                rare.append(f"{name}: {question.name}")
                continue
            rows.append(row)
            lines.append(
                f"| {row.question} (`{question.digest}`) | {', '.join(row.classes)} "
                f"| {row.pictures} of {row.patients} | {1 / len(row.classes):.3f} | {row.words} "
                f"| {row.twin_words} | {' | '.join(str(f) for f in row.probes.values())} "
                f"| {row.gap} |"
            )
    above = [r.question for r in rows if r.words.low > 1 / len(r.classes)]
    below = [r.question for r in rows if r.words.high < 1 / len(r.classes)]
    better = [r.question for r in rows if r.gap.low > 0]
    worse = [r.question for r in rows if r.gap.high < 0]
    told.questions = len(rows)
    told.above, told.below = len(above), len(below)
    told.better, told.worse = len(better), len(worse)
    return [
        *lines, "",
        f"In words, above chance: {_list(above)}; below: {_list(below)}. Probe better than that of "
        f"raw pixels: {_list(better)}; worse: {_list(worse)}. Where the others are, no difference "
        f"was shown. Not asked, for want of two classes with five patients: {_list(rare)}.", "",
    ]  # fmt: skip


def _list(names: Sequence[str]) -> str:
    return f"{len(names)} ({', '.join(names)})" if names else "none"


def _asked(items: Sequence[Item], question: Question, pair: Pair, name: str) -> Named | None:
    rows, classes = parts.kept(items, question)
    if len(classes) < 2:
        return None
    mine = [items[k] for k in rows]
    true = np.array([i.true[question.name] for i in mine])
    patients = [i.patient for i in mine]
    fold = parts.folds(patients, true.tolist())
    seen, twins = pair.seen[name], pair.twins[name]

    def hits(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return (np.array(classes)[logits.argmax(1)] == true).astype(float)

    def said(model: Any, looked: Looked) -> npt.NDArray[np.float64]:
        return hits(looked.vectors[rows] @ parts.words(model, question, classes).T)

    vectors = {"model": seen.features, "twin": twins.features, "pixels": seen.pixels}
    found = {k: hits(parts.probe(v[rows], true, fold, classes)) for k, v in vectors.items()}
    one, other = (parts.balanced(found[k], true) for k in ("model", "pixels"))
    return Named(
        f"{name}: {question.name}", classes, len(mine), len(set(patients)),
        parts.figure(patients, parts.balanced(said(pair.model, seen), true)),
        parts.figure(patients, parts.balanced(said(pair.twin, twins), true)),
        {k: parts.figure(patients, parts.balanced(h, true)) for k, h in found.items()},
        parts.figure(patients, lambda r: one(r) - other(r)),
    )  # fmt: skip


# ------------------------------------------------------------------ what does its note state?


def _findings(sets: Mapping[str, Sequence[Item]], pair: Pair, told: Told) -> list[str]:
    items = sets.get("covid_chestxray_cc", ())
    places = [k for k, i in enumerate(items) if i.labels]
    if not places:
        return []
    mine = [items[k] for k in places]
    answers, found = _sheet(mine, pair.model)
    told.decided = _decided(answers)
    lines = [
        "## What does its note state?", "",
        f"{len(mine)} chest radiographs of {len({i.patient for i in mine})} patients whose note "
        "states or denies something. Notes are short and are silent about most of what a picture "
        "shows; silence is taken for absence, which lowers every figure. Each picture is asked "
        "alone, as the radiograph that its file would say it is; AUROC with DeLong's interval and "
        "with that of patients, which is the one to read. Decided: the share on which the model "
        "does not abstain.", "",
        "| finding | with it (patients) | n | in words (DeLong) | patients | twin in words | probe "
        "| twin's probe | pixels' probe | decided |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    above, better = [], []
    for label in found.labels:
        if label.auroc[0] != label.auroc[0]:
            continue
        cells, gap = _finding_row(label, items, places, pair)
        lines.append("| " + " | ".join(cells) + " |")
        told.findings += 1
        above += [label.name] if label.patients[0] > 0.5 else []
        better += [label.name] if gap.low > 0 else []
    told.ranked = len(above)
    beside = [s for s in found.scores if s.task in ("calibration", "risk", "retrieval")]
    return [
        *lines, "",
        f"In words, above one half over patients: {_list(above)}. Probe better than that of raw "
        f"pixels: {_list(better)}. Decided, over patients: {told.decided}.", "",
        "Beside it, from the sheet of `radgloss eval`:", "",
        *(f"- {s.task}, {s.measure}: {s}{_beside(s.chance)} (n {s.n})" for s in beside), "",
    ]  # fmt: skip


def _beside(chance: float | None) -> str:
    return "" if chance is None else f", chance {chance:.3f}"


def _decided(answers: Sequence[Answer]) -> Figure:
    """The share of answers without an abstention."""
    rows = [(a.patient, not s.abstained) for a in answers for s in a.said.values()]
    patients, sure = zip(*rows, strict=True)
    of = np.array(sure, float)
    return parts.figure(patients, lambda r: float(of[r].mean()))


def _sheet(items: Sequence[Item], model: Any) -> tuple[list[Answer], Sheet]:
    """As `radgloss eval` judges a split, with the notes for reports."""
    answers, reports = [], []
    for k, item in enumerate(items):
        study = parts.study(item, told=True)
        names = list(item.labels)
        said = zip(names, model.label(study, names), strict=True)
        vector = model.embed_study(study).vector.tolist()
        answers.append(Answer(k, item.patient, item.exam, item.labels,
                              {n: Said.of(p) for n, p in said}, vector=vector))  # fmt: skip
        reports.append(Report(findings=item.note))
    return answers, sheet(answers, reports, model, {"split": "all"})


def _finding_row(
    label: Label, items: Sequence[Item], places: Sequence[int], pair: Pair
) -> tuple[list[str], Figure]:
    rows = [k for k in places if label.name in items[k].labels]
    mine = [items[k] for k in rows]
    true = np.array([i.labels[label.name] for i in mine])
    patients = [i.patient for i in mine]
    of = "covid_chestxray_cc"
    asked = [pair.twin.aligner.raw(parts.study(i, told=True), label.name) for i in mine]
    y = np.where(true, "yes", "no")
    fold = parts.folds(patients, y.tolist())
    vectors = (pair.seen[of].features, pair.twins[of].features, pair.seen[of].pixels)
    logits = [parts.probe(v[rows], y, fold, ("no", "yes")) for v in vectors]
    odds = [np.asarray(asked), *(z[:, 1] - z[:, 0] for z in logits)]
    areas = [_area(o, true) for o in odds]
    found = [parts.figure(patients, a) for a in areas]
    gap = parts.figure(patients, lambda r: areas[1](r) - areas[3](r))
    value, low, high = label.auroc
    with_it = {i.patient for i in mine if i.labels[label.name]}
    return [
        label.name, f"{label.positives} ({len(with_it)})", str(label.n),
        f"{value:.3f} ({low:.3f} to {high:.3f})",
        f"{label.patients[0]:.3f} to {label.patients[1]:.3f}",
        *(str(f) for f in found), f"{label.decided:.0%}",
    ], gap  # fmt: skip


def _area(odds: npt.NDArray[np.float64], true: npt.NDArray[np.bool_]) -> Any:
    def value(rows: npt.NDArray[np.intp]) -> float:
        some = true[rows]
        return auroc(odds[rows], some) if some.any() and not some.all() else float("nan")

    return value


# ------------------------------------------------------------------ does it refuse?


def _foreign(sets: Mapping[str, Sequence[Item]], model: Any, told: Told) -> list[str]:
    lines = [
        "## Does it refuse what is foreign to it?", "",
        "Each picture with its modality, as its file would say it (CT in HU as if shown in the "
        "soft-tissue window). Foreign: an examination that the model was never trained on, which "
        "it should refuse. Of its own kind: one that it knows by name, from patients who are real "
        "where its own are simulated; whether refusing those is right, the tables above tell. "
        "AUROC: whether what is foreign lies further away than what is of its own kind.", "",
        "| set | pictures | n | refused |",
        "|---|---|---|---|",
    ]  # fmt: skip
    ranks, refused = [], []
    for name, items in sets.items():
        mine = [i for i in items if i.told]
        studies = [parts.study(i, told=True) for i in mine]
        silent = np.array([bool(model.aligner.why_not(s)) for s in studies])
        refused += list(zip((i.patient for i in mine), (not i.exam for i in mine), silent.tolist(),
                            strict=True))  # fmt: skip
        groups = [_group(i) for i in mine]
        for group in sorted(set(groups)):
            rows = [k for k, g in enumerate(groups) if g == group]
            share = parts.figure(
                [mine[k].patient for k in rows], lambda r, s=silent[rows]: float(s[r].mean())
            )  # type: ignore[misc]
            lines.append(f"| {name} | {group} | {len(rows)} | {share} |")
        far = np.array([model.foreign(s) for s in studies])
        strange = np.array([not i.exam for i in mine])
        if strange.any() and not strange.all():
            area = parts.figure([i.patient for i in mine], _area(far, strange))
            ranks.append(f"{name} {area} (n {len(mine)})")
    told.own, told.foreign = (_refused([r for r in refused if r[1] == k]) for k in (False, True))
    return [*lines, "", f"AUROC, foreign against its own kind: {'; '.join(ranks)}."]


def _refused(rows: Sequence[tuple[str, bool, bool]]) -> Figure:
    """Of pictures (whose, foreign, refused), the share refused."""
    silent = np.array([r[2] for r in rows], float)
    return parts.figure(
        [r[0] for r in rows], lambda i: float(silent[i].mean()) if len(i) else float("nan")
    )


def _group(item: Item) -> str:
    kind = item.true.get("modality and body part") or " ".join(
        x for x in (item.true.get("organ", "chest"), item.true.get("modality", "")) if x
    )
    return f"{'of its own kind' if item.exam else 'foreign'}: {kind}"


if __name__ == "__main__":
    main()
