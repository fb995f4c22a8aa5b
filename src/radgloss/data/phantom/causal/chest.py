"""Stratum C: an adult with complaints of the chest, at the radiograph.

Probabilities are P(item | disease), settings of a simulator, and of what is in the body: whether a
supine film shows a pneumothorax is the picture's affair. Chosen here, because nobody gave a number:
leaks of symptoms, rounded opacities of pneumonia and tuberculosis, what an earlier film showed.
A one-sided alveolar oedema (.15 of heart failure) and an infarct (.10 of embolism) are drawn as the
consolidation they look like. Nodes, cavities and oligaemia are left out: nothing draws them."""

from __future__ import annotations

from radgloss.data.phantom.causal.conditions import (
    COPD_KNOWN,
    HEART_FAILURE,
    IMMUNOSUPPRESSION,
    MALIGNANCY,
    SMOKING,
    TUBERCULOSIS_CONTACT,
    at,
)
from radgloss.data.phantom.causal.rows import (
    NONE,
    Disease,
    Item,
    Order,
    Shift,
    Stratum,
    feature,
    sign,
)

__all__ = ["CHEST"]

ROUND, EARLIER = "rounded lung opacity", "opacity on an earlier film"

ITEMS = (
    sign("consolidation", 0.02, "consolidation"),
    feature("lobar extent", "consolidation", 0.05),
    feature("air bronchograms", "consolidation", 0.10, "air bronchograms"),
    feature("upper zone", "consolidation", 0.20),
    feature("consolidation on both sides", "consolidation", 0.05),
    sign("cardiomegaly", 0.06, "cardiomegaly"),
    sign("interstitial lines", 0.015, "pulmonary oedema", feature="interstitial lines"),
    sign("alveolar oedema", 0.0, "pulmonary oedema", feature="alveolar"),
    sign("cephalisation", 0.015, "pulmonary oedema", feature="cephalisation"),
    sign("pleural effusion", 0.04, "pleural effusion"),
    feature("effusion on both sides", "pleural effusion", 0.15),
    feature("large effusion", "pleural effusion", 0.04),
    sign("pneumothorax", 0.003, "pneumothorax"),
    feature("mediastinal shift", "pneumothorax", 0.0, "tension"),
    sign("rib fracture", 0.01, "rib fracture"),
    sign("atelectasis", 0.06, "atelectasis"),
    sign("hyperinflation", 0.04, "hyperinflation"),
    sign(ROUND, 0.015, "lung nodule"),
    feature("spiculation", ROUND, 0.05, "spiculated"),
    feature("larger than 30 mm", ROUND, 0.02),
    feature("dense calcification", ROUND, 0.0, "calcified"),
    feature(EARLIER, ROUND, 0.02, earlier=True),
    feature("opacity has grown", EARLIER, 0.02, earlier=True),
    Item("dyspnoea", leak=0.25),
    Item("cough", leak=0.20),
    Item("cough for more than three weeks", leak=0.15, within="cough"),
    Item("fever", leak=0.05),
    Item("pleuritic pain", leak=0.08),
    Item("sudden chest pain", leak=0.05),
    Item("orthopnoea", leak=0.03),
    Item("leg swelling", leak=0.08),
    Item("swelling of one leg", leak=0.02),
    Item("night sweats", leak=0.04),
    Item("weight loss", leak=0.06),
    Item("haemoptysis", leak=0.01),
    Item("trauma of the chest", leak=0.05),
    Item("recent operation", leak=0.10),
    Item("recent line or biopsy", leak=0.03),
    Item("IGRA", "strip", leak=0.05),
)  # fmt: skip

