"""A tiny checkpoint with hand-made trust: it knows nothing about disease, only the machinery."""

from dataclasses import replace

import numpy as np
import torch

from radgloss.checkpoint import Checkpoint, Support
from radgloss.models.alignment import clip
from radgloss.preprocess import Preprocess
from radgloss.text.findings import exam_findings
from radgloss.text.tokenizer import Tokenizer
from radgloss.trust import Calibration, Outlier, Trust
from radgloss.types import Image, Window

WORDS = ["No liver cyst.", "There is a kidney stone.", "Splenomegaly.", "A left pneumothorax."]
EXAMS = ("ct-abdomen", "xr-chest")
SURE = Calibration(1.0, 0.0, 0.49, 0.51, 50, 50, 0.9, 0.02)
UNSURE = Calibration(1.0, 0.0, None, None, 50, 50, 0.5, 0.2)


def outlier(threshold, width=32):
    return Outlier(np.zeros((5, width), np.float32), np.zeros(width, np.float32),
                   np.ones(width, np.float32), 1, threshold, 0.05)  # fmt: skip


def checkpoint(calibration=SURE, threshold=1e9):
    torch.manual_seed(0)
    tokenizer = Tokenizer.train(WORDS, 300)
    config = clip.VARIANTS["debug-conv"]
    model = clip.build(replace(config, text=replace(config.text, vocabulary=len(tokenizer))))
    rows = {exam: exam_findings(exam) for exam in EXAMS}
    trust = Trust(
        labels={e: {f.what: calibration for f in of} for e, of in rows.items()},
        sides={e: {f.what: calibration for f in of if f.sides} for e, of in rows.items()},
        outliers={exam: outlier(threshold) for exam in EXAMS},
        fitted_on="nothing",
    )
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(6, 32)).astype(np.float32)
    support = Support(
        tuple(f"Report {i}." for i in range(6)), ("ct-abdomen", "xr-chest") * 3,
        vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
    )  # fmt: skip
    return Checkpoint("tiny", "clip", model.eval(), Preprocess(size=32, max_frames=6), tokenizer,
                      trust, support, {})  # fmt: skip


def image(modality="CT", frames=5, seed=0, uid="1.2.3"):
    rng = np.random.default_rng(seed)
    affine = np.array([[0, 0, 2.0, -30], [0, 2.0, 0, -30], [5.0, 0, 0, 0], [0, 0, 0, 1]])
    if modality in ("DX", "CR"):
        affine = np.array([[0, 0, 1.0, 0], [1, 0, 0, 0], [0, -1.0, 0, 0], [0, 0, 0, 1]])
    pixels = rng.normal(0, 200, (frames, 40, 40)).astype(np.float32)
    return Image(uid, pixels, affine, modality, voi=(Window(0, 800),))
