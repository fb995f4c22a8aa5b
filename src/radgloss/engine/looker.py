"""A checkpoint that writes, made able to see: which examination a study is, and whether it is one
that the model knows.

Unusual here: the pictures that stand for a study are chosen over all its images
(`preprocess.laid_out`), as in training, and looked at once; detector and decoder read the same
looks.

Shapes: N pictures · P tokens of a picture · W width of the tower."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from radgloss.data.batch import to_model
from radgloss.engine.aligner import CHUNK, Aligner, Seen
from radgloss.preprocess import Prepared, laid_out, prepare
from radgloss.types import Study

__all__ = ["Looked", "Looker"]


@dataclass(frozen=True, eq=False)
class Looked:
    """looks: (N, P, W). chosen: (image, prepared frame) of each. seen: by image, what detectors
    read."""

    looks: torch.Tensor
    chosen: tuple[tuple[int, int], ...]
    seen: tuple[Seen, ...]


class Looker(Aligner):
    """`Watcher` over a model that writes; it has no words to compare pictures with."""

    _looked: tuple[Study, Looked] | None = None

    def see(self, study: Study) -> tuple[Seen, ...]:
        """Of every image the pictures that were chosen."""
        return self.look(study).seen

    def look(self, study: Study) -> Looked:
        """The chosen pictures through bridge and tower, once a study."""
        if self._looked is None or self._looked[0] is not study:
            self._looked = study, self._look_at(study)
        return self._looked[1]

    def beside(self, study: Study, most: int) -> torch.Tensor:
        """(N, P, W): the looks of an earlier study, at most so many."""
        _, _, looks = self._looks(study, most)
        return looks

    def _look_at(self, study: Study) -> Looked:
        model = self.checkpoint.model
        ready, chosen, looks = self._looks(study, model.config.pictures)
        features = looks.mean(1)
        vectors = model.from_description(features).numpy()
        seen = []
        for number, image in enumerate(study.images):
            mine = [n for n, (i, _) in enumerate(chosen) if i == number]
            if mine:
                seen.append(Seen(image, ready[number], vectors[mine], features[mine].numpy()))
        return Looked(looks, tuple(chosen), tuple(seen))

    def _looks(
        self, study: Study, most: int
    ) -> tuple[list[Prepared], list[tuple[int, int]], torch.Tensor]:
        model, settings = self.checkpoint.model, self.checkpoint.preprocess
        ready = [prepare(image, settings) for image in study.images]
        chosen = laid_out([len(r.pixels) for r in ready], most)
        pixels = np.stack([ready[image].pixels[frame] for image, frame in chosen])
        with torch.inference_mode():
            parts = [
                model.look(to_model(pixels[a : a + CHUNK])) for a in range(0, len(pixels), CHUNK)
            ]
            return ready, chosen, torch.cat(parts).float()