DISEASES = (
    Disease(NONE, 0.35),
    Disease(
        "pneumonia", 0.14,
        items={
            "fever": 0.75, "cough": 0.85, "dyspnoea": 0.60, "pleuritic pain": 0.35,
            "consolidation": 0.75, "lobar extent": 0.45, "air bronchograms": 0.45,
            "upper zone": 0.18, "consolidation on both sides": 0.12, "pleural effusion": 0.25,
            "effusion on both sides": 0.05, "large effusion": 0.02, ROUND: 0.08,
            "larger than 30 mm": 0.02, EARLIER: 0.003, "atelectasis": 0.12,
        },
        tests={
            "leukocytes": Shift(14, 0.35), "CRP": Shift(130, 0.8),
            "procalcitonin": Shift(0.8, 1.4, share=0.8), "BNP": Shift(60, 0.8),
            "D-dimer": Shift(0.9, 0.7),
        },
        conditions={IMMUNOSUPPRESSION: 0.10}, second=0.03,
    ),
    Disease(
        "heart failure", 0.13,
        items={
            "dyspnoea": 0.95, "orthopnoea": 0.60, "leg swelling": 0.65, "cough": 0.30,
            "cardiomegaly": 0.75, "interstitial lines": 0.70, "cephalisation": 0.60,
            "alveolar oedema": 0.40, "consolidation": 0.15, "upper zone": 0.02,
            "air bronchograms": 0.03, "pleural effusion": 0.60, "effusion on both sides": 0.42,
            "large effusion": 0.08, "atelectasis": 0.15,
        },
        tests={
            "BNP": Shift(700, 0.9), "NT-proBNP": Shift(4000, 1.0), "hs-troponin I": Shift(22, 0.8),
            "CRP": Shift(12, 0.9), "D-dimer": Shift(0.8, 0.7),
        },
        conditions={HEART_FAILURE: 0.60}, age=(60, 89, 0.80), second=0.03,
    ),
    Disease(
        "atelectasis", 0.08,
        items={
            "dyspnoea": 0.40, "recent operation": 0.50, "fever": 0.10, "atelectasis": 0.97,
            "pleural effusion": 0.15,
        },
        tests={"CRP": Shift(20, 1.0), "D-dimer": Shift(0.9, 0.7)}, second=0.03,
    ),
    Disease(
        "chronic obstructive lung disease", 0.08,
        items={
            "dyspnoea": 0.85, "cough": 0.75, "cough for more than three weeks": 0.60,
            "hyperinflation": 0.70, "fever": 0.10,
        },
        tests={"CRP": Shift(8, 1.0)},
        conditions={SMOKING: 0.85, COPD_KNOWN: 0.70}, age=(50, 89, 0.85), second=0.03,
    ),
    Disease(
        "pulmonary embolism", 0.05,
        items={
            "dyspnoea": 0.80, "pleuritic pain": 0.50, "sudden chest pain": 0.35,
            "swelling of one leg": 0.30, "recent operation": 0.40, "haemoptysis": 0.06,
            "cough": 0.25, "fever": 0.10, "atelectasis": 0.40, "pleural effusion": 0.35,
            "effusion on both sides": 0.08, "consolidation": 0.10,
        },
        tests={
            "D-dimer": Shift(2.2, 0.85), "hs-troponin I": Shift(14, 0.9), "BNP": Shift(110, 0.9),
            "CRP": Shift(22, 0.9),
        },
        second=0.01,
    ),
    Disease(
        "pneumothorax", 0.04,
        items={
            "sudden chest pain": 0.80, "pleuritic pain": 0.60, "dyspnoea": 0.75,
            "recent line or biopsy": 0.25, "trauma of the chest": 0.20, "pneumothorax": 0.99,
            "mediastinal shift": 0.08, "rib fracture": 0.20, "hyperinflation": 0.12,
        },
        age=(19, 40, 0.50), women=0.3, second=0.005,
    ),
    Disease(
        "lung cancer", 0.04,
        items={
            "cough": 0.60, "cough for more than three weeks": 0.45, "dyspnoea": 0.40,
            "weight loss": 0.45, "haemoptysis": 0.25, ROUND: 0.85, "spiculation": 0.50,
            "larger than 30 mm": 0.40, EARLIER: 0.40, "opacity has grown": 0.37,
            "consolidation": 0.12, "atelectasis": 0.25, "pleural effusion": 0.20,
            "large effusion": 0.08,
        },
        tests={
            "sodium": Shift(128, 0.02, share=0.12), "calcium": Shift(11.5, 0.05, share=0.1),
            "CRP": Shift(15, 1.0), "CEA": Shift(9, 1.0, share=0.5), "D-dimer": Shift(0.9, 0.7),
        },
        conditions={SMOKING: 0.85}, age=(55, 89, 0.85), second=0.01,
    ),
    Disease(
        "malignant effusion", 0.04,
        items={
            "dyspnoea": 0.80, "cough": 0.40, "weight loss": 0.45, "pleural effusion": 1.0,
            "effusion on both sides": 0.20, "large effusion": 0.50, "atelectasis": 0.45,
            ROUND: 0.15, "larger than 30 mm": 0.05,
        },
        tests={
            "LDH": Shift(260, 0.3), "albumin": Shift(3.2, 0.1, share=0.6), "CRP": Shift(25, 0.9),
            "D-dimer": Shift(1.2, 0.8),
        },
        conditions={MALIGNANCY: 0.70}, age=(50, 89, 0.85),
    ),
    Disease(
        "tuberculosis", 0.02,
        items={
            "cough": 0.85, "cough for more than three weeks": 0.75, "night sweats": 0.50,
            "weight loss": 0.60, "fever": 0.45, "haemoptysis": 0.15, "consolidation": 0.85,
            "upper zone": 0.75, "air bronchograms": 0.20, "consolidation on both sides": 0.12,
            "pleural effusion": 0.20, ROUND: 0.12, EARLIER: 0.02, "IGRA": 0.80,
        },
        tests={"CRP": Shift(50, 0.8), "leukocytes": Shift(9, 0.28)},
        conditions={TUBERCULOSIS_CONTACT: 0.50, IMMUNOSUPPRESSION: 0.15},
    ),
    Disease(
        "rib fracture", 0.02,
        items={
            "trauma of the chest": 0.95, "pleuritic pain": 0.80, "sudden chest pain": 0.60,
            "rib fracture": 1.0, "pneumothorax": 0.15, "pleural effusion": 0.12,
            "atelectasis": 0.20,
        },
        second=0.005,
    ),
    Disease(
        "granuloma", 0.01,
        items={
            ROUND: 0.98, "dense calcification": 0.90, EARLIER: 0.92, "opacity has grown": 0.01,
            "IGRA": 0.35,
        },
        shows={ROUND: "lung granuloma"}, conditions={TUBERCULOSIS_CONTACT: 0.30}, second=0.05,
    ),
)  # fmt: skip

