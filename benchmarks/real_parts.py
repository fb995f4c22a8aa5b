"""Parts of `real.py`: public pictures with what is known of them, their vectors, and probes.

Three sets, each in a folder of its own below the one that is given. Whatever is absent is left out.

    mednist/CLASS/*.jpeg                     64 × 64, six classes, no patients known
    covid_chestxray_cc/{train,val}.csv       with images/NAME_EXTENSION.jpg; notes, views, patients
    vqa_rad/{train,val}.json                 with images/; questions and answers, cases

Shapes: N pictures · W width · K classes."""

import csv
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from radgloss.eval.metrics.bootstrap import interval
from radgloss.text.facts import findings
from radgloss.trust.probe import LinearProbe
from radgloss.types import Image, Study

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.str_]
FOLDS = 5
SIDE = 16  # of a picture whose raw pixels are probed
ROUNDS = 1000
SOFT = (40.0, 400.0)  # window that a grey CT is taken to be shown in, HU


@dataclass(frozen=True, eq=False)
class Item:
    """A picture. told: its modality as a file would say it. exam: one that the model was trained
    on, "" for none. true: by question, the class. labels: by finding, whether its note states it
    (silence is taken for absence)."""

    path: Path
    patient: str
    told: str
    exam: str = ""
    true: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, bool] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Question:
    """name: the key of `Item.true`. says: by class, how it is said; chosen before any was asked."""

    name: str
    says: Mapping[str, tuple[str, ...]]

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.says, sort_keys=True).encode()).hexdigest()[:12]


_CT = ("CT.", "Axial CT image.", "Computed tomography.")
_MR = ("MR image.", "T1-weighted MR image.", "T2-weighted MR image.", "Magnetic resonance imaging.")
_XR = ("Radiograph.", "X-ray.", "Plain film.")
MODALITY = Question("modality", {"CT": _CT, "MR": _MR, "radiograph": _XR})


def _parts(*names: str) -> dict[str, tuple[str, ...]]:
    return {
        n: (f"Image of the {n}.", f"{n.capitalize()}.", f"A picture of the {n}.") for n in names
    }


QUESTIONS: Mapping[str, tuple[Question, ...]] = {
    "mednist": (
        Question("what the model was trained on", {
            "abdominal CT": ("Axial CT of the abdomen.", "CT of the abdomen."),
            "chest radiograph": ("PA chest radiograph.", "Chest radiograph.")}),
        MODALITY,
        Question("body part", _parts("abdomen", "breast", "chest", "hand", "head")),
        Question("modality and body part", {
            "abdominal CT": ("Axial CT of the abdomen.", "CT of the abdomen."),
            "breast MR": ("MR image of the breast.", "Breast MR."),
            "chest radiograph": ("PA chest radiograph.", "Chest radiograph."),
            "chest CT": ("Axial CT of the chest.", "CT of the chest."),
            "hand radiograph": ("Radiograph of the hand.", "Hand radiograph."),
            "head CT": ("Axial CT of the head.", "CT of the head.")}),
    ),
    "covid_chestxray_cc": (
        Question("modality", {"CT": _CT, "radiograph": _XR}),
        Question("view", {
            "PA": ("PA chest radiograph.", "Frontal chest radiograph, PA."),
            "AP": ("AP chest radiograph.", "Portable AP chest radiograph."),
            "lateral": ("Lateral chest radiograph.", "Chest radiograph, lateral view.")}),
    ),
    "vqa_rad": (
        Question("organ", _parts("abdomen", "chest", "head")),
        MODALITY,
        Question("plane", {
            "axial": ("Axial image.", "Axial plane."),
            "coronal": ("Coronal image.", "Coronal plane."),
            "sagittal": ("Sagittal image.", "Sagittal plane.")}),
    ),
}  # fmt: skip


# ------------------------------------------------------------------ the three sets


_MEDNIST = {  # folder: modality, body part, what it is in one name, how its file would say it, exam
    "AbdomenCT": ("CT", "abdomen", "abdominal CT", "CT", "ct-abdomen"),
    "BreastMRI": ("MR", "breast", "breast MR", "MR", ""),
    "CXR": ("radiograph", "chest", "chest radiograph", "DX", "xr-chest"),
    "ChestCT": ("CT", "chest", "chest CT", "CT", ""),
    "Hand": ("radiograph", "hand", "hand radiograph", "DX", ""),
    "HeadCT": ("CT", "head", "head CT", "CT", ""),
}


NEEDED = {
    "mednist": "AbdomenCT", "covid_chestxray_cc": "train.csv", "vqa_rad": "train.json",
}  # fmt: skip


def at_hand(folder: Path, name: str) -> bool:
    """Whether a set is there, and not its folder alone."""
    return (folder / name / NEEDED[name]).exists()


