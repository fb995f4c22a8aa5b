"""From a recipe to a checkpoint that may be believed: train, calibrate, score.

Calibration, thresholds and the outlier's bank come from the validation and training splits only;
the test split is read once, at the end, for the card. Studies are asked through the same engine
that will serve them."""

from __future__ import annotations

import sys
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from radgloss import __version__, checkpoint, dicom
from radgloss.checkpoint import Checkpoint, Support
from radgloss.data import phantom
from radgloss.data.manifest import Entry, Manifest, read_manifest
from radgloss.engine.aligner import Aligner
from radgloss.systems.change import Change
from radgloss.systems.representation import finish as representation
from radgloss.systems.starting import begun
from radgloss.systems.training import tokenizer_of, trained, untrained
from radgloss.text.banks import BankSet
from radgloss.text.facts.sentences import sentences
from radgloss.text.findings import EXAMS, exam_findings
from radgloss.text.prompts import Bank, gather, plain
from radgloss.text.strange import STRANGE
from radgloss.text.tokenizer import Tokenizer
from radgloss.train import cache, prepare, ranks
from radgloss.train.run import Run
from radgloss.trust import Trust, calibration, choosing, conformal, detectors, outlier
from radgloss.trust.calibration import Calibration, auroc, expected_calibration_error
from radgloss.trust.conformal import Conformal
from radgloss.trust.outlier import Detector
from radgloss.types import InputRejected, Study

__all__ = ["said_of", "train_system"]

FAMILIAR = 100  # training studies of an examination that the outlier's bank is drawn from
SUPPORTING = 100  # training reports of an examination that a draft may point to
KEPT = 4500  # pictures in the banks of all examinations together
LEAST = 2  # studies with a finding, and without, that its calibration needs
NEGATIVE = 100  # sentences that NegLabel holds against an examination's own
ALPHA = 0.1  # of the sets: the truth is outside one in ten, among the ill and among the healthy
AS_IT_IS = Change()
HEADS, HEAD_SEED = 20, 9_000_000  # simulated heads, asked once for the card


def train_system(
    system: str,
    run: Run,
    manifest_path: Path,
    out: Path,
    change: Change = AS_IT_IS,
    resume: bool = False,
    workers: int = 1,
    network: bool = False,
) -> dict[str, Any]:
    """Train, fit, score and save; returns the card with the checkpoint's name.

    Started by torchrun, every rank calls it and returns the card; what is not training is done by
    rank 0 alone. network: whether published weights may be fetched. Raises InputRejected for a
    manifest, a start or ranks that cannot be used, before any long work."""
    with ranks.joined() as me:
        run = change.of(run)
        work = out.with_name(out.name + ".work")
        _check_parts(run, me)
        manifest = read_manifest(manifest_path)
        if me.first:
            _check(manifest)
        start = begun(run, change.start, work, me, network)
        run, entries = start.run, manifest.split("train")
        _check_chunks(run)
        pairs = me.in_turn(
            lambda: run.feed.read(
                manifest, "train", run.preprocess, work / "pairs", workers, _bar("reading")
            )
        )
        tokenizer = me.in_turn(lambda: tokenizer_of(pairs, run, entries, work, start.tokenizer))
        objective = trained(run, pairs, entries, tokenizer, work, resume)
        command = f"radgloss train {system} -d {manifest_path.name} -o {out.name}"
        card = {**_card(run, objective.model, manifest, command + change.options()), **start.about}

        def finished() -> dict[str, Any]:
            if not representation.is_representation(run):
                return finish(run, objective.model, tokenizer, manifest, out, card)
            test = run.feed.read(
                manifest, "test", run.preprocess, work / "test", workers, _bar("test")
            )
            train, tested = (pairs, entries), (test, manifest.split("test"))
            return representation.finish(run, objective, tokenizer, train, tested, card, out)

        return me.once(finished)


