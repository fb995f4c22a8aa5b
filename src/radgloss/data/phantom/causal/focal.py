"""Stratum L: a focal lesion of the liver or the spleen, at CT, MR or ultrasound.

Probabilities are P(item | disease), settings of a simulator. Conditions are those of such an
outpatient clinic, not of a population: cirrhosis .206, exposure to Echinococcus .137, malignancy
.18 make the stratum's priors and the conditional ones agree (carcinoma .35 with cirrhosis and .01
without; hydatid .20 exposed and .003 not; metastases .80 with a malignancy and .02 without).
Chosen here, because nobody gave a number: several foci, earlier studies and growth, the size
grades. A hydatid is plain (.35) or complex; a third of the plain ones cannot be told from a cyst.
Metastases look hypovascular, rimmed or hypervascular, one look a patient. An infected hydatid
looks like an abscess and is drawn as one; a cystic metastasis is drawn as metastases.
Size within a grade depends on the finding alone. One in twenty has nothing (the other priors are
normalised to the rest), so that MR shows normal organs too."""

from __future__ import annotations

from radgloss.data.phantom.causal.conditions import (
    CIRRHOSIS,
    DIABETES,
    ECHINOCOCCUS,
    HEPATITIS_B,
    MALIGNANCY,
    OBESITY,
    at,
)
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

__all__ = ["FOCAL"]

SPLEEN = ("spleen",)
SOLID, CYST, SPLENIC = "solid liver lesion", "cystic liver lesion", "cystic splenic lesion"

ITEMS = (
    sign(CYST, 0.10, "liver cyst"),
    feature("daughter cysts", CYST, 0.0, "daughter cysts"),
    feature("floating membrane", CYST, 0.0, "floating membrane"),
    feature("wall calcification", CYST, 0.01, "wall calcification"),
    feature("several cysts", CYST, 0.20),
    feature("cyst of 30 mm or more", CYST, 0.40),
    feature("cyst of 80 mm or more", "cyst of 30 mm or more", 0.0),
    feature("cyst on an earlier study", CYST, 0.40, earlier=True),
    feature("cyst has grown", "cyst on an earlier study", 0.05, earlier=True),
    sign(SOLID),
    feature("nodular enhancement", SOLID, 0.0, "nodular enhancement"),
    feature("fill-in", SOLID, 0.0, "fill-in"),
    feature("arterial enhancement", SOLID, 0.0, "arterial enhancement"),
    feature("washout", SOLID, 0.0, "washout"),
    feature("capsule", SOLID, 0.0, "capsule"),
    feature("central scar", SOLID, 0.0, "scar"),
    feature("rim enhancement", SOLID, 0.0, "rim"),
    feature("hypovascular", SOLID, 0.0, "hypovascular"),
    feature("cluster", SOLID, 0.0, "cluster"),
    feature("gas in the lesion", SOLID, 0.0, "gas"),
    feature("several solid lesions", SOLID, 0.05),
    feature("lesion on an earlier study", SOLID, 0.0, earlier=True),
    feature("lesion has grown", "lesion on an earlier study", 0.0, earlier=True),
    sign(SPLENIC, 0.01, "splenic cyst", SPLEEN),
    feature("splenic daughter cysts", SPLENIC, 0.0, "daughter cysts"),
    feature("splenic floating membrane", SPLENIC, 0.0, "floating membrane"),
    feature("splenic wall calcification", SPLENIC, 0.05, "wall calcification"),
    feature("splenic cyst of 25 mm or more", SPLENIC, 0.5),
    feature("splenic cyst of 80 mm or more", "splenic cyst of 25 mm or more", 0.0),
    sign("fatty liver", 0.25, "hepatic steatosis"),
    feature("focal sparing", "fatty liver", 0.15, "focal sparing"),
    sign("cirrhotic liver", 0.0, "cirrhosis"),
    sign("splenomegaly", 0.02, "splenomegaly", SPLEEN),
    sign("free fluid", 0.03, "free fluid"),
    sign("pleural effusion", 0.04, "pleural effusion"),
    Item("right upper quadrant pain", leak=0.12),
    Item("left upper quadrant pain", leak=0.03),
    Item("fever", leak=0.05),
    Item("weight loss", leak=0.08),
    Item("biliary disease", leak=0.05),
    Item("trauma of the left flank", leak=0.05),
    Item("allergic reaction", leak=0.005),
    Item("Echinococcus antibody", "strip", leak=0.03),
    Item("hepatitis B surface antigen", "strip", leak=0.003),
    Item("blood culture", "strip", leak=0.01),
)  # fmt: skip

