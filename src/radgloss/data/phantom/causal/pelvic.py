"""Stratum P: a woman of 15 to 50 with pelvic pain, at ultrasound.

Probabilities are P(item | disease), settings of a simulator. Chosen here, because nobody gave a
number: every leak of a symptom; adnexal mass in a haemorrhagic cyst (clot, .30); corpus luteum in
ectopic pregnancy (.30); the shares of ruptured ectopic (.20); echoes and complexity of a mass.
Early pregnancy has three forms by hCG (below 1500, to 3500, above), because the sac is seen from a
level on; the hCG of each is the one log-normal, cut there. Heterotopic pregnancy is ignored. The
time of the cycle is left out: it means nothing in a pregnancy."""

from __future__ import annotations

from radgloss.data.phantom.causal.rows import (
    NONE,
    Disease,
    Form,
    Item,
    Order,
    Shift,
    Stratum,
    feature,
    sign,
)

__all__ = ["PELVIC"]

UTERUS, OVARY = ("uterus",), ("ovary",)
LOWER_PAIN = "lower abdominal pain"
RIGHT_PAIN = "right lower quadrant pain"

ITEMS = (
    # ---- signs: what an ultrasound of the pelvis may show
    sign("gestational sac", 0.0, "intrauterine pregnancy", UTERUS),
    sign("adnexal mass", 0.03, "adnexal mass", OVARY),
    feature("tubal ring", "adnexal mass", 0.02, "tubal ring"),
    feature("complex mass", "adnexal mass", 0.15, "complex"),
    feature("low-level echoes", "adnexal mass", 0.03, "low-level echoes"),
    feature("fat in the mass", "adnexal mass", 0.01, "fat"),
    feature("mass on both sides", "adnexal mass", 0.02),
    sign("ovarian cyst", 0.10, "ovarian cyst", OVARY),
    feature("lacy echoes", "ovarian cyst", 0.03, "lacy echoes"),
    feature("ring of fire", "ovarian cyst", 0.10, "corpus luteum"),
    sign("free fluid", 0.04, "free fluid"),  # more than a trace
    feature("echogenic fluid", "free fluid", 0.03, "echogenic"),
    sign("enlarged ovary", 0.02, "enlarged ovary", OVARY),
    feature("peripheral follicles", "enlarged ovary", 0.05, "peripheral follicles"),
    feature("no flow", "enlarged ovary", 0.03, "no flow"),
    # ---- history
    Item(LOWER_PAIN, leak=0.50),
    Item(RIGHT_PAIN, leak=0.30, within=LOWER_PAIN),
    Item("sudden pain", leak=0.15, within=LOWER_PAIN),
    Item("cyclic pain", leak=0.08),
    Item("missed period", leak=0.10, organs=UTERUS),
    Item("vaginal bleeding", leak=0.10),
    Item("syncope", leak=0.02),
    Item("risk factor for ectopic pregnancy", leak=0.15),
    Item("vomiting", leak=0.10),
    Item("fever", leak=0.05),
    Item("vaginal discharge", leak=0.05),
    Item("migration of the pain", leak=0.05),
    Item("loss of appetite", leak=0.12),
    Item("colic of the flank", leak=0.03),
    Item("visible blood in the urine", leak=0.02),
    # ---- strips
    Item("urine blood", "strip", leak=0.08),
)  # fmt: skip

NOT_PREGNANT_COMPANION = 0.03  # an early pregnancy beside another disease

