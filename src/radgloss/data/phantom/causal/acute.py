"""Stratum A: an adult with an acute abdomen, at CT, ultrasound or abdominal film.

Probabilities are P(item | disease), settings of a simulator. Chosen here, because nobody gave a
number: where the pain is said to be, leaks of symptoms, the tests of ischaemia and of aneurysm,
gallstones and a dilated duct in the neighbours. Pancreatic carcinoma has two forms, in the head
(.65, with jaundice and a dilated duct) and beyond. A focal pancreatitis looks like a mass (.08).
A thick gallbladder wall of heart failure is in the model and not drawn. Bowel ischaemia has no
look of its own."""

from __future__ import annotations

from radgloss.data.phantom.causal.conditions import (
    ALCOHOL,
    CIRRHOSIS,
    DIABETES,
    HEART_FAILURE,
    LAPAROTOMY,
    SURGERY,
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

__all__ = ["ACUTE"]

GALLBLADDER, SPLEEN, KIDNEYS = ("gallbladder",), ("spleen",), ("right kidney", "left kidney")
PAIN = "abdominal pain"
INFECTED = "infected obstructed kidney"

ITEMS = (
    # ---- kidneys
    sign("ureteric stone", 0.01, "ureteric stone", KIDNEYS),
    sign("hydronephrosis", 0.02, "hydronephrosis", KIDNEYS),
    sign("swollen kidney", 0.0, "pyelonephritis", KIDNEYS, "swelling"),
    sign("wedge in the kidney", 0.0, "pyelonephritis", KIDNEYS, "wedge"),
    sign("kidney mass", 0.01, "kidney mass", KIDNEYS),
    # ---- bowel, peritoneum, aorta
    sign("thick appendix", 0.0, "appendicitis"),
    feature("periappendiceal stranding", "thick appendix", 0.0, "stranding"),
    feature("appendicolith", "thick appendix", 0.0, "appendicolith"),
    feature("periappendiceal abscess", "thick appendix", 0.0, "abscess"),
    sign("thick sigmoid wall", 0.0, "diverticulitis"),
    feature("pericolic stranding", "thick sigmoid wall", 0.0, "stranding"),
    feature("diverticula", "thick sigmoid wall", 0.0, "diverticula"),
    feature("pericolic abscess", "thick sigmoid wall", 0.0, "abscess"),
    sign("dilated small bowel", 0.02, "bowel obstruction"),
    feature("transition point", "dilated small bowel", 0.05, "transition"),
    feature("air-fluid levels", "dilated small bowel", 0.45, "air-fluid levels"),
    sign("free air", 0.002, "free air"),
    sign("free fluid", 0.06, "free fluid"),
    sign("aortic aneurysm", 0.03, "aortic aneurysm"),
    feature("aneurysm of 50 mm or more", "aortic aneurysm", 0.20),
    feature("haematoma", "aneurysm of 50 mm or more", 0.0, "haematoma"),
    # ---- pancreas, gallbladder, liver, spleen, chest
    sign("swollen pancreas", 0.0, "acute pancreatitis", feature="swelling"),
    sign("peripancreatic fluid", 0.0, "acute pancreatitis", feature="peripancreatic fluid"),
    sign("pancreatic necrosis", 0.0, "acute pancreatitis", feature="necrosis"),
    sign("pancreatic mass", 0.005, "pancreatic mass"),
    feature("wide pancreatic duct", "pancreatic mass", 0.15, "duct dilatation"),
    sign("biliary dilatation", 0.02, "biliary dilatation"),
    sign("gallstones", 0.10, "gallstones", GALLBLADDER),
    sign("thick gallbladder wall", 0.01, "", GALLBLADDER, "wall thickening"),
    sign("distended gallbladder", 0.0, "acute cholecystitis", GALLBLADDER, "distension"),
    sign("pericholecystic fluid", 0.0, "acute cholecystitis", GALLBLADDER,
         "pericholecystic fluid"),
    sign("solid liver lesion"),
    feature("rim enhancement", "solid liver lesion", 0.0, "rim"),
    feature("cluster", "solid liver lesion", 0.0, "cluster"),
    feature("gas in the lesion", "solid liver lesion", 0.0, "gas"),
    feature("several solid lesions", "solid liver lesion"),
    sign("cirrhotic liver", 0.0, "cirrhosis"),
    sign("splenomegaly", 0.02, "splenomegaly", SPLEEN),
    sign("wedge in the spleen", 0.0, "splenic infarct", SPLEEN, "wedge"),
    sign("pleural effusion", 0.04, "pleural effusion"),
    # ---- history
    Item(PAIN, leak=0.60),
    Item("right lower quadrant pain", leak=0.15, within=PAIN),
    Item("left lower quadrant pain", leak=0.15, within=PAIN),
    Item("right upper quadrant pain", leak=0.12, within=PAIN),
    Item("left upper quadrant pain", leak=0.06, within=PAIN),
    Item("epigastric pain", leak=0.15, within=PAIN),
    Item("colic of the flank", leak=0.05, within=PAIN),
    Item("sudden pain", leak=0.12, within=PAIN),
    Item("back pain", leak=0.10),
    Item("vomiting", leak=0.20),
    Item("fever", leak=0.05),
    Item("migration of the pain", leak=0.04),
    Item("loss of appetite", leak=0.15),
    Item("dysuria", leak=0.05),
    Item("visible blood in the urine", leak=0.02),
    Item("Murphy sign", leak=0.02, organs=GALLBLADDER),
    Item("rigid abdomen", leak=0.02),
    Item("no gas or stool", leak=0.03),
    Item("weight loss", leak=0.05),
    Item("painless jaundice", leak=0.01),
    Item("new diabetes", leak=0.02),
    Item("use of anti-inflammatory drugs", leak=0.12),
    Item("low blood pressure", leak=0.01),
    Item("atrial fibrillation", leak=0.05),
    # ---- strips
    Item("urine blood", "strip", leak=0.08),
    Item("urine leukocyte esterase", "strip", leak=0.08),
    Item("urine nitrite", "strip", leak=0.02),
    Item("blood culture", "strip", leak=0.01),
)  # fmt: skip

DISEASES = (
    Disease(NONE, 0.30),
    Disease(
        "ureteric stone", 0.13, organs=KIDNEYS,
        items={
            PAIN: 0.97, "colic of the flank": 0.95, "sudden pain": 0.60, "vomiting": 0.50,
            "right lower quadrant pain": 0.20, "left lower quadrant pain": 0.20,
            "visible blood in the urine": 0.30, "ureteric stone": 0.97, "hydronephrosis": 0.75,
            "urine blood": 0.85,
        },
        tests={"creatinine": Shift(1.1, 0.2), "CRP": Shift(5, 0.8)}, second=0.01,
    ),
    Disease(
        "appendicitis", 0.10,
        items={
            PAIN: 0.97, "right lower quadrant pain": 0.90, "migration of the pain": 0.55,
            "loss of appetite": 0.70, "fever": 0.45, "vomiting": 0.50, "thick appendix": 0.95,
            "periappendiceal stranding": 0.85, "appendicolith": 0.30,
            "periappendiceal abscess": 0.10, "free fluid": 0.25, "dilated small bowel": 0.06,
        },
        tests={"leukocytes": Shift(13.5, 0.25), "CRP": Shift(45, 1.0)}, age=(19, 45, 0.65),
    ),
    Disease(
        "diverticulitis", 0.08,
        items={
            PAIN: 0.97, "left lower quadrant pain": 0.85, "fever": 0.50,
            "thick sigmoid wall": 0.96, "pericolic stranding": 0.90, "diverticula": 0.95,
            "pericolic abscess": 0.15, "free air": 0.02,
        },
        tests={"CRP": Shift(80, 0.8), "leukocytes": Shift(12.5, 0.25)}, age=(50, 89, 0.80),
    ),
    Disease(
        "bowel obstruction", 0.08,
        items={
            PAIN: 0.90, "vomiting": 0.80, "no gas or stool": 0.60, "loss of appetite": 0.40,
            "dilated small bowel": 0.95, "transition point": 0.70, "air-fluid levels": 0.80,
            "free fluid": 0.30,
        },
        tests={"lactate": Shift(3.0, 0.3, share=0.25), "potassium": Shift(3.2, 0.06, share=0.3)},
        conditions={SURGERY: 0.70},
    ),
    Disease(
        "acute pancreatitis", 0.07,
        items={
            PAIN: 0.98, "epigastric pain": 0.95, "back pain": 0.50, "vomiting": 0.75,
            "fever": 0.20, "swollen pancreas": 0.70, "peripancreatic fluid": 0.55,
            "pancreatic necrosis": 0.12, "pancreatic mass": 0.08, "wide pancreatic duct": 0.02,
            "pleural effusion": 0.25, "gallstones": 0.40, "biliary dilatation": 0.15,
            "free fluid": 0.30,
        },
        tests={
            "lipase": Shift(900, 1.0), "CRP": Shift(60, 0.9), "calcium": Shift(8.0, 0.04, 0.15),
            "triglycerides": Shift(2000, 0.4, share=0.06), "leukocytes": Shift(12, 0.3),
        },
        conditions={ALCOHOL: 0.35},
    ),
    Disease(
        "acute cholecystitis", 0.07, organs=GALLBLADDER,
        items={
            PAIN: 0.98, "right upper quadrant pain": 0.95, "fever": 0.45, "vomiting": 0.45,
            "Murphy sign": 0.80, "gallstones": 0.92, "thick gallbladder wall": 0.75,
            "distended gallbladder": 0.65, "pericholecystic fluid": 0.40,
            "biliary dilatation": 0.10,
        },
        tests={
            "leukocytes": Shift(13, 0.28), "CRP": Shift(90, 0.8),
            "bilirubin": Shift(2.0, 0.4, share=0.34),
        },
        shows={"thick gallbladder wall": "acute cholecystitis"},
    ),
    Disease(
        "pyelonephritis", 0.06, organs=KIDNEYS,
        items={
            PAIN: 0.92, "colic of the flank": 0.85, "fever": 0.80, "dysuria": 0.65,
            "vomiting": 0.40, "swollen kidney": 0.32, "wedge in the kidney": 0.45,
            "hydronephrosis": 0.08, "urine leukocyte esterase": 0.90, "urine nitrite": 0.55,
            "urine blood": 0.40, "blood culture": 0.20,
        },
        tests={"CRP": Shift(130, 0.7), "leukocytes": Shift(14, 0.28)}, women=0.80,
    ),
    Disease(
        "perforation", 0.02,
        items={
            PAIN: 0.98, "sudden pain": 0.90, "epigastric pain": 0.60, "rigid abdomen": 0.70,
            "use of anti-inflammatory drugs": 0.40, "fever": 0.30, "vomiting": 0.35,
            "low blood pressure": 0.15, "free air": 0.97, "free fluid": 0.70,
            "dilated small bowel": 0.15,
        },
        tests={
            "leukocytes": Shift(15, 0.28), "lactate": Shift(3.2, 0.35, share=0.45),
            "CRP": Shift(80, 0.9),
        },
    ),
    Disease(
        "pancreatic carcinoma", 0.02,
        items={
            PAIN: 0.70, "epigastric pain": 0.45, "weight loss": 0.70, "new diabetes": 0.30,
            "loss of appetite": 0.50, "back pain": 0.30, "pancreatic mass": 0.85,
            "wide pancreatic duct": 0.70, "solid liver lesion": 0.35, "several solid lesions": 0.26,
            "rim enhancement": 0.15,
        },
        tests={"CA 19-9": Shift(350, 1.8), "lipase": Shift(260, 0.4, share=0.06)},
        forms=(
            Form(0.65, {"painless jaundice": 0.60, "biliary dilatation": 0.75},
                 {"bilirubin": Shift(6, 1.0), "ALP": Shift(260, 0.4)}),
            Form(0.35),
        ),
        shows={"solid liver lesion": "liver metastases"}, age=(60, 89, 0.80), second=0.002,
    ),
    Disease(
        "renal tumour", 0.02, organs=KIDNEYS,
        items={
            PAIN: 0.65, "kidney mass": 0.97, "visible blood in the urine": 0.20,
            "weight loss": 0.15, "urine blood": 0.35,
        },
        age=(50, 89, 0.8), second=0.01, women=0.35,
    ),
    Disease(
        "liver abscess", 0.015,
        items={
            PAIN: 0.80, "right upper quadrant pain": 0.65, "fever": 0.85, "weight loss": 0.25,
            "solid liver lesion": 0.97, "rim enhancement": 0.75, "cluster": 0.35,
            "gas in the lesion": 0.15, "several solid lesions": 0.35, "pleural effusion": 0.30,
            "gallstones": 0.30, "blood culture": 0.50,
        },
        tests={"CRP": Shift(180, 0.5), "leukocytes": Shift(17, 0.3), "ALP": Shift(190, 0.4)},
        shows={"solid liver lesion": "liver abscess"}, conditions={DIABETES: 0.30},
    ),
    Disease(
        INFECTED, 0.015, organs=KIDNEYS,
        items={
            PAIN: 0.92, "colic of the flank": 0.80, "fever": 0.85, "dysuria": 0.35,
            "vomiting": 0.50, "low blood pressure": 0.15, "ureteric stone": 0.96,
            "hydronephrosis": 0.96, "urine blood": 0.75, "urine leukocyte esterase": 0.80,
            "urine nitrite": 0.50, "blood culture": 0.40,
        },
        tests={
            "CRP": Shift(160, 0.6), "leukocytes": Shift(16, 0.28), "creatinine": Shift(1.7, 0.25),
            "lactate": Shift(3.0, 0.35, share=0.3),
        },
    ),
    Disease(
        "splenic infarct", 0.01, organs=SPLEEN,
        items={
            PAIN: 0.85, "left upper quadrant pain": 0.75, "sudden pain": 0.50, "fever": 0.20,
            "atrial fibrillation": 0.40, "wedge in the spleen": 0.96, "splenomegaly": 0.20,
        },
        tests={"LDH": Shift(600, 0.35), "leukocytes": Shift(12, 0.28), "CRP": Shift(30, 0.9)},
    ),
    Disease(
        "ruptured aneurysm", 0.005,
        items={
            PAIN: 0.95, "sudden pain": 0.85, "back pain": 0.70, "low blood pressure": 0.60,
            "aortic aneurysm": 1.0, "aneurysm of 50 mm or more": 0.97, "haematoma": 0.90,
            "free fluid": 0.40, "rigid abdomen": 0.20,
        },
        tests={"haemoglobin": Shift(9.5, 0.15), "lactate": Shift(3.5, 0.5)},
        age=(60, 89, 0.92), women=0.2,
    ),
    Disease(
        "mesenteric ischaemia", 0.005,
        items={
            PAIN: 0.98, "sudden pain": 0.75, "vomiting": 0.50, "atrial fibrillation": 0.50,
            "low blood pressure": 0.25, "dilated small bowel": 0.30, "free fluid": 0.40,
        },
        tests={"lactate": Shift(4.0, 0.5), "leukocytes": Shift(17, 0.3), "LDH": Shift(380, 0.4)},
        age=(60, 89, 0.85),
    ),
)  # fmt: skip

ORDERS = (
    Order("leukocytes", 0.90, {"fever": 0.99}),
    Order("CRP", 0.85, {"fever": 0.99}),
    Order("haemoglobin", 0.85, {"low blood pressure": 0.99}),
    Order("creatinine", 0.85),
    Order("lipase", 0.40, {"epigastric pain": 0.95, "back pain": 0.7}),
    Order("bilirubin", 0.55, {"right upper quadrant pain": 0.95, "painless jaundice": 0.99}),
    Order("ALP", 0.45, {"right upper quadrant pain": 0.9, "painless jaundice": 0.95}),
    Order("lactate", 0.30, {"low blood pressure": 0.95, "sudden pain": 0.5}),
    Order("potassium", 0.70),
    Order("calcium", 0.30, {"epigastric pain": 0.6}),
    Order("triglycerides", 0.10, {"epigastric pain": 0.4}),
    Order("LDH", 0.35),
    Order("CA 19-9", 0.05, {"weight loss": 0.4, "painless jaundice": 0.6}),
    Order("BNP", 0.15),
    Order("urine blood", 0.50, {"colic of the flank": 0.95, "dysuria": 0.98}),
    Order("urine leukocyte esterase", 0.50, {"colic of the flank": 0.95, "dysuria": 0.98}),
    Order("urine nitrite", 0.50, {"colic of the flank": 0.95, "dysuria": 0.98}),
    Order("blood culture", 0.03, {"fever": 0.5}),
)

ACUTE = Stratum(
    name="A",
    title="acute abdomen of an adult",
    ages=(19, 89),
    women=0.5,
    items=ITEMS,
    diseases=DISEASES,
    conditions=at(
        {
            SURGERY: 0.25, LAPAROTOMY: 0.03, DIABETES: 0.10, ALCOHOL: 0.12, CIRRHOSIS: 0.03,
            HEART_FAILURE: 0.05,
        }
    ),
    orders=ORDERS,
    complaints=(
        PAIN, "right upper quadrant pain", "epigastric pain", "colic of the flank", "sudden pain",
        "back pain", "vomiting", "fever", "dysuria", "weight loss", "painless jaundice",
        "low blood pressure",
    ),
    apart=(frozenset({"ureteric stone", INFECTED}), frozenset({"pyelonephritis", INFECTED})),
)  # fmt: skip
