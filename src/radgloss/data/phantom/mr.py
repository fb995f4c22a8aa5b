"""Magnetic resonance at 1.5 T: relaxation times of every material, signal equations, the scanner.

T1, T2 in ms, proton density relative to water, ADC in 10⁻³ mm²/s, share of the signal that is fat.
Where they come from:

- healthy abdomen and pelvis: de Bazelaire et al., Radiology 2004;230:652, who measured at 1.5 T and
  3 T. Their abstract, which was looked up, gives 3 T (liver T1 809 and T2 34, spleen 1328 and 61,
  muscle 898 and 29); the values here are for 1.5 T, where T1 is about a fifth shorter, and were
  written from memory of their table
- T2 of focal liver lesions: Cieszanowski et al., Eur Radiol 2002;12:2273 (1.5 T: liver 54, nodular
  hyperplasia 66, malignant 85, haemangioma 155, cysts 583 ms); the values here keep that order
- ADC of liver and focal lesions: the order of Taouli and Koh, Radiology 2010;254:47
- all others (blood, fluids, calcium, walls, contents of bowel, endometrioma bright on T1 and shaded
  on T2, fat bright on fast spin echo): typical values, set by their order

Sequences, as they are run at 1.5 T (TR / TE / flip):
T1 spoiled gradient echo in phase 150 / 4.6 / 70°, opposed phase 150 / 2.3 / 70°; T1 with fat
suppression 4.5 / 2.2 / 12°; T2 fast spin echo, 4000 / 90; DWI spin-echo EPI with fat suppression,
4000 / 70, b = 800 s/mm²; ADC from b = 0 and 800. Blood that flows is dark on T2 and DWI.

Shapes: F frames · R rows · C columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from radgloss.data.phantom.shapes import F32, field

__all__ = ["SEQUENCES", "Tissue", "adc_map", "look", "scan", "tissue"]

SEQUENCES = ("T1", "T1 opposed", "T1 fat-suppressed", "T2", "DWI", "ADC")
B_VALUE = 800.0  # s/mm²
FAT_T2_FSE = 105.0  # ms, apparent, in a train of close echoes
RESIDUAL = 0.06  # of the fat that suppression leaves


@dataclass(frozen=True)
class Tissue:
    """What the signal equations need. flow: 1 where the blood leaves the slice between pulses."""

    t1: float
    t2: float
    pd: float = 0.8
    adc: float = 1.5
    fat: float = 0.0
    flow: float = 0.0


_BLOOD, _SLOW = Tissue(1441, 290, 0.85, 1.6, flow=0.92), Tissue(1441, 290, 0.85, 1.6, flow=0.75)
_FAT = Tissue(343, 58, 0.95, 0.15, 0.93)
_VOID = Tissue(1000, 1, 0.0, 0.0)

_TISSUES: dict[str, Tissue] = {
    "air": _VOID, "table": _VOID, "gas": _VOID,
    "skin": Tissue(800, 30, 0.65, 1.2, 0.1),
    "fat": _FAT, "subcutaneous fat": _FAT, "visceral fat": _FAT,
    "muscle": Tissue(856, 27, 0.79, 1.5, 0.02),
    "cartilage": Tissue(1000, 38, 0.7, 1.4),
    "cortical bone": Tissue(250, 1.5, 0.12, 0.3),
    "cancellous bone": Tissue(900, 45, 0.72, 0.5, 0.45),
    "disc": Tissue(950, 85, 0.8, 1.5),
    "spinal fluid": Tissue(4000, 1600, 1.0, 3.1),
    "cord": Tissue(780, 76, 0.78, 0.9),
    "lung": Tissue(1200, 6, 0.12, 1.5),
    "myocardium": Tissue(1030, 40, 0.78, 1.6),
    "artery": _BLOOD, "vein": _SLOW, "renal vein": _SLOW, "portal vein": _SLOW,
    "hepatic vein": _SLOW,
    "vessel wall": Tissue(900, 40, 0.7, 1.4),
    "thrombus": Tissue(700, 60, 0.75, 0.9),
    "liver": Tissue(586, 46, 0.8, 1.2),
    "liver fat": Tissue(343, 58, 0.95, 0.3, 1.0),
    "gallbladder wall": Tissue(800, 60, 0.78, 1.6),
    "inflamed gallbladder wall": Tissue(1100, 105, 0.85, 1.8),
    "bile": Tissue(1900, 500, 0.98, 2.9),
    "spleen": Tissue(1057, 79, 0.82, 0.85), "slow spleen": Tissue(1057, 79, 0.82, 0.85),
    "pancreas": Tissue(584, 46, 0.8, 1.35),
    "inflamed pancreas": Tissue(880, 82, 0.84, 1.15),
    "pancreatic fluid": Tissue(2200, 700, 0.98, 2.9),
    "adrenal": Tissue(650, 58, 0.8, 1.3, 0.12),
    "renal cortex": Tissue(966, 87, 0.83, 2.1), "renal medulla": Tissue(1412, 85, 0.85, 1.95),
    "urothelium": Tissue(900, 60, 0.75, 1.5),
    "renal urine": Tissue(2800, 900, 1.0, 3.0), "urine": Tissue(2800, 900, 1.0, 3.0),
    "layered urine": Tissue(2800, 900, 1.0, 3.0),
    "bowel wall": Tissue(900, 60, 0.78, 1.4),
    "inflamed bowel wall": Tissue(1050, 95, 0.82, 1.2),
    "bowel fluid": Tissue(2000, 350, 0.97, 2.6),
    "stool": Tissue(560, 62, 0.6, 1.2, 0.06),
    "oral contrast": Tissue(2200, 500, 0.98, 2.8),
    "bladder wall": Tissue(900, 52, 0.77, 1.5),
    "prostate": Tissue(1500, 142, 0.86, 1.75), "transition zone": Tissue(1317, 88, 0.83, 1.35),
    "seminal vesicle": Tissue(1500, 210, 0.9, 2.0),
    "myometrium": Tissue(1309, 117, 0.84, 1.5),
    "junctional zone": Tissue(1150, 62, 0.79, 1.15),
    "endometrium": Tissue(1274, 175, 0.88, 1.45),
    "vagina": Tissue(1100, 80, 0.8, 1.4),
    "ovary": Tissue(1250, 95, 0.82, 1.35), "enlarged ovary": Tissue(1400, 150, 0.88, 1.6),
    "cyst fluid": Tissue(2700, 850, 1.0, 2.9),
    "hydatid fluid": Tissue(2500, 620, 0.99, 2.7), "daughter fluid": Tissue(2900, 950, 1.0, 2.95),
    "hydatid wall": Tissue(800, 26, 0.6, 1.3), "membrane": Tissue(900, 30, 0.65, 1.2),
    "calcification": Tissue(800, 4, 0.08, 0.3), "stone": Tissue(800, 3, 0.04, 0.2),
    "gallstone": Tissue(800, 4, 0.05, 0.2),
    "ascites": Tissue(2800, 800, 1.0, 3.0), "exudate": Tissue(1900, 420, 0.97, 2.4),
    "blood": Tissue(720, 140, 0.88, 1.1),
    "stranded fat": Tissue(1100, 110, 0.85, 1.7, 0.45),
    "pus": Tissue(1500, 190, 0.92, 0.8), "abscess wall": Tissue(1000, 72, 0.8, 1.25),
    "oedema": Tissue(800, 78, 0.83, 1.5),
    "haemangioma nodule": Tissue(1120, 145, 0.88, 1.9),
    "haemangioma middle": Tissue(1120, 145, 0.88, 1.9),
    "haemangioma core": Tissue(1150, 150, 0.88, 1.95),
    "haemangioma scar": Tissue(1300, 190, 0.9, 2.1),
    "carcinoma": Tissue(880, 76, 0.82, 1.02),
    "carcinoma without washout": Tissue(820, 70, 0.82, 1.08),
    "carcinoma without blush": Tissue(840, 72, 0.82, 1.05),
    "capsule": Tissue(900, 36, 0.72, 1.2),
    "nodular hyperplasia": Tissue(690, 57, 0.81, 1.4),
    "central scar": Tissue(1000, 115, 0.85, 1.75),
    "metastasis": Tissue(960, 86, 0.82, 1.0), "metastasis rim": Tissue(900, 74, 0.81, 0.95),
    "hypervascular metastasis": Tissue(1000, 98, 0.83, 1.1),
    "necrosis": Tissue(1250, 125, 0.88, 1.9),
    "infarct": Tissue(1500, 125, 0.86, 1.5),
    "pancreatic tumour": Tissue(1050, 70, 0.81, 1.15),
    "renal tumour": Tissue(1250, 108, 0.83, 1.45),
    "nephritis": Tissue(1300, 98, 0.85, 1.35),
    "tubal ring": Tissue(950, 95, 0.82, 1.3),
    "haemorrhagic fluid": Tissue(640, 160, 0.9, 1.3),
    "endometrioma": Tissue(290, 62, 0.88, 0.95),
    "sebum": Tissue(300, 60, 0.93, 0.2, 0.92),
    "solid adnexal tissue": Tissue(1150, 85, 0.82, 1.2),
    "gestational fluid": Tissue(2600, 800, 1.0, 2.9),
    "chorion": Tissue(1050, 110, 0.85, 1.4), "embryo": Tissue(1400, 140, 0.88, 1.5),
}  # fmt: skip


def tissue(material: str) -> Tissue:
    """The constants of a material."""
    return _TISSUES[material]


def _spoiled(t1: float, t2: float, tr: float, te: float, flip: float) -> float:
    """Spoiled gradient echo in the steady state (Ernst), with T2* taken as 0.6 T2."""
    a, e1 = np.radians(flip), np.exp(-tr / t1)
    star = min(0.6 * t2, 60.0)
    return float(np.sin(a) * (1 - e1) / (1 - np.cos(a) * e1) * np.exp(-te / star))


def _spin_echo(t1: float, t2: float, tr: float, te: float) -> float:
    return float((1 - np.exp(-tr / t1)) * np.exp(-te / t2))


def _signal(material: Tissue, sequence: str) -> float:
    """Water and fat apart; the fat's sign is negative in opposed phase."""
    m, water, fat = material, material.pd * (1 - material.fat), material.pd * material.fat
    if sequence in ("T1", "T1 opposed"):
        te, sign = (4.6, 1.0) if sequence == "T1" else (2.3, -1.0)
        lipid = _spoiled(343, 58, 150, te, 70)
        return 1000 * (water * _spoiled(m.t1, m.t2, 150, te, 70) + sign * fat * lipid)
    if sequence == "T1 fat-suppressed":
        lipid = RESIDUAL * _spoiled(343, 58, 4.5, 2.2, 12)
        return 4000 * (water * _spoiled(m.t1, m.t2, 4.5, 2.2, 12) + fat * lipid)
    if sequence == "T2":
        lipid = _spin_echo(343, FAT_T2_FSE, 4000, 90)
        return 1000 * (1 - m.flow) * (water * _spin_echo(m.t1, m.t2, 4000, 90) + fat * lipid)
    if sequence == "DWI":
        lipid = RESIDUAL * _spin_echo(343, 58, 4000, 70)
        echo = water * _spin_echo(m.t1, m.t2, 4000, 70) + fat * lipid
        return 3000 * (1 - m.flow) * echo * float(np.exp(-B_VALUE * m.adc * 1e-3))
    return 1000 * m.adc  # 10⁻⁶ mm²/s


