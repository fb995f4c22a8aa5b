"""Attenuation of tissues for projection: a beam of about 70 keV effective energy.

Per millimetre, for 120 kV filtered by a chest: densities of ICRP Publication 110 times the mass
attenuation coefficients of water, adipose tissue and cortical bone as tabulated by NIST (XCOM)."""

from __future__ import annotations

__all__ = ["ATTENUATION"]

ATTENUATION = {  # 1/mm
    "soft": 0.0205,  # 1.05 g/cm³ × 0.195 cm²/g
    "fat": 0.0178,  # 0.95 × 0.187
    "lung": 0.0051,  # inflated, 0.26 g/cm³
    "cortical bone": 0.0495,  # 1.92 × 0.258
    "trabecular bone": 0.0265,
    "metal": 0.25,
}