def _check_parts(run: Run, me: ranks.Ranks) -> None:
    """What several ranks, or chunks, cannot compute exactly is refused before any work."""
    if me.count > 1 or run.chunk:
        cache.require_parts(checkpoint.architecture(run.architecture).Objective, run.name)
    me.require_rows(run.batch // run.accumulate)


def _check_chunks(run: Run) -> None:
    """The towers as they will be: what is frozen normalises over nothing."""
    if run.chunk:
        objective = untrained(run)
        prepare.wake(objective, run.freeze)
        cache.require_apart(objective)


def _check(manifest: Manifest) -> None:
    """Say which lines were left out; refuse what cannot be trained, fitted and scored."""
    for problem in manifest.bad:
        tqdm.write(f"left out: {problem}", file=sys.stderr)
    for split in ("train", "val", "test"):
        if not any(e.exam in EXAMS for e in manifest.split(split)):
            raise InputRejected(
                "manifest", f"{manifest.path.name}, split {split}",
                "no study of a known examination", f"exam: {' or '.join(EXAMS)}",
                "Name each study's exam, and give every split some.",
            )  # fmt: skip


def _bar(what: str) -> Any:
    bar: list[tqdm[Any]] = []

    def progress(done: int, total: int) -> None:
        if not bar:
            bar.append(tqdm(total=total, desc=what, unit="study", file=sys.stderr,
                            disable=not sys.stderr.isatty()))  # fmt: skip
        bar[0].update(done - bar[0].n)

    return progress


# ------------------------------------------------------------------ asking studies


@dataclass(frozen=True, eq=False)
class Asked:
    """What the raw model said of one study, beside what is true."""

    exam: str
    logits: dict[str, float]
    sides: dict[str, float]
    truth: dict[str, bool]
    true_sides: dict[str, str]
    features: npt.NDArray[np.float32]
    vector: npt.NDArray[np.float32]
    report: str
    vectors: npt.NDArray[np.float32] = field(
        default_factory=lambda: np.zeros((0, 1), np.float32)
    )  # of its pictures, beside `features`


@dataclass(frozen=True, eq=False)
class Words:
    """Vectors of what an examination's reports state, (K, D), and of what they never do, (M, D)."""

    known: npt.NDArray[np.float32]
    strange: npt.NDArray[np.float32]


def ask(entries: Sequence[Entry], aligner: Aligner, what: str) -> Iterator[Asked]:
    """Every study of these entries, through the serving engine."""
    with tqdm(total=len(entries), desc=what, unit="study", file=sys.stderr,
              disable=not sys.stderr.isatty()) as bar:  # fmt: skip
        for entry, reading in _read_ahead(entries):
            try:
                yield _ask(entry, reading.result(), aligner)
            except InputRejected as problem:
                tqdm.write(f"left out: {problem}", file=sys.stderr)
            bar.update()


def _read_ahead(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Future[Study]]]:
    """One study is read while the one before it is asked."""
    with dicom.Reader() as reader, ThreadPoolExecutor(1) as thread:
        waiting: deque[tuple[Entry, Future[Study]]] = deque()
        for entry in entries:
            waiting.append((entry, thread.submit(reader.read, entry.study)))
            if len(waiting) > 1:
                yield waiting.popleft()
        yield from waiting


def _ask(entry: Entry, study: Study, aligner: Aligner) -> Asked:
    said = {f.what: present(entry, f.what) for f in exam_findings(entry.exam)}
    truth = {what: answer for what, answer in said.items() if answer is not None}
    sided = [f.what for f in exam_findings(entry.exam) if f.sides and truth.get(f.what)]
    return Asked(
        exam=entry.exam,
        logits={n: aligner.raw(study, n) for n in truth},
        sides={n: aligner.raw_side(study, n) for n in sided},
        truth=truth,
        true_sides={n: str(entry.labels[n].get("side", "")) for n in sided},
        features=np.concatenate([s.features for s in aligner.see(study)]),
        vector=aligner.embed_study(study).vector,
        report=f"{entry.report.findings} {entry.report.impression}".strip(),
        vectors=np.concatenate([s.vectors for s in aligner.see(study)]),
    )


