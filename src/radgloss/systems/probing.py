"""A probe from few of one's own studies: fitted on train, calibrated on val, judged on test.

Every study is asked once, through the engine that will serve. Which labels can be fitted is known
from the manifest alone, and said before any study is read. Shapes: n studies · D width · K labels ·
A attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_expit

from radgloss import __version__, dicom
from radgloss.data.manifest import Entry, Manifest
from radgloss.engine.aligner import Aligner
from radgloss.engine.probe_file import KINDS, Probe, mean_of
from radgloss.engine.published import PublishedAligner
from radgloss.systems.alignment.asking import present
from radgloss.text.attributes import attribute_table
from radgloss.text.banks import BankSet, canonical
from radgloss.trust import Calibration, Conformal, calibration, conformal, outlier
from radgloss.trust.attributes import DAP, ESZSL
from radgloss.trust.calibration import auroc
from radgloss.trust.probe import LinearProbe, LPPlusPlus, SSText
from radgloss.types import InputRejected

__all__ = ["Fitted", "fit"]

Floats = npt.NDArray[np.float32]
Speaker = Aligner | PublishedAligner
STRENGTHS = (0.1, 1.0, 10.0, 100.0, 1000.0)  # of the plain probe, sought on train
FOLDS = 4
LEAST = 2  # validation studies with a label, and without, that its calibration needs
ENOUGH = 20  # validation studies before strangers can be told from chance
KEPT = 500  # studies in the bank of strangers


@dataclass(frozen=True, eq=False)
class Fitted:
    """figures: a row a label. refused: studies that could not be read."""

    probe: Probe
    figures: tuple[dict[str, Any], ...]
    refused: tuple[InputRejected, ...] = ()


@dataclass(eq=False)
class Studies:
    """What was read of one split: frames, (N, D) each, and what is true, by label."""

    frames: list[Floats] = field(default_factory=list)
    truth: list[dict[str, bool]] = field(default_factory=list)

    def known(self, label: str) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        """Which studies know the label, and their answers."""
        which = [n for n, t in enumerate(self.truth) if label in t]
        return np.array(which, int), np.array([self.truth[n][label] for n in which], bool)

    def means(self) -> Floats:  # (n, D)
        return np.stack([mean_of(f) for f in self.frames])


def fit(
    speaker: Speaker,
    manifest: Manifest,
    kind: str = "lp++",
    bank: BankSet | None = None,
    coverage: float = 0.9,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Fitted:
    """kind: one of KINDS. bank: the words that are asked, for all kinds that use words.

    Raises InputRejected('probe-labels') where no label can be fitted, ('coverage'), ('empty') where
    no training study could be read, and what `asking` raises, the last but one before any reading.
    """
    assert kind in KINDS
    if not 0 < coverage < 1:
        raise InputRejected("coverage", "the sets", f"{coverage:g}", "a share between 0 and 1",
                            "Give 0.9, for example.")  # fmt: skip
    labels = _labels(manifest, kind)
    if bank:
        speaker = speaker.asking(bank)
    for label in labels if kind in ("ss-text", "lp++", "words") else ():
        speaker.pair(label)
    splits, refused = _read(speaker, manifest, kind, progress)
    train, val, test = splits["train"], splits["val"], splits["test"]
    if not train.frames and kind != "words":
        raise InputRejected("empty", "the training split", "no study that could be read", "some",
                            "Check the paths.") from (refused[0] if refused else None)  # fmt: skip
    probe = _learned(speaker, kind, labels, train)
    about = {
        "words": str(bank or ""), "version": __version__, "coverage": coverage,
        "train": len(train.frames), "val": len(val.frames),
    }  # fmt: skip
    probe = replace(_believed(probe, val, coverage), strangers=_strangers(train, val), about=about)
    rows = tuple(_figures(probe, label, train, val, test) for label in probe.labels
                 if label in labels or label in probe.calibration)  # fmt: skip
    return Fitted(probe, rows, tuple(refused))


def _labels(manifest: Manifest, kind: str) -> tuple[str, ...]:
    """Those whose truth the manifest knows on both sides in training (of words: anywhere)."""
    entries = manifest.entries if kind == "words" else manifest.split("train")
    found: dict[str, set[bool]] = {}
    for entry in entries:
        for label, answer in _truth(entry).items():
            found.setdefault(label, set()).add(answer)
    good = tuple(label for label, both in found.items() if len(both) == 2)
    if not good:
        raise InputRejected(
            "probe-labels", f"{manifest.path.name}, {len(entries)} training studies",
            f"one class only of every label ({', '.join(found) or 'no label is known'})",
            "studies with a finding and without it", "Add some, or another label.",
        )  # fmt: skip
    return good


def _truth(entry: Entry) -> dict[str, bool]:
    said = {canonical(what): present(entry, what) for what in entry.labels}
    return {what: answer for what, answer in said.items() if answer is not None}


def _read(
    speaker: Speaker, manifest: Manifest, kind: str, progress: Callable[[int, int], object]
) -> tuple[Mapping[str, Studies], list[InputRejected]]:
    splits = {name: Studies() for name in ("train", "val", "test")}
    refused: list[InputRejected] = []
    wanted = [e for e in manifest.entries if kind != "words" or e.split != "train"]
    with dicom.Reader() as reader:
        for n, entry in enumerate(wanted, 1):
            try:
                frames = speaker.frames(reader.read(entry.study))
            except InputRejected as problem:
                refused.append(problem)
            else:
                splits[entry.split].frames.append(frames)
                splits[entry.split].truth.append(_truth(entry))
            progress(n, len(wanted))
    return splits, refused


# ------------------------------------------------------------------ learning


def _learned(speaker: Speaker, kind: str, labels: Sequence[str], train: Studies) -> Probe:
    bare = Probe(kind, speaker.space, "study", tuple(labels), *_none())
    if kind == "words":
        pairs = [speaker.pair(label) for label in labels]
        weights = _float32([speaker.scale * (yes - no) for no, yes in pairs])
        return replace(bare, reads="frames", weights=weights, bias=_float32(np.zeros(len(labels))))
    if kind in ("eszsl", "dap"):
        return _of_attributes(bare, train)
    means = train.means()
    lines = [_line(speaker, kind, label, means, train) for label in labels]
    return replace(
        bare, weights=np.stack([w for w, _ in lines]), bias=_float32([b for _, b in lines])
    )


def _float32(values: npt.ArrayLike) -> Floats:
    """As the file keeps them, so that what was fitted answers as what is read."""
    return np.asarray(values, np.float32)


def _none() -> tuple[Floats, Floats]:
    return np.zeros((0, 1), np.float32), np.zeros(0, np.float32)


def _line(
    speaker: Speaker, kind: str, label: str, means: Floats, train: Studies
) -> tuple[Floats, float]:
    """With the label against without it: a direction (D,) and an offset."""
    which, true = train.known(label)
    X, one = means[which], LinearProbe()
    made: LinearProbe | SSText | LPPlusPlus
    if kind == "linear":
        made = replace(one, C=_strength(X, true))
    elif kind == "ss-text":
        made = SSText(texts=speaker.pair(label), names=(False, True), tau=1 / speaker.scale)
    else:
        made = LPPlusPlus(texts=speaker.pair(label), names=(False, True), scale=speaker.scale)
    made.fit(X, true)
    apart = made.coef_[1] - made.coef_[0], float(made.intercept_[1] - made.intercept_[0])
    return apart[0].astype(np.float32), apart[1]


def _strength(X: Floats, true: npt.NDArray[np.bool_]) -> float:
    """The plain probe's C whose held-out log loss on training studies is least; 1 for too few."""
    fold = np.empty(len(true), int)
    for side in (True, False):
        mine = np.flatnonzero(true == side)
        if len(mine) < FOLDS:
            return 1.0
        fold[mine] = np.arange(len(mine)) % FOLDS
    sign = np.where(true, 1.0, -1.0)

    def loss(C: float) -> float:
        total = 0.0
        for k in range(FOLDS):
            two = LinearProbe(C=C).fit(X[fold != k], true[fold != k]).logits(X[fold == k])
            total -= float(log_expit(sign[fold == k] * (two[:, 1] - two[:, 0])).sum())
        return total

    return min(STRENGTHS, key=loss)