DISEASES = (
    Disease(NONE, 0.27),
    Disease(
        "ectopic pregnancy", 0.06, organs=UTERUS,
        items={
            LOWER_PAIN: 0.90, RIGHT_PAIN: 0.48, "sudden pain": 0.45, "missed period": 0.80,
            "vaginal bleeding": 0.65, "risk factor for ectopic pregnancy": 0.50, "vomiting": 0.20,
            "adnexal mass": 0.75, "tubal ring": 0.35, "complex mass": 0.40, "ovarian cyst": 0.30,
            "ring of fire": 0.20,
        },
        tests={"hCG": Shift(2400, 1.1)},
        forms=(  # fluid .50, echogenic .35, syncope .10 over both
            Form(0.8, {"free fluid": 0.3875, "echogenic fluid": 0.2375, "syncope": 0.025}),
            Form(0.2, {"free fluid": 0.95, "echogenic fluid": 0.80, "syncope": 0.40},
                 {"haemoglobin": Shift(9.5, 0.12)}),
        ),
    ),
    Disease(
        "early intrauterine pregnancy", 0.12, organs=UTERUS,
        items={
            LOWER_PAIN: 0.50, RIGHT_PAIN: 0.20, "vaginal bleeding": 0.25, "missed period": 0.95,
            "vomiting": 0.30, "ovarian cyst": 0.70, "ring of fire": 0.60, "free fluid": 0.30,
        },
        forms=(  # shares: of the log-normal (8000, 1.3) below 1500, to 3500, above
            Form(0.099, {"gestational sac": 0.20}, {"hCG": Shift(8000, 1.3, within=(0, 1500))}),
            Form(0.163, {"gestational sac": 0.75}, {"hCG": Shift(8000, 1.3, within=(1500, 3500))}),
            Form(0.738, {"gestational sac": 0.98}, {"hCG": Shift(8000, 1.3, within=(3500, 1e7))}),
        ),
        second=NOT_PREGNANT_COMPANION, with_={"ovarian torsion": 0.15},
    ),
    Disease(
        "haemorrhagic cyst", 0.18, organs=OVARY,
        items={
            LOWER_PAIN: 0.90, RIGHT_PAIN: 0.45, "sudden pain": 0.80, "vomiting": 0.20,
            "ovarian cyst": 0.95, "lacy echoes": 0.70, "adnexal mass": 0.30, "complex mass": 0.15,
            "low-level echoes": 0.06, "free fluid": 0.50, "echogenic fluid": 0.25,
        },
        tests={"haemoglobin": Shift(10.0, 0.08, share=0.1)}, second=0.02,
    ),
    Disease(
        "appendicitis", 0.14,
        items={
            LOWER_PAIN: 0.95, RIGHT_PAIN: 0.90, "migration of the pain": 0.55,
            "loss of appetite": 0.70, "fever": 0.45, "vomiting": 0.50, "free fluid": 0.25,
        },
        tests={"leukocytes": Shift(13.5, 0.25), "CRP": Shift(45, 1.0)},
    ),
    Disease(
        "tubo-ovarian abscess", 0.07, organs=OVARY,
        items={
            LOWER_PAIN: 0.95, RIGHT_PAIN: 0.40, "fever": 0.60, "vaginal discharge": 0.60,
            "vomiting": 0.25, "risk factor for ectopic pregnancy": 0.45, "adnexal mass": 0.85,
            "complex mass": 0.70, "low-level echoes": 0.15, "mass on both sides": 0.35,
            "free fluid": 0.50, "echogenic fluid": 0.12,
        },
        tests={"CRP": Shift(110, 0.7), "leukocytes": Shift(15, 0.3)},
    ),
    Disease(
        "endometrioma", 0.05, organs=OVARY,
        items={
            LOWER_PAIN: 0.75, "cyclic pain": 0.75, "adnexal mass": 0.90, "low-level echoes": 0.85,
            "mass on both sides": 0.40, "complex mass": 0.15,
        },
        tests={"CA-125": Shift(60, 0.8)}, second=0.02,
    ),
    Disease(
        "ovarian torsion", 0.04, organs=OVARY,
        items={
            LOWER_PAIN: 0.95, RIGHT_PAIN: 0.57, "sudden pain": 0.90, "vomiting": 0.70,
            "fever": 0.10, "loss of appetite": 0.30, "enlarged ovary": 0.85,
            "peripheral follicles": 0.50, "no flow": 0.55, "free fluid": 0.50,
            "adnexal mass": 0.70, "complex mass": 0.30, "fat in the mass": 0.15,
        },
        tests={"leukocytes": Shift(10.5, 0.3)},
    ),
    Disease(
        "ureteric stone", 0.04,
        items={
            LOWER_PAIN: 0.80, RIGHT_PAIN: 0.40, "sudden pain": 0.60, "colic of the flank": 0.95,
            "visible blood in the urine": 0.30, "vomiting": 0.40, "urine blood": 0.85,
        },
        tests={"creatinine": Shift(1.1, 0.2), "CRP": Shift(5, 0.8)},
    ),
    Disease(
        "mature teratoma", 0.03, organs=OVARY,
        items={
            LOWER_PAIN: 0.55, "adnexal mass": 0.90, "fat in the mass": 0.80, "complex mass": 0.40,
            "mass on both sides": 0.10,
        },
        second=0.01,
    ),
)  # fmt: skip

ORDERS = (
    Order("leukocytes", 0.75, {"fever": 0.98, "vomiting": 0.9}),
    Order("CRP", 0.70, {"fever": 0.98, "vomiting": 0.9}),
    Order("haemoglobin", 0.75, {"syncope": 0.99}),
    Order("hCG", 0.75, {"missed period": 0.95, "vaginal bleeding": 0.95, "syncope": 0.99}),
    Order("creatinine", 0.5),
    Order("urine blood", 0.4, {"colic of the flank": 0.95}),
    Order("CA-125", 0.15, {"cyclic pain": 0.4}),
)

PELVIC = Stratum(
    name="P",
    title="pelvic pain of a woman of 15 to 50",
    ages=(15, 50),
    women=1.0,
    items=ITEMS,
    diseases=DISEASES,
    conditions=(),
    orders=ORDERS,
    complaints=(LOWER_PAIN, "fever", "vomiting", "syncope", "missed period", "vaginal bleeding",
                "colic of the flank", "cyclic pain"),
    apart=(frozenset({"ectopic pregnancy", "early intrauterine pregnancy"}),),
    sex="F",
)  # fmt: skip
