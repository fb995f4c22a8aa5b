"""Computed tomography: CT numbers of every material by phase, and what a scanner adds.

Phases after the injection: arterial 35 s (late arterial), portal venous 70 s, delayed 4 min,
excretory 10 min; 120 kV. Why they differ: Bae, Radiology 2010;256:32. Looked up:

- liver and spleen without contrast: the liver is 1 to 18 HU above the spleen (Park et al.,
  Radiology 2011;258:760; first seen by Piekarski et al., Radiology 1980;137:727)
- spongy bone of the spine: 160 HU or less at L1 finds nine in ten with osteoporosis, above 200 HU
  nearly nobody has it (Pickhardt et al., Ann Intern Med 2013;158:588)
- fresh blood in the belly: 45 HU on average, above 30 ("Hemoperitoneum studied by
  computed tomography", Radiology 1983;148:187); clot higher
- pancreas: a tumour stands out more in the pancreatic phase than in the portal venous one (Lu et
  al., Radiology 1996;199:697)

All other numbers are *typical values*, set by the order of tissues in each phase (a haemangioma
follows the vessels, a carcinoma is bright early and dark late, nodular hyperplasia is bright early
and hidden late, a cyst stays below 20 HU, a solid renal mass gains 20 HU or more), not taken from
a measurement.

Shapes: F frames · R rows · C columns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import ndimage

from radgloss.data.phantom.physics import noise_level
from radgloss.data.phantom.shapes import F32

__all__ = ["PHASES", "look", "scan"]

PHASES = ("unenhanced", "arterial", "portal venous", "delayed", "excretory")

_ENHANCING: dict[str, tuple[float, float, float, float, float]] = {
    # unenhanced, arterial, portal venous, delayed, excretory
    "skin": (15, 20, 30, 30, 28),
    "muscle": (54, 58, 64, 65, 64),
    "cord": (34, 36, 40, 40, 40),
    "myocardium": (46, 105, 118, 90, 78),
    "artery": (42, 300, 158, 112, 92),
    "vein": (40, 62, 142, 110, 92),
    "renal vein": (40, 170, 158, 114, 94),
    "portal vein": (40, 130, 174, 114, 94),
    "hepatic vein": (40, 58, 164, 112, 93),
    "vessel wall": (46, 60, 72, 72, 70),
    "liver": (58, 76, 112, 94, 84),
    "gallbladder wall": (32, 55, 85, 80, 75),
    "inflamed gallbladder wall": (28, 62, 78, 76, 70),
    "spleen": (49, 150, 123, 96, 84),
    "slow spleen": (49, 94, 123, 96, 84),
    "pancreas": (42, 108, 98, 78, 70),
    "inflamed pancreas": (34, 84, 82, 70, 62),
    "adrenal": (26, 66, 78, 62, 52),
    "renal cortex": (33, 190, 192, 160, 138),
    "renal medulla": (31, 72, 160, 168, 146),
    "urothelium": (34, 50, 78, 84, 80),
    "renal urine": (5, 5, 8, 190, 520),
    "bowel wall": (38, 72, 92, 82, 76),
    "inflamed bowel wall": (34, 80, 104, 94, 84),
    "bladder wall": (36, 48, 68, 76, 76),
    "urine": (4, 4, 5, 8, 45),
    "layered urine": (4, 4, 5, 60, 330),
    "prostate": (40, 58, 78, 82, 80),
    "transition zone": (42, 70, 98, 96, 90),
    "seminal vesicle": (26, 32, 44, 48, 48),
    "myometrium": (48, 92, 122, 110, 98),
    "junctional zone": (46, 74, 106, 104, 96),
    "endometrium": (36, 44, 70, 82, 80),
    "vagina": (42, 60, 86, 86, 82),
    "ovary": (40, 54, 76, 78, 74),
    "enlarged ovary": (36, 40, 46, 48, 48),
    "hydatid wall": (34, 36, 44, 48, 46),
    "stranded fat": (-38, -36, -30, -30, -32),
    "abscess wall": (36, 74, 132, 124, 110),
    "oedema": (46, 88, 88, 82, 76),
    "haemangioma nodule": (40, 232, 166, 118, 98),
    "haemangioma middle": (40, 52, 142, 116, 98),
    "haemangioma core": (38, 42, 58, 110, 97),
    "haemangioma scar": (34, 36, 40, 44, 44),
    "carcinoma": (48, 122, 90, 68, 62),
    "carcinoma without washout": (48, 122, 110, 92, 82),
    "carcinoma without blush": (46, 66, 84, 66, 60),
    "capsule": (50, 66, 112, 120, 108),
    "nodular hyperplasia": (55, 146, 117, 95, 85),
    "central scar": (40, 54, 82, 118, 106),
    "metastasis": (42, 54, 62, 60, 56),
    "metastasis rim": (44, 84, 92, 76, 68),
    "hypervascular metastasis": (44, 124, 92, 74, 66),
    "pancreatic tumour": (40, 62, 68, 72, 66),
    "renal tumour": (37, 132, 116, 96, 86),
    "nephritis": (31, 92, 118, 134, 128),
    "tubal ring": (42, 92, 118, 100, 90),
    "solid adnexal tissue": (42, 60, 82, 80, 74),
    "chorion": (44, 80, 108, 98, 90),
    "embryo": (35, 38, 42, 42, 42),
}  # fmt: skip
_CONSTANT: dict[str, float] = {  # the same in every phase
    "air": -1000, "table": -130, "fat": -98, "subcutaneous fat": -106, "visceral fat": -100,
    "cartilage": 105, "cortical bone": 900, "cancellous bone": 205, "disc": 80,
    "spinal fluid": 12, "lung": -845, "thrombus": 48, "liver fat": -110, "bile": 8,
    "pancreatic fluid": 8, "bowel fluid": 20, "stool": 34, "oral contrast": 250, "gas": -960,
    "cyst fluid": 6, "hydatid fluid": 16, "daughter fluid": 5, "membrane": 38,
    "calcification": 620, "stone": 900, "gallstone": 210, "ascites": 8, "blood": 50,
    "exudate": 16, "pus": 24, "necrosis": 30, "infarct": 44, "haemorrhagic fluid": 46,
    "endometrioma": 40, "sebum": -82, "gestational fluid": 12,
}  # fmt: skip


def look(phase: str) -> Mapping[str, float]:
    """CT numbers (HU) of every material in a phase; KeyError for a phase that is none.

    >>> look("unenhanced")["liver"] - look("unenhanced")["spleen"]
    9.0
    """
    if phase not in PHASES:
        raise KeyError(f"{phase!r} is no CT phase; there are {', '.join(PHASES)}")
    column = PHASES.index(phase)
    values = {name: float(row[column]) for name, row in _ENHANCING.items()}
    return values | {name: float(v) for name, v in _CONSTANT.items()}


def scan(
    hu: F32,
    rng: np.random.Generator,
    dose: float,
    girth_mm: float,
    spacing: tuple[float, float, float],
) -> F32:
    """Noiseless CT numbers → a reconstruction; (F, R, C) both, whole HU from -1024 to 3071.

    Slice sensitivity profile, a soft-tissue kernel, streaks between dense bones (Beam hardening
    darkens the line between the hips and beside the spine), and noise with the kernel's texture.
    Its deviation falls with the root of the dose, grows with girth (effective diameter, mm), and
    shrinks with the root of the slice's thickness; it is largest in the middle of the body."""
    profile = 0.13 * 5.0 / max(spacing[0], 5.0)
    out = _blur3(_blur3(_blur3(hu, 0, profile), 1, 0.07), 2, 0.07)
    out += _hardening(hu, spacing)
    noise = rng.standard_normal(hu.shape, dtype=np.float32)
    noise = _blur3(_blur3(noise, 1, 0.21), 2, 0.21)
    noise -= np.float32(0.5) * _blur3(_blur3(noise, 1, 0.33), 2, 0.33)  # a ramp has no mean
    level = noise_level(dose, girth_mm) * np.sqrt(5.0 / max(spacing[0], 0.5))
    noise *= np.float32(level / max(float(noise[:: max(len(noise) // 4, 1)].std()), 1e-6))
    noise *= _centre(hu.shape[1:])
    out += noise
    np.clip(out, -1024, 3071, out=out)
    return np.rint(out, out=out)


def _centre(shape: tuple[int, ...]) -> F32:
    """(R, C) relative noise: one in the mean, more in the middle, less at the rim."""
    v, u = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape)
    return np.float32(1.16) - np.float32(0.38) * np.minimum(u[None] ** 2 + v[:, None] ** 2, 1)


def _hardening(hu: F32, spacing: tuple[float, float, float]) -> F32:
    """(F, R, C) HU: darker between dense things in a row, brighter along their edges.

    Line integrals of bone along rows and columns of a coarse picture: where both neighbours on a
    line are dense, the beam that passed them was harder than the reconstruction assumes."""
    small = hu[:, ::4, ::4]
    dense = np.clip(small - np.float32(320), 0, 900) * np.float32(4 * spacing[2] / 900)
    out = np.zeros_like(small)
    for axis in (1, 2):
        left = np.cumsum(dense, axis)
        right = left[:, -1:, :] - left if axis == 1 else left[:, :, -1:] - left
        both = np.minimum(left, right)
        out -= np.float32(0.34 if axis == 2 else 0.2) * np.minimum(both, 45)
    out = ndimage.uniform_filter(out, (1, 3, 3))
    out *= small > -300
    rows = _stretch(hu.shape[1], small.shape[1])
    columns = _stretch(hu.shape[2], small.shape[2])
    return rows @ (out @ columns.T)


def _stretch(n: int, m: int) -> F32:
    """(n, m) linear interpolation from every fourth sample."""
    u = np.clip(np.arange(n) / 4, 0, m - 1.001)
    return np.clip(1 - np.abs(u[:, None] - np.arange(m)[None]), 0, 1).astype(np.float32)


def _blur3(volume: F32, axis: int, side: float) -> F32:
    """Three-point smoothing along one axis, weights side, 1 - 2 side, side; edges repeat."""
    out = volume * np.float32(1 - 2 * side)
    w = np.float32(side)

    def part(a: int | None, b: int | None) -> tuple[slice, ...]:
        return (slice(None),) * axis + (slice(a, b),)

    scaled = volume * w
    out[part(1, None)] += scaled[part(None, -1)]
    out[part(None, -1)] += scaled[part(1, None)]
    out[part(0, 1)] += scaled[part(0, 1)]
    out[part(-1, None)] += scaled[part(-1, None)]
    return out