def present(entry: Entry, what: str) -> bool | None:
    """Whether the manifest says that a finding can be seen in this study; None where it is silent,
    as of a lesion that is there and too small to be seen."""
    answer = entry.labels.get(what, {}).get("present")
    return None if answer is None else bool(answer)


# ------------------------------------------------------------------ fitting and scoring


def finish(
    run: Run,
    model: Any,
    tokenizer: Tokenizer,
    manifest: Manifest,
    out: Path,
    card: Mapping[str, Any],
) -> dict[str, Any]:
    """Fit trust on validation, gather support, score on test, save."""
    if run.storage == "fp16":
        model = checkpoint.rounded(model)
    prompts = gather(said_of(manifest.split("train")))
    bare = _aligner(run, model, tokenizer, prompts)
    training = list(ask(_some(manifest.split("train")), bare, "training studies"))
    validation = list(ask(manifest.split("val"), bare, "validation"))
    trust = fit(training, validation, run.seed, words_of(bare))
    test = list(ask(manifest.split("test"), bare, "test"))
    card = {
        **card,
        "prompts": str(BankSet(run.name, __version__, prompts)),
        "outliers": dict(trust.chosen),
        "validation": {
            exam: {k: _figures(c) for k, c in of.items()} for exam, of in trust.labels.items()
        },
        "test": {**score(test, trust), "head_ct_refused": _heads(bare, trust)},
    }
    support = Support(
        tuple(a.report for a in training),
        tuple(a.exam for a in training),
        np.stack([a.vector for a in training]) if training else np.zeros((0, 1), np.float32),
    )
    name = checkpoint.save(
        out, run.architecture, model, run.preprocess, tokenizer, card, trust, support, run.storage,
        prompts,
    )  # fmt: skip
    return {**card, "name": name}


def _card(run: Run, model: Any, manifest: Manifest, command: str) -> dict[str, Any]:
    """What every card says, before any figure."""
    return {
        "title": run.name,
        "version": __version__,
        "command": command,
        "intended_use": "research and education; not a medical device",
        "data": _data(manifest),
        "parameters": sum(p.numel() for p in model.parameters()),
        "steps": run.steps,
        "batch": run.batch,
        "seed": run.seed,
        "precision": run.precision,
        "preprocess": run.preprocess.digest,
        "license": "Apache-2.0",
    }