ORDERS = (
    Order("leukocytes", 0.75, {"fever": 0.98}),
    Order("CRP", 0.75, {"fever": 0.98}),
    Order("procalcitonin", 0.10, {"fever": 0.5}),
    Order("BNP", 0.25, {"dyspnoea": 0.55, "orthopnoea": 0.9, "leg swelling": 0.8}),
    Order("NT-proBNP", 0.10, {"orthopnoea": 0.3}),
    Order("hs-troponin I", 0.30, {"sudden chest pain": 0.95, "dyspnoea": 0.5}),
    Order("D-dimer", 0.15, {"pleuritic pain": 0.6, "sudden chest pain": 0.6,
                            "swelling of one leg": 0.9}),
    Order("sodium", 0.70),
    Order("calcium", 0.25, {"weight loss": 0.6}),
    Order("LDH", 0.30),
    Order("albumin", 0.40),
    Order("CEA", 0.03, {"weight loss": 0.3}),
    Order("IGRA", 0.05, {"weight loss": 0.3, "cough": 0.1}),
    Order("haemoglobin", 0.75),
)  # fmt: skip

CHEST = Stratum(
    name="C",
    title="complaints of the chest of an adult",
    ages=(19, 89),
    women=0.5,
    items=ITEMS,
    diseases=DISEASES,
    conditions=at(
        {
            SMOKING: 0.25, HEART_FAILURE: 0.11, MALIGNANCY: 0.09, IMMUNOSUPPRESSION: 0.05,
            TUBERCULOSIS_CONTACT: 0.06, COPD_KNOWN: 0.09,
        }
    ),
    orders=ORDERS,
    complaints=("dyspnoea", "cough", "fever", "pleuritic pain", "sudden chest pain", "orthopnoea",
                "leg swelling", "swelling of one leg", "weight loss"),
)  # fmt: skip
