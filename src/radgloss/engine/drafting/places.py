"""Where each positive sentence points: region, frame, millimetres.

A drafter that brings its own places keeps them; a sentence without one is asked of the model that
watches over it (`Aligner.place`), once a finding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from radgloss.engine.aligner import Aligner
from radgloss.engine.drafting.reading import ASSERTED
from radgloss.types import Draft, Evidence, Image, Region, Sentence, Study

__all__ = ["grounded", "in_millimetres", "millimetres"]


def millimetres(image: Image, region: Region) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Centre (LPS) and outer extent along x, y, z, mm; both empty where the image has no scale.

    A voxel reaches half a step beyond its centre. Of a radiograph the millimetres are those of its
    plane (`Image.spacing` says whether of the patient or of the detector)."""
    if image.spacing == "none":
        return (), ()
    low, high = np.array(region.low, float), np.array(region.high, float)
    steps = (high - low + 1) * image.affine[:3, :3]  # (3, 3): each column one edge of the box
    if len(image.pixels) == 1:
        steps = steps[:, 1:]
    centre = image.to_mm(*(low + high) / 2)
    return _rounded(centre), _rounded(np.abs(steps).sum(1))


def _rounded(values: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(v), 1) + 0.0 for v in values)


def in_millimetres(evidence: Evidence, study: Study) -> Evidence:
    """The same place with its millimetres, where it is a region of an image of this study."""
    image = next((i for i in study.images if i.uid == evidence.image), None)
    if evidence.region is None or image is None:
        return evidence
    centre, extent = millimetres(image, evidence.region)
    return replace(evidence, centre_mm=centre, extent_mm=extent)


def grounded(draft: Draft, study: Study, aligner: Aligner) -> Draft:
    """The draft with a place, in millimetres, for every positive sentence."""
    known: dict[str, Evidence] = {}

    def placed(sentence: Sentence) -> Sentence:
        own = sentence.evidence
        if not any(e.region for e in own):
            for finding in sentence.findings:
                if finding.status in ASSERTED:
                    if finding.what not in known:
                        known[finding.what] = aligner.place(study, finding.what)
                    own = (*own, known[finding.what])
        return replace(sentence, evidence=tuple(in_millimetres(e, study) for e in own))

    return replace(draft, sentences=tuple(placed(s) for s in draft.sentences))
