"""Chronic conditions and surgery: the roots of the model, besides sex and age.

`prior` is that of an unselected adult; a stratum may set its own through `at`. What a condition
causes by itself (a cirrhotic liver, few platelets) stands here; that it makes a disease likelier
stands in the disease's row as P(condition | disease). Surgery that takes an organ away is known to
everybody and is part of who the patient is, not of what is inferred.

Settings of a simulator, never epidemiology."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from radgloss.data.phantom.causal.rows import Condition, Shift

__all__ = [
    "ALCOHOL",
    "CIRRHOSIS",
    "CONDITIONS",
    "COPD_KNOWN",
    "DIABETES",
    "ECHINOCOCCUS",
    "HEART_FAILURE",
    "HEPATITIS_B",
    "IMMUNOSUPPRESSION",
    "LAPAROTOMY",
    "MALIGNANCY",
    "OBESITY",
    "SMOKING",
    "SURGERY",
    "SURGERY_OF",
    "TUBERCULOSIS_CONTACT",
    "at",
]

CIRRHOSIS = "cirrhosis"
HEPATITIS_B = "chronic hepatitis B"
SMOKING = "smoking"
MALIGNANCY = "known malignancy"
ECHINOCOCCUS = "exposure to Echinococcus"
IMMUNOSUPPRESSION = "immunosuppression"
DIABETES = "diabetes"
HEART_FAILURE = "known heart failure"
OBESITY = "obesity"
SURGERY = "previous abdominal surgery"
LAPAROTOMY = "laparotomy in the last days"
ALCOHOL = "alcohol misuse"
COPD_KNOWN = "known chronic obstructive lung disease"
TUBERCULOSIS_CONTACT = "contact with tuberculosis"

CONDITIONS: dict[str, Condition] = {
    c.name: c
    for c in (
        Condition(
            CIRRHOSIS, 0.03,
            {"cirrhotic liver": 0.88, "splenomegaly": 0.42, "free fluid": 0.30},
            {
                "platelets": Shift(115, 0.35), "albumin": Shift(3.2, 0.14),
                "bilirubin": Shift(1.5, 0.6), "AFP": Shift(5.5, 0.7), "GGT": Shift(75, 0.6),
            },
        ),
        Condition(HEPATITIS_B, 0.02, {"hepatitis B surface antigen": 0.97},
                  {"ALT": Shift(42, 0.5)}),
        Condition(SMOKING, 0.25, {"hyperinflation": 0.10, "cough": 0.30},
                  {"CEA": Shift(2.4, 0.5)}),
        Condition(MALIGNANCY, 0.06, {"weight loss": 0.20}, {"CEA": Shift(12, 1.0, share=0.2)}),
        Condition(ECHINOCOCCUS, 0.05, {"Echinococcus antibody": 0.06}),
        Condition(IMMUNOSUPPRESSION, 0.04),
        Condition(DIABETES, 0.10, {}, {"HbA1c": Shift(7.4, 0.15)}),
        Condition(
            HEART_FAILURE, 0.05,
            {"cardiomegaly": 0.55, "thick gallbladder wall": 0.15, "leg swelling": 0.30},
            {"BNP": Shift(220, 0.8), "NT-proBNP": Shift(1100, 0.9)},
        ),
        Condition(OBESITY, 0.22),
        Condition(SURGERY, 0.25),
        Condition(LAPAROTOMY, 0.04, {"free air": 0.60, "dilated small bowel": 0.30},
                  {"CRP": Shift(70, 0.6), "leukocytes": Shift(11, 0.25)}),
        Condition(ALCOHOL, 0.12, {}, {"GGT": Shift(70, 0.6)}),
        Condition(COPD_KNOWN, 0.08, {"hyperinflation": 0.50, "dyspnoea": 0.45, "cough": 0.40}),
        Condition(TUBERCULOSIS_CONTACT, 0.06, {"IGRA": 0.28}),
    )
}  # fmt: skip

SURGERY_OF: dict[str, tuple[float, str]] = {  # organ taken away: (per decade over 20, words)
    "gallbladder": (0.016, "cholecystectomy"),
    "uterus": (0.020, "hysterectomy"),
    "spleen": (0.003, "splenectomy"),
    "right kidney": (0.002, "right nephrectomy"),
    "left kidney": (0.002, "left nephrectomy"),
}


def at(priors: Mapping[str, float]) -> tuple[Condition, ...]:
    """The conditions of a stratum, with that stratum's priors.

    >>> [c.prior for c in at({DIABETES: 0.12})]
    [0.12]
    """
    return tuple(replace(CONDITIONS[name], prior=prior) for name, prior in priors.items())
