"""What tissues look like to ultrasound: three channels for every material.

echo: backscatter in decibels relative to normal liver. The *order* is the sonographer's (renal
sinus > pancreas ≥ spleen ≥ liver ≥ renal cortex > medulla > fluid; Rumack and Levine, Diagnostic
Ultrasound, 5th ed., chapters 4 to 9); the decibels are ours, chosen so that steps between
neighbours are seen as readily as on a real picture.
attenuation: dB/cm/MHz, one way. impedance: MRayl, density times speed of sound. Soft tissues after
T. D. Mast, Acoustics Research Letters Online 1 (2000) 37, table 1, and F. A. Duck, Physical
Properties of Tissue (1990), rounded. Fatty liver after Suzuki et al., Ultrasound Med Biol 18
(1992) 657 (attenuation grows with fat). Stones and gas attenuate by far more than is measured
through them, which stands for what they reflect and refract away."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["CHANNELS", "MATERIALS", "STEATOSIS", "Acoustic", "looks", "steatotic"]


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
    # ---- parenchyma
    "liver": _A(0, 0.50, 1.69),
    "spleen": _A(1.5, 0.42, 1.65),
    "cortex": _A(-4, 0.60, 1.64),
    "medulla": _A(-10, 0.55, 1.63),
    "sinus": _A(9, 0.75, 1.52),  # fat, vessels and calyces: the bright middle of a kidney
    "pancreas": _A(4, 0.65, 1.63),
    "adrenal": _A(-5, 0.50, 1.64),
    "heart": _BLOOD,
    "myocardium": _A(-5, 0.52, 1.67),
    "uterus": _A(-3, 0.65, 1.66),
    "endometrium": _A(4, 0.50, 1.65),
    "ovary": _A(-4, 0.45, 1.64),
    "prostate": _A(-2, 0.60, 1.66),
    "lymph node": _A(-9, 0.50, 1.64),
    # ---- wall and supports
    "skin": _A(9, 0.40, 1.74),
    "fat": _A(-7, 0.55, 1.40),
    "visceral fat": _A(3, 0.65, 1.42),
    "muscle": _A(-7, 0.85, 1.66),
    "cartilage": _A(-6, 2.5, 1.85),
    "disc": _A(-6, 2.5, 1.80),
    "cord": _A(-8, 0.60, 1.66),
    "diaphragm": _A(4, 1.0, 1.75),
    # ---- bone, lung, air
    "rib": _A(10, 9.0, 5.5),
    "cortical bone": _A(10, 12.0, 6.9),
    "trabecular": _A(2, 9.0, 3.6),
    "marrow": _A(-4, 6.0, 2.2),
    "lung": _A(6, 14.0, 0.26),
    "air": _A(-60, 0.0, 0.0004),
    "table": _A(-60, 0.0, 0.0004),  # outside the body nothing is heard
    "gas": _GAS,
    # ---- vessels and hollow things
    "aorta": _BLOOD,
    "ivc": _BLOOD,
    "portal vein": _BLOOD,
    "hepatic vein": _BLOOD,
    "vessel": _BLOOD,
    "vessel wall": _A(6, 0.8, 1.76),  # portal walls are bright, hepatic veins have none
    "bile": _FLUID,
    "bile duct": _FLUID,
    "gallbladder wall": _A(5, 0.6, 1.70),
    "urine": _FLUID,
    "bladder wall": _A(1, 0.7, 1.68),
    "bowel wall": _A(-8, 0.6, 1.66),
    "bowel content": _A(-1, 0.7, 1.60),
    "stomach content": _A(-4, 0.5, 1.56),
    "stool": _A(8, 3.0, 1.75),
    "oral contrast": _FLUID,
    "csf": _FLUID,
    # ---- disease: fluid
    "fluid": _FLUID,
    "ascites": _FLUID,
    "free fluid": _FLUID,
    "cyst": _FLUID,
    "hydatid fluid": _A(-48, 0.005, 1.52),
    "daughter cyst": _FLUID,
    "hydatid matrix": _A(-9, 0.25, 1.56),
    "membrane": _A(7, 0.5, 1.72),  # floating endocyst, septum of daughter cysts
    "cyst wall": _A(4, 0.6, 1.70),
    "pus": _A(-17, 0.15, 1.55),
    "necrosis": _A(-18, 0.20, 1.56),
    "debris": _A(-10, 0.20, 1.56),
    "haematoma": _A(-8, 0.40, 1.64),
    "fresh blood": _A(-11, 0.20, 1.62),
    "echogenic fluid": _A(-13, 0.15, 1.58),
    "thrombus": _A(-9, 0.45, 1.65),
    "effusion": _FLUID,
    "oedema": _A(-11, 0.35, 1.58),
    # ---- disease: solid
    "haemangioma": _A(9, 0.50, 1.72),
    "hepatocellular carcinoma": _A(-6, 0.50, 1.66),
    "capsule": _A(-12, 0.50, 1.64),
    "focal nodular hyperplasia": _A(-2.5, 0.50, 1.68),
    "scar": _A(3, 0.8, 1.71),
    "metastasis": _A(-7, 0.50, 1.66),
    "metastasis rim": _A(-13, 0.45, 1.65),  # the halo of a target
    "abscess rim": _A(3, 0.6, 1.70),
    "pancreatic mass": _A(-7, 0.60, 1.66),
    "kidney mass": _A(1, 0.65, 1.68),
    "infarct": _A(-9, 0.45, 1.63),
    "inflamed fat": _A(6, 0.80, 1.46),
    "inflamed wall": _A(-4, 0.6, 1.65),
    # ---- disease: bright and shadowing
    "stone": _STONE,
    "gallstone": _STONE,
    "calcification": _A(17, 15.0, 4.0),
    "wall calcification": _A(17, 9.0, 3.4),
    # ---- the female pelvis
    "tubal ring": _A(8, 0.6, 1.71),
    "sac fluid": _FLUID,
    "gestational sac": _FLUID,
    "decidua": _A(9, 0.6, 1.71),
    "yolk sac": _A(6, 0.5, 1.68),
    "embryo": _A(2, 0.5, 1.66),
    "haemorrhagic cyst": _A(-27, 0.05, 1.55),
    "lace": _A(-5, 0.15, 1.60),  # strands of fibrin in a haemorrhagic cyst
    "corpus luteum wall": _A(3, 0.5, 1.67),
    "endometrioma": _A(-11, 0.12, 1.58),
    "teratoma fat": _A(13, 2.2, 1.42),
    "follicle": _FLUID,
    "adnexal mass": _A(-4, 0.5, 1.65),
}
MATERIALS: Mapping[str, Acoustic] = MappingProxyType(_MATERIALS)
STEATOSIS = {"mild": (3.0, 0.62), "moderate": (6.0, 0.80), "severe": (8.0, 1.00)}  # echo, dB/cm/MHz


def looks(materials: Mapping[str, Acoustic] = MATERIALS) -> tuple[dict[str, float], ...]:
    """Three looks, material → value, in the order of `CHANNELS`.

    >>> echo, attenuation, impedance = looks()
    >>> echo["bile"] < echo["medulla"] < echo["cortex"] < echo["liver"] < echo["sinus"]
    True
    """
    return tuple({m: float(a[k]) for m, a in materials.items()} for k in range(len(CHANNELS)))


def steatotic(severity: str, materials: Mapping[str, Acoustic] = MATERIALS) -> dict[str, Acoustic]:
    """The table with a fatty liver: brighter, and darker with depth; walls of its vessels drown.

    >>> steatotic("severe")["liver"].attenuation
    1.0
    """
    echo, attenuation = STEATOSIS[severity]
    liver = Acoustic(echo, attenuation, materials["liver"].impedance - 0.02)
    drowned = {"mild": 0.0, "moderate": 3.0, "severe": 6.0}[severity]
    wall = materials["vessel wall"]._replace(echo=materials["vessel wall"].echo - drowned)
    return {**materials, "liver": liver, "vessel wall": wall}