def look(sequence: str) -> Mapping[str, float]:
    """Signal of every material in a sequence, in units of nothing; ADC in 10⁻⁶ mm²/s.

    On opposed phase the signal is signed: fat is negative, so that voxels that hold both cancel;
    `scan` takes the magnitude. KeyError for a sequence that is none.

    >>> look("T1")["liver"] > look("T1")["spleen"], look("T2")["liver"] > look("T2")["spleen"]
    (True, False)
    """
    if sequence not in SEQUENCES:
        raise KeyError(f"{sequence!r} is no MR sequence; there are {', '.join(SEQUENCES)}")
    return {name: _signal(m, sequence) for name, m in _TISSUES.items()}


def scan(
    signal: F32,
    rng: np.random.Generator,
    spacing: tuple[float, float, float],
    quality: float = 1.0,
) -> F32:
    """Noiseless signed signal → a magnitude series; (F, R, C) both, whole numbers from 0.

    A smooth bias field of the coils, Rician noise (its deviation about a fiftieth of the bright
    parts, less where quality is above 1), and a gain that means nothing."""
    bias = field(rng, signal.shape, spacing, 190.0)
    out = np.abs(signal) * np.exp(np.float32(0.16) * bias)
    bright = float(np.percentile(out[:: max(len(out) // 8, 1), ::2, ::2], 97)) or 1.0
    sigma = np.float32(0.02 * bright / quality)
    real = rng.standard_normal(signal.shape, dtype=np.float32) * sigma
    real += out
    imaginary = rng.standard_normal(signal.shape, dtype=np.float32) * sigma
    gain = np.float32(float(rng.uniform(500, 1500)) / bright)
    return np.rint(np.sqrt(real * real + imaginary * imaginary) * gain).astype(np.float32)


def adc_map(dwi: F32, adc: F32, rng: np.random.Generator, quality: float = 1.0) -> F32:
    """The map that a scanner works out from two noisy pictures: (F, R, C) 10⁻⁶ mm²/s.

    dwi: noiseless signal at b = 800. adc: noiseless ADC, as `look("ADC")` paints it. Where there is
    no signal at b = 0 the map is 0."""
    start = dwi * np.exp(adc * np.float32(1e-6 * B_VALUE))
    bright = float(np.percentile(start[:: max(len(start) // 8, 1), ::2, ::2], 97)) or 1.0
    sigma = np.float32(0.012 * bright / quality)

    def seen(clean: F32) -> F32:
        a = clean + sigma * rng.standard_normal(clean.shape, dtype=np.float32)
        b = sigma * rng.standard_normal(clean.shape, dtype=np.float32)
        return np.maximum(np.sqrt(a * a + b * b), np.float32(1e-3))

    low, high = seen(start), seen(dwi)
    out = np.log(low / high) * np.float32(1e6 / B_VALUE)
    out[low < np.float32(0.06 * bright)] = 0
    return np.rint(np.clip(out, 0, 4000)).astype(np.float32)
