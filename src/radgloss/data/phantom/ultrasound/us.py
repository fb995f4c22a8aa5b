"""What tissues look like to ultrasound: three channels for every material.

echo: backscatter in decibels relative to normal liver. The *order* is what sonographers are taught
(renal sinus > pancreas ≥ spleen ≥ liver ≥ renal cortex > medulla > fluid); the decibels are ours,
chosen so that steps between neighbours are seen as readily as on a real picture.
attenuation: dB/cm/MHz, one way. impedance: MRayl, density times speed of sound. Both are typical
values, set near the usual half decibel of soft tissue and rounded; they were not taken from one
measurement. Fat makes a liver attenuate more. Stones and gas attenuate by far more than is measured
through them, which stands for what they reflect and refract away. Names are the torso's."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["CHANNELS", "MATERIALS", "Acoustic", "looks"]


class Acoustic(NamedTuple):
    """One material: decibels relative to liver, dB/cm/MHz, MRayl."""

    echo: float
    attenuation: float
    impedance: float


CHANNELS = Acoustic._fields
_A = Acoustic
_FLUID = _A(-60, 0.003, 1.52)
_BLOOD = _A(-34, 0.18, 1.66)
_GAS = _A(12, 30.0, 0.0004)
_STONE = _A(20, 18.0, 4.5)

_MATERIALS = {
    # ---- outside and wall
    "air": _A(-60, 0.0, 0.0004),
    "table": _A(-60, 0.0, 0.0004),  # outside the body nothing is heard
    "skin": _A(9, 0.40, 1.74),
    "fat": _A(-6, 0.55, 1.42),
    "subcutaneous fat": _A(-7, 0.55, 1.40),
    "visceral fat": _A(7, 0.65, 1.46),  # also the renal sinus, the bright middle of a kidney
    "muscle": _A(-7, 0.85, 1.66),
    "cartilage": _A(-6, 2.5, 1.85),
    # ---- bone and lung
    "cortical bone": _A(10, 12.0, 6.9),
    "cancellous bone": _A(2, 9.0, 3.6),
    "disc": _A(-6, 2.5, 1.80),
    "spinal fluid": _FLUID,
    "cord": _A(-8, 0.60, 1.66),
    "lung": _A(6, 14.0, 0.26),
    "myocardium": _A(-5, 0.52, 1.67),
    # ---- vessels
    "artery": _BLOOD,
    "vein": _BLOOD,
    "renal vein": _BLOOD,
    "portal vein": _BLOOD,
    "hepatic vein": _BLOOD,
    "vessel wall": _A(6, 0.8, 1.76),
    "thrombus": _A(-9, 0.45, 1.65),
    # ---- organs
    "liver": _A(0, 0.50, 1.69),
    "liver fat": _A(24, 2.1, 1.56),  # a share of it: 0.2 of fat is 5 dB brighter, 0.8 dB/cm/MHz
    "gallbladder wall": _A(5, 0.6, 1.72),
    "inflamed gallbladder wall": _A(-8, 0.4, 1.62),
    "bile": _FLUID,
    "spleen": _A(1.5, 0.42, 1.65),
    "slow spleen": _A(1.5, 0.42, 1.65),
    "pancreas": _A(4, 0.65, 1.63),
    "inflamed pancreas": _A(-7, 0.50, 1.60),
    "pancreatic fluid": _FLUID,
    "adrenal": _A(-5, 0.50, 1.64),
    "renal cortex": _A(-4, 0.60, 1.64),
    "renal medulla": _A(-10, 0.55, 1.63),
    "urothelium": _A(7, 0.6, 1.60),
    "renal urine": _FLUID,
    "bowel wall": _A(-8, 0.6, 1.66),
    "inflamed bowel wall": _A(-12, 0.5, 1.63),
    "bowel fluid": _A(-16, 0.3, 1.56),
    "stool": _A(8, 3.0, 1.75),
    "oral contrast": _FLUID,
    "gas": _GAS,
    # ---- pelvis
    "bladder wall": _A(1, 0.7, 1.68),
    "urine": _FLUID,
    "layered urine": _FLUID,
    "prostate": _A(-1, 0.60, 1.66),
    "transition zone": _A(-5, 0.60, 1.66),
    "seminal vesicle": _A(-14, 0.40, 1.60),
    "myometrium": _A(-4, 0.65, 1.66),
    "junctional zone": _A(-9, 0.60, 1.65),
    "endometrium": _A(4, 0.50, 1.64),
    "vagina": _A(1, 0.60, 1.65),
    "ovary": _A(-5, 0.45, 1.64),
    "enlarged ovary": _A(-7, 0.45, 1.62),
    # ---- fluids and calcium of disease
    "cyst fluid": _FLUID,
    "hydatid fluid": _A(-30, 0.02, 1.53),  # hydatid sand
    "daughter fluid": _FLUID,
    "hydatid wall": _A(5, 0.6, 1.71),
    "membrane": _A(8, 0.5, 1.72),
    "calcification": _A(17, 15.0, 4.0),
    "stone": _STONE,
    "gallstone": _STONE,
    "ascites": _FLUID,
    "blood": _A(-13, 0.20, 1.60),
    "exudate": _A(-24, 0.10, 1.54),
    "stranded fat": _A(9, 0.80, 1.48),
    "pus": _A(-16, 0.15, 1.55),
    "abscess wall": _A(2, 0.6, 1.70),
    "oedema": _A(-5, 0.45, 1.64),
    # ---- tumours
    "haemangioma nodule": _A(10, 0.50, 1.72),
    "haemangioma middle": _A(9, 0.50, 1.72),
    "haemangioma core": _A(8, 0.50, 1.72),
    "haemangioma scar": _A(3, 0.50, 1.70),
    "carcinoma": _A(-6, 0.50, 1.66),
    "carcinoma without washout": _A(-5, 0.50, 1.66),
    "carcinoma without blush": _A(-6, 0.50, 1.66),
    "capsule": _A(-12, 0.50, 1.64),
    "nodular hyperplasia": _A(-2.5, 0.50, 1.68),
    "central scar": _A(3, 0.8, 1.71),
    "metastasis": _A(-6, 0.50, 1.66),
    "metastasis rim": _A(-13, 0.45, 1.65),  # the halo of a target
    "hypervascular metastasis": _A(6, 0.50, 1.70),
    "necrosis": _A(-18, 0.20, 1.56),
    "infarct": _A(-9, 0.45, 1.63),
    "pancreatic tumour": _A(-6, 0.60, 1.66),
    "renal tumour": _A(2, 0.65, 1.68),
    "nephritis": _A(-1, 0.60, 1.64),
    # ---- the female pelvis
    "tubal ring": _A(8, 0.6, 1.71),
    "haemorrhagic fluid": _A(-24, 0.06, 1.55),
    "endometrioma": _A(-11, 0.12, 1.58),
    "sebum": _A(13, 2.2, 1.42),
    "solid adnexal tissue": _A(-3, 0.5, 1.66),
    "gestational fluid": _FLUID,
    "chorion": _A(9, 0.6, 1.71),
    "embryo": _A(2, 0.5, 1.66),
}
MATERIALS: Mapping[str, Acoustic] = MappingProxyType(_MATERIALS)


def looks() -> tuple[dict[str, float], ...]:
    """Three looks, material → value, in the order of `CHANNELS`.

    >>> echo, attenuation, impedance = looks()
    >>> echo["bile"] < echo["renal medulla"] < echo["renal cortex"] < echo["liver"]
    True
    """
    return tuple({m: float(a[k]) for m, a in MATERIALS.items()} for k in range(len(CHANNELS)))