def mednist(folder: Path, most: int, seed: int = 0) -> list[Item]:
    """At most so many pictures of each class, drawn; each counts as a patient, for want of one."""
    items = []
    for k, (name, (modality, part, kind, told, exam)) in enumerate(_MEDNIST.items()):
        there = sorted((folder / name).glob("*.jpeg"))
        drawn = np.random.default_rng([seed, k]).permutation(len(there))[:most]
        true = {"modality": modality, "body part": part, "modality and body part": kind}
        if exam:
            true["what the model was trained on"] = kind
        items += [Item(there[i], f"{name}/{i}", told, exam, true) for i in sorted(drawn)]
    return items


def covid(folder: Path, least: int = 4) -> list[Item]:
    """Every picture; labels of its note for each finding stated of at least so many patients."""
    rows = []
    for split in ("train", "val"):
        with (folder / f"{split}.csv").open(newline="", encoding="utf-8", errors="replace") as file:
            rows += list(csv.DictReader(file))
    films = [r["modality"] == "X-ray" for r in rows]
    read = [findings(r["clinical_notes"], "xr-chest") if f else () for r, f in
            zip(rows, films, strict=True)]  # fmt: skip
    whose: dict[str, set[str]] = defaultdict(set)
    for row, facts in zip(rows, read, strict=True):
        for fact in facts:
            if fact.status == "present":
                whose[fact.what].add(row["patientid"])
    asked = [what for what, of in sorted(whose.items()) if len(of) >= least]
    items = []
    for row, film, facts in zip(rows, films, read, strict=True):
        path = folder / "images" / f"{row['filename'].replace('.', '_')}.jpg"
        if not path.is_file():
            continue
        there = {f.what for f in facts if f.status == "present"}
        unsure = {f.what for f in facts if f.status not in ("present", "absent")} - there
        labels = {what: what in there for what in asked if what not in unsure} if facts else {}
        view = {"PA": "PA", "AP": "AP", "AP Supine": "AP", "L": "lateral"}.get(row["view"])
        true = {"modality": "radiograph" if film else "CT"}
        if film and view:
            true["view"] = view
        told, exam = ("DX", "xr-chest") if film else ("CT", "")
        note = row["clinical_notes"]
        items.append(Item(path, row["patientid"], told, exam, true, labels, note))
    return items


_ASKS = re.compile(r"modality|(?:type|kind) of ima|mri? sequence|type of mri", re.IGNORECASE)
_WHICH = (
    ("MR", re.compile(r"\bmri?\b|\bflair\b|\bdwi\b|\bt[12]\b|diffusion|\badc\b", re.IGNORECASE)),
    ("CT", re.compile(r"\bct\b|computed tomog", re.IGNORECASE)),
    ("radiograph", re.compile(r"x-?\s?ray|\bcxr\b|plain film|radiograph|\bxr\b", re.IGNORECASE)),
)
_PRESUMED = re.compile(r"\b(?:in|on|of|from) (?:this|the above|the) (?:\w+ )?"
                       r"(ct|mri|mr|x-?\s?ray|cxr|radiograph)\b", re.IGNORECASE)  # fmt: skip
_IS = re.compile(r"^(?:is|was) (?:this|this image|the image)\b", re.IGNORECASE)
_PLANE = re.compile(r"\b(axial|coronal|sagittal)\b", re.IGNORECASE)


def vqa(folder: Path) -> list[Item]:
    """Every picture; modality and plane where its questions and answers agree on one."""
    rows = [r for s in ("train", "val") for r in json.loads((folder / f"{s}.json").read_text())]
    asked: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        asked[row["image"]].append(row)
    organs = {"HEAD": "head", "CHEST": "chest", "ABD": "abdomen"}
    items = []
    for name, of in sorted(asked.items()):
        true = {"organ": organs[of[0]["organ"]]}
        true |= _only("modality", [_modality(str(r["question"]), str(r["answer"])) for r in of])
        true |= _only("plane", [_plane(str(r["question"]), str(r["answer"])) for r in of])
        told = {"CT": "CT", "MR": "MR", "radiograph": "DX"}.get(true.get("modality", ""), "")
        exam = {("CT", "abdomen"): "ct-abdomen", ("MR", "abdomen"): "mr-abdomen",
                ("DX", "chest"): "xr-chest"}.get((told, true["organ"]), "")  # fmt: skip
        items.append(Item(folder / "images" / name, str(of[0]["case"]), told, exam, true))
    return items


def _modality(question: str, answer: str) -> str:
    """What one question and its answer say of how the picture was taken; "" for nothing."""
    if (presumed := _PRESUMED.search(question)) and not _IS.match(question):
        return _which(presumed[1])
    if _ASKS.search(question) and answer.lower() not in ("yes", "no"):
        return _which(answer)
    if _IS.match(question) and answer.lower() == "yes":
        return _which(question)
    return ""


def _which(words: str) -> str:
    found = [name for name, pattern in _WHICH if pattern.search(words)]
    return found[0] if len(found) == 1 else ""