HYDATID_PLAIN = Form(0.35)
HYDATID = "liver hydatid"

DISEASES = (
    Disease(
        "simple liver cyst", 0.25,
        items={CYST: 1.0, "several cysts": 0.35, "cyst of 30 mm or more": 0.45},
        age=(40, 89, 0.8), second=0.08,
    ),
    Disease(
        "haemangioma", 0.20,
        items={
            SOLID: 1.0, "nodular enhancement": 0.85, "fill-in": 0.80, "arterial enhancement": 0.15,
            "washout": 0.02, "several solid lesions": 0.20, "lesion on an earlier study": 0.50,
            "lesion has grown": 0.02, "rim enhancement": 0.02,
        },
        shows={SOLID: "liver haemangioma"}, women=0.65, second=0.05,
    ),
    Disease(
        "liver metastases", 0.16,
        items={
            SOLID: 0.97, CYST: 0.13, "several solid lesions": 0.80, "weight loss": 0.50,
            "right upper quadrant pain": 0.20, "lesion on an earlier study": 0.20,
            "lesion has grown": 0.18, "washout": 0.15, "cluster": 0.08, "free fluid": 0.10,
            "nodular enhancement": 0.04, "fill-in": 0.04,
        },
        forms=(
            Form(0.30, {"hypovascular": 0.97}),
            Form(0.50, {"rim enhancement": 0.97}),
            Form(0.20, {"arterial enhancement": 0.97, "washout": 0.50}),
        ),
        tests={
            "CEA": Shift(25, 1.3, share=0.55), "ALP": Shift(190, 0.45), "LDH": Shift(350, 0.35),
            "AFP": Shift(15, 0.6, share=0.03), "CRP": Shift(14, 0.9),
        },
        shows={SOLID: "liver metastases", CYST: "liver metastases"},
        conditions={MALIGNANCY: 0.90}, age=(50, 89, 0.8),
    ),
    Disease(
        "steatosis", 0.15,
        items={"fatty liver": 0.95, "focal sparing": 0.30},
        tests={
            "ALT": Shift(50, 0.5), "triglycerides": Shift(190, 0.4), "GGT": Shift(60, 0.5),
        },
        conditions={OBESITY: 0.60, DIABETES: 0.35}, second=0.06,
    ),
    Disease(
        "hepatocellular carcinoma", 0.08,
        items={
            SOLID: 1.0, "arterial enhancement": 0.85, "washout": 0.70, "capsule": 0.45,
            "several solid lesions": 0.40, "weight loss": 0.30, "right upper quadrant pain": 0.25,
            "lesion on an earlier study": 0.25, "lesion has grown": 0.23, "central scar": 0.05,
            "hypovascular": 0.10, "nodular enhancement": 0.02,
        },
        tests={"AFP": Shift(60, 2.2), "ALP": Shift(130, 0.4)},
        shows={SOLID: "hepatocellular carcinoma"},
        conditions={CIRRHOSIS: 0.90, HEPATITIS_B: 0.25}, age=(50, 89, 0.8), women=0.27,
    ),
    Disease(
        "focal nodular hyperplasia", 0.06,
        items={
            SOLID: 1.0, "arterial enhancement": 0.95, "central scar": 0.50, "washout": 0.03,
            "several solid lesions": 0.15, "lesion on an earlier study": 0.40,
            "lesion has grown": 0.05, "capsule": 0.04,
        },
        shows={SOLID: "focal nodular hyperplasia"}, women=0.88, age=(20, 50, 0.90),
    ),
    Disease(
        "liver abscess", 0.05,
        items={
            SOLID: 0.97, "rim enhancement": 0.75, "cluster": 0.35, "gas in the lesion": 0.15,
            "several solid lesions": 0.35, "hypovascular": 0.15, "pleural effusion": 0.30,
            "fever": 0.85, "right upper quadrant pain": 0.65, "weight loss": 0.25,
            "biliary disease": 0.40, "blood culture": 0.50, "lesion on an earlier study": 0.03,
        },
        tests={"CRP": Shift(180, 0.5), "leukocytes": Shift(17, 0.3), "ALP": Shift(190, 0.4)},
        shows={SOLID: "liver abscess"}, conditions={DIABETES: 0.30},
    ),
    Disease(
        HYDATID, 0.03,
        items={
            CYST: 0.95, SOLID: 0.08, "rim enhancement": 0.06, "cyst of 30 mm or more": 0.95,
            "cyst of 80 mm or more": 0.35, "several cysts": 0.30, "right upper quadrant pain": 0.35,
            "allergic reaction": 0.04, "Echinococcus antibody": 0.88, "fever": 0.08,
            "cyst has grown": 0.10,
        },
        tests={"eosinophils": Shift(0.9, 0.5, share=0.38), "ALP": Shift(110, 0.35)},
        forms=(  # daughters .45, membrane .20, calcification .40 over both
            HYDATID_PLAIN,
            Form(0.65, {"daughter cysts": 0.69, "floating membrane": 0.31,
                        "wall calcification": 0.61}),
        ),
        shows={CYST: "liver hydatid cyst", SOLID: "liver abscess"},
        conditions={ECHINOCOCCUS: 0.91}, second=0.004, with_={"splenic hydatid": 0.30},
    ),
    Disease(
        "splenic cyst", 0.015,
        items={
            SPLENIC: 1.0, "splenic wall calcification": 0.25, "splenic cyst of 25 mm or more": 0.6,
            "trauma of the left flank": 0.40, "left upper quadrant pain": 0.15,
        },
        organs=SPLEEN, second=0.015,
    ),
    Disease(
        "splenic hydatid", 0.0059, held_out=True,
        items={
            SPLENIC: 1.0, "splenic cyst of 25 mm or more": 1.0,
            "splenic cyst of 80 mm or more": 0.25, "left upper quadrant pain": 0.35,
            "Echinococcus antibody": 0.75,
        },
        tests={"eosinophils": Shift(0.9, 0.5, share=0.33)},
        forms=(  # plain .45; calcification .35 over both
            Form(0.45),
            Form(0.55, {"splenic daughter cysts": 0.80, "splenic floating membrane": 0.35,
                        "splenic wall calcification": 0.60}),
        ),
        shows={SPLENIC: "splenic hydatid cyst"}, organs=SPLEEN,
        conditions={ECHINOCOCCUS: 0.93}, second=0.001,
    ),
    Disease(NONE, 0.05),
)  # fmt: skip

