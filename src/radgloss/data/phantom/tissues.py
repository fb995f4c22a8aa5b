"""What tissues look like: CT numbers by phase, and attenuation for projection.

CT numbers (HU) are typical textbook values at 120 kV; portal venous means about 70 s after the
injection. Linear attenuation is per millimetre for a beam of about 70 keV effective energy
(120 kV, filtered by a chest), from densities of ICRP Publication 110 and mass attenuation
coefficients of water, adipose tissue and cortical bone as tabulated by NIST (XCOM)."""

from __future__ import annotations

__all__ = ["ATTENUATION", "HU"]

HU: dict[str, dict[str, float]] = {
    "portal venous": {
        "liver": 112, "spleen": 122, "cortex": 190, "medulla": 172, "pancreas": 98,
        "aorta": 158, "ivc": 148, "portal vein": 172, "hepatic vein": 162, "muscle": 62,
        "bowel wall": 92, "gallbladder wall": 85, "adrenal": 75, "heart": 150, "myocardium": 115,
    },
    "unenhanced": {
        "liver": 58, "spleen": 48, "cortex": 33, "medulla": 31, "pancreas": 40,
        "aorta": 42, "ivc": 40, "portal vein": 40, "hepatic vein": 40, "muscle": 54,
        "bowel wall": 38, "gallbladder wall": 32, "adrenal": 28, "heart": 42, "myocardium": 46,
    },
}  # fmt: skip
for _phase in HU.values():
    _phase.update(
        {
            "fat": -106, "visceral fat": -100, "skin": 20, "bile": 8, "urine": 4, "air": -1000,
            "lung": -840, "gas": -960, "bowel content": 22, "stool": 30, "marrow": 165,
            "trabecular": 185, "cortical bone": 850, "rib": 420, "cartilage": 115, "disc": 85,
            "cord": 30, "table": -130, "calcification": 700, "oral contrast": 260,
        }
    )  # fmt: skip

ATTENUATION = {  # 1/mm
    "soft": 0.0205,  # 1.05 g/cm³ × 0.195 cm²/g
    "fat": 0.0178,  # 0.95 × 0.187
    "lung": 0.0051,  # inflated, 0.26 g/cm³
    "cortical bone": 0.0495,  # 1.92 × 0.258
    "trabecular bone": 0.0265,
    "metal": 0.25,
}