def _plane(question: str, answer: str) -> str:
    asks = "plane" in question.lower() or _PLANE.search(question) is not None
    if asks and (said := _PLANE.search(answer)):
        return said[1].lower()
    if _IS.match(question) and answer.lower() == "yes" and (said := _PLANE.search(question)):
        return said[1].lower()
    return ""


def _only(name: str, said: Sequence[str]) -> dict[str, str]:
    """One answer that all who answer agree on."""
    found = set(said) - {""}
    return {name: found.pop()} if len(found) == 1 else {}


# ------------------------------------------------------------------ pictures to a model


def study(item: Item, told: bool) -> Study:
    """The picture as a study. told: with its modality, as a file would have it, a CT in HU as if
    shown in the soft-tissue window; else grey levels and nothing more."""
    grey = np.asarray(Pillow.open(item.path).convert("L"), np.float32)[None]
    if told and item.told == "CT":
        grey = SOFT[0] + (grey / 255 - 0.5) * SOFT[1]
    modality = item.told if told else ""
    image = Image(item.path.stem, grey, np.eye(4), modality, spacing="none")
    return Study(item.path.stem, (image,))


@dataclass(frozen=True, eq=False)
class Looked:
    """(N, W) features and (N, D) unit vectors of a model; (N, SIDE²) raw pixels of its bridge."""

    features: Floats
    vectors: Floats
    pixels: Floats


def look(model: Any, items: Sequence[Item]) -> Looked:
    """Every picture once, its modality untold: a bridge that knew it would give it away."""
    features, vectors, pixels = [], [], []
    for item in items:
        (seen,) = model.aligner.see(study(item, told=False))
        features.append(seen.features[0])
        vectors.append(seen.vectors[0])
        small = Pillow.fromarray(seen.prepared.pixels[0, 0]).resize((SIDE, SIDE))
        pixels.append(np.asarray(small, np.float64).ravel() / 255)
    return Looked(*(np.stack(part).astype(np.float64) for part in (features, vectors, pixels)))


def words(model: Any, question: Question, classes: Sequence[str]) -> Floats:
    """(K, D): the mean vector of each class's sentences, unit length."""
    means = [
        np.mean([model.embed_text(t).vector for t in question.says[c]], axis=0) for c in classes
    ]
    return np.stack([m / np.linalg.norm(m) for m in means]).astype(np.float64)


# ------------------------------------------------------------------ probes and intervals


def folds(patients: Sequence[str], classes: Sequence[str], seed: int = 0) -> npt.NDArray[np.intp]:
    """(N,): the fold of each picture; a patient's are in one, and classes are dealt evenly."""
    first: dict[str, str] = {}
    for patient, name in zip(patients, classes, strict=True):
        first.setdefault(patient, name)
    rng = np.random.default_rng(seed)
    lots = {p: float(rng.random()) for p in first}
    order = sorted(first, key=lambda p: (first[p], lots[p]))
    fold = {p: k % FOLDS for k, p in enumerate(order)}
    return np.array([fold[p] for p in patients], np.intp)


def probe(x: Floats, y: Names, fold: npt.NDArray[np.intp], classes: Sequence[str]) -> Floats:
    """(N, K) logits of each picture by a linear probe that never met its patient."""
    out = np.full((len(x), len(classes)), -np.inf)
    for k in range(FOLDS):
        asked, rest = fold == k, fold != k
        if not asked.any() or len(set(y[rest])) < 2:
            continue
        mean, spread = x[rest].mean(0), x[rest].std(0) + 1e-9
        fitted = LinearProbe(C=0.1).fit((x[rest] - mean) / spread, y[rest])
        columns = [list(classes).index(c) for c in fitted.classes_.tolist()]
        out[np.ix_(asked, columns)] = fitted.logits((x[asked] - mean) / spread)
    return out


def balanced(hit: Floats, true: Names) -> Callable[[npt.NDArray[np.intp]], float]:
    """Of rows, the mean over their classes of the share named right."""
    _, number = np.unique(true, return_inverse=True)

    def value(rows: npt.NDArray[np.intp]) -> float:
        many = np.bincount(number[rows])
        right = np.bincount(number[rows], weights=hit[rows])
        return float((right[many > 0] / many[many > 0]).mean()) if len(rows) else float("nan")

    return value


@dataclass(frozen=True)
class Figure:
    """A value and its 95 % interval over patients."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if self.value != self.value:
            return "–"
        if self.low != self.low:  # one patient
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def figure(patients: Sequence[str], of: Callable[[npt.NDArray[np.intp]], float]) -> Figure:
    return Figure(*interval(patients, of, ROUNDS))


def kept(items: Sequence[Item], question: Question, least: int = 5) -> tuple[list[int], list[str]]:
    """The pictures whose class is known, of classes with so many patients, and those classes."""
    whose: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if name := item.true.get(question.name):
            whose[name].add(item.patient)
    classes = [c for c in question.says if len(whose[c]) >= least]
    return [k for k, i in enumerate(items) if i.true.get(question.name) in classes], classes
