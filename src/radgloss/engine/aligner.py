"""An alignment checkpoint made able to speak in nouns: embed and label.

A study is every kept frame of every image, or, for a model that takes volumes, every image as one
(`engine.volumes`). A label is asked as a pair, with the finding and
without it; the difference of the two scores is a log-odds (see `models/alignment/clip.py`), taken
where it is largest, then calibrated. Nothing is said about a study that resembles no training
picture, nor about a label that was never validated.

Shapes: N frames · C channels · S side · D width · L phrasings."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from radgloss import checkpoint as checkpoints
from radgloss import terms
from radgloss.checkpoint import Checkpoint
from radgloss.data.batch import to_model
from radgloss.engine import precision as precisions
from radgloss.engine.evidence import Occluded, occluded
from radgloss.engine.texts import Texts
from radgloss.engine.volumes import depth_of, origin, volume_of
from radgloss.preprocess import Prepared, prepare
from radgloss.text.banks import BankSet, canonical
from radgloss.text.denied import denied, opposite
from radgloss.text.findings import EXAMS
from radgloss.text.meant import meant
from radgloss.text.prompts import Bank, plain
from radgloss.trust import Detector
from radgloss.types import (
    Embedding,
    Evidence,
    Image,
    InputRejected,
    Prediction,
    Region,
    Status,
    Study,
)

__all__ = ["UNCALIBRATED", "Aligner", "Seen", "chosen"]

Floats = npt.NDArray[np.float32]
CHUNK = 16  # frames in one forward pass
TOP = 2  # frames that speak for a study: one alone is too easily a chance
UNCALIBRATED = "no calibration was fitted for them, so the log-odds is no probability"


@dataclass(frozen=True, eq=False)
class Seen:
    """One image as the model saw it. vectors: (N, D) unit. features: (N, W) for the outlier. N is
    1 where the whole image is a volume."""

    image: Image
    prepared: Prepared
    vectors: Floats
    features: Floats


_Pointer = Callable[[str, Seen, int], Evidence]


class Aligner:
    """`Embedder`, `Labeler` and `Watcher` of a checkpoint.

    precision: in how many bits its towers multiply; see `engine.precision`."""

    def __init__(self, checkpoint: Checkpoint, precision: str = precisions.FP32) -> None:
        model = precisions.within(checkpoint.model, precision)
        self.checkpoint = checkpoint = replace(checkpoint, model=model)
        self.precision = precision
        self.space = checkpoint.space
        scale = getattr(checkpoint.model, "scale", None)  # a representation compares no texts
        self._scale = 1.0 if scale is None else float(scale.detach())
        self.texts = Texts(self._tokenize, self._encode)
        self._last: tuple[Study, tuple[Seen, ...]] | None = None
        self._hidden: dict[tuple[str, int], Occluded] = {}  # of that study, by image and frame
        self.bank: BankSet | None = None

    def asking(self, bank: BankSet) -> Aligner:
        """The same model, which asks the bank's labels in the bank's sentences.

        What was fitted to a label's own sentences says nothing about these: such a label has no
        calibration, no thresholds and no sets, and its log-odds is no probability. Raises
        InputRejected('text-too-long') for a sentence that the model would cut, which could drop
        its "no" or its side, and ('no-words')."""
        self._whole(bank.texts())
        twin = copy.copy(self)
        twin.bank, twin._hidden = bank, {}
        return twin

    @classmethod
    def load(
        cls, folder: Path, precision: str = precisions.FP32, kept: Sequence[Path] = ()
    ) -> Aligner:
        """A checkpoint's folder. kept: where `auto` finds what was measured (`precision.recall`).

        Raises InputRejected('checkpoint', 'precision')."""
        loaded = checkpoints.load(folder)
        return cls(loaded, chosen(loaded, precision, kept))

    # ---- embed

    def embed_study(self, study: Study) -> Embedding:
        """The mean direction of all its images."""
        return Embedding(
            _unit(np.stack([self._mean(s) for s in self.see(study)]).mean(0)), self.space
        )

    def embed_image(self, image: Image) -> Embedding:
        """The mean direction of its frames."""
        return Embedding(self._mean(self._look(image)), self.space)

    def embed_text(self, text: str) -> Embedding:
        """A unit vector. Raises InputRejected('empty-text') for a text without words, and
        ('text-too-long') for one that the model would cut (`text.passages` gives it in parts)."""
        if not text.strip():
            raise InputRejected(
                "empty-text", "the text", "no words", "at least one", "Type a word."
            )
        self._whole((text,))
        return Embedding(self._prompt((text,)), self.space)

    # ---- label

    def label(self, study: Study, labels: Sequence[str]) -> tuple[Prediction, ...]:
        """One prediction for each label, in their order; synonyms of a finding are that finding,
        and a label that denies one ("no effusion") has the opposite answer.

        Raises InputRejected('text-too-long') for a label that the model would cut."""
        return self._say(study, labels, self._point)

    def answers(self, study: Study, labels: Sequence[str]) -> tuple[Prediction, ...]:
        """As `label`, without looking for the places: no evidence, and far quicker."""
        return self._say(study, labels, None)

    def _say(
        self, study: Study, labels: Sequence[str], point: _Pointer | None
    ) -> tuple[Prediction, ...]:
        seen = self.see(study)
        stop, exam = self.why_not(study), self.exam(study)
        asked = [(label, denied(label)) for label in labels]
        self.read([what or label for label, what in asked])
        said = []
        for label, what in asked:
            p = self._predict(what or label, seen, stop, exam, point)
            said.append(opposite(p, label) if what else p)
        return tuple(said)

    def place(self, study: Study, label: str) -> Evidence:
        """Where a study shows a finding most: the place whose removal lowers its score most, in
        the frame that shows it best. There is always one, whether the finding is there or not."""
        name = meant(label, self.exam(study) or "")
        seen, n = self._best(self._pair(name, self.see(study)), self.see(study))
        return self._point(name, seen, n)

    def apart(self) -> Aligner:
        """The same model with a memory of its own: what it looks at pushes nothing out."""
        twin = copy.copy(self)
        twin._last, twin._hidden = None, {}
        return twin

    def exchanged(self, study: Study, image: Image) -> tuple[Aligner, Study]:
        """The study with the image of that uid in another state, and a twin that has seen it: only
        what differs was looked at again."""
        images = tuple(image if i.uid == image.uid else i for i in study.images)
        other, twin = replace(study, images=images), self.apart()
        before = self.see(study)
        twin._last = (
            other,
            tuple(s if s.image is i else self._look(i, s)
                  for i, s in zip(images, before, strict=True)),
        )  # fmt: skip
        return twin, other

    def read(self, labels: Sequence[str]) -> None:
        """Encode what states and denies these labels, together; asking them is then cheap."""
        named = [meant(label) for label in labels]
        banks = [self._bank(name) for name in named]
        pairs = zip(named, banks, strict=True)
        typed = [t for n, b in pairs if self._typed(n) for t in (*b.present, *b.absent)]
        if typed:
            self._whole(typed)
        if banks:
            self.texts([t for bank in banks for t in (*bank.present, *bank.absent)])

    def why_not(self, study: Study) -> str:
        """Why nothing should be said about this study; empty where it may."""
        exam = self.exam(study)
        if exam is None:
            known = "; ".join(EXAMS[e].title for e in self.checkpoint.trust.outliers)
            kinds = sorted({terms.modality(i.modality) for i in study.images} - {""})
            if not kinds:
                return f"no file says what kind of examination this is (the model knows: {known})"
            named = ", ".join(kinds)
            return f"{named} is not an examination this model was trained on (it knows: {known})"
        outlier = self.checkpoint.trust.outliers[exam]
        score = _distance(outlier, self.see(study))
        if score > outlier.threshold:
            return (
                f"the pictures do not resemble any {EXAMS[exam].title} this model was trained on "
                f"(distance {score:.1f}, familiar up to {outlier.threshold:.1f})"
            )
        return ""

    def exam(self, study: Study) -> str | None:
        """The known examination that the study resembles most, of those of its modality."""
        fits = self.fits(study)
        return min(fits, key=fits.__getitem__, default=None)

    def fits(self, study: Study) -> dict[str, float]:
        """By known examination of the study's modality: its distance over the familiar one."""
        outliers = self.checkpoint.trust.outliers
        seen = self.see(study)
        return {
            name: _distance(outlier, seen) / max(outlier.threshold, 1e-9)
            for name, outlier in outliers.items()
            if all(i.modality in EXAMS[name].modalities for i in study.images)
        }

    def foreign(self, study: Study) -> float:
        """How little the study resembles what the model knows: above 1 it refuses to speak.

        Of the examination that fits best; infinite where none has the study's modality."""
        return min(self.fits(study).values(), default=float("inf"))

    def validated(self, study: Study) -> tuple[str, ...]:
        """The labels that were validated for this study's examination; all, where it has none."""
        labels, exam = self.checkpoint.trust.labels, self.exam(study)
        if exam is None:
            return tuple(dict.fromkeys(k for of in labels.values() for k in of))
        return tuple(labels.get(exam, ()))

    def remaining(self, study: Study, label: str) -> tuple[Status, ...] | None:
        """What validation leaves possible, with the coverage that the checkpoint states.

        "absent", "present", both (nothing can be ruled out) or neither (the study fits no class).
        None where nothing may be said, or no set was fitted for this label and examination."""
        if what := denied(label):
            other: dict[Status, Status] = {"absent": "present", "present": "absent"}
            left = self.remaining(study, what)
            return None if left is None else tuple(other[s] for s in reversed(left))
        name = meant(label, self.exam(study) or "")
        fitted = self.checkpoint.trust.sets.get(self.exam(study) or "", {}).get(name)
        if fitted is None or self._own_words(name) or self.why_not(study):
            return None
        logit = self.raw(study, name)
        (kept,) = fitted.sets([[-logit, logit]])
        states: tuple[Status, ...] = ("absent", "present")
        return tuple(s for s, k in zip(states, kept, strict=True) if k)

    @property
    def coverages(self) -> tuple[float, ...]:
        """Those that sets were fitted for: a share of studies whose set holds the truth."""
        each = (s for of in self.checkpoint.trust.sets.values() for s in of.values())
        return tuple(sorted({round(1 - s.alpha, 9) for s in each}))

    def frames(self, study: Study) -> Floats:
        """The unit vectors of every frame of every image, (N, D)."""
        return np.concatenate([s.vectors for s in self.see(study)])

    def pair(self, label: str) -> Floats:
        """The mean vectors of the sentences that deny a label and that state it, (2, D)."""
        bank = self._bank(canonical(label))
        return np.stack([self.texts(t).mean(0) for t in (bank.absent, bank.present)])

    @property
    def scale(self) -> float:
        """What cosines are multiplied with to be log-odds."""
        return self._scale

    def raw(self, study: Study, label: str) -> float:
        """The uncalibrated log-odds of a label, as `trust` wants it."""
        if what := denied(label):
            return -self.raw(study, what)
        return _top(self._pair(meant(label), self.see(study)))

    def raw_side(self, study: Study, label: str) -> float:
        """The uncalibrated log-odds of right against left, where the finding is most visible."""
        seen = self.see(study)
        scores = np.concatenate(self._pair(label, seen))
        vectors = np.concatenate([s.vectors for s in seen])[np.argsort(scores)[-TOP:]]
        bank, words = self._bank(label), plain(label)
        right = self._prompt(bank.right or words.right)
        left = self._prompt(bank.left or words.left)
        return float(self._scale * (vectors @ (right - left)).mean())

    # ---- inside

    def see(self, study: Study) -> tuple[Seen, ...]:
        """Every image through the bridge and the tower, once a study."""
        if self._last is None or self._last[0] is not study:
            self._last = (study, tuple(self._look(image) for image in study.images))
            self._hidden.clear()
        return self._last[1]

    def _look(self, image: Image, known: Seen | None = None) -> Seen:
        """An image through bridge and tower; frames that `known` shows too are not seen anew."""
        prepared = prepare(image, self.checkpoint.preprocess)
        model = self.checkpoint.model
        if not hasattr(model, "encode_image"):
            raise self._lacks("no-pictures", "pictures", "Give it words")
        depth = depth_of(model)
        known = None if depth else known  # a volume is one look
        new = _differing(prepared, known)
        frames = prepared.pixels[new]
        seen = [volume_of(prepared, depth)] if depth else map(to_model, _chunks(frames))
        vectors, features = [], []
        with torch.inference_mode():
            for part in seen:
                tokens = model.describe(part)
                features.append(tokens.float().numpy())
                vectors.append(model.from_description(tokens).float().numpy())
        if known is None or len(new) == len(prepared.pixels):
            return Seen(image, prepared, np.concatenate(vectors), np.concatenate(features))
        both = known.vectors.copy(), known.features.copy()
        for old, parts in zip(both, (vectors, features), strict=True):
            if parts:
                old[new] = np.concatenate(parts)
        return Seen(image, prepared, *both)

    def _lacks(self, code: str, what: str, do: str) -> InputRejected:
        name, kind = self.checkpoint.name, self.checkpoint.architecture
        return InputRejected(
            code, f"checkpoint {name}", f"{kind}, a space without {what}", f"one with {what}",
            f"{do}, or take an alignment checkpoint.",
        )  # fmt: skip

    def _mean(self, seen: Seen) -> Floats:
        return _unit(seen.vectors.mean(0))

    def _prompt(self, texts: tuple[str, ...]) -> Floats:
        """The mean of the texts' vectors, (D,); of one text, its own."""
        return self.texts(texts).mean(0)

    def _tokenize(self, texts: Sequence[str]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        if not hasattr(self.checkpoint.model, "encode_text"):
            raise self._lacks("no-words", "words", "Search it by image")
        return self.checkpoint.tokenizer(texts, self.checkpoint.model.config.text.context)

    def _whole(self, texts: Sequence[str]) -> None:
        """InputRejected('text-too-long') for the first of these texts that would be cut."""
        _, mask = self._tokenize(texts)
        context = self.checkpoint.model.config.text.context
        _, longer = self.checkpoint.tokenizer(texts, context + 1)
        for text, kept, wanted in zip(texts, mask.sum(1), longer.sum(1), strict=True):
            if wanted > kept:
                raise InputRejected(
                    "text-too-long", f"{text[:40]!r}…", f"more than {context} tokens",
                    f"at most {context} for this model", "Shorten it.",
                )  # fmt: skip

    def _own_words(self, label: str) -> Bank | None:
        """The user's sentences for a label, where there are any."""
        return self.bank.find(label) if self.bank else None

    def _encode(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.checkpoint.model.encode_text(tokens, mask)

    def _bank(self, label: str) -> Bank:
        """The user's sentences, those of the training texts, or plain ones."""
        return self._own_words(label) or self.checkpoint.prompts.get(label) or plain(label)

    def _typed(self, label: str) -> bool:
        """Whether its sentences were made of the label itself, which may be anything."""
        return not self._own_words(label) and label not in self.checkpoint.prompts

    def _direction(self, label: str) -> Floats:
        """With the finding minus without it, (D,)."""
        bank = self._bank(label)
        return self._prompt(bank.present) - self._prompt(bank.absent)

    def _pair(self, label: str, seen: Sequence[Seen]) -> list[Floats]:
        """Log-odds of the label in every frame of every image, [(N,), …]."""
        direction = self._direction(label)
        return [(self._scale * s.vectors @ direction).astype(np.float32) for s in seen]

    def _best(self, per_image: list[Floats], seen: Sequence[Seen]) -> tuple[Seen, int]:
        """The image and the frame of it with the highest score."""
        best = int(np.argmax([p.max() for p in per_image]))
        return seen[best], int(per_image[best].argmax())

    def _predict(
        self, label: str, seen: tuple[Seen, ...], stop: str, exam: str | None,
        point: _Pointer | None,
    ) -> Prediction:  # fmt: skip
        name = meant(label, exam or "")
        per_image = self._pair(name, seen)
        logit = _top(per_image)
        if self._own_words(name):
            why = stop or f"asked in the words of {self.bank}: {UNCALIBRATED}"
            return Prediction(label, 0.5, logit, True, why)
        calibration = self.checkpoint.trust.labels.get(exam or "", {}).get(name)
        if calibration is None:
            elsewhere = any(name in of for of in self.checkpoint.trust.labels.values())
            where = f"on: {EXAMS[exam].title}" if exam and elsewhere else "on known truth"
            why = stop or f"this label was never validated {where}"
            return Prediction(label, 0.5, logit, True, why)
        probability = calibration.probability(logit)
        if stop:
            return Prediction(label, probability, logit, True, stop)
        evidence: tuple[Evidence, ...] = ()
        if point and probability >= 0.5:
            evidence = (point(name, *self._best(per_image, seen)),)
        if calibration.decide(probability) is None:
            why = calibration.undecided(probability)
            return Prediction(label, probability, logit, True, why, evidence)
        return Prediction(label, probability, logit, False, "", evidence)

    def _point(self, label: str, seen: Seen, n: int) -> Evidence:
        """The place in frame n whose removal lowers the label's score most; of a volume, the place
        that adds most to it."""
        direction = torch.from_numpy(self._direction(label) * self._scale)
        if depth_of(self.checkpoint.model):
            region, share = origin(self.checkpoint.model, seen.prepared, direction)
            return _evidence(seen.image, region, share)
        key = (seen.image.uid, n)
        if key not in self._hidden:  # the same for every label
            self._hidden[key] = occluded(self.checkpoint.model, seen.prepared, n)
        box, share = self._hidden[key].box(direction)
        return _evidence(seen.image, seen.prepared.placement.region(n, *box), share)


def _evidence(image: Image, region: Region, share: float) -> Evidence:
    frame = (region.low[0] + region.high[0]) // 2
    return Evidence("region", score=share, image=image.uid, frame=frame, region=region)


def chosen(loaded: Checkpoint, precision: str, kept: Sequence[Path]) -> str:
    """The precision itself, or what `auto` stands for here."""
    if precision != precisions.AUTO:
        return precision
    side, depth = loaded.preprocess.size, depth_of(loaded.model)
    frames = (
        (1, loaded.preprocess.channels, depth) if depth else (CHUNK, loaded.preprocess.channels)
    )
    return precisions.automatic(loaded.model, loaded.space, (*frames, side, side), kept)


def _top(per_image: Sequence[Floats]) -> float:
    """The log-odds of a study: the mean of its TOP highest frames."""
    return float(np.mean(np.sort(np.concatenate(per_image))[-TOP:]))


def _differing(prepared: Prepared, known: Seen | None) -> npt.NDArray[np.intp]:
    """The frames that another look did not show the same."""
    if known is None or known.prepared.pixels.shape != prepared.pixels.shape:
        return np.arange(len(prepared.pixels))
    pairs = zip(prepared.pixels, known.prepared.pixels, strict=True)
    return np.array([n for n, (a, b) in enumerate(pairs) if not np.array_equal(a, b)], np.intp)


def _distance(detector: Detector, seen: Sequence[Seen]) -> float:
    """How strange a study is to one detector, which says what it reads."""
    return detector.score(np.concatenate([getattr(s, detector.reads) for s in seen]))


def _unit(v: Floats) -> Floats:
    return (v / max(float(np.linalg.norm(v)), 1e-12)).astype(np.float32)


def _chunks(pixels: npt.NDArray[np.uint8]) -> Iterator[npt.NDArray[np.uint8]]:
    for start in range(0, len(pixels), CHUNK):
        yield pixels[start : start + CHUNK]