def said_of(entries: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    """Every caption's sentences with their examination, or the report where there is no caption."""
    for entry in entries:
        yield from ((entry.exam, s) for c in entry.captions for s in c.sentences)
        if not entry.captions:
            text = f"{entry.report.findings} {entry.report.impression}"
            yield from ((entry.exam, text[a:b]) for a, b in sentences(text, 0, len(text)))


def _aligner(run: Run, model: Any, tokenizer: Tokenizer, prompts: Mapping[str, Bank]) -> Aligner:
    """The model as it will serve, before anything was fitted."""
    nothing, doubt = Support((), (), np.zeros((0, 1), np.float32)), Trust({}, {}, {})
    return Aligner(
        Checkpoint("unfinished", run.architecture, model.eval(), run.preprocess, tokenizer, doubt,
                   nothing, {}, prompts)
    )  # fmt: skip


def _some(entries: Sequence[Entry]) -> list[Entry]:
    """The first studies of each examination."""
    kept: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if len(kept[entry.exam]) < max(FAMILIAR, SUPPORTING):
            kept[entry.exam].append(entry)
    return [e for many in kept.values() for e in many]


def words_of(aligner: Aligner) -> dict[str, Words]:
    """For each examination what its reports state, against what other ones state and everyday
    things: what the worded detectors compare a picture with."""
    prompts = aligner.checkpoint.prompts
    stated = {
        exam: {s for f in exam_findings(exam) for s in
               (prompts[f.what].present if f.what in prompts else plain(f.what).present)}
        | {f"{EXAMS[exam].title}."}
        for exam in EXAMS
    }  # fmt: skip
    everything = sorted(set().union(*stated.values()))
    found = {}
    for exam, own in stated.items():
        known = aligner.texts(sorted(own))
        others = aligner.texts([*STRANGE, *(s for s in everything if s not in own)])
        found[exam] = Words(known, others[detectors.strange_words(others, known, NEGATIVE)])
    return found


def fit(
    training: Sequence[Asked],
    validation: Sequence[Asked],
    seed: int = 0,
    words: Mapping[str, Words] | None = None,
) -> Trust:
    """Temperatures, thresholds, sides, sets and one outlier detector for each examination.

    words: by examination, for the detectors that need some; without them those are no candidates.
    """
    labels: dict[str, dict[str, Calibration]] = {}
    sides: dict[str, dict[str, Calibration]] = {}
    sets: dict[str, dict[str, Conformal]] = {}
    outliers, chosen, familiar_at = {}, {}, {}
    exams = sorted({a.exam for a in validation} & EXAMS.keys())
    for exam in exams:
        mine = [a for a in validation if a.exam == exam]
        labels[exam], sides[exam], sets[exam] = {}, {}, {}
        for row in exam_findings(exam):
            known = [a for a in mine if row.what in a.truth]
            logits = np.array([a.logits[row.what] for a in known])
            truth = np.array([a.truth[row.what] for a in known], bool)
            if min(truth.sum(), (~truth).sum()) >= LEAST:
                labels[exam][row.what] = calibration.fit(logits, truth)
                both = np.stack([-logits, logits], axis=1)  # absent, present
                sets[exam][row.what] = conformal.fit(both, truth, ALPHA, by_class=True)
            _fit_side(row.what, mine, sides[exam])
        familiar = [a.features for a in training if a.exam == exam]
        if familiar:
            bank = np.concatenate(familiar)
            outliers[exam], chosen[exam] = _detector(
                bank, validation, exam, KEPT // len(exams), seed, (words or {}).get(exam)
            )
            detector = outliers[exam]
            distances = sorted(detector.score(getattr(a, detector.reads)) for a in mine)
            familiar_at[exam] = tuple(round(d, 6) for d in distances)
    on = f"{len(validation)} validation studies"
    return Trust(labels, sides, outliers, on, sets, chosen, familiar_at)


def _detector(
    bank: npt.NDArray[np.float32],
    validation: Sequence[Asked],
    exam: str,
    keep: int,
    seed: int,
    words: Words | None,
) -> tuple[Detector, str]:
    """The detector that best tells this examination from the others, and how that was found."""
    mine = [a for a in validation if a.exam == exam]
    others = [a for a in validation if a.exam != exam]
    features = [a.features for a in mine]
    nearest = outlier.fit(bank, features, keep, seed=seed)
    if min(len(mine), len(others)) < LEAST:
        return nearest, f"{nearest.kind}: not measured, too few studies of other examinations"
    candidates: dict[str, Detector] = {
        nearest.kind: nearest,
        detectors.Mahalanobis.kind: detectors.fit_mahalanobis(bank, features),
    }
    if words is not None:
        vectors = [a.vectors for a in mine]
        candidates |= {
            kind: detectors.fit_worded(kind, words.known, vectors, words.strange)
            for kind in detectors.WORDED
        }
    choice = choosing.choose(candidates, _looked(mine), _looked(others))
    return choice.detector, str(choice)


def _looked(studies: Sequence[Asked]) -> list[choosing.Looked]:
    return [{"features": a.features, "vectors": a.vectors} for a in studies]


def _fit_side(what: str, studies: Sequence[Asked], sides: dict[str, Calibration]) -> None:
    """Right (true) against left, on studies with the finding on one known side."""
    known = [a for a in studies if a.true_sides.get(what) in ("right", "left")]
    right = np.array([a.true_sides[what] == "right" for a in known], bool)
    if min(right.sum(), (~right).sum()) >= LEAST:
        sides[what] = calibration.fit(np.array([a.sides[what] for a in known]), right)


def score(studies: Sequence[Asked], trust: Trust) -> dict[str, Any]:
    """Figures on the test split by examination and finding, with numbers of studies beside them."""
    tables = {
        exam: _table([a for a in studies if a.exam == exam], exam, trust) for exam in trust.labels
    }
    familiar = {
        exam: round(
            float(np.mean([o.foreign(getattr(a, o.reads)) for a in studies if a.exam == exam])), 3
        )
        for exam, o in trust.outliers.items()
        if any(a.exam == exam for a in studies)
    }
    return {"labels": tables, "refused_as_foreign": familiar, "studies": len(studies)}


def _table(studies: Sequence[Asked], exam: str, trust: Trust) -> dict[str, Any]:
    table = {}
    for what, c in trust.labels[exam].items():
        mine = [a for a in studies if what in a.truth]
        truth = np.array([a.truth[what] for a in mine], bool)
        if not len(mine) or truth.all() or not truth.any():
            continue
        p = np.array([c.probability(a.logits[what]) for a in mine])
        said = [c.decide(x) for x in p]
        decided = np.array([s is not None for s in said])
        right = np.array([s == t for s, t in zip(said, truth, strict=True)])
        table[what] = {
            "auroc": round(auroc(p, truth), 3),
            "ece": round(expected_calibration_error(p, truth), 3),
            "decided": round(float(decided.mean()), 3),
            "right_when_decided": round(float(right[decided].mean()), 3) if decided.any() else None,
            "covered": _covered(what, mine, trust.sets.get(exam, {})),
            "side_right": _side_figure(what, mine, trust.sides[exam]),
            "n": len(mine),
            "positives": int(truth.sum()),
        }
    return table


def _covered(what: str, studies: Sequence[Asked], sets: Mapping[str, Conformal]) -> str:
    """How often the set held the truth, among the healthy and among the ill, and its mean size."""
    if what not in sets:
        return ""
    logits = np.array([a.logits[what] for a in studies])
    truth = [int(a.truth[what]) for a in studies]
    found = conformal.coverage(sets[what].sets(np.stack([-logits, logits], axis=1)), truth)
    absent, present = found.by_class
    return f"{absent:.2f} absent, {present:.2f} present, mean size {found.size:.2f}"


def _side_figure(what: str, studies: Sequence[Asked], sides: Mapping[str, Calibration]) -> str:
    """Right of decided of all, for the sided studies with the finding."""
    if what not in sides:
        return ""
    c = sides[what]
    known = [a for a in studies if a.true_sides.get(what) in ("right", "left")]
    said = [c.decide(c.probability(a.sides[what])) for a in known]
    right = sum(
        s is not None and s == (a.true_sides[what] == "right")
        for s, a in zip(said, known, strict=True)
    )
    return f"{right} of {sum(s is not None for s in said)} decided of {len(known)}"


def _heads(aligner: Aligner, trust: Trust) -> str:
    """How many simulated head CTs, which no training set holds, the abdomen's outlier refuses."""
    if "ct-abdomen" not in trust.outliers:
        return ""
    refused, detector = 0, trust.outliers["ct-abdomen"]
    for i in range(HEADS):
        seen = aligner.see(phantom.make(HEAD_SEED + i, "ct-head").study)
        refused += detector.foreign(np.concatenate([getattr(s, detector.reads) for s in seen]))
    return f"{refused} of {HEADS}"


def _figures(c: Calibration) -> dict[str, Any]:
    return {
        "auroc": round(c.auroc, 3), "ece": round(c.ece, 3), "positives": c.positives,
        "negatives": c.negatives, "absent_below": c.absent_below, "present_above": c.present_above,
    }  # fmt: skip


def _data(manifest: Manifest) -> dict[str, Any]:
    """What it was trained on: counts by split and examination, and the phantom's version."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for e in manifest.entries:
        counts[e.split][e.exam] += 1
    simulated = all(e.patient.startswith("PHANTOM-") for e in manifest.entries)
    version = {"phantom": phantom.VERSION} if simulated else {}
    return {**version, "studies": {k: dict(v) for k, v in counts.items()}}