def _of_attributes(bare: Probe, train: Studies) -> Probe:
    """Every finding of the house whose attributes training showed, seen or not."""
    table, means = attribute_table(), train.means()
    pairs = [(n, table.classes.index(what)) for n, truth in enumerate(train.truth)
             for what, yes in truth.items() if yes and what in table.classes]  # fmt: skip
    seen = sorted({k for _, k in pairs})
    if len(seen) < 2:
        raise InputRejected(
            "probe-labels", "the training split", f"{len(seen)} findings with attributes",
            "two at least, of docs/facts.md", "Add studies, or take another kind of probe.",
        )  # fmt: skip
    X = means[[n for n, _ in pairs]]
    y = np.array([seen.index(k) for _, k in pairs])
    names = [table.classes[k] for k in seen]
    lacking = table.lacking(names)
    labels = tuple(c for c in table.classes if c not in lacking)
    rows = table.rows(labels)
    if bare.kind == "eszsl":
        weights = _float32((ESZSL().fit(X, y, table.rows(names)).map @ rows.T).T)
        return replace(bare, labels=labels, weights=weights, bias=_float32(np.zeros(len(labels))))
    dap = DAP(C=10.0).fit(X, y, table.rows(names))
    return replace(
        bare,
        labels=labels,
        weights=_float32([p.coef_[1] - p.coef_[0] for p in dap.probes]),
        bias=_float32([p.intercept_[1] - p.intercept_[0] for p in dap.probes]),
        rows=_float32(rows[:, dap.known]),
        shares=_float32(dap.share),
    )


