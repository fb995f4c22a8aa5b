"""Tests of the simulator's own laboratory: LOINC code, UCUM unit, range by sex, health, rounding.

A test is log-normal in health (median, log-SD); diseases shift it. The laboratory rounds to
`step` and reports nothing below or above its limits but the limit itself (comparator "<" or ">"):
such a value is a tail, never the limit. Strips and antibodies are ordinal, 0 negative and 1
positive, and belong to the binary items of the model.

Codes: LOINC, https://loinc.org (the codes of common chemistry, blood count and vital signs).
Units: UCUM, case-sensitive. Empty code: not looked up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from radgloss.data.phantom.causal.nouns import Sex
from radgloss.types import InputRejected, Measurement

__all__ = ["STRIPS", "TESTS", "VITALS", "Result", "Test", "in_unit", "measurement", "result_of"]

Range = tuple[float | None, float | None]


@dataclass(frozen=True)
class Test:
    """One quantity. health: (median, log-SD) of a woman and of a man. limits: of the method."""

    __test__ = False  # no case of pytest

    name: str
    code: str
    unit: str
    women: Range
    men: Range
    health: tuple[tuple[float, float], tuple[float, float]]
    step: float
    limits: tuple[float, float] = (0.0, math.inf)
    others: tuple[tuple[str, float], ...] = ()  # another unit, and what to multiply its value by

    def range(self, sex: Sex) -> Range:
        """The reference range of that sex."""
        return self.women if sex == "F" else self.men


def _test(
    name: str,
    code: str,
    unit: str,
    reference: Range,
    health: tuple[float, float],
    step: float,
    limits: tuple[float, float] = (0.0, math.inf),
    others: tuple[tuple[str, float], ...] = (),
    men: Range | None = None,
    healthy_men: tuple[float, float] | None = None,
) -> Test:
    return Test(
        name, code, unit, reference, men or reference, (health, healthy_men or health), step,
        limits, others,
    )  # fmt: skip


_GIGA = (("10*9/L", 1.0),)
TESTS: dict[str, Test] = {
    t.name: t
    for t in (
        _test("hCG", "21198-7", "m[IU]/mL", (None, 5), (0.8, 0.6), 1, (2, 200_000),
              (("[IU]/L", 1.0),)),
        _test("haemoglobin", "718-7", "g/dL", (12, 16), (13.6, 0.06), 0.1, (0, math.inf),
              (("g/L", 0.1),), men=(13.5, 17.5), healthy_men=(15.2, 0.06)),
        _test("leukocytes", "6690-2", "10*3/uL", (4, 11), (7.0, 0.25), 0.1, others=_GIGA),
        _test("platelets", "777-3", "10*3/uL", (150, 400), (250, 0.22), 1, others=_GIGA),
        _test("neutrophils", "751-8", "10*3/uL", (1.8, 7.5), (4.0, 0.30), 0.1, others=_GIGA),
        _test("eosinophils", "711-2", "10*3/uL", (0, 0.5), (0.15, 0.60), 0.01, others=_GIGA),
        _test("CRP", "1988-5", "mg/L", (None, 5), (1.5, 0.8), 1, (1, 600), (("mg/dL", 10.0),)),
        _test("procalcitonin", "33959-8", "ng/mL", (None, 0.1), (0.04, 0.5), 0.01, (0.02, 100)),
        _test("lactate", "2524-7", "mmol/L", (0.5, 2.0), (1.1, 0.3), 0.1),
        _test("creatinine", "2160-0", "mg/dL", (0.5, 1.1), (0.75, 0.18), 0.01,
              others=(("umol/L", 1 / 88.4),), men=(0.7, 1.3), healthy_men=(0.95, 0.16)),
        _test("bilirubin", "1975-2", "mg/dL", (0.2, 1.2), (0.5, 0.4), 0.1, (0.1, 50),
              (("umol/L", 1 / 17.1),)),
        _test("ALT", "1742-6", "U/L", (None, 40), (20, 0.4), 1),
        _test("AST", "1920-8", "U/L", (None, 40), (21, 0.35), 1),
        _test("ALP", "6768-6", "U/L", (40, 130), (70, 0.28), 1),
        _test("GGT", "2324-2", "U/L", (None, 60), (22, 0.5), 1),
        _test("albumin", "1751-7", "g/dL", (3.5, 5.0), (4.2, 0.07), 0.1,
              others=(("g/L", 0.1),)),
        _test("LDH", "2532-0", "U/L", (120, 250), (180, 0.18), 1),
        _test("lipase", "3040-3", "U/L", (None, 60), (28, 0.4), 1),
        _test("AFP", "1834-1", "ng/mL", (None, 10), (3.0, 0.5), 0.1, (0.5, 100_000),
              (("[IU]/mL", 1.21),)),
        _test("CA 19-9", "24108-3", "[arb'U]/mL", (None, 37), (9, 0.7), 1, (2, 20_000)),
        _test("CA-125", "10334-1", "[arb'U]/mL", (None, 35), (13, 0.5), 1),
        _test("CEA", "2039-6", "ng/mL", (None, 5), (1.6, 0.5), 0.1, (0.5, math.inf)),
        _test("BNP", "30934-4", "pg/mL", (None, 100), (25, 0.7), 1, (5, 5000)),
        _test("NT-proBNP", "33762-6", "pg/mL", (None, 125), (60, 0.7), 1, (5, 35_000)),
        _test("hs-troponin I", "89579-7", "ng/L", (None, 16), (4, 0.6), 1, (2, 25_000),
              (("ng/mL", 1000.0),), men=(None, 34), healthy_men=(6, 0.6)),
        _test("D-dimer", "48065-7", "mg/L{FEU}", (None, 0.5), (0.30, 0.5), 0.01, (0.17, 20)),
        _test("INR", "6301-6", "{INR}", (0.9, 1.2), (1.02, 0.06), 0.1),
        _test("sodium", "2951-2", "mmol/L", (135, 145), (140, 0.014), 1),
        _test("potassium", "2823-3", "mmol/L", (3.5, 5.1), (4.2, 0.08), 0.1),
        _test("calcium", "17861-6", "mg/dL", (8.5, 10.5), (9.4, 0.04), 0.1,
              others=(("mmol/L", 4.008),)),
        _test("triglycerides", "2571-8", "mg/dL", (None, 150), (105, 0.4), 1,
              others=(("mmol/L", 88.57),)),
        _test("HbA1c", "4548-4", "%", (None, 5.7), (5.3, 0.05), 0.1),
    )
}  # fmt: skip

STRIPS: dict[str, str] = {  # ordinal, 0 negative and 1 positive: item of the model, LOINC code
    "urine blood": "5794-3",
    "urine leukocyte esterase": "5799-2",
    "urine nitrite": "5802-4",
    "hepatitis B surface antigen": "5196-1",
    "Echinococcus antibody": "",
    "IGRA": "",
    "blood culture": "",
}

VITALS: dict[str, tuple[str, str, Range]] = {  # what the nurse writes down: code, unit, range
    "temperature": ("8310-5", "Cel", (36.0, 37.5)),
    "pulse": ("8867-4", "/min", (60, 100)),
    "systolic pressure": ("8480-6", "mm[Hg]", (100, 140)),
    "oxygen saturation": ("59408-5", "%", (95, None)),
    "body mass index": ("39156-5", "kg/m2", (18.5, 25)),
}
FEVER_FROM = 38.0  # Cel


@dataclass(frozen=True)
class Result:
    """A value of a test in the laboratory's unit: anything between low and high (censored, or
    rounded); a strip is 0 or 1 exactly."""

    test: str
    low: float
    high: float


def in_unit(test: str, value: float, unit: str) -> float:
    """The value in the laboratory's own unit; InputRejected for a unit that cannot be turned.

    >>> in_unit("hCG", 4200.0, "[IU]/L") == in_unit("hCG", 4200.0, "m[IU]/mL") == 4200.0
    True
    >>> round(in_unit("creatinine", 88.4, "umol/L"), 3)
    1.0
    """
    row = TESTS[test]
    factor = {row.unit: 1.0, **dict(row.others)}.get(unit)
    if factor is None:
        known = ", ".join((row.unit, *(u for u, _ in row.others)))
        raise InputRejected(
            "unit-unknown", test, f"unit {unit!r}", known, "Give the value in one of these units."
        )
    return value * factor


def result_of(m: Measurement) -> Result:
    """What a measurement says about its test, as an interval: rounding and limits included.

    InputRejected for a test the model does not know, a wrong unit, a negative or missing value.

    >>> result_of(Measurement("CRP", 1, "mg/L", comparator="<"))
    Result(test='CRP', low=0.0, high=0.5)
    """
    if not math.isfinite(m.value) or m.value < 0:
        raise InputRejected(
            "value-impossible", m.name, str(m.value), "a number from 0", "Correct or leave it out."
        )
    if m.name in STRIPS:
        positive = float(m.value >= 1)
        return Result(m.name, positive, positive)
    if m.name not in TESTS:
        raise InputRejected(
            "test-unknown", m.name, "a test without a model", f"one of {', '.join(TESTS)}",
            "Leave it out.",
        )  # fmt: skip
    row, value = TESTS[m.name], in_unit(m.name, m.value, m.unit)
    half = row.step / 2  # our own limits are compared after rounding, so they lie half a step off
    if m.comparator in ("<", "<="):
        return Result(m.name, 0.0, value - half if value == row.limits[0] else value)
    if m.comparator in (">", ">="):
        return Result(m.name, value + half if value == row.limits[1] else value, math.inf)
    return Result(m.name, max(value - half, 0.0), value + half)


def measurement(test: str, value: float, sex: Sex, time: datetime | None = None) -> Measurement:
    """A raw value as the laboratory reports it: rounded, censored at its limits, with its range.

    >>> measurement("hCG", 0.7, "F").comparator, measurement("hCG", 4200.2, "F").value
    ('<', 4200)
    """
    if test in STRIPS:
        return Measurement(test, value, "", None, None, time, STRIPS[test])
    row = TESTS[test]
    low, high = row.range(sex)
    decimals = max(0, -math.floor(math.log10(row.step)))
    rounded = round(round(value / row.step) * row.step, decimals)
    least, most = row.limits
    if rounded < least:
        return Measurement(test, least, row.unit, low, high, time, row.code, "<")
    if rounded > most:
        return Measurement(test, most, row.unit, low, high, time, row.code, ">")
    return Measurement(test, rounded, row.unit, low, high, time, row.code)