ORDERS = (
    Order("CRP", 0.55, {"fever": 0.98, "right upper quadrant pain": 0.8}),
    Order("leukocytes", 0.65, {"fever": 0.98}),
    Order("platelets", 0.65),
    Order("ALT", 0.70),
    Order("ALP", 0.65),
    Order("GGT", 0.55),
    Order("albumin", 0.45),
    Order("bilirubin", 0.60),
    Order("AFP", 0.50, {"weight loss": 0.75}),
    Order("CEA", 0.35, {"weight loss": 0.75}),
    Order("LDH", 0.30, {"weight loss": 0.5}),
    Order("eosinophils", 0.55),
    Order("triglycerides", 0.35),
    Order("HbA1c", 0.25),
    Order("Echinococcus antibody", 0.35, {"allergic reaction": 0.95}),
    Order("hepatitis B surface antigen", 0.35),
    Order("blood culture", 0.02, {"fever": 0.85}),
)

FOCAL = Stratum(
    name="L",
    title="focal lesion of the liver or the spleen",
    ages=(19, 89),
    women=0.5,
    items=ITEMS,
    diseases=DISEASES,
    conditions=at(
        {
            CIRRHOSIS: 0.206, HEPATITIS_B: 0.06, MALIGNANCY: 0.18, ECHINOCOCCUS: 0.137,
            DIABETES: 0.12, OBESITY: 0.22,
        }
    ),
    orders=ORDERS,
    complaints=("right upper quadrant pain", "fever", "weight loss", "allergic reaction"),
)  # fmt: skip