# ------------------------------------------------------------------ believing


def _believed(probe: Probe, val: Studies, coverage: float) -> Probe:
    """Calibration and sets from validation studies, by label, where there are enough."""
    curves: dict[str, Calibration] = {}
    sets: dict[str, Conformal] = {}
    said = np.array([probe.logits(f) for f in val.frames]).reshape(-1, len(probe.labels))
    for k, label in enumerate(probe.labels):
        which, true = val.known(label)
        if min(true.sum(), (~true).sum()) < LEAST:
            continue
        logits = said[which, k].astype(np.float64)
        curves[label] = calibration.fit(logits, true)
        both = np.stack([-logits, logits], axis=1)  # absent, present
        sets[label] = conformal.fit(both, true.astype(int), 1 - coverage, by_class=True)
    return replace(probe, calibration=curves, sets=sets)


def _strangers(train: Studies, val: Studies) -> outlier.Outlier | None:
    if len(val.frames) < ENOUGH or len(train.frames) < ENOUGH:
        return None
    return outlier.fit(train.means(), [m[None] for m in val.means()], KEPT)


def _figures(
    probe: Probe, label: str, train: Studies, val: Studies, test: Studies
) -> dict[str, Any]:
    """Counts, and what validation and test say. The ranking of neither was fitted on it; ECE on
    validation is cross-fitted."""
    _, known = train.known(label)
    c = probe.calibration.get(label)
    return {
        "label": label, "trained_with": int(known.sum()), "without": int((~known).sum()),
        "val_auroc": _auroc(probe, label, val), "val_ece": round(c.ece, 3) if c else "",
        "test_auroc": _auroc(probe, label, test), "test_n": len(test.known(label)[1]),
    }  # fmt: skip


def _auroc(probe: Probe, label: str, studies: Studies) -> float | str:
    """ "" where the studies know only one side."""
    k, (which, true) = probe.labels.index(label), studies.known(label)
    if not len(true) or true.all() or not true.any():
        return ""
    logits = np.array([probe.logits(studies.frames[n])[k] for n in which], np.float64)
    return round(auroc(logits, true), 3)
